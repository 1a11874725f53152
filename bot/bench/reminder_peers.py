"""What others do: one APScheduler job a reminder in a SQLAlchemy job store, and python-telegram-bot's JobQueue.

Their jobs only note the moment and their number, where ours word, seal and queue a message: so their figures flatter
them. JobQueue keeps its jobs in memory: after a restart none is left.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from rich.progress import Progress
from sqlalchemy import make_url

from bot.bench.machine import Row, percentile
from bot.clock import SystemClock

_FEW, _ROUND = 1_000, 500
_IDLE, _IDLE_SECONDS = 100, 20.0
_FAR = timedelta(days=400)
#: Storing the idle system's reminders takes less than so many seconds; a busy disk needs most of them.
_STORING = 20.0
#: Given up once nothing ran for so many seconds.
_STALLED = 30.0


@dataclass(slots=True)
class _Fired:
    """What the jobs noted: number and moment, in the order in which they ran."""

    noted: list[tuple[int, datetime]] = field(default_factory=list)


_FIRED = _Fired()


def fire(number: int) -> None:
    """The job; a job store keeps a reference to it."""
    _FIRED.noted.append((number, SystemClock().now()))


@dataclass(frozen=True, slots=True)
class _Peer:
    """A scheduler, and how it is given one reminder: number and moment."""

    who: str
    database: str
    scheduler: BaseScheduler
    add: Callable[[int, datetime], object]

    def row(self, what: str, stored: int, **measured: object) -> dict[str, Any]:
        """One line of the table."""
        return {"who": self.who, "database": self.database, "what": what, "stored": f"{stored:,}", **measured}


def peers(urls: Mapping[str, str], most: int, progress: Progress) -> list[Row]:
    """Measure both; `urls` are empty databases by kind."""
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # a line or two for each of thousands
    return asyncio.run(_peers(urls, most, progress))


async def _peers(urls: Mapping[str, str], most: int, progress: Progress) -> list[Row]:
    rows: list[Row] = []
    for kind, url in urls.items():
        async with _scheduler(kind, url) as peer:
            rows += await _measure(peer, most, progress)
    if importlib.util.find_spec("telegram") is not None:
        async with _job_queue() as peer:
            rows += await _measure(peer, most, progress)
    return rows


@asynccontextmanager
async def _scheduler(kind: str, url: str) -> AsyncIterator[_Peer]:
    driver = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}[kind]
    store = SQLAlchemyJobStore(url=make_url(url).set(drivername=driver))
    scheduler = BackgroundScheduler(
        jobstores={"default": store}, executors={"default": ThreadPoolExecutor(10)}, timezone="UTC"
    )
    scheduler.start()

    def add(number: int, at: datetime) -> object:
        return scheduler.add_job(fire, "date", run_date=at, args=[number], id=str(number), misfire_grace_time=None)

    try:
        yield _Peer("APScheduler, a job each", kind, scheduler, add)
    finally:
        scheduler.shutdown(wait=False)


@asynccontextmanager
async def _job_queue() -> AsyncIterator[_Peer]:
    from telegram.ext import Application, CallbackContext  # noqa: PLC0415  # only developers have it

    application = Application.builder().token("1:contoh").build()  # the queue only borrows it: it must stay alive
    queue = application.job_queue
    if queue is None:
        return

    async def run(context: CallbackContext[Any, Any, Any, Any]) -> None:
        fire(int(str(context.job.data if context.job else 0)))

    def add(number: int, at: datetime) -> object:
        return queue.run_once(run, at, data=number, job_kwargs={"misfire_grace_time": None})

    await queue.start()
    try:
        yield _Peer("JobQueue", "memory", queue.scheduler, add)
    finally:
        await queue.stop()
        del application


async def _measure(peer: _Peer, most: int, progress: Progress) -> list[Row]:
    rows: list[Row] = []
    task = progress.add_task(f"{peer.who}, {peer.database}", total=2 * most)

    def told() -> None:
        progress.advance(task)

    _store(peer, range(_FEW), _far, told)
    few = await _cost(peer, 10_000_000)
    begun = time.perf_counter()
    _store(peer, range(_FEW, most), _far, told)
    stored = (most - _FEW) / (time.perf_counter() - begun)
    many = await _cost(peer, 20_000_000)
    rows.append(peer.row("cost of a due one", _FEW, due=f"{_ROUND}", **{"µs each": round(few)}))
    against = {"µs each": round(many), "against few": f"{many / few:.2f}", "stored a second": round(stored)}
    rows.append(peer.row("cost of a due one", most, due=f"{_ROUND}", **against))
    rows.append(await _idle(peer, most))
    rows.append(await _burst(peer, most, told))
    return rows


def _far(number: int) -> datetime:
    return SystemClock().now() + _FAR + timedelta(seconds=number)


def _store(peer: _Peer, numbers: range, at: Callable[[int], datetime], told: Callable[[], None]) -> None:
    for number in numbers:
        peer.add(number, at(number))
        told()


async def _cost(peer: _Peer, first: int) -> float:
    """Microseconds for each of some that are due at once, beside all that are stored."""
    peer.scheduler.pause()
    _FIRED.noted.clear()
    now = SystemClock().now()
    _store(peer, range(first, first + _ROUND), lambda _: now, lambda: None)
    return 1e6 * await _run_off(peer, _ROUND) / _ROUND


async def _idle(peer: _Peer, stored: int) -> Row:
    _FIRED.noted.clear()
    start, first = SystemClock().now() + timedelta(seconds=_STORING), 30_000_000
    moments = {first + n: start + timedelta(seconds=n * _IDLE_SECONDS / _IDLE) for n in range(_IDLE)}
    _store(peer, range(first, first + _IDLE), moments.__getitem__, lambda: None)
    await _run_off(peer, _IDLE)
    lags = [(moment - moments[number]).total_seconds() for number, moment in _FIRED.noted]
    shares = {f"lag p{share} s": round(percentile(lags, share / 100), 2) for share in (50, 99)}
    once = {"each once": len(lags) == len({number for number, _ in _FIRED.noted}) == _IDLE}
    return peer.row("lag of an idle system", stored, due=f"{_IDLE} in {_IDLE_SECONDS:.0f} s", **once, **shares)


async def _burst(peer: _Peer, many: int, told: Callable[[], None]) -> Row:
    """All that are stored are due at once, in an order that is not that of their numbers."""
    peer.scheduler.pause()
    peer.scheduler.remove_all_jobs()
    _FIRED.noted.clear()
    now = SystemClock().now()
    due = {number: now - timedelta(seconds=number * 7919 % 3600) for number in range(many)}
    _store(peer, range(many), due.__getitem__, told)
    seconds = await _run_off(peer, many)
    order = [due[number] for number, _ in _FIRED.noted]
    ordered = all(one <= other for one, other in pairwise(order))
    once = len(order) == len({number for number, _ in _FIRED.noted}) == many
    figures = {"a second": round(many / seconds), "µs each": round(1e6 * seconds / many)}
    return peer.row("due at one instant", many, due=f"{many:,}", **figures, **{"in order": ordered, "each once": once})


async def _run_off(peer: _Peer, many: int) -> float:
    """Seconds until that many ran, or until nothing ran any more."""
    begun = seen_at = time.perf_counter()
    peer.scheduler.resume()
    seen = 0
    while seen < many and time.perf_counter() - seen_at < _STALLED:
        await asyncio.sleep(0.01)
        if len(_FIRED.noted) != seen:
            seen, seen_at = len(_FIRED.noted), time.perf_counter()
    return seen_at - begun
