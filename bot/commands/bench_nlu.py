"""`rangkul bench nlu`: engines side by side, written to docs/benchmarks.md."""

from __future__ import annotations

import json as codec
import platform
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.content_commands import load_or_fail, today
from bot.commands.options import JsonOption, err, out

_HELD_OUT = Path("tests/nlu/held_out.jsonl")


def nlu(
    held_out: Annotated[Path, typer.Option(help="Sentences of ours that nothing learnt from.")] = _HELD_OUT,
    massive: Annotated[Path, typer.Option(help="The public MASSIVE id-ID split.")] = Path("../shared/massive-id"),
    epochs: Annotated[int, typer.Option(help="How long DIET learns (its default: 100); 0 leaves Rasa out.")] = 30,
    only: Annotated[
        str, typer.Option(help="Only tasks and engines whose name has this; the table's other rows stay.")
    ] = "",
    near: Annotated[bool, typer.Option(help="Measure what is near out of scope; learns MASSIVE a second time.")] = True,
    table: Annotated[Path, typer.Option(help="Where the tables are written.")] = Path("docs/benchmarks.md"),
    json: JsonOption = False,
) -> None:
    """Default engine and Rasa's DIET: accuracy clean and noisy, out of scope, time and memory."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from nlu.bench.engines import EngineFailed
    from nlu.bench.run import MASSIVE_IS_PUBLIC, Wish, measured, steps
    from nlu.bench.table import write
    from nlu.evaluate import rows

    notes = [MASSIVE_IS_PUBLIC]
    planned = steps(load_or_fail(None), rows(held_out), Wish(massive, epochs, only, near), notes.append)
    about = _about(only, epochs, near=near)  # now, while the machine's load is only its own
    found: dict[str, list[dict[str, Any]]] = {step.task.name: [] for step in planned}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as bar:
        going = bar.add_task("", total=len(planned))
        for step, figures in measured(planned):
            bar.update(going, advance=1, description=f"{step.task.name}: {step.engine.name}")
            if isinstance(figures, EngineFailed):
                notes.append(f"{step.task.name}, {step.engine.name}: failed ({figures}).")
            else:
                found[step.task.name].append(figures)
                if not json:  # after each row: who stops it keeps what was measured
                    done = {step.task.name: [figures]} if only else {name: rows for name, rows in found.items() if rows}
                    write(table, about, done, notes, keep=bool(only))
    for note in notes:
        err.print(note, highlight=False)
    if json:
        print(codec.dumps(found))
        return
    write(table, about, {}, notes, keep=True)
    out.print(str(table))


def nonsense(json: JsonOption = False) -> None:
    """How long the default engine takes over two hundred inputs that mean nothing, and whether any breaks it."""
    from time import perf_counter, process_time

    from bot.bench import machine
    from bot.config import NluSettings
    from bot.understanding import Engines
    from nlu.bench.nonsense import inputs

    engine = Engines(NluSettings()).of(load_or_fail(None))
    engine.understand("halo")  # loads what it needs
    wall, cpu = [], []
    for text in inputs():
        begun, spent = perf_counter(), process_time()
        engine.understand(text, today=today().isoformat())
        wall.append((perf_counter() - begun) * 1000)
        cpu.append((process_time() - spent) * 1000)
    rows = [
        {
            "time": name,
            "inputs": len(times),
            "p50 ms": round(machine.percentile(times, 0.5), 2),
            "slowest ms": round(max(times), 1),
            "over 50 ms": sum(took > 50 for took in times),
        }
        for name, times in (("wall", wall), ("CPU", cpu))
    ]
    machine.show("nonsense", rows, as_json=json)


def _about(only: str, epochs: int, *, near: bool) -> str:
    from bot.bench.machine import machine

    known = machine()
    asked = f"rangkul bench nlu --epochs {epochs}" + (f' --only "{only}"' if only else "")
    asked += "" if near else " --no-near"
    return (
        f"`{asked}` on {today().isoformat()}: {known['cpu']}, {known['cores']} cores (one used), "
        f"{known['memory_gb']} GB, load {known['load']}, {platform.system()}, Python {known['python']}. "
        "Noise is synthetic and seeded (nlu/bench/noise.py); times include normalising and entities; "
        "load is without reading content/."
    )
