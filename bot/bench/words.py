"""Content: reading and checking all of it, and rendering each reply."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from time import perf_counter, process_time

from rich.progress import Progress

import content
from bot.bench.machine import Row, percentile
from content.preview import sample_slots


def run(rounds: int, day: date, progress: Progress) -> list[Row]:
    """Seconds to read and to check, fastest and slowest round; microseconds to render, over every reply."""
    task = progress.add_task("content", total=3 * rounds)

    def repeated(what: str, work: Callable[[], object]) -> Row:
        wall, cpu = [], []
        for _ in range(rounds):
            begun, spent = perf_counter(), process_time()
            work()
            wall.append(perf_counter() - begun)
            cpu.append(process_time() - spent)
            progress.advance(task)
        return {
            "what": what,
            "unit": "s",
            "best": _short(min(wall)),
            "worst": _short(max(wall)),
            "cpu": _short(min(cpu)),
        }

    loaded = content.load()
    rows = [repeated("read all content", content.load), repeated("check all content", lambda: content.check(day=day))]
    slots = sample_slots(loaded)
    times: list[float] = []
    for _ in range(rounds):
        for key in loaded.replies:
            begun = perf_counter()
            loaded.render(key, day, slots)
            times.append((perf_counter() - begun) * 1e6)
        progress.advance(task)
    told = {f"p{share}": round(percentile(times, share / 100), 1) for share in (50, 99)}
    return [*rows, {"what": f"render a reply ({len(loaded.replies)})", "unit": "µs", **told}]


def _short(seconds: float) -> float:
    return round(seconds, 3)
