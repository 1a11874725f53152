"""A whole bot in one process whose clock is moved by hand: for the terminal, scripts and transcripts.

The same tables, the same turns, the same due-work and the same sending decisions as `rangkul run`; only the last step,
handing a message to a platform, is replaced by reading what was sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from bot.app import App
from bot.channels.channel import Arrived, Incoming
from bot.channels.errors import SendError
from bot.claims import Ready
from bot.clock import SetClock
from bot.due import next_moment, tick
from bot.inbox import receive
from bot.turn import Done
from flows.contact import Channel, Role
from flows.message import HeardKind
from storage.conversation import Line
from storage.outcomes import Outcome, Sent

#: A loop in due-work must not become a loop here.
_MOST_MOMENTS = 100_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes: on which channel, under which id there."""

    channel: Channel
    external_id: str
    account: str = "local"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one message led to: the turns taken, and what was sent to the writer."""

    turns: tuple[Done, ...]
    replies: tuple[Line, ...]


class World:
    """Says things to the bot and moves its clock."""

    def __init__(self, app: App, clock: SetClock) -> None:
        self.app = app
        self.clock = clock
        self._numbers = count(1)
        self._cursors: dict[int, str | None] = {}
        #: An erased person who goes on is a new contact; the receipt is still the old one's.
        self._known: dict[Person, list[int]] = {}

    def contact_of(self, person: Person) -> int:
        """The contact behind a person, made on first sight."""
        with self.app.database.transaction() as store:
            return store.contacts.find_or_make(person.channel, person.account, person.external_id, self.clock.now())[0]

    def set_up(self, person: Person, *, role: Role = Role.WORKER, village: str | None = None) -> int:
        """What staff would have done before: give the person a role and a village."""
        contact_id = self.contact_of(person)
        with self.app.database.transaction() as store:
            if role is not Role.WORKER:
                store.contacts.set_role(contact_id, role)
            if village is not None:
                store.contacts.learn(contact_id, village=village)
        return contact_id

    def say(
        self,
        person: Person,
        text: str,
        *,
        kind: HeardKind = HeardKind.TEXT,
        label: str | None = None,
        message_id: str | None = None,
        file: str | None = None,
    ) -> Exchange:
        """One message, its turn, and everything that is sent because of it."""
        now = self.clock.now()
        message_id = message_id or f"{person.external_id}-{next(self._numbers)}"
        return self.arrive(person, [Incoming(message_id, person.external_id, kind, text, now, label, file=file)])

    def arrive(self, person: Person, arrived: Sequence[Arrived]) -> Exchange:
        """What a platform brought from this person, the turns it leads to, and everything sent because of it."""
        receive(self.app.database, person.channel, person.account, arrived, self.clock.now())
        self._contacts_of(person)
        turns = tuple(self._take_turns())
        self.send_all()
        return Exchange(turns, self.unread(person))

    def _take_turns(self) -> Iterator[Done]:
        while (done := self.app.turns.take_next()) is not None:
            if done.wanted is None:
                yield done
            else:
                asyncio.run(self.app.photos.fetch(done.wanted))

    def unread(self, person: Person) -> tuple[Line, ...]:
        """What was sent to the person since this was last asked."""
        return tuple(line for contact_id in self._contacts_of(person) for line in self._new_lines(contact_id))

    def _contacts_of(self, person: Person) -> list[int]:
        known = self._known.setdefault(person, [])
        contact_id = self.contact_of(person)
        if contact_id not in known:
            known.append(contact_id)
        return known

    def _new_lines(self, contact_id: int) -> list[Line]:
        with self.app.database.reading() as store:
            lines = store.outbox.new_since(contact_id, self._cursors.get(contact_id), limit=500)
        if lines:
            self._cursors[contact_id] = lines[-1].cursor
        return lines

    def advance(self, to: datetime) -> None:
        """Move the clock, stopping at each moment at which something is due."""
        for _ in range(_MOST_MOMENTS):
            moment = next_moment(self.app.database, self.clock.now())
            if moment is None or moment > to:
                break
            self.clock.move_to(moment)
            self.run_due()
        self.clock.move_to(to)
        self.run_due()

    def run_due(self) -> None:
        """Exactly what a tick of `rangkul run` does, then sending."""
        tick(self.app.database, self.app.content, self.clock, self.app.settings.sending.rules)
        self.send_all()

    def send_all(self) -> None:
        """Send everything that may go out now."""
        sender = self.app.sender
        while True:
            dealt, ready = sender.claim()
            results: list[tuple[Ready, Outcome | SendError]] = []
            for number, item in enumerate(ready):
                self.clock.advance(timedelta(microseconds=1))
                results.append((item, Sent(self.hand_over(item, number), self.clock.now())))
            if results:
                sender.record(results)
            if not dealt:
                return

    def hand_over(self, item: Ready, number: int) -> str:
        """Where a platform would take the message; gives its id there."""
        return f"{item.row.id}-{number}"
