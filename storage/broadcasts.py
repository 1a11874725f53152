"""Announcements: drafted, approved, frozen in one statement with a reason for everyone left out; rows tell the rest.

Pausing and cancelling change one row. The sender asks that row before each claim and once more before each message
leaves, so they hold at once. What a cancelled broadcast leaves in the outbox is swept up in batches.

    draft ──► waiting (for a second person) ──► scheduled ──► sending ◄──► paused
      └──────────────────────────────────────────►┘             └──► finished ──► sending (failed ones again)
    cancelled from anywhere but finished
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    Integer,
    String,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    update,
)

from flows.contact import Audience, VillageProgress
from flows.outreach.audience import Group, Leaving, Target
from flows.outreach.picture import mark_of
from flows.outreach.sending_policy import PASSING, Kind
from nlu.understanding import JsonValue
from storage.audience import audience_of, forecast, groups, left_out_because, progress
from storage.columns import literal_word
from storage.notices import Notices
from storage.repository import AnyRow, NotFound, Repository
from storage.routes import address_route
from storage.tables import ADDRESS, BROADCAST, BROADCAST_PERSON, CONTACT, OUTBOX
from storage.words import PRIORITY, BroadcastState, EndReason, NoticeKind, OutboxState, PersonState

_S = BroadcastState
#: From which states each is reached by hand.
_CANCELLABLE = (_S.DRAFT, _S.WAITING, _S.SCHEDULED, _S.SENDING, _S.PAUSED)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said, to whom. Made by a contact or by staff, who gets none of it."""

    target: Target
    text: str
    reply: str | None = None
    content_version: str | None = None
    slots: Mapping[str, JsonValue] = field(default_factory=dict)
    reviewed: bool = False
    by_contact: int | None = None
    by_staff: int | None = None
    picture_id: int | None = None


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One announcement. `will` and `wont` are of the moment it was frozen; `village_code` only where it is for one."""

    id: int
    village_code: str | None
    target: Target
    reviewed: bool
    made_by_contact: int | None
    made_by_staff: int | None
    text: str
    reply: str | None
    state: BroadcastState
    will: int
    wont: int
    created_at: datetime
    scheduled_at: datetime | None
    decided_by: int | None
    decided_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    picture_id: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a frozen audience and what became of their message."""

    contact_id: int
    state: PersonState
    reason: str | None
    route: str = ""
    sent_at: datetime | None = None


