"""One durable turn: record, understand, decide, store, queue. Small and large databases take turns in one run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from rich.progress import Progress, TaskID

from bot.bench import crowd
from bot.bench.databases import both, open_database, working_folder
from bot.bench.machine import Row, percentile
from bot.channels.channel import Incoming
from bot.clock import SystemClock
from bot.config import NluSettings
from bot.content_watch import ContentInForce
from bot.ids import LeadNumbers
from bot.inbox import receive
from bot.turn import Turns
from bot.understanding import Engines
from flows.contact import Channel
from flows.message import HeardKind
from storage.database import Database

VILLAGE = "00.00.00.0001"
WRITERS = 50
_WARM_UP = 30
_ids = count(1)


@dataclass(slots=True)
class _Side:
    """One database and the bot on it."""

    name: str
    people: int
    database: Database
    turns: Turns
    recorded: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)


def run(
    small: int, large: int, turns: int, progress: Progress, *, only: str | None = None
) -> tuple[list[Row], str | None]:
    """Measure; returns the rows of the table and PostgreSQL's version."""
    content = ContentInForce()
    engines = Engines(NluSettings())
    sentences = _sentences(content)
    task = progress.add_task("engine", total=None)
    engines.of(content.current)
    progress.remove_task(task)
    rows: list[Row] = []
    with working_folder() as folder, both(folder, 2, only=only) as found:
        for kind, urls in found.by_kind.items():
            with ExitStack() as stack:
                sides = []
                for url, people in zip(urls, (small, large), strict=True):
                    database = stack.enter_context(open_database(url, content.current))
                    bar = progress.add_task(f"{kind}: {people:,} people", total=people)
                    crowd.fill(database, people, VILLAGE, _advance(progress, bar), sessions=True)
                    turning = Turns(database, content, engines, SystemClock(), LeadNumbers())
                    sides.append(_Side(kind, people, database, turning))
                _measure(sides, sentences, turns, progress)
                rows += _rows(sides)
        rows.append({"database": "fsync of 4 KiB here", "p50 ms": _fsync_ms(folder)})
        rows.append({"database": "understanding alone", "p50 ms": _understanding_ms(content, engines, sentences)})
        return rows, found.version


def _advance(progress: Progress, bar: TaskID) -> Callable[[int], None]:
    def advance(step: int) -> None:
        progress.advance(bar, step)

    return advance


def _measure(sides: list[_Side], sentences: list[str], turns: int, progress: Progress) -> None:
    task = progress.add_task(f"{sides[0].name}: turns", total=turns + _WARM_UP)
    for number in range(turns + _WARM_UP):
        for side in sides:
            _turn(side, f"penulis-{number % WRITERS}", sentences[number % len(sentences)])
            if number < _WARM_UP:
                side.recorded.clear()
                side.taken.clear()
        progress.advance(task)


def _turn(side: _Side, person: str, text: str) -> None:
    now = SystemClock().now()
    message = Incoming(f"bench-{next(_ids)}", person, HeardKind.TEXT, text, now)
    begun = time.perf_counter()
    receive(side.database, Channel.WEB, "bench", [message], now)
    stored = time.perf_counter()
    side.turns.take_next()
    side.recorded.append(stored - begun)
    side.taken.append(time.perf_counter() - stored)


def _rows(sides: list[_Side]) -> list[Row]:
    rows: list[dict[str, Any]] = []
    for side in sides:
        whole = [first + second for first, second in zip(side.recorded, side.taken, strict=True)]
        rows.append(
            {
                "database": side.name,
                "people": side.people,
                "turns/s": round(len(whole) / sum(whole), 1),
                "p50 ms": _ms(percentile(whole, 0.5)),
                "p99 ms": _ms(percentile(whole, 0.99)),
                "record p50 ms": _ms(percentile(side.recorded, 0.5)),
            }
        )
    ratio = rows[-1]["p50 ms"] / rows[0]["p50 ms"]
    rows[-1]["cost against the first"] = f"{ratio:.2f}"
    return [*rows]


def _sentences(content: ContentInForce) -> list[str]:
    """The first example of every intent."""
    return [intent.examples[0] for intent in content.current.intents.values() if intent.examples]


def _understanding_ms(content: ContentInForce, engines: Engines, sentences: list[str]) -> float:
    engine = engines.of(content.current)
    return _ms(percentile([_timed(partial(engine.understand, text)) for text in sentences], 0.5))


def _fsync_ms(folder: Path) -> float:
    with (folder / "fsync").open("wb", buffering=0) as file:

        def write() -> None:
            file.write(b"\0" * 4096)
            os.fsync(file.fileno())

        return _ms(percentile([_timed(write) for _ in range(100)], 0.5))


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
