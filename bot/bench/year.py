"""A year of a village's reminders, with outages, clocks that jump, people who stop, start again and move between zones.

Every reminder that was promised must have been sent exactly once, at a moment at which we may write to that person, or
skipped with a reason that is true. What was promised, and what is true, is worked out here once more and more simply.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.progress import Progress
from sqlalchemy import event, or_, select

from bot.app import build
from bot.bench.databases import working_folder
from bot.bench.machine import Row
from bot.channels.local import LocalChannel
from bot.clock import SetClock, SystemClock
from bot.config import Settings, StoreSettings
from bot.effects import Scene, apply
from bot.log import set_up
from bot.world import World
from flows.contact import Channel, Purpose, ReminderPlan
from flows.events import ConsentGiven, ConsentWithdrawn, Event, ProfileLearned, ReminderPlanned, ReminderStopped
from flows.message import Heard, HeardKind
from flows.outreach.calendar import is_holiday
from flows.outreach.reminder import moved_on, paid, schedule, snoozed
from flows.outreach.sending_policy import Kind, SendingRules
from flows.village import practice_villages
from storage.reminders import plan_from_json
from storage.sealed import KeyRing
from storage.tables import OUTBOX, REMINDER
from storage.words import OutboxState, Promise

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_RULES = SendingRules()
_DONE = (OutboxState.SENT, OutboxState.SKIPPED)
_FAMILY = timedelta(days=17)
_WEEK = timedelta(days=7)
#: On one day of seven the machine is off for hours or its clock is wrong, however many people live there.
_MACHINE_TROUBLE = 1 / 7
#: A leap year, with its 29 February.
NEW_YEAR, DAYS = datetime(2028, 1, 1, tzinfo=UTC), 366


def run(people: int, years: int, seed: int, progress: Progress) -> list[Row]:
    """Play that many years on SQLite; the first seed is `seed`. Each row tells what happened and what was wrong."""
    set_up(as_json=False, level="error")
    rows: list[Row] = []
    with working_folder() as folder:
        for number in range(seed, seed + years):
            task = progress.add_task(f"year {number}", total=DAYS)
            begun = SystemClock().now()
            with _world(folder / f"year-{number}.db") as world:
                report = Year(world, number, people).play(told=lambda task=task: progress.advance(task))  # type: ignore[misc]
            rows.append(
                {
                    "seed": number,
                    "people": people,
                    "sent": report.sent,
                    "skipped": dict(report.skipped),
                    "happened": dict(report.happened),
                    "wrong": report.wrong,
                    "seconds": round((SystemClock().now() - begun).total_seconds()),
                }
            )
    return rows


@contextmanager
def _world(path: Path) -> Iterator[World]:
    clock = SetClock(NEW_YEAR)
    app = build(Settings(store=StoreSettings(url=f"sqlite:///{path}")), clock=clock, keys=KeyRing.generate())
    for name in Channel:
        app.channels[name, "local"] = LocalChannel(name)
    app.database.close()  # whatever opens it from here on may forget on a power cut: nobody measures the disk
    event.listen(app.database.engine, "connect", _in_no_hurry_to_disk)
    try:
        yield World(app, clock)
    finally:
        app.close()


def _in_no_hurry_to_disk(connection: Any, record: object) -> None:
    del record
    connection.execute("PRAGMA synchronous=OFF")


@dataclass(slots=True)
class Neighbour:
    """One person as the village knows them: where they live, what they asked for, what they were promised."""

    contact: int
    address: int
    zone: ZoneInfo
    day: int
    hour: int
    pays: bool
    phone: str | None
    agreed: bool = True
    month: date | None = None  # day of the next reminder, of those who just get one every month
    plan: ReminderPlan | None = None  # of those who tell more than a day
    paid: date | None = None
    promised: dict[str, datetime] = field(default_factory=dict)
    rows: set[str] = field(default_factory=set)
    sent: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What became of a year."""

    people: int
    sent: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Year:
    """Plays one year; the same seed is the same year."""

    def __init__(self, world: World, seed: int, people: int) -> None:
        self._world = world
        self._dice = random.Random(seed)  # noqa: S311  # a year that can be repeated, no secret
        self._start = world.clock.now()
        self._up: list[tuple[datetime, datetime]] = []
        self._last = 0
        self._open: set[int] = set()
        self.report = Report(people)
        self._people = [self._meet(number) for number in range(people)]
        self._by_contact = {one.contact: one for one in self._people}

    def play(self, days: int = DAYS, told: Callable[[], None] = lambda: None) -> Report:
        """That many days from now on."""
        for day in range(days):
            self._advance(self._start + (day + self._dice.random()) * _DAY)
            if self._dice.random() < _MACHINE_TROUBLE:
                self._machine_trouble()
            for _ in range(self._dice.randrange(1 + len(self._people) // 10)):
                self._somebody_acts()
            told()
        self._advance(self._start + (days + 4) * _DAY)
        self._settle()
        return self.report

    def _meet(self, number: int) -> Neighbour:
        """Somebody of any of the three zones; a fifth share a phone, a third say when they paid."""
        village = self._dice.choice(practice_villages(self._world.app.content.current))
        phone = f"+62812000099{number // 2:02}" if number % 10 < 2 and number < 200 else None
        day, hour = self._dice.randrange(1, 29), self._dice.randrange(24)
        now = self._world.clock.now()
        with self._world.app.database.transaction() as store:
            made = store.contacts.find_or_make(Channel.WHATSAPP, "local", f"warga-{number}", now, phone=phone)
            store.contacts.heard_from(*made, now)
            store.contacts.learn(made[0], village=village.code)
        one = Neighbour(*made, village.zone, day, hour, pays=number % 3 == 0 or phone is not None, phone=phone)
        self._asks(one)
        return one

    def _asks(self, one: Neighbour) -> None:
        """To be reminded, as the chat lets them: on a day of the month, by their protection, or after harvest."""
        now, content = self._world.clock.now(), self._world.app.content.current
        plan, today = ReminderPlan(one.day, one.hour), now.astimezone(one.zone).date()
        if one.pays and one.day % 4 == 0:
            until = today + timedelta(days=self._dice.randrange(20, 90))
            plan = replace(plan, protected_until=max(until, date(2028, 2, 29)) if until.month == 2 else until)
        elif one.pays and one.day % 4 == 1:
            plan = replace(plan, every=self._dice.choice((3, 6)), harvest=today.replace(day=1))
        made = schedule(content, plan, one.zone, now)
        self._do(one, ConsentGiven((Purpose.REMINDERS,), "persetujuan-v1"), ReminderPlanned(made))
        one.agreed, one.plan, one.paid, one.month = True, made if one.pays else None, None, None
        if not one.pays:
            this = today.replace(day=one.day)
            passed = datetime.combine(this, time(one.hour), one.zone) <= now
            one.month = _next_month(this) if passed else this

    def _do(self, one: Neighbour, *events: Event) -> None:
        with self._world.app.database.transaction() as store:
            app, heard = self._world.app, Heard(HeardKind.TEXT, "")
            contact, now = store.contacts.view(one.contact), app.clock.now()
            scene = Scene(store, app.content.current, contact, one.address, now, 0, heard, _RULES)
            for event in events:
                apply(event, scene)

    def _plan(self, one: Neighbour) -> ReminderPlan | None:
        with self._world.app.database.reading() as store:
            return store.contacts.view(one.contact).reminder

    def _note_plans(self) -> None:
        """What is promised next to those who tell more than a day."""
        columns = (REMINDER.c.contact_id, REMINDER.c.day, REMINDER.c.hour, REMINDER.c.plan)
        query = select(*columns).where(REMINDER.c.kind == Promise.CONTRIBUTION, REMINDER.c.stopped_at.is_(None))
        query = query.where(REMINDER.c.contact_id.in_([one.contact for one in self._people if one.pays]))
        with self._world.app.database.reading() as store:
            for row in store.connection.execute(query):
                self._by_contact[row.contact_id].plan = plan_from_json(row.day, row.hour, row.plan)

    def _machine_trouble(self) -> None:
        happen = self._dice.choices((self._outage, self._clock_ahead, self._clock_behind), weights=(2, 1, 1))[0]
        self.report.happened[happen()] += 1
        self._look()

    def _somebody_acts(self) -> None:
        one = self._dice.choice(self._people)
        what = self._dice.choices((self._moves, self._stops_or_starts, self._pays), weights=(6, 8, 40))[0](one)
        one.plan = self._plan(one) if one.pays and one.agreed else None
        if what is not None:
            self.report.happened[what] += 1
        self._look()

    # what happens to the machine

    def _advance(self, to: datetime) -> None:
        """The bot runs until then."""
        begun = self._world.clock.now()
        if to > begun:
            self._world.advance(to)
            self._passed(begun, to)

    def _jump(self, to: datetime) -> None:
        """The clock shows another time; the bot goes on."""
        self._world.clock.move_to(to)
        self._world.run_due()
        self._passed(to, to)

    def _outage(self) -> str:
        """Hours in which nothing runs, sometimes days."""
        hours = self._dice.uniform(0.2, 8) if self._dice.random() < 0.8 else self._dice.uniform(8, 90)
        self._jump(self._world.clock.now() + hours * _HOUR)
        return "outages"

    def _clock_ahead(self) -> str:
        """Somebody sets the clock wrong; an hour later it is put right."""
        now = self._world.clock.now()
        wrong = now + self._dice.uniform(0.5, 36) * _HOUR
        self._jump(wrong)
        self._advance(wrong + _HOUR)
        self._jump(now + _HOUR)
        return "clock jumps ahead and back"

    def _clock_behind(self) -> str:
        """The same the other way."""
        now = self._world.clock.now()
        wrong = now - self._dice.uniform(0.1, 12) * _HOUR
        self._jump(wrong)
        self._advance(wrong + _HOUR)
        self._jump(now + _HOUR)
        return "clock jumps back and ahead"

    # what people do

    def _moves(self, one: Neighbour) -> str:
        """To another village, said in the chat or noted by staff."""
        to = self._dice.choice(practice_villages(self._world.app.content.current))
        one.zone = to.zone
        if self._dice.random() < 0.5:
            self._do(one, ProfileLearned(village=to.code))
        else:
            with self._world.app.database.transaction() as store:
                store.contacts.learn(one.contact, village=to.code)
        return "moves"

    def _stops_or_starts(self, one: Neighbour) -> str:
        if one.agreed:
            one.agreed = False
            self._do(one, ReminderStopped(), ConsentWithdrawn((Purpose.REMINDERS,)))
            return "stops"
        one.day, one.hour = self._dice.randrange(1, 29), self._dice.randrange(24)
        self._asks(one)
        return "starts again"

    def _pays(self, one: Neighbour) -> str | None:
        """Says "sudah bayar", or "ingatkan 3 hari lagi"."""
        plan = self._plan(one) if one.pays and one.agreed else None
        if plan is None:
            return None
        now, later = self._world.clock.now(), self._dice.random() < 0.3
        made = snoozed(plan, one.zone, now) if later else paid(self._world.app.content.current, plan, one.zone, now)
        if made == plan:
            return None
        one.paid = made.paid_through
        self._do(one, ReminderPlanned(made))
        return "asks to be reminded again" if later else "pays"

    # what must be true

    def _passed(self, begun: datetime, to: datetime) -> None:
        """The bot ran from then to then: what it had promised for that time has to be there."""
        self._up.append((begun, to))
        for one in self._people:
            if one.agreed:
                self._promised(one, to)
        self._look()
        self._note_plans()

    def _promised(self, one: Neighbour, to: datetime) -> None:
        """Every month on their day, worked out here; of those who pay, what their plan said before.

        An outage can be longer than from one that was asked for again to the next.
        """
        while one.month is not None and (due := datetime.combine(one.month, time(one.hour), one.zone)) <= to:
            one.promised[one.month.isoformat()] = due
            one.month = _next_month(one.month)
        while one.plan is not None and one.plan.next is not None:
            due = datetime.combine(one.plan.next.on, time(one.hour), one.zone)
            if due > to:
                break
            one.promised[one.plan.next.on.isoformat()] = due
            one.plan = moved_on(self._world.app.content.current, one.plan)

    def _look(self) -> None:
        """Judge what was sent and skipped since the last look."""
        columns = (OUTBOX.c.id, OUTBOX.c.contact_id, OUTBOX.c.once_key, OUTBOX.c.state, OUTBOX.c.reason)
        query = select(*columns, OUTBOX.c.sent_at, OUTBOX.c.slots).where(OUTBOX.c.kind == Kind.REMINDER)
        query = query.where(or_(OUTBOX.c.id > self._last, OUTBOX.c.id.in_(self._open)))
        query = query.order_by(OUTBOX.c.sent_at.is_(None), OUTBOX.c.sent_at, OUTBOX.c.id)  # what was sent may be why
        with self._world.app.database.reading() as store:
            rows = store.connection.execute(query).all()
        for row in rows:
            self._last = max(self._last, row.id)
            self._open.add(row.id)
            one, on = self._by_contact[row.contact_id], row.once_key.rpartition(":")[2]
            one.rows.add(on)
            if row.state in _DONE:
                self._open.discard(row.id)
                self._judge(one, on, row)

    def _judge(self, one: Neighbour, on: str, row: Any) -> None:
        due = one.promised.get(on)
        if due is None:
            self._wrong(one, on, "was never promised")
        elif row.state is OutboxState.SENT:
            self.report.sent += 1
            for wrong in self._wrongly_sent(one, due, row):
                self._wrong(one, on, f"sent {row.sent_at.astimezone(one.zone)}: {wrong}")
            one.sent.append(row.sent_at)
        else:
            self.report.skipped[row.reason] += 1
            if not self._true(one, due, row.reason):
                self._wrong(one, on, f"skipped, and this is not why: {row.reason}")

    def _wrongly_sent(self, one: Neighbour, due: datetime, row: Any) -> Iterator[str]:
        """What speaks against having sent this then."""
        at, month = row.sent_at, (row.slots or {}).get("bulan")
        if not one.agreed:
            yield "without consent"
        if not may_write(at, one.zone):
            yield "at night, at prayer or on a holiday"
        if not due <= at <= due + _RULES.reminder_too_late_after:
            yield f"too early or too late for {due}"
        if sum(0 <= (at - other) / _WEEK < 1 for other in one.sent) >= _RULES.most_a_week:
            yield "too many in a week"
        if any(abs(at - other) < _FAMILY for relative in self._family(one) for other in relative.sent):
            yield "the family was told already"
        if one.paid is not None and month is not None and date.fromisoformat(month) <= one.paid:
            yield f"of {month}, which is paid"

    def _true(self, one: Neighbour, due: datetime, reason: str) -> bool:
        match reason:
            case "opted_out":
                return not one.agreed
            case "done":
                return one.paid is not None
            case "same_phone":
                near = _FAMILY + _WEEK
                return any(abs(due - other) < near for relative in self._family(one) for other in relative.sent)
            case "too_many":
                return sum(abs(due - other) < _WEEK + _RULES.reminder_too_late_after for other in one.sent) >= 3
            case "too_late":
                return not any(may_write(at, one.zone) for at in self._moments(due))
            case _:
                return False

    def _moments(self, due: datetime) -> Iterator[datetime]:
        """Every half hour at which the bot ran while it was not too late."""
        for begun, ended in self._up:
            at, last = max(begun, due), min(ended, due + _RULES.reminder_too_late_after - _MINUTE)
            while at <= last:
                yield at
                at += timedelta(minutes=30)

    def _settle(self) -> None:
        """At the end of the year nothing promised is missing."""
        for one in self._people:
            for on in sorted(set(one.promised) - one.rows):
                self._wrong(one, on, "was promised, and is neither sent nor skipped")
            one.rows &= set(one.promised)
        long_ago = self._world.clock.now() - 3 * _DAY
        with self._world.app.database.reading() as store:
            left = store.connection.execute(
                select(OUTBOX.c.contact_id, OUTBOX.c.once_key, OUTBOX.c.expires_at).where(OUTBOX.c.id.in_(self._open))
            ).all()
        for row in left:
            if row.expires_at < long_ago:
                self._wrong(self._by_contact[row.contact_id], row.once_key, "still waits")

    def _family(self, one: Neighbour) -> list[Neighbour]:
        return [other for other in self._people if one.phone and other.phone == one.phone and other is not one]

    def _wrong(self, one: Neighbour, on: str, what: str) -> None:
        self.report.wrong.append(f"{one.contact} ({one.zone.key}, day {one.day} at {one.hour}) {on}: {what}")


def may_write(at: datetime, zone: ZoneInfo) -> bool:
    """Whether it is daytime there, no Friday prayer and no holiday."""
    local = at.astimezone(zone)
    praying = local.isoweekday() == 5 and time(11, 30) <= local.time() < time(13)
    return time(7) <= local.time() < time(20) and not praying and not is_holiday(local.date())


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=day.day)
