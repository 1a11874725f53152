"""An announcement to everybody on each emulator at its default limit, while people ask and want answers at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.progress import Progress
from sqlalchemy import select

from bot.bench.child import child
from bot.bench.databases import both, open_database, working_folder
from bot.bench.machine import Row, percentile
from bot.bench.pacing_emulator import ANNOUNCEMENT
from bot.bench.pacing_sender import channel_of
from bot.channels.channel import Channel
from bot.clock import SystemClock
from bot.content_watch import ContentInForce
from bot.pacing import pace_of
from flows.contact import Channel as ChannelName
from flows.contact import Purpose
from flows.outreach.sending_policy import Kind
from storage.database import Database
from storage.sealed import KEYS_VARIABLE, KeyRing
from storage.tables import OUTBOX
from storage.words import PersonState

VILLAGE = "00.00.00.0001"
REPLIES_A_SECOND = 5
_ASKERS = 200
_LONGEST = 3.0  # times what it should take
_NAMES = ("telegram", "whatsapp")


def run(
    people: int, senders: int, progress: Progress, *, platform: str | None = None, only: str | None = None
) -> tuple[list[Row], str | None]:
    """Measure; returns the rows of the table and PostgreSQL's version."""
    names = [platform] if platform else list(_NAMES)
    rows: list[Row] = []
    with working_folder() as folder, both(folder, len(names), only=only) as found:
        for kind, urls in found.by_kind.items():
            rows += [
                _one(_Plan(name, kind, people, senders), url, progress) for name, url in zip(names, urls, strict=True)
            ]
        return rows, found.version


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is measured."""

    platform: str
    database: str
    people: int
    senders: int

    @property
    def title(self) -> str:
        """For the progress bar."""
        return f"{self.platform} on {self.database}"


def _one(plan: _Plan, url: str, progress: Progress) -> Row:
    content, keys = ContentInForce().current, KeyRing.generate()
    with ExitStack() as stack:
        database = stack.enter_context(open_database(url, content, keys))
        emulator = stack.enter_context(child("bot.bench.pacing_emulator", plan.platform, str(plan.people + _ASKERS)))
        told = emulator.line()
        everybody = told.pop("people")
        channel = channel_of(told, content)
        pace = pace_of(channel, content.lexicon, SystemClock().now().date())
        rate = pace.per_second if pace else 1.0
        task = progress.add_task(f"{plan.title}: people", total=len(everybody))
        askers = _meet(database, channel, everybody, lambda: progress.advance(task))
        arguments, env = (url, json.dumps(told)), {KEYS_VARIABLE: keys.write()}
        crew = [stack.enter_context(child("bot.bench.pacing_sender", *arguments, env=env)) for _ in range(plan.senders)]
        for sender in crew:
            sender.line()
        broadcast = _announce(database)
        sent = progress.add_task(f"{plan.title}: sending", total=plan.people)
        ends_at = time.monotonic() + 10 + _LONGEST * plan.people / rate
        for left in _until_sent(database, broadcast, askers, ends_at):
            progress.update(sent, completed=plan.people - left)
        for sender in crew:
            sender.end()
            sender.wait()
        emulator.end()
        return _row(plan, rate, emulator.line(), *_moments(database))


def _meet(database: Database, channel: Channel, everybody: list[str], met: Callable[[], None]) -> list[tuple[int, int]]:
    """Everybody wrote to us; all but the last agreed to announcements, the last only ask."""
    askers: list[tuple[int, int]] = []
    now = SystemClock().now()
    for first in range(0, len(everybody), 500):
        with database.transaction() as store:
            for number, external in enumerate(everybody[first : first + 500], first):
                who = store.contacts.find_or_make(channel.name, channel.account, external, now)
                store.contacts.heard_from(*who, now)
                if number < len(everybody) - _ASKERS:
                    store.contacts.learn(who[0], village=VILLAGE)
                    store.consents.give(who[0], (Purpose.ANNOUNCEMENTS,), "persetujuan-v1", now)
                else:
                    askers.append(who)
                met()
    return askers


def _announce(database: Database) -> int:
    now = SystemClock().now()
    with database.transaction() as store:
        official = store.contacts.find_or_make(ChannelName.WEB, "bench", "perangkat", now)[0]
        return store.broadcasts.freeze(VILLAGE, ANNOUNCEMENT, official, now)


def _until_sent(database: Database, broadcast: int, askers: list[tuple[int, int]], ends_at: float) -> Iterator[int]:
    """Queue answers at their rate until everybody has the announcement; says now and then how many have not."""
    begun = time.monotonic()
    asked, left = 0, 1
    while left and time.monotonic() < ends_at:
        due = int((time.monotonic() - begun) * REPLIES_A_SECOND)
        if due > asked:
            with database.transaction() as store:
                for number in range(asked, due):
                    who = askers[number % len(askers)]
                    store.outbox.queue(*who, Kind.REPLY, f"Jawaban contoh {number}.", SystemClock().now())
            asked = due
        if asked % REPLIES_A_SECOND == 0:
            with database.reading() as store:
                left = store.broadcasts.counts(broadcast).get(PersonState.QUEUED, 0)
            yield left
        time.sleep(0.05)


def _row(
    plan: _Plan, rate: float, seen: dict[str, Any], announced: list[datetime], waits: list[tuple[datetime, float]]
) -> Row:
    first, last = min(announced), max(announced)
    seconds = (last - first).total_seconds()
    within = len(announced) + sum(first <= sent <= last for sent, _ in waits)
    used = (within - 1) / seconds / rate
    return {
        "platform": plan.platform,
        "database": plan.database,
        "senders": plan.senders,
        "people": plan.people,
        "limit /s": rate,
        "sent /s": round((within - 1) / seconds, 2),
        "share of the limit": f"{used:.2%}",
        "over-limit answers": seen["over"],
        "everyone exactly once": seen["times"].get("1", 0) == plan.people,
        "answers": len(waits),
        "answer p50 s": round(percentile([wait for _, wait in waits], 0.5), 3),
        "answer p95 s": round(percentile([wait for _, wait in waits], 0.95), 3),
        "answer max s": round(max((wait for _, wait in waits), default=0), 3),
    }


def _moments(database: Database) -> tuple[list[datetime], list[tuple[datetime, float]]]:
    """When announcements were sent; when answers were, and how long each took."""
    query = select(OUTBOX.c.kind, OUTBOX.c.made_at, OUTBOX.c.sent_at).where(OUTBOX.c.sent_at.is_not(None))
    with database.reading() as store:
        rows = store.connection.execute(query).all()
    announced = [row.sent_at for row in rows if row.kind is Kind.BROADCAST]
    answered = [(row.sent_at, (row.sent_at - row.made_at).total_seconds()) for row in rows if row.kind is Kind.REPLY]
    return announced, answered
