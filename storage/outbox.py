"""Messages on their way out: queued once, claimed in order, sent with no lock held, settled whatever comes back.

Replies go before notices, notices before reminders, reminders before broadcasts. A contact's replies leave one at a
time and in order. A row left in `sending` by a dead process is taken over: a reply is due again, everything we started
ourselves becomes `unknown`, because silence is better than twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    update,
)

from flows.contact import Channel, Purpose
from flows.outreach.sending_policy import Kind
from nlu.understanding import JsonValue
from storage.columns import UtcDateTime, literal_word
from storage.conversation import Line, Tap, conversation, heard_since, new_since, said_line
from storage.outcomes import Delivered, Failed, Outcome, Postponed, Read, Sent, Skipped, Unknown
from storage.repository import AnyRow, Repository, insert_into
from storage.routes import NOWHERE, address_route
from storage.tables import ADDRESS, BROADCAST, BROADCAST_PERSON, EARLY_REPORT, OUTBOX
from storage.words import KINDS_RESTING_ON, PRIORITY, BroadcastState, EndReason, OutboxState, PersonState

_DUE = OUTBOX.c.state == literal_word(OutboxState.DUE)
_SENDING = OUTBOX.c.state == literal_word(OutboxState.SENDING)
_HAS_ONCE_KEY = OUTBOX.c.once_key.is_not(None)
_UNASKED_LANES = (Kind.NOTICE, Kind.REMINDER, Kind.FOLLOW_UP)
_STILL_MOVING = (OutboxState.DUE, OutboxState.SENDING)
_NOT_YET_SENT = (*_STILL_MOVING, OutboxState.UNKNOWN)

#: From which states an outcome moves a row on; reports come in any order and repeatedly, and never move it back.
_MOVES_FROM: Mapping[OutboxState, tuple[OutboxState, ...]] = {
    OutboxState.SENT: _NOT_YET_SENT,
    OutboxState.DELIVERED: (*_NOT_YET_SENT, OutboxState.SENT),
    OutboxState.READ: (*_NOT_YET_SENT, OutboxState.SENT, OutboxState.DELIVERED),
    OutboxState.FAILED: (*_NOT_YET_SENT, OutboxState.SENT),
    OutboxState.SKIPPED: _STILL_MOVING,
    OutboxState.DUE: _STILL_MOVING,
    OutboxState.UNKNOWN: (OutboxState.SENDING,),
}
#: What becomes of most messages: settled in one statement where many are.
_OFTEN = (Sent, Skipped, Postponed)
_BROADCAST_STATE = {state: PersonState(state.value) for state in OutboxState if state not in _STILL_MOVING}


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed message with all that a channel needs. `external_id` is None when the address was erased."""

    id: int
    contact_id: int
    address_id: int | None
    channel: Channel | None
    account: str | None
    external_id: str | None
    kind: Kind
    reply: str | None
    body: str
    taps: tuple[Tap, ...]
    slots: Mapping[str, JsonValue]
    image: str | None
    content_version: str | None
    made_at: datetime
    due_at: datetime
    expires_at: datetime | None
    attempts: int
    inbound_id: int | None
    broadcast_id: int | None
    reminder_id: int | None
    last_inbound_at: datetime | None
    burst_from: datetime | None
    burst: int
    approached_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of many that are queued together. With `skip` it is only recorded, with that reason."""

    contact_id: int
    address_id: int | None
    kind: Kind
    body: str
    made_at: datetime
    due_at: datetime
    once_key: str
    reply: str | None = None
    taps: Sequence[Tap] = ()
    content_version: str | None = None
    reminder_id: int | None = None
    slots: Mapping[str, JsonValue] | None = None
    skip: str | None = None
    expires_at: datetime | None = None

    def row(self) -> dict[str, Any]:
        """As the statement takes it."""
        return {
            "contact_id": self.contact_id,
            "address_id": self.address_id,
            "kind": self.kind,
            "priority": PRIORITY[self.kind],
            "reply": self.reply,
            "body": self.body,
            "taps": [dict(tap) for tap in self.taps] or None,
            "slots": dict(self.slots) if self.slots else None,
            "content_version": self.content_version,
            "made_at": self.made_at,
            "due_at": self.due_at,
            "expires_at": self.expires_at,
            "reminder_id": self.reminder_id,
            "once_key": self.once_key,
            "leaves_by": self.address_id,
            "state": OutboxState.SKIPPED if self.skip else OutboxState.DUE,
            "reason": self.skip,
        }


class Outbox(Repository):
    """Queue, claim, settle."""

    __slots__ = ()

    def queue(
        self,
        contact_id: int,
        address_id: int | None,
        kind: Kind,
        body: str,
        now: datetime,
        *,
        reply: str | None = None,
        taps: Sequence[Tap] = (),
        image: str | None = None,
        content_version: str | None = None,
        due_at: datetime | None = None,
        expires_at: datetime | None = None,
        inbound_id: int | None = None,
        reminder_id: int | None = None,
        once_key: str | None = None,
        slots: Mapping[str, JsonValue] | None = None,
    ) -> int | None:
        """Queue one message and return its id; None when `once_key` was used before."""
        message = {
            "contact_id": contact_id,
            "address_id": address_id,
            "kind": kind,
            "priority": PRIORITY[kind],
            "reply": reply,
            "body": body,
            "taps": [dict(tap) for tap in taps] or None,
            "slots": dict(slots) if slots else None,
            "image": image,
            "content_version": content_version,
            "made_at": now,
            "due_at": due_at or now,
            "expires_at": expires_at,
            "inbound_id": inbound_id,
            "reminder_id": reminder_id,
            "once_key": once_key,
            "leaves_by": address_id,
        }
        return self._db.execute(_queue(self._db.dialect.name, returning=True), message).scalar()

    def queue_many(self, messages: Sequence[Message]) -> None:
        """Queue these in one statement, each but once by its key."""
        if messages:
            insert = _queue(self._db.dialect.name, returning=False)
            self._db.execute(insert, [message.row() for message in messages])

    def claim(
        self,
        now: datetime,
        limit: int,
        lease: timedelta,
        worker: str,
        *,
        route: str | None = None,
        unasked: int | None = None,
    ) -> list[Due]:
        """Take up to `limit` due messages for this worker: by priority, then by due time.

        Args:
            now: what is due by then.
            limit: at most this many.
            lease: how long they are ours.
            worker: who we are.
            route: only what leaves by this account. Without it the queues of all accounts are read.
            unasked: at most this many that are no replies.
        """
        ids = self._due_ids(Kind.REPLY, now, limit, route)
        room = limit - len(ids) if unasked is None else min(unasked, limit - len(ids))
        ids += self._unasked_ids(now, room, route)
        if not ids:
            return []
        taken = {"state": OutboxState.SENDING, "claimed_by": worker, "claimed_until": now + lease}
        self._db.execute(update(OUTBOX).where(OUTBOX.c.id.in_(ids)).values(**taken, attempts=OUTBOX.c.attempts + 1))
        return self._claimed(ids)

    def is_due(self, now: datetime, route: str) -> bool:
        """Whether anything is due for this account."""
        return bool(self._due_ids(Kind.REPLY, now, 1, route) or self._unasked_ids(now, 1, route))

    def reword(self, outbox_id: int, text: str, taps: Sequence[Tap] | None = None) -> None:
        """Say it in other words (a template's), so that the history shows what the person read."""
        values: dict[str, object] = {"body": text} if taps is None else {"body": text, "taps": list(taps) or None}
        self._db.execute(update(OUTBOX).where(OUTBOX.c.id == outbox_id).values(values))

    def settle(self, outbox_id: int, outcome: Outcome, *, worker: str | None = None) -> bool:
        """Record what became of a message; False when the row is already further on.

        With `worker`, only if that worker still holds it: one whose row was taken over must not postpone or skip it.
        """
        state, values = _effect(outcome)[0], self._written(outcome)
        mine = {"message": outbox_id} if worker is None else {"message": outbox_id, "worker": worker}
        tried = not isinstance(outcome, Postponed) or outcome.tried
        moved = self._db.execute(_settle(state, held=worker is not None, tried=tried), {**values, **mine}).first()
        if moved is None:
            return False
        self._tell_broadcast(moved, state, values.get("reason"))
        if isinstance(outcome, Sent):
            self._apply_early_report(outbox_id, values["external_hash"])
        return True

    def settle_many(self, outcomes: Sequence[tuple[int, Outcome]], *, worker: str | None = None) -> None:
        """Record what became of these messages, in this order; of those alike that follow each other all at once."""
        for _, alike in groupby(outcomes, lambda one: _likeness(one[1])):
            self._settle_alike(list(alike), worker)

    def mark_by_external_id(self, external_id: str, outcome: Delivered | Read | Failed) -> bool:
        """Record a delivery report. One that overtook our own note of sending is kept until that note comes."""
        mark = self._sealer.fingerprint("outbox", external_id)
        outbox_id = self._db.scalar(
            select(OUTBOX.c.id).where(OUTBOX.c.external_hash == mark, OUTBOX.c.external_hash.is_not(None))
        )
        if outbox_id is not None:
            return self.settle(outbox_id, outcome)
        self._keep_early_report(mark, outcome)
        return False

    def anything_expired(self, now: datetime) -> bool:
        """Whether a dead worker holds anything."""
        query = select(OUTBOX.c.id).where(_SENDING, OUTBOX.c.claimed_until <= now).limit(1)
        return self._db.execute(query).first() is not None

    def take_over(self, now: datetime) -> int:
        """Free what dead workers held: replies are due again, the rest becomes unknown. Returns how many."""
        expired = and_(_SENDING, OUTBOX.c.claimed_until <= now)
        freed = {"claimed_by": None, "claimed_until": None}
        reply = OUTBOX.c.kind == Kind.REPLY
        again = self._db.execute(update(OUTBOX).where(expired, reply).values(state=OutboxState.DUE, **freed))
        lost = self._db.execute(
            update(OUTBOX)
            .where(expired, ~reply)
            .values(state=OutboxState.UNKNOWN, reason=EndReason.SENDER_DIED, **freed)
            .returning(OUTBOX.c.broadcast_id, OUTBOX.c.contact_id)
        ).all()
        for row in lost:
            self._tell_broadcast(row, OutboxState.UNKNOWN, EndReason.SENDER_DIED)
        return again.rowcount + len(lost)

    def skip_pending(self, contact_id: int, kinds: Collection[Kind], reason: str) -> int:
        """Skip what is queued for this person and not yet on its way. Returns how many."""
        skipped = self._db.execute(
            update(OUTBOX)
            .where(OUTBOX.c.contact_id == contact_id, OUTBOX.c.state == OutboxState.DUE, OUTBOX.c.kind.in_(kinds))
            .values(state=OutboxState.SKIPPED, reason=reason)
            .returning(OUTBOX.c.broadcast_id, OUTBOX.c.contact_id)
        ).all()
        for row in skipped:
            self._tell_broadcast(row, OutboxState.SKIPPED, reason)
        return len(skipped)

    def skip_resting_on(self, contact_id: int, purposes: Iterable[Purpose], reason: str) -> int:
        """Skip what rests on these consents."""
        kinds = {kind for purpose in purposes for kind in KINDS_RESTING_ON[purpose]}
        return self.skip_pending(contact_id, kinds, reason)

    def conversation(self, contact_id: int, limit: int = 50) -> list[Line]:
        """The last messages of both sides, oldest first, with what became of ours."""
        return conversation(self._db, contact_id, limit)

    def new_since(self, contact_id: int, cursor: str | None, limit: int = 50) -> list[Line]:
        """What was sent to the contact after the line with this cursor (None: from the beginning)."""
        return new_since(self._db, contact_id, cursor, limit)

    def said_line(self, contact_id: int, outbox_id: int) -> Line | None:
        """One message of ours, if it went to this contact."""
        return said_line(self._db, contact_id, outbox_id)

    def heard_since(self, contact_id: int, moment: datetime, limit: int = 50) -> list[Line]:
        """What the contact wrote after that moment, oldest first."""
        return heard_since(self._db, contact_id, moment, limit)

    def reminders_of(self, contact_id: int, limit: int = 20) -> list[dict[str, JsonValue]]:
        """What became of this person's last reminders and follow-ups, newest first: no words."""
        columns = (OUTBOX.c.kind, OUTBOX.c.made_at, OUTBOX.c.state, OUTBOX.c.reason, OUTBOX.c.sent_at)
        here = (OUTBOX.c.contact_id == contact_id, OUTBOX.c.kind.in_((Kind.REMINDER, Kind.FOLLOW_UP)))
        rows = self._db.execute(select(*columns).where(*here).order_by(OUTBOX.c.id.desc()).limit(limit))
        return [
            {
                "kind": row.kind.value,
                "at": (row.sent_at or row.made_at).isoformat(timespec="seconds"),
                "state": row.state.value,
                "reason": row.reason,
            }
            for row in rows
        ]

    def last_of_reminders(self, contacts: Collection[int]) -> dict[int, tuple[OutboxState, str | None]]:
        """By reminder: what became of the last message sent for it, to one of these people."""
        newest = (
            select(func.max(OUTBOX.c.id))
            .where(OUTBOX.c.contact_id.in_(list(contacts)), OUTBOX.c.reminder_id.is_not(None))
            .group_by(OUTBOX.c.reminder_id)
        )
        columns = (OUTBOX.c.reminder_id, OUTBOX.c.state, OUTBOX.c.reason)
        rows = self._db.execute(select(*columns).where(OUTBOX.c.id.in_(newest))) if contacts else ()
        return {row.reminder_id: (row.state, row.reason) for row in rows}

    def next_due_at(self) -> datetime | None:
        """When the next queued message is due, past or future; for clocks that are moved by hand.

        What a paused announcement holds back is not due.
        """
        held = OUTBOX.c.broadcast_id.is_(None) | OUTBOX.c.broadcast_id.in_(self._broadcasts_sending())
        moment: datetime | None = self._db.scalar(select(func.min(OUTBOX.c.due_at)).where(_DUE, held))
        return moment

    def counts(self) -> dict[OutboxState, int]:
        """How many messages are due (now or later) and on their way; cheap however long the history is."""
        own, broadcast = _DUE & OUTBOX.c.broadcast_id.is_(None), _DUE & OUTBOX.c.broadcast_id.is_not(None)
        due, due_broadcast, sending = (
            int(self._db.execute(select(func.count()).select_from(OUTBOX).where(which)).scalar_one())
            for which in (own, broadcast, _SENDING)
        )
        return {OutboxState.DUE: due + due_broadcast, OutboxState.SENDING: sending}

    def _due_ids(self, kind: Kind, now: datetime, limit: int, route: str | None) -> list[int]:
        lane = _own_lane(kind, of_route=route is not None)
        return self._ids(lane, {"moment": now, "leaving_by": route, "most": limit}) if limit > 0 else []

    def _unasked_ids(self, now: datetime, limit: int, route: str | None) -> list[int]:
        ids: list[int] = []
        for kind in _UNASKED_LANES:
            ids += self._due_ids(kind, now, limit - len(ids), route)
        if len(ids) >= limit:
            return ids
        lane = _broadcast_lane(of_route=route is not None)
        for broadcast_id in self._broadcasts_sending():
            here = {"broadcast": broadcast_id, "moment": now, "leaving_by": route, "most": limit - len(ids)}
            ids += self._ids(lane, here)
            if len(ids) >= limit:
                break
        return ids

    def _broadcasts_sending(self) -> Sequence[int]:
        return self._ids(_BROADCASTS_SENDING)

    def _claimed(self, ids: list[int]) -> list[Due]:
        rows = {row.id: row for row in self._db.execute(_CLAIMED, {"ids": ids})}
        shared = self._shared({row.broadcast_id for row in rows.values() if row.body is None and row.broadcast_id})
        return [_due(rows[outbox_id], shared.get(rows[outbox_id].broadcast_id)) for outbox_id in ids]

    def _shared(self, broadcasts: set[int]) -> dict[int, AnyRow]:
        """What all messages of a broadcast have in common."""
        if not broadcasts:
            return {}
        query = select(BROADCAST.c.id, BROADCAST.c.text, BROADCAST.c.slots).where(BROADCAST.c.id.in_(broadcasts))
        return {row.id: row for row in self._db.execute(query)}

    def _settle_alike(self, outcomes: Sequence[tuple[int, Outcome]], worker: str | None) -> None:
        first = outcomes[0][1]
        if len(outcomes) == 1 or not isinstance(first, _OFTEN):
            for outbox_id, outcome in outcomes:
                self.settle(outbox_id, outcome, worker=worker)
            return
        state = _effect(first)[0]
        wanted: dict[int, Outcome] = {}
        for outbox_id, outcome in outcomes:
            wanted.setdefault(outbox_id, outcome)
        moving = self._moving(list(wanted), state, worker)
        written = [{**self._written(wanted[row.id]), "message": row.id} for row in moving]
        if not written:
            return
        tried = not isinstance(first, Postponed) or first.tried
        self._db.execute(_settle_locked(state, tried=tried), written)
        self._tell_broadcasts(moving, state, [one["reason"] for one in written])
        if state is OutboxState.SENT:
            self._apply_early_reports({one["message"]: one["external_hash"] for one in written})

    def _written(self, outcome: Outcome) -> dict[str, Any]:
        """What an outcome writes beside the state."""
        values = _effect(outcome)[1]
        if isinstance(outcome, Sent):
            values["external_hash"] = self._sealer.fingerprint("outbox", outcome.external_id)
        return values

    def _moving(self, ids: Sequence[int], state: OutboxState, worker: str | None) -> Sequence[AnyRow]:
        """Which of these may move to that state, locked: nobody else moves them before this transaction ends."""
        return self._db.execute(_movable(state, held=worker is not None), {"ids": ids, "worker": worker}).all()

    def _apply_early_reports(self, marks: Mapping[int, bytes]) -> None:
        early = set(self._db.scalars(_EARLY, {"marks": list(marks.values())}))
        for outbox_id, mark in marks.items():
            if mark in early:
                self._apply_early_report(outbox_id, mark)

    def _tell_broadcast(self, row: AnyRow, state: OutboxState, reason: str | None) -> None:
        self._tell_broadcasts([row], state, [reason])

    def _tell_broadcasts(self, rows: Sequence[AnyRow], state: OutboxState, reasons: Sequence[str | None]) -> None:
        """Let the broadcasts that these messages belong to know what became of them."""
        if state is OutboxState.DUE:
            return
        known = _BROADCAST_STATE[state]
        people = [
            {"of_broadcast": row.broadcast_id, "person": row.contact_id, "state": known, "reason": why}
            for row, why in zip(rows, reasons, strict=True)
            if row.broadcast_id is not None
        ]
        if people:
            self._db.execute(_TELL, people)

    def _keep_early_report(self, mark: bytes, outcome: Delivered | Read | Failed) -> None:
        state, values = _effect(outcome)
        insert = self._insert(EARLY_REPORT).values(
            external_hash=mark, state=state, reason=values.get("reason"), at=outcome.at
        )
        newer = {"state": insert.excluded.state, "reason": insert.excluded.reason, "at": insert.excluded.at}
        further = EARLY_REPORT.c.state.in_(_MOVES_FROM[state])
        self._db.execute(insert.on_conflict_do_update(index_elements=["external_hash"], set_=newer, where=further))

    def _apply_early_report(self, outbox_id: int, mark: bytes) -> None:
        early = EARLY_REPORT.c.external_hash == mark
        report = self._db.execute(select(EARLY_REPORT).where(early)).first()
        if report is None:
            return
        self._db.execute(EARLY_REPORT.delete().where(early))
        self.settle(outbox_id, _outcome(report))


@cache
def _queue(dialect: str, *, returning: bool) -> Executable:
    """The message leaves by the account of its address."""
    account = select(address_route()).where(ADDRESS.c.id == bindparam("leaves_by")).scalar_subquery()
    insert = insert_into(OUTBOX, dialect).values(route=func.coalesce(account, NOWHERE))
    once = insert.on_conflict_do_nothing(index_elements=["once_key"], index_where=_HAS_ONCE_KEY)
    return once.returning(OUTBOX.c.id) if returning else once


@cache
def _own_lane(kind: Kind, *, of_route: bool) -> Select[Any]:
    """Due messages of one kind; each lane is a range of one index, so what is due later costs nothing."""
    query = (
        select(OUTBOX.c.id)
        .where(_DUE, OUTBOX.c.broadcast_id.is_(None), OUTBOX.c.priority == PRIORITY[kind], _due_by_now())
        .order_by(OUTBOX.c.due_at, OUTBOX.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
    query = query.where(_leaving_by()) if of_route else query
    return query.where(not_(_earlier_reply())) if kind is Kind.REPLY else query


def _leaving_by() -> ColumnElement[bool]:
    return OUTBOX.c.route == bindparam("leaving_by")


def _due_by_now() -> ColumnElement[bool]:
    return OUTBOX.c.due_at <= bindparam("moment", type_=UtcDateTime)


def _earlier_reply() -> ColumnElement[bool]:
    """Whether the contact has an earlier reply that hasn't left: that one goes first."""
    due, moving = OUTBOX.alias("due_before"), OUTBOX.alias("moving_before")
    return or_(
        exists().where(
            due.c.contact_id == OUTBOX.c.contact_id,
            due.c.state == literal_word(OutboxState.DUE),
            due.c.priority == literal_column("0"),
            due.c.id < OUTBOX.c.id,
        ),
        exists().where(
            moving.c.contact_id == OUTBOX.c.contact_id,
            moving.c.state == literal_word(OutboxState.SENDING),
            moving.c.kind == Kind.REPLY,
        ),
    )


@cache
def _broadcast_lane(*, of_route: bool) -> Select[Any]:
    of_it = (OUTBOX.c.broadcast_id.is_not(None), OUTBOX.c.broadcast_id == bindparam("broadcast"))
    query = select(OUTBOX.c.id).where(_DUE, *of_it, _due_by_now())
    query = query.where(_leaving_by()) if of_route else query
    in_order = query.order_by(OUTBOX.c.due_at, OUTBOX.c.id).limit(bindparam("most"))
    return in_order.with_for_update(skip_locked=True)


#: Built once, as all above are: putting a statement together costs more than running it.
_BROADCASTS_SENDING = (
    select(BROADCAST.c.id).where(BROADCAST.c.state == literal_word(BroadcastState.SENDING)).order_by(BROADCAST.c.id)
)
_OF_MESSAGE = (
    "id", "contact_id", "address_id", "kind", "reply", "body", "taps", "slots", "image", "content_version", "made_at",
    "due_at", "expires_at", "attempts", "inbound_id", "broadcast_id", "reminder_id",
)  # fmt: skip
_CLAIMED = (
    select(
        *(OUTBOX.c[name] for name in _OF_MESSAGE),
        ADDRESS.c.channel,
        ADDRESS.c.account,
        ADDRESS.c.external_id.label("to"),
        ADDRESS.c.last_inbound_at,
        ADDRESS.c.burst_from,
        ADDRESS.c.burst,
        ADDRESS.c.approached_at,
    )
    .join(ADDRESS, ADDRESS.c.id == OUTBOX.c.address_id, isouter=True)
    .where(OUTBOX.c.id.in_(bindparam("ids", expanding=True)))
)
_EARLY = select(EARLY_REPORT.c.external_hash).where(
    EARLY_REPORT.c.external_hash.in_(bindparam("marks", expanding=True))
)
_TELL = (
    update(BROADCAST_PERSON)
    .where(
        BROADCAST_PERSON.c.broadcast_id == bindparam("of_broadcast"),
        BROADCAST_PERSON.c.contact_id == bindparam("person"),
    )
    .values(
        state=bindparam("state", type_=BROADCAST_PERSON.c.state.type),
        reason=bindparam("reason", type_=BROADCAST_PERSON.c.reason.type),
    )
)


@cache
def _movable(state: OutboxState, *, held: bool) -> Select[Any]:
    """Which of these messages may go to that state; locked in one order, so that nobody waits for each other."""
    columns = (OUTBOX.c.id, OUTBOX.c.broadcast_id, OUTBOX.c.contact_id)
    wanted = OUTBOX.c.id.in_(bindparam("ids", expanding=True))
    here: list[ColumnElement[bool]] = [wanted, OUTBOX.c.state.in_(_MOVES_FROM[state])]
    if held:
        here.append(OUTBOX.c.claimed_by == bindparam("worker"))
    return select(*columns).where(*here).order_by(OUTBOX.c.id).with_for_update()


@cache
def _settle(state: OutboxState, *, held: bool, tried: bool) -> Executable:
    """Move one message to this state if it may still go there, and only for the worker who holds it if `held`."""
    where = [OUTBOX.c.id == bindparam("message"), OUTBOX.c.state.in_(_MOVES_FROM[state])]
    if held:
        where.append(OUTBOX.c.claimed_by == bindparam("worker"))
    moved = update(OUTBOX).where(*where).values(_written_with(state, tried=tried))
    return moved.returning(OUTBOX.c.broadcast_id, OUTBOX.c.contact_id)


@cache
def _settle_locked(state: OutboxState, *, tried: bool) -> Executable:
    """Move messages of which `_movable` said that they may go there, each with values of its own."""
    return update(OUTBOX).where(OUTBOX.c.id == bindparam("message")).values(_written_with(state, tried=tried))


def _written_with(state: OutboxState, *, tried: bool) -> dict[str, Any]:
    """What is written beside the values of an outcome."""
    values: dict[str, Any] = {"state": state, "claimed_until": None}
    if state is OutboxState.DUE:
        values["claimed_by"] = None
    if not tried:
        values["attempts"] = OUTBOX.c.attempts - 1
    if state in {OutboxState.DELIVERED, OutboxState.READ}:
        values["sent_at"] = func.coalesce(OUTBOX.c.sent_at, bindparam("reported_at", type_=UtcDateTime))
    return values


def _likeness(outcome: Outcome) -> tuple[type[Outcome], bool]:
    """Outcomes with the same likeness write the same columns."""
    return type(outcome), isinstance(outcome, Postponed) and outcome.tried


def _effect(outcome: Outcome) -> tuple[OutboxState, dict[str, Any]]:
    """The state an outcome leads to and what else it writes."""
    match outcome:
        case Sent():
            return OutboxState.SENT, {"external_id": outcome.external_id, "sent_at": outcome.at, "reason": None}
        case Delivered():
            return OutboxState.DELIVERED, {"reported_at": outcome.at, "reason": None}
        case Read():
            return OutboxState.READ, {"reported_at": outcome.at, "reason": None}
        case Failed():
            return OutboxState.FAILED, {"reason": outcome.reason}
        case Skipped():
            return OutboxState.SKIPPED, {"reason": outcome.reason}
        case Postponed():
            return OutboxState.DUE, {"due_at": outcome.until, "reason": outcome.reason}
        case Unknown():
            return OutboxState.UNKNOWN, {"reason": outcome.reason}


def _outcome(report: AnyRow) -> Outcome:
    if report.state is OutboxState.FAILED:
        return Failed(report.reason, report.at)
    return Read(report.at) if report.state is OutboxState.READ else Delivered(report.at)


def _due(row: AnyRow, shared: AnyRow | None) -> Due:
    return Due(
        id=row.id,
        contact_id=row.contact_id,
        address_id=row.address_id,
        channel=row.channel,
        account=row.account,
        external_id=row.to,
        kind=row.kind,
        reply=row.reply,
        body=(shared.text if shared else "") if row.body is None else row.body,
        taps=tuple(row.taps or ()),
        slots=row.slots or (shared.slots if shared else None) or {},
        image=row.image,
        content_version=row.content_version,
        made_at=row.made_at,
        due_at=row.due_at,
        expires_at=row.expires_at,
        attempts=row.attempts,
        inbound_id=row.inbound_id,
        broadcast_id=row.broadcast_id,
        reminder_id=row.reminder_id,
        last_inbound_at=row.last_inbound_at,
        burst_from=row.burst_from,
        burst=row.burst or 0,
        approached_at=row.approached_at,
    )
