"""An official writes "batalkan siaran" while thousands are being sent to: what was not claimed by then never starts.

One bot sends at Telegram's pace; another, with an engine of its own on the same database, takes the official's message,
as two processes do. Nothing is timed: what counts is what was claimed when the cancelling was committed.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from world_fixtures import SATURDAY, build_app

from bot.app import App
from bot.channels.channel import Incoming, Limits, Outgoing
from bot.inbox import receive
from flows.contact import Channel, Purpose, Role
from flows.message import HeardKind
from flows.outreach.sending_policy import Kind
from storage.tables import OUTBOX
from storage.words import BroadcastState, OutboxState, PersonState

VILLAGE = "00.00.00.0001"
#: More than Telegram's 30 a second let through while one turn is taken, however busy the machine.
PEOPLE = 400
FIRST_FEW = 10


class Running:
    """A clock that runs as fast as any, from a Saturday morning on."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def now(self) -> datetime:
        return SATURDAY + timedelta(seconds=time.monotonic() - self._begun)


class Counting:
    """A platform that notes to whom each sending started."""

    name, account, limits = Channel.TELEGRAM, "local", Limits(text=4096, buttons=3, button_label=20)

    def __init__(self) -> None:
        self.started: list[str] = []
        self.came = asyncio.Condition()

    async def send(self, message: Outgoing) -> str:
        async with self.came:
            self.started.append(message.to)
            self.came.notify_all()
        return f"pesan-{len(self.started)}"

    async def until(self, count: int, to: str | None = None) -> None:
        """Wait until so many sendings started, or so many to one person."""
        async with self.came:
            await self.came.wait_for(lambda: sum(to in (None, one) for one in self.started) >= count)

    async def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture
def two_bots(tmp_path: Path) -> Iterator[tuple[App, App]]:
    """Two bots on one database: one sends, one talks."""
    clock, path = Running(), tmp_path / "bot.db"
    sends = build_app(path, clock)  # type: ignore[arg-type]
    talks = build_app(path, clock)  # type: ignore[arg-type]
    yield sends, talks
    sends.close()
    talks.close()
    shutil.rmtree(tmp_path)


def announce(app: App) -> None:
    """An official, a village of people who agreed, and an announcement to them under way."""
    now = app.clock.now()
    with app.database.transaction() as store:
        for who in (*(f"warga-{number}" for number in range(PEOPLE)), "petugas"):
            contact, _ = store.contacts.find_or_make(Channel.TELEGRAM, "local", who, now)
            store.contacts.learn(contact, village=VILLAGE)
            store.consents.give(contact, (Purpose.ANNOUNCEMENTS,), "persetujuan-v1", now)
        store.contacts.set_role(contact, Role.OFFICIAL)
        store.broadcasts.freeze(VILLAGE, "Kabar contoh.", contact, now)


def write(app: App, text: str) -> None:
    """The official writes, and their turn is taken and committed."""
    now = app.clock.now()
    incoming = Incoming(f"petugas:{text}", "petugas", HeardKind.TEXT, text, now)
    receive(app.database, Channel.TELEGRAM, "local", [incoming], now)
    assert app.turns.take_next() is not None


def claimed(app: App) -> set[str]:
    """Who is on their way at this moment, or was before."""
    with app.database.reading() as store:
        moving = (OUTBOX.c.kind == Kind.BROADCAST, OUTBOX.c.state.not_in((OutboxState.DUE, OutboxState.SKIPPED)))
        found = store.connection.scalars(select(OUTBOX.c.contact_id).where(*moving)).all()
        return {str(store.contacts.current_address(contact).external_id) for contact in found}


@pytest.mark.parametrize(
    ("said", "state"), [("batalkan siaran", BroadcastState.CANCELLED), ("jeda siaran", BroadcastState.PAUSED)]
)
def test_nothing_starts_that_was_not_claimed_when_the_official_stopped_it(two_bots, said, state):
    sends, talks = two_bots
    announce(talks)
    talks.engines.of(talks.content.current).understand("halo")  # the first sentence of a process loads the engine

    async def live() -> tuple[Counting, set[str]]:
        channel, stop, wake = Counting(), asyncio.Event(), asyncio.Event()
        sends.channels[Channel.TELEGRAM, "local"] = channel
        sender = asyncio.create_task(sends.sender.run(stop, wake))
        async with asyncio.timeout(60):
            await channel.until(FIRST_FEW)
            await asyncio.to_thread(write, talks, said)
            allowed = await asyncio.to_thread(claimed, talks)
            await channel.until(1, "petugas")  # the sender has claimed again since: the answer to the official
            await asyncio.to_thread(write, talks, "halo")
            await channel.until(2, "petugas")
            stop.set()
            await sender
        return channel, allowed

    channel, allowed = asyncio.run(live())
    reached = {one for one in channel.started if one != "petugas"}
    assert FIRST_FEW <= len(reached) < PEOPLE
    assert reached <= allowed
    assert len(channel.started) == len(reached) + 2, "nobody got it twice"
    with talks.database.reading() as store:
        (cast,) = store.broadcasts.recent()
        counts = store.broadcasts.counts(cast.id)
    assert cast.state is state
    assert counts[PersonState.SENT] == len(reached)
