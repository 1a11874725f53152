"""Reminders: a million due at one instant, what a due one costs with few and many stored, how late an idle system is.

Who comes due has a form, a phone and an agreement of their own, as people differ. What is stored beside them is a
contact with an address, an agreement and a reminder: nothing else of it is ever read, and it makes the indexes as deep.

The same is asked of one APScheduler job per reminder and of python-telegram-bot's JobQueue (`reminder_peers`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

from rich.progress import Progress
from sqlalchemy import func, select, text, update

from bot.app import App, build, make_sender
from bot.bench import crowd
from bot.bench.databases import Addresses, both, open_database, working_folder
from bot.bench.machine import Row, percentile
from bot.bench.reminder_peers import peers
from bot.channels.local import LocalChannel
from bot.clock import SetClock, SystemClock
from bot.config import SendingSettings, Settings, StoreSettings
from bot.content_watch import ContentInForce
from bot.due import queue_batch
from bot.log import set_up
from bot.run import Part, Runner
from content import Content
from flows.benefits.contribution import add_months
from flows.contact import Channel, Occurrence, Purpose, ReminderPlan
from flows.outreach.audience import speeds_on
from flows.outreach.calendar import working_day_from
from flows.outreach.reminder import moved_on, schedule
from flows.outreach.sending_policy import SendingRules
from storage.database import Database
from storage.outcomes import Sent
from storage.sealed import KeyRing, Sealer
from storage.tables import OUTBOX, REMINDER

VILLAGE = "00.00.00.0001"
FEW = 10_000
#: In each round so many are due on either side, spread over all that is stored.
_ROUND, _ROUNDS = 500, 10
_SENT = 10_000
#: Until it is their turn, reminders wait so long after the moment.
_LATER = timedelta(days=9)
_ZONE = ZoneInfo("Asia/Jakarta")
#: An idle system is given its reminders from so many seconds on, and so many to send the last.
_BEFORE, _AFTER = 3.0, 5.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many are stored, due at once, and given to the peers; how many an idle system sends over how many seconds."""

    stored: int
    due: int
    peers: int
    idle: int = 600
    seconds: int = 120


@dataclass(frozen=True, slots=True)
class _Side:
    """One database and what it holds; nothing is due there before `moment`."""

    kind: str
    url: str
    stored: int
    registered: int
    database: Database
    keys: KeyRing
    moment: datetime

    @property
    def every(self) -> int:
        """Who registered, spread over all: the contacts with these numbers are the ones that come due."""
        return self.stored // self.registered

    def row(self, what: str, **measured: object) -> dict[str, Any]:
        """One line of the table."""
        return {"who": "rangkul", "database": self.kind, "what": what, "stored": f"{self.stored:,}", **measured}


def run(sizes: Sizes, progress: Progress, *, only: str | None = None) -> tuple[list[Row], str | None]:
    """Measure; returns the rows of the table and PostgreSQL's version."""
    set_up(as_json=False, level="warning")
    content = ContentInForce()
    with working_folder() as folder, both(folder, 3, only=only) as found:
        rows: list[Row] = []
        for kind in found.by_kind:
            rows += _ours(kind, found, content, sizes, progress)
        rows += peers({kind: urls[2] for kind, urls in found.by_kind.items()}, sizes.peers, progress)
        return rows, found.version


def _ours(kind: str, found: Addresses, content: ContentInForce, sizes: Sizes, progress: Progress) -> list[Row]:
    with ExitStack() as stack:

        def side(url: str, stored: int) -> _Side:
            return stack.enter_context(_filled(kind, url, stored, sizes.due, content=content, progress=progress))

        few = side(found.by_kind[kind][0], min(FEW, sizes.stored))
        many = side(found.by_kind[kind][1], sizes.stored)
        rows = _costs([few, many], content.current, progress)
        rows.append(_idle(many, content, sizes, progress))
        return rows + _burst(many, content, sizes, progress)


