"""Planning an announcement: forecast, freeze and cancel for a village of a million, and what it costs in memory."""

from __future__ import annotations

import resource
import time
from functools import partial

from rich.progress import Progress

from bot.bench import crowd
from bot.bench.databases import both, open_database, working_folder
from bot.bench.machine import Row
from bot.clock import SystemClock
from bot.content_watch import ContentInForce
from flows.contact import Channel
from flows.outreach.audience import Target, leaving
from flows.outreach.sending_policy import SendingRules
from storage.words import PersonState

VILLAGE = "00.00.00.0001"


def run(people: int, progress: Progress, *, only: str | None = None) -> tuple[list[Row], str | None]:
    """Measure; returns the rows of the table and PostgreSQL's version."""
    content = ContentInForce().current
    rows: list[Row] = []
    with working_folder() as folder, both(folder, only=only) as found:
        for kind, (url,) in found.by_kind.items():
            with open_database(url, content) as database:
                task = progress.add_task(f"{kind}: {people:,} people", total=people)
                crowd.fill(database, people, VILLAGE, partial(progress.advance, task))
                task = progress.add_task(f"{kind}: planning", total=None)
                now = SystemClock().now()
                with database.transaction() as store:
                    official = store.contacts.find_or_make(Channel.WEB, "bench", "perangkat", now)[0]
                when = leaving(content.lexicon, "siaran_isi", now, SendingRules())
                before = _memory_mb()
                begun = time.perf_counter()
                with database.reading() as store:
                    forecast = store.broadcasts.forecast(Target((VILLAGE,)), when, without=official)
                foreseen = time.perf_counter()
                with database.transaction() as store:
                    broadcast = store.broadcasts.freeze(VILLAGE, "Pengumuman contoh.", official, now, when=when)
                frozen = time.perf_counter()
                with database.transaction() as store:
                    store.broadcasts.cancel(broadcast, now)
                cancelled = time.perf_counter()
                with database.reading() as store:
                    kept = store.broadcasts.get(broadcast)
                    counts = store.broadcasts.counts(broadcast)
                progress.remove_task(task)
                rows.append(
                    {
                        "database": kind,
                        "people": people,
                        "forecast s": round(foreseen - begun, 2),
                        "freeze s": round(frozen - foreseen, 2),
                        "cancel s": round(cancelled - frozen, 3),
                        "will / won't": f"{kept.will:,} / {kept.wont:,}",
                        "as forecast": (kept.will, kept.wont) == (forecast.will, sum(forecast.wont.values())),
                        "everyone once": sum(counts.values()) == people and set(counts) <= set(PersonState),
                        "memory of ours MB": round(_memory_mb() - before),
                        "process MB": round(_memory_mb()),
                    }
                )
        return rows, found.version


def _memory_mb() -> float:
    """The most this process ever had; PostgreSQL's own memory is its own."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