class Broadcasts(Repository):
    """Draft, freeze, steer, report."""

    __slots__ = ()

    def draft(self, draft: Draft, now: datetime) -> int:
        """Keep it; nothing happens until it is submitted."""
        row = {
            "village_code": draft.target.village,
            "target": draft.target.to_json(),
            "reviewed": draft.reviewed,
            "made_by_contact": draft.by_contact,
            "made_by_staff": draft.by_staff,
            "text": draft.text,
            "picture_id": draft.picture_id,
            "reply": draft.reply,
            "content_version": draft.content_version,
            "slots": dict(draft.slots) or None,
            "state": _S.DRAFT,
            "created_at": now,
        }
        made: int = self._db.execute(BROADCAST.insert().values(row).returning(BROADCAST.c.id)).scalar_one()
        return made

    def submit(self, broadcast_id: int, at: datetime, *, approval: bool) -> bool:
        """Let it leave at that moment, or wait for a second person first. False when it is no draft."""
        to = _S.WAITING if approval else _S.SCHEDULED
        return self._turn(broadcast_id, (_S.DRAFT,), to, scheduled_at=at)

    def approve(self, broadcast_id: int, staff_id: int, now: datetime) -> bool:
        """A second person agrees: it leaves at its moment, or now. False when it waits for nobody, or for another."""
        at = case(
            (BROADCAST.c.scheduled_at > now, BROADCAST.c.scheduled_at),
            else_=literal(now, BROADCAST.c.scheduled_at.type),
        )
        return self._decide(broadcast_id, staff_id, now, _S.SCHEDULED, NoticeKind.BROADCAST_APPROVED, scheduled_at=at)

    def refuse(self, broadcast_id: int, staff_id: int, now: datetime) -> bool:
        """A second person doesn't agree."""
        kind = NoticeKind.BROADCAST_REFUSED
        return self._decide(broadcast_id, staff_id, now, _S.CANCELLED, kind, finished_at=now, swept_at=now)

    def due(self, now: datetime, limit: int = 10) -> list[int]:
        """Which have come to their moment, locked for this transaction; start them in it."""
        scheduled = BROADCAST.c.state == literal_word(_S.SCHEDULED)
        query = select(BROADCAST.c.id).where(scheduled, BROADCAST.c.scheduled_at <= now)
        query = query.order_by(BROADCAST.c.scheduled_at, BROADCAST.c.id).limit(limit)
        return self._ids(query.with_for_update(skip_locked=True))

    def next_due_at(self) -> datetime | None:
        """When the next one starts, past or future; for clocks that are moved by hand."""
        scheduled = BROADCAST.c.state == literal_word(_S.SCHEDULED)
        moment: datetime | None = self._db.scalar(select(func.min(BROADCAST.c.scheduled_at)).where(scheduled))
        return moment

    def start(self, broadcast_id: int, when: Leaving) -> bool:
        """Fix the audience and queue the message to everyone who may get it. False when it isn't scheduled."""
        if not self._turn(broadcast_id, (_S.SCHEDULED,), _S.SENDING, started_at=when.now):
            return False
        row = self._db.execute(select(BROADCAST).where(BROADCAST.c.id == broadcast_id)).one()
        self._freeze(row, when)
        self._count(broadcast_id)
        return True

    def send_now(self, draft: Draft, when: Leaving) -> int:
        """Draft and start in one go, where nobody else has to agree."""
        broadcast_id = self.draft(draft, when.now)
        self.submit(broadcast_id, when.now, approval=False)
        self.start(broadcast_id, when)
        return broadcast_id

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
        when: Leaving | None = None,
    ) -> int:
        """`send_now` for everyone of one village, by one of its officials; without `when` only consent decides."""
        target = Target((village_code,))
        draft = Draft(target, text, reply, content_version, slots or {}, reviewed=True, by_contact=by)
        return self.send_now(draft, when or Leaving(now, 0, now, timedelta(), templates=True))

    def groups(self, target: Target, when: Leaving, *, without: int | None = None) -> list[Group]:
        """Everyone meant, counted by what would become of their message; decided by what freezing uses."""
        return groups(self._db, target, when, without=without)

    def forecast(self, target: Target, when: Leaving, *, without: int | None = None) -> Audience:
        """How many would get it, and how many not, by reason."""
        return forecast(self._db, target, when, without=without)

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

    def reasons(self, broadcast_id: int) -> dict[str, int]:
        """How many have which reason."""
        query = select(BROADCAST_PERSON.c.reason, func.count()).where(
            BROADCAST_PERSON.c.broadcast_id == broadcast_id, BROADCAST_PERSON.c.reason.is_not(None)
        )
        return {row[0]: row[1] for row in self._db.execute(query.group_by(BROADCAST_PERSON.c.reason))}

    def people(self, broadcast_id: int, *, after: int = 0, limit: int = 500) -> list[Person]:
        """The audience by contact id, a page at a time."""
        person, message = BROADCAST_PERSON.c, OUTBOX.c
        mine = and_(
            message.broadcast_id == person.broadcast_id,
            message.broadcast_id.is_not(None),
            message.contact_id == person.contact_id,
        )
        query = (
            select(person.contact_id, person.state, person.reason, message.route, message.sent_at)
            .join(OUTBOX, mine, isouter=True)
            .where(person.broadcast_id == broadcast_id, person.contact_id > after)
            .order_by(person.contact_id)
            .limit(limit)
        )
        return [Person(row[0], row[1], row[2], row[3] or "", row[4]) for row in self._db.execute(query)]

    def pause(self, broadcast_id: int) -> bool:
        """Hold it back from now on. False when it isn't being sent."""
        return self._turn(broadcast_id, (_S.SENDING,), _S.PAUSED)

    def resume(self, broadcast_id: int) -> bool:
        """Go on. False when it isn't paused."""
        return self._turn(broadcast_id, (_S.PAUSED,), _S.SENDING)

    def cancel(self, broadcast_id: int, now: datetime) -> bool:
        """Send no more of it from now on. False when it is over already."""
        over = self._turn(broadcast_id, _CANCELLABLE, _S.CANCELLED, finished_at=now)
        if over:  # the first few at once; the rest would keep others waiting for this to hold
            self.sweep(broadcast_id, limit=200)
        return over

    def states(self, broadcast_ids: Collection[int]) -> dict[int, BroadcastState]:
        """The state of each."""
        query = select(BROADCAST.c.id, BROADCAST.c.state).where(BROADCAST.c.id.in_(broadcast_ids))
        return {row[0]: row[1] for row in self._db.execute(query)}

    def unswept(self, limit: int = 10) -> list[int]:
        """Cancelled ones that may still have messages in the outbox."""
        cancelled = BROADCAST.c.state == literal_word(_S.CANCELLED)
        query = select(BROADCAST.c.id).where(cancelled, BROADCAST.c.swept_at.is_(None))
        return self._ids(query.order_by(BROADCAST.c.id).limit(limit))

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

    def swept(self, broadcast_id: int, now: datetime) -> bool:
        """Note that nothing of it is left. False while a sender holds one of its messages: that may come back."""
        held = select(OUTBOX.c.id).where(
            OUTBOX.c.state == literal_word(OutboxState.SENDING), OUTBOX.c.broadcast_id == broadcast_id
        )
        if self._db.execute(held.limit(1)).first() is not None:
            return False
        return self._turn(broadcast_id, (_S.CANCELLED,), _S.CANCELLED, swept_at=now)

    def again(self, broadcast_id: int, now: datetime) -> int:
        """Send once more to those whose message failed for a reason that passes; returns to how many.

        It is the same row of the outbox that is due again, so nobody can get it twice; whoever got it, or may have got
        it, is not among them.
        """
        if not self._turn(broadcast_id, (_S.FINISHED,), _S.FINISHED):
            return 0
        failed = (
            OUTBOX.c.broadcast_id == broadcast_id,
            OUTBOX.c.broadcast_id.is_not(None),
            OUTBOX.c.state.in_([OutboxState.FAILED, OutboxState.SKIPPED]),
            OUTBOX.c.reason.in_(sorted(PASSING)),
        )
        due = {"state": OutboxState.DUE, "reason": None, "attempts": 0, "made_at": now, "due_at": now}
        due |= {"external_id": None, "external_hash": None, "claimed_by": None, "sent_at": None}
        people = self._db.scalars(update(OUTBOX).where(*failed).values(due).returning(OUTBOX.c.contact_id)).all()
        for contact_id in people:
            person = BROADCAST_PERSON.c
            here = (person.broadcast_id == broadcast_id, person.contact_id == contact_id)
            self._db.execute(update(BROADCAST_PERSON).where(*here).values(state=PersonState.QUEUED, reason=None))
        if people:
            self._turn(broadcast_id, (_S.FINISHED,), _S.SENDING, finished_at=None)
        return len(people)

    def may_go_again(self, broadcast_id: int) -> int:
        """To how many `again` would send."""
        person = BROADCAST_PERSON.c
        ended = person.state.in_([PersonState.FAILED, PersonState.SKIPPED])
        message = exists().where(
            OUTBOX.c.broadcast_id == broadcast_id,
            OUTBOX.c.broadcast_id.is_not(None),
            OUTBOX.c.contact_id == person.contact_id,
        )
        query = select(func.count()).where(
            person.broadcast_id == broadcast_id, ended, person.reason.in_(sorted(PASSING)), message
        )
        return int(self._db.execute(query).scalar_one())

    def finish_ready(self, now: datetime) -> list[int]:
        """End every broadcast in which each person has an outcome. Returns which ended now."""
        waiting = exists().where(
            BROADCAST_PERSON.c.broadcast_id == BROADCAST.c.id, BROADCAST_PERSON.c.state == PersonState.QUEUED
        )
        sending = BROADCAST.c.state == literal_word(_S.SENDING)
        ended = {"state": _S.FINISHED, "finished_at": now}
        return list(
            self._db.scalars(update(BROADCAST).where(sending, ~waiting).values(ended).returning(BROADCAST.c.id))
        )

    def _decide(
        self, broadcast_id: int, staff_id: int, now: datetime, to: BroadcastState, kind: NoticeKind, **values: Any
    ) -> bool:
        """Only somebody who did not make it decides; who made it in the chat is told."""
        other = or_(BROADCAST.c.made_by_staff.is_(None), BROADCAST.c.made_by_staff != staff_id)
        where = (BROADCAST.c.id == broadcast_id, BROADCAST.c.state == _S.WAITING, other)
        decided = {"state": to, "decided_by": staff_id, "decided_at": now, **values}
        changed = update(BROADCAST).where(*where).values(decided).returning(BROADCAST.c.made_by_contact)
        row = self._db.execute(changed).first()
        if row is not None and row.made_by_contact is not None:
            notices = Notices(self._db, self._sealer, self._village_of)
            notices.add(row.made_by_contact, kind, {"broadcast": broadcast_id}, now)
        return row is not None

    def _freeze(self, broadcast: AnyRow, when: Leaving) -> None:
        """A row for everyone meant and a message for everyone who may get it, in the order of people.

        PostgreSQL does both in one pass: it knows nothing yet of rows just written, and would look up the contact and
        the address of each anew. It may sort and join in memory for it, and only here.
        """
        target = Target.from_json(broadcast.target)
        columns = (
            CONTACT.c.id,
            CONTACT.c.address_id,
            address_route().label("route"),
            left_out_because(when).label("reason"),
        )
        meant = audience_of(select(*columns), target, when, without=broadcast.made_by_contact).order_by(CONTACT.c.id)
        if self._db.dialect.name == "sqlite":
            self._db.execute(_people(broadcast.id, meant.subquery("meant")))
            self._db.execute(_messages(broadcast, when.now, self._frozen(broadcast.id)))
            return
        self._db.execute(text("SET LOCAL work_mem = '64MB'"))
        everyone = meant.cte("meant").prefix_with("MATERIALIZED")
        rows = _people(broadcast.id, everyone).cte("frozen")
        self._db.execute(_messages(broadcast, when.now, everyone).add_cte(rows))

    def _frozen(self, broadcast_id: int) -> FromClause:
        """Those with a row who may get it, with where their message goes."""
        person = BROADCAST_PERSON.c
        return (
            select(CONTACT.c.id, CONTACT.c.address_id, address_route().label("route"), person.reason)
            .join_from(BROADCAST_PERSON, CONTACT, CONTACT.c.id == person.contact_id)
            .join(ADDRESS, ADDRESS.c.id == CONTACT.c.address_id)
            .where(person.broadcast_id == broadcast_id)
            .subquery("frozen")
        )

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

    def _turn(self, broadcast_id: int, of: tuple[BroadcastState, ...], to: BroadcastState, **values: Any) -> bool:
        where = (BROADCAST.c.id == broadcast_id, BROADCAST.c.state.in_(of))
        return self._db.execute(update(BROADCAST).where(*where).values(state=to, **values)).rowcount > 0