@contextmanager
def _filled(
    kind: str, url: str, stored: int, due: int, *, content: ContentInForce, progress: Progress
) -> Iterator[_Side]:
    keys, day = KeyRing.generate(), working_day_from((SystemClock().now() + timedelta(days=60)).date())
    moment = datetime.combine(day, time_of_day(1), tzinfo=UTC)  # eight o'clock WIB: nothing waits for daytime
    registered = min(stored, due + _ROUND * _ROUNDS)
    task = progress.add_task(f"{kind}: storing {stored:,}, {registered:,} registered", total=2 * stored + registered)

    def told(step: int) -> None:
        progress.advance(task, step)

    with open_database(url, content.current, keys) as database:
        crowd.fill(database, stored, VILLAGE, told, channel=Channel.WEB, readable=Sealer(keys))
        later = moment + _LATER
        crowd.remind(database, stored, Sealer(keys), later, _plans(content.current, later), told=told)
        crowd.register(database, registered, stored // registered, Sealer(keys), told=told)
        yield _Side(kind, url, stored, registered, database, keys, moment)


def _plans(content: Content, due_at: datetime) -> list[ReminderPlan]:
    """Most just want to be reminded, some said until when they paid, some are behind, some pay after harvest.

    Each was reminded before, so that no row grows when it moves on: a full page would be split for it, but once.
    """
    on = due_at.astimezone(_ZONE)
    usual, month = ReminderPlan(min(on.day, 28), on.hour), on.date().replace(day=1)
    known = [replace(usual, paid_through=add_months(month, -behind)) for behind in (1, 1, 2, 3)]
    harvest = [replace(usual, every=every, harvest=month) for every in (3, 6)]
    until = replace(usual, protected_until=on.date() + timedelta(days=usual.before + 1))
    plans = [usual, usual, usual, *known, *harvest, until]
    earlier = due_at - timedelta(days=40)
    return [moved_on(content, schedule(content, plan, _ZONE, earlier)) for plan in plans]


def _costs(sides: list[_Side], content: Content, progress: Progress) -> list[Row]:
    """What a due reminder costs with few and with many stored, taking turns."""
    spent: dict[int, list[float]] = {side.stored: [] for side in sides}
    task = progress.add_task(f"{sides[0].kind}: cost of a due one", total=_ROUNDS)
    for number in range(_ROUNDS):
        for side in sides:
            these = [(1 + number + place * (side.registered // _ROUND)) * side.every for place in range(_ROUND)]
            with side.database.transaction() as store:
                here = REMINDER.c.id.in_(these)
                store.connection.execute(update(REMINDER).where(here).values(next_due_at=side.moment))
            begun = time.perf_counter()
            queued = _queue_all(side, content)
            spent[side.stored].append((time.perf_counter() - begun) / queued * 1e6)
        progress.advance(task)
    each = [percentile(spent[side.stored], 0.5) for side in sides]
    rows = [
        side.row("cost of a due one", due=f"{_ROUNDS} x {_ROUND}", **{"µs each": round(cost)})
        for side, cost in zip(sides, each, strict=True)
    ]
    rows[-1]["against few"] = f"{each[-1] / each[0]:.2f}"
    return [*rows]


def _queue_all(side: _Side, content: Content, told: Callable[[int], None] = lambda _: None) -> int:
    queued = 0
    while batch := queue_batch(side.database, content, side.moment, SendingRules()):
        queued += batch
        told(queued)
    return queued


def _burst(side: _Side, content: ContentInForce, sizes: Sizes, progress: Progress) -> list[Row]:
    """Very many due at one instant, in an order that is not that of their ids: queued, then claimed to be sent."""
    task = progress.add_task(f"{side.kind}: letting {sizes.due:,} be due", total=1)
    before, due = _make_due(side, sizes.due)
    progress.advance(task)
    task = progress.add_task(f"{side.kind}: {due:,} due at once", total=due)
    begun = time.perf_counter()
    queued = _queue_all(side, content.current, lambda done: progress.update(task, completed=done))
    rate = queued / (time.perf_counter() - begun)
    with side.database.reading() as store:
        wrong, people = store.connection.execute(text(_ORDER), {"before": before}).one()
    found = side.row(
        "due at one instant",
        due=f"{due:,}",
        **_speed(rate, content.current),
        **{"µs each": round(1e6 / rate), "in order": wrong == 0, "each once": queued == due == people},
    )
    return [found, _claim_to_send(side, content, progress)]


def _make_due(side: _Side, many: int) -> tuple[int, int]:
    """Let that many be due, over the last hour. Returns the highest outbox id before, and how many they are."""
    ago = "id * 7919 % 3600"
    earlier = f"strftime('%Y-%m-%d %H:%M:%f000', '{side.moment:%Y-%m-%d %H:%M:%S}', '-' || ({ago}) || ' seconds')"
    if not side.database.is_sqlite:
        earlier = f"timestamptz '{side.moment}' - ({ago}) * interval '1 second'"
    whose = (REMINDER.c.id % side.every == 0, REMINDER.c.next_due_at == side.moment + _LATER)
    untouched = (*whose, REMINDER.c.stopped_at.is_(None))
    with side.database.reading() as store:
        before = store.connection.execute(select(func.max(OUTBOX.c.id))).scalar() or 0
    due = first = 0
    while due < many and first <= side.every * side.registered:
        most = first + min(many - due, crowd.STEP) * side.every  # one large transaction is all in memory on SQLite
        these = (*untouched, REMINDER.c.id > first, REMINDER.c.id <= most)
        with side.database.transaction() as store:
            due += store.connection.execute(update(REMINDER).where(*these).values(next_due_at=text(earlier))).rowcount
        first = most
    with side.database.transaction() as store:
        crowd.analyse(store)
    return before, due


_ORDER = """
SELECT coalesce(sum(CASE WHEN due_at < earlier THEN 1 ELSE 0 END), 0), count(DISTINCT contact_id)
FROM (SELECT contact_id, due_at, lag(due_at) OVER (ORDER BY id) AS earlier FROM outbox WHERE id > :before) AS queued
"""


def _speed(rate: float, content: Content) -> dict[str, object]:
    """So many a second, and how many times what the platform that allows most allows."""
    allowed = max(speed.per_second for speed in speeds_on(content.lexicon, SystemClock().now().date()).values())
    return {"a second": round(rate), "times the platform": round(rate / allowed, 1)}


def _claim_to_send(side: _Side, content: ContentInForce, progress: Progress) -> Row:
    """How fast queued reminders are claimed, asked about once more and written down as sent, where nobody limits us.

    The processor time is ours: what a PostgreSQL server needs comes on top.
    """
    channels = {(Channel.WEB, "bench"): LocalChannel(Channel.WEB, "bench")}
    sender = make_sender(Settings(), side.database, channels, SetClock(side.moment), content)
    task = progress.add_task(f"{side.kind}: claimed to be sent", total=_SENT)
    begun, busy, claimed = time.perf_counter(), time.process_time(), 0
    while claimed < _SENT:
        ready, _ = sender.claim_paced()
        sender.record([(item, Sent(f"bench-{item.row.id}", side.moment)) for item in ready])
        claimed += len(ready)
        progress.update(task, completed=claimed)
        if not ready:
            break
    speed = _speed(claimed / (time.perf_counter() - begun), content.current)
    cost = round((time.process_time() - busy) / max(claimed, 1) * 1e6)
    return side.row("claimed to be sent", due=f"{claimed:,}", **speed, **{"processor µs each": cost})


def _idle(side: _Side, content: ContentInForce, sizes: Sizes, progress: Progress) -> Row:
    """How long after its moment a reminder is sent by a bot that has nothing else to do, with all these stored."""
    sending = SendingSettings(
        awake_from=time_of_day(0), awake_until=time_of_day.max, friday_prayer_until=time_of_day(11, 30),
        on_holidays=True, most_a_week=0,
    )  # fmt: skip
    settings = Settings(store=StoreSettings(url=side.url), sending=sending)
    app = build(settings, content=content, keys=side.keys)
    try:
        people = _people(app, sizes)
        task = progress.add_task(f"{side.kind}: idle", total=sizes.seconds)
        asyncio.run(_serve(app, _BEFORE + sizes.seconds + _AFTER, lambda: progress.advance(task)))
        with app.database.reading() as store:
            query = select(OUTBOX.c.due_at, OUTBOX.c.sent_at).where(OUTBOX.c.contact_id.in_(people))
            rows = store.connection.execute(query).all()
        with app.database.transaction() as store:
            for who in people:
                store.reminders.stop(who, app.clock.now())
    finally:
        app.close()
    lags = [(row.sent_at - row.due_at).total_seconds() for row in rows if row.sent_at is not None]
    return side.row(
        "lag of an idle system",
        due=f"{len(people)} in {sizes.seconds} s",
        **{"each once": len(lags) == len(people) == len(rows)},
        **{f"lag p{share} s": round(percentile(lags, share / 100), 2) for share in (50, 99)},
    )


def _people(app: App, sizes: Sizes) -> list[int]:
    """People whose reminders are due one after the other, all through storage as in life."""
    now = app.clock.now()
    made: list[int] = []
    with app.database.transaction() as store:
        for number in range(sizes.idle):
            due = now + timedelta(seconds=_BEFORE + number * sizes.seconds / sizes.idle)
            who, address = store.contacts.find_or_make(Channel.WEB, "local", f"idle-{number}", now)
            store.contacts.learn(who, village=VILLAGE)
            store.consents.give(who, (Purpose.REMINDERS,), "persetujuan-v1", now)
            next_time = Occurrence(due.date(), due.date().replace(day=1), due.date())
            store.reminders.plan(who, ReminderPlan(1, 8, next=next_time), due, address)
            made.append(who)
    return made


async def _serve(app: App, seconds: float, told: Callable[[], None]) -> None:
    """Sender, turns and clock as in `rangkul work` and `rangkul clock`."""
    runner = Runner(app, parts=Part.WORK | Part.CLOCK)
    serving = asyncio.create_task(runner.serve())
    for _ in range(int(seconds)):
        await asyncio.sleep(1)
        told()
    runner.stop()
    await serving
