"""`rangkul bench`: the benchmarks behind the promises in docs/benchmarks.md."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.commands import bench_nlu
from bot.commands.options import JsonOption

OnlyOption = Annotated[str | None, typer.Option("--only", help="sqlite or postgresql (default: both).")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    bench = typer.Typer(no_args_is_help=True, help="Measure what docs/benchmarks.md promises.")
    for command in (
        content,
        turns,
        webhooks,
        broadcast,
        reminders,
        year,
        pacing,
        leads,
        bench_nlu.nlu,
        bench_nlu.nonsense,
    ):
        bench.command()(command)
    app.add_typer(bench, name="bench")


def content(
    rounds: Annotated[int, typer.Option(help="How often.")] = 10,
    json: JsonOption = False,
) -> None:
    """How long reading and checking the content takes, and rendering a reply."""
    from bot.bench import machine
    from bot.bench import words as bench
    from bot.commands.content_commands import today

    with _progress() as bar:
        rows = bench.run(rounds, today(), bar)
    machine.show("content", rows, as_json=json)


def turns(
    small: Annotated[int, typer.Option(help="People in the small database.")] = 1_000,
    large: Annotated[int, typer.Option(help="People in the large database.")] = 1_000_000,
    turns: Annotated[int, typer.Option(help="Turns on each.")] = 500,
    only: OnlyOption = None,
    json: JsonOption = False,
) -> None:
    """Durable turns a second, and what a turn costs with few and with many people stored."""
    from bot.bench import machine
    from bot.bench import turns as bench

    with _progress() as bar:
        rows, version = bench.run(small, large, turns, bar, only=only)
    machine.show("turns", rows, as_json=json, postgres=version)


def webhooks(
    rate: Annotated[int, typer.Option(help="Updates a second.")] = 200,
    updates: Annotated[int, typer.Option(help="How many, mixed: a fifth repeated, a tenth bad.")] = 50_000,
    only: OnlyOption = "sqlite",
    json: JsonOption = False,
) -> None:
    """Storms of updates on all doors: acknowledged how fast, each good one handled once, each bad one refused."""
    from bot.bench import machine
    from bot.bench import webhooks as bench

    with _progress() as bar:
        rows, version = bench.run(rate, updates, bar, only=only)
    machine.show("webhooks", rows, as_json=json, postgres=version)


def broadcast(
    people: Annotated[int, typer.Option(help="People in the village.")] = 1_000_000,
    only: OnlyOption = None,
    json: JsonOption = False,
) -> None:
    """How long planning an announcement takes, and whether it comes out as forecast."""
    from bot.bench import broadcast as bench
    from bot.bench import machine

    with _progress() as bar:
        rows, version = bench.run(people, bar, only=only)
    machine.show("broadcast", rows, as_json=json, postgres=version)


def reminders(
    rows: Annotated[int, typer.Option(help="Reminders stored in the large database.")] = 10_000_000,
    due: Annotated[int, typer.Option(help="How many of them are due at one instant.")] = 1_000_000,
    peers: Annotated[int, typer.Option(min=2_000, help="Reminders given to each peer.")] = 2_000,
    only: OnlyOption = None,
    json: JsonOption = False,
) -> None:
    """Very many reminders due at once, what one costs with few and many stored, how late an idle system is; peers."""
    from bot.bench import machine
    from bot.bench import reminders as bench

    with _progress() as bar:
        found, version = bench.run(bench.Sizes(rows, due, peers), bar, only=only)
    machine.show("reminders", found, as_json=json, postgres=version, by="what")


def year(
    people: Annotated[int, typer.Option(min=1, help="People in the village.")] = 500,
    years: Annotated[int, typer.Option(min=1, help="How many years, each another.")] = 1,
    seed: Annotated[int, typer.Option(help="The first of them.")] = 0,
    json: JsonOption = False,
) -> None:
    """Random years of reminders with outages and clock jumps: is each sent once or rightly skipped? Exit 1 if not."""
    from bot.bench import machine
    from bot.bench import year as bench

    with _progress() as bar:
        found = bench.run(people, years, seed, bar)
    machine.show("year", found, as_json=json)
    raise typer.Exit(1 if any(row["wrong"] for row in found) else 0)


def pacing(
    people: Annotated[int, typer.Option(help="People on each platform.")] = 3_000,
    senders: Annotated[int, typer.Option(help="Sender processes.")] = 1,
    platform: Annotated[str | None, typer.Option(help="telegram or whatsapp (default: both).")] = None,
    only: OnlyOption = "sqlite",
    json: JsonOption = False,
) -> None:
    """How much of each platform's rate is used while nobody is asked to slow down and replies still go at once."""
    from bot.bench import machine
    from bot.bench import pacing as bench

    with _progress() as bar:
        rows, version = bench.run(people, senders, bar, platform=platform, only=only)
    machine.show("pacing", rows, as_json=json, postgres=version)


def leads(
    rows: Annotated[int, typer.Option(help="Rows of the spreadsheet.")] = 50_000,
    leads: Annotated[int, typer.Option(help="Leads in the database.")] = 1_000_000,
) -> None:
    """A dry run of a long spreadsheet, and an export of very many leads: seconds and peak memory."""
    from bot.bench import leads as bench

    raise typer.Exit(bench.run(rows, leads))


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))