def _people(broadcast_id: int, meant: FromClause) -> Insert:
    """A row for each of them, with the reason of those who get nothing."""
    reason = meant.c.reason
    state = case((reason.is_(None), PersonState.QUEUED.value), else_=PersonState.SKIPPED.value)
    rows = select(literal(broadcast_id, Integer), meant.c.id, state, reason)
    columns = ["broadcast_id", "contact_id", "state", "reason"]
    return BROADCAST_PERSON.insert().from_select(columns, rows, include_defaults=False)


def _messages(broadcast: AnyRow, now: datetime, people: FromClause) -> Insert:
    """A message for each of them without a reason. Its words stay in the broadcast."""
    message = {
        "contact_id": people.c.id,
        "address_id": people.c.address_id,
        "route": people.c.route,
        "broadcast_id": literal(broadcast.id, OUTBOX.c.broadcast_id.type),
        "kind": literal(Kind.BROADCAST, OUTBOX.c.kind.type),
        "priority": literal(PRIORITY[Kind.BROADCAST]),
        "state": literal(OutboxState.DUE, OUTBOX.c.state.type),
        "reply": _or_null(broadcast.reply),
        "image": _or_null(mark_of(broadcast.picture_id)),
        "content_version": _or_null(broadcast.content_version),
        "attempts": literal(0),
        "made_at": literal(now, OUTBOX.c.made_at.type),
        "due_at": literal(now, OUTBOX.c.due_at.type),
    }
    rows = select(*message.values()).where(people.c.reason.is_(None))
    return OUTBOX.insert().from_select(list(message), rows, include_defaults=False)


def _or_null(text: str | None) -> ColumnElement[Any]:
    return null() if text is None else literal(text, String())


def _broadcast(row: AnyRow) -> Broadcast:
    return Broadcast(
        id=row.id,
        village_code=row.village_code,
        target=Target.from_json(row.target or {}),
        reviewed=row.reviewed,
        made_by_contact=row.made_by_contact,
        made_by_staff=row.made_by_staff,
        text=row.text,
        reply=row.reply,
        state=row.state,
        will=row.will,
        wont=row.wont,
        created_at=row.created_at,
        scheduled_at=row.scheduled_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        picture_id=row.picture_id,
    )
