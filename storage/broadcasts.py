"""Announcements: the audience is frozen in one statement, with a reason for everyone left out; the rows tell the rest.

Pausing and cancelling change one row, and the sender asks that row before each claim, so they hold at once. What a
cancelled broadcast leaves in the outbox is swept up in batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, case, exists, func, literal, null, select, update

from flows.contact import Audience, VillageProgress
from flows.outreach.sending_policy import Kind
from nlu.understanding import JsonValue
from storage.audience import audience_of, forecast, left_out_because, progress
from storage.columns import literal_word
from storage.repository import AnyRow, NotFound, Repository
from storage.routes import address_route
from storage.tables import ADDRESS, BROADCAST, BROADCAST_PERSON, CONTACT, OUTBOX
from storage.words import PRIORITY, BroadcastState, EndReason, OutboxState, PersonState


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One announcement. `will` and `wont` are of the moment it was frozen."""

    id: int
    village_code: str
    made_by_contact: int | None
    made_by_staff: int | None
    text: str
    state: BroadcastState
    will: int
    wont: int
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a frozen audience and what became of their message."""

    contact_id: int
    state: PersonState
    reason: str | None


class Broadcasts(Repository):
    """Freeze, steer, report."""

    __slots__ = ()

    def freeze(
        self,
        village_code: str,
        text: str,
        by: int,
        now: datetime,
        *,
        reply: str | None = None,
        content_version: str | None = None,
        slots: Mapping[str, JsonValue] | None = None,
    ) -> int:
        """Fix the audience and queue the message to everyone who may get it; the sender is not among them."""
        made = {"village_code": village_code, "made_by_contact": by, "text": text, "created_at": now}
        frozen: dict[str, Any] = {"state": BroadcastState.SENDING, "reply": reply, "content_version": content_version}
        frozen["slots"] = dict(slots) if slots else None
        insert = BROADCAST.insert().values(**made, **frozen).returning(BROADCAST.c.id)
        broadcast_id: int = self._db.execute(insert).scalar_one()
        self._freeze_people(broadcast_id, village_code, by)
        self._queue_messages(broadcast_id, now, reply, content_version)
        self._count(broadcast_id)
        return broadcast_id

    def forecast(self, village_code: str, *, without: int | None = None) -> Audience:
        """How many would get it, and how many not, by reason; decided by what freezing uses."""
        return forecast(self._db, village_code, without=without)

    def progress(self, village_code: str) -> VillageProgress:
        """A village's counts, no names."""
        return progress(self._db, village_code)

    def get(self, broadcast_id: int) -> Broadcast:
        """The broadcast.

        Raises:
            NotFound: there is none.
        """
        row = self._db.execute(select(BROADCAST).where(BROADCAST.c.id == broadcast_id)).first()
        if row is None:
            raise NotFound
        return _broadcast(row)

    def recent(self, limit: int = 50, *, village: str | None = None) -> list[Broadcast]:
        """The newest broadcasts, all or of one village."""
        query = select(BROADCAST).order_by(BROADCAST.c.id.desc()).limit(limit)
        rows = self._db.execute(query if village is None else query.where(BROADCAST.c.village_code == village))
        return [_broadcast(row) for row in rows]

    def counts(self, broadcast_id: int) -> dict[PersonState, int]:
        """How many people are in which state; the bar of a progress display."""
        query = select(BROADCAST_PERSON.c.state, func.count()).where(BROADCAST_PERSON.c.broadcast_id == broadcast_id)
        return {row[0]: row[1] for row in self._db.execute(query.group_by(BROADCAST_PERSON.c.state))}

    def people(self, broadcast_id: int, *, after: int = 0, limit: int = 500) -> list[Person]:
        """The audience by contact id, a page at a time."""
        columns = (BROADCAST_PERSON.c.contact_id, BROADCAST_PERSON.c.state, BROADCAST_PERSON.c.reason)
        query = select(*columns).where(
            BROADCAST_PERSON.c.broadcast_id == broadcast_id, BROADCAST_PERSON.c.contact_id > after
        )
        rows = self._db.execute(query.order_by(BROADCAST_PERSON.c.contact_id).limit(limit))
        return [Person(*row) for row in rows]

    def pause(self, broadcast_id: int) -> bool:
        """Hold it back from now on. False when it isn't being sent."""
        return self._turn(broadcast_id, (BroadcastState.SENDING,), BroadcastState.PAUSED)

    def resume(self, broadcast_id: int) -> bool:
        """Go on. False when it isn't paused."""
        return self._turn(broadcast_id, (BroadcastState.PAUSED,), BroadcastState.SENDING)

    def cancel(self, broadcast_id: int, now: datetime) -> bool:
        """Send no more of it from now on. False when it is over already."""
        over = self._turn(broadcast_id, (BroadcastState.SENDING, BroadcastState.PAUSED), BroadcastState.CANCELLED, now)
        if over:
            self.sweep(broadcast_id)
        return over

    def sweep(self, broadcast_id: int, limit: int = 5000) -> int:
        """Mark what a cancelled broadcast left in the outbox as skipped; call again until it returns 0."""
        due = (OUTBOX.c.state == literal_word(OutboxState.DUE)) & OUTBOX.c.broadcast_id.is_not(None)
        left = select(OUTBOX.c.id).where(due, OUTBOX.c.broadcast_id == broadcast_id).limit(limit)
        skipped = {"state": OutboxState.SKIPPED, "reason": EndReason.CANCELLED.value}
        people = self._db.scalars(
            update(OUTBOX).where(OUTBOX.c.id.in_(left)).values(skipped).returning(OUTBOX.c.contact_id)
        ).all()
        if people:
            self._skip_people(broadcast_id, min(people), max(people))
        return len(people)

    def finish_ready(self, now: datetime) -> list[int]:
        """End every broadcast in which each person has an outcome. Returns which ended now."""
        waiting = exists().where(
            BROADCAST_PERSON.c.broadcast_id == BROADCAST.c.id, BROADCAST_PERSON.c.state == PersonState.QUEUED
        )
        sending = BROADCAST.c.state == literal_word(BroadcastState.SENDING)
        ended = {"state": BroadcastState.FINISHED, "finished_at": now}
        return list(
            self._db.scalars(update(BROADCAST).where(sending, ~waiting).values(ended).returning(BROADCAST.c.id))
        )

    def _freeze_people(self, broadcast_id: int, village_code: str, by: int) -> None:
        reason = left_out_because().label("reason")
        people = audience_of(select(CONTACT.c.id, reason), village_code, without=by).subquery()
        state = case((people.c.reason.is_(None), PersonState.QUEUED.value), else_=PersonState.SKIPPED.value)
        frozen = select(literal(broadcast_id, Integer), people.c.id, state, people.c.reason)
        columns = ["broadcast_id", "contact_id", "state", "reason"]
        self._db.execute(BROADCAST_PERSON.insert().from_select(columns, frozen, include_defaults=False))

    def _queue_messages(self, broadcast_id: int, now: datetime, reply: str | None, content_version: str | None) -> None:
        message = {
            "contact_id": BROADCAST_PERSON.c.contact_id,
            "address_id": CONTACT.c.address_id,
            "route": address_route(),
            "broadcast_id": BROADCAST_PERSON.c.broadcast_id,
            "kind": literal(Kind.BROADCAST, OUTBOX.c.kind.type),
            "priority": literal(PRIORITY[Kind.BROADCAST]),
            "state": literal(OutboxState.DUE, OUTBOX.c.state.type),
            "reply": literal(reply, OUTBOX.c.reply.type) if reply else null(),
            "content_version": literal(content_version, OUTBOX.c.content_version.type) if content_version else null(),
            "attempts": literal(0),
            "made_at": literal(now, OUTBOX.c.made_at.type),
            "due_at": literal(now, OUTBOX.c.due_at.type),
        }
        queued = (
            select(*message.values())
            .join(CONTACT, CONTACT.c.id == BROADCAST_PERSON.c.contact_id)
            .join(ADDRESS, ADDRESS.c.id == CONTACT.c.address_id)
            .where(BROADCAST_PERSON.c.broadcast_id == broadcast_id, BROADCAST_PERSON.c.state == PersonState.QUEUED)
        )
        self._db.execute(OUTBOX.insert().from_select(list(message), queued, include_defaults=False))

    def _count(self, broadcast_id: int) -> None:
        counts = self.counts(broadcast_id)
        frozen = {"will": counts.get(PersonState.QUEUED, 0), "wont": counts.get(PersonState.SKIPPED, 0)}
        self._db.execute(update(BROADCAST).where(BROADCAST.c.id == broadcast_id).values(frozen))

    def _skip_people(self, broadcast_id: int, first: int, last: int) -> None:
        """Those whose message is no longer due; a range, because a list of thousands makes a slow statement."""
        skipped = exists().where(
            OUTBOX.c.broadcast_id == broadcast_id,
            OUTBOX.c.broadcast_id.is_not(None),
            OUTBOX.c.contact_id == BROADCAST_PERSON.c.contact_id,
            OUTBOX.c.state == OutboxState.SKIPPED,
        )
        person = BROADCAST_PERSON.c
        self._db.execute(
            update(BROADCAST_PERSON)
            .where(person.broadcast_id == broadcast_id, person.contact_id.between(first, last))
            .where(person.state == PersonState.QUEUED, skipped)
            .values(state=PersonState.SKIPPED, reason=EndReason.CANCELLED.value)
        )

    def _turn(
        self, broadcast_id: int, of: tuple[BroadcastState, ...], to: BroadcastState, ended_at: datetime | None = None
    ) -> bool:
        where = (BROADCAST.c.id == broadcast_id, BROADCAST.c.state.in_(of))
        changed = update(BROADCAST).where(*where).values(state=to, finished_at=ended_at)
        return self._db.execute(changed).rowcount > 0


def _broadcast(row: AnyRow) -> Broadcast:
    return Broadcast(
        id=row.id,
        village_code=row.village_code,
        made_by_contact=row.made_by_contact,
        made_by_staff=row.made_by_staff,
        text=row.text,
        state=row.state,
        will=row.will,
        wont=row.wont,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
