"""Gatherings: who is invited, who comes, who waits, what each still has to be told, who came.

Every change that concerns many people is one statement that notes in their rows what they have to be told; the clock
turns those notes into messages. Seats are counted in the gathering's own row, which is locked while somebody answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from flows.contact import Role
from flows.gathering import (
    Attending,
    FgdRole,
    ForWhom,
    GatheringChange,
    GatheringDraft,
    GatheringKind,
    GatheringState,
    GatheringView,
    Step,
    Useful,
    first_step,
    moment_of,
    step_after,
)
from flows.outreach.audience import Leaving, Target
from storage.audience import audience_of, left_out_because
from storage.columns import UtcDateTime, literal_word
from storage.repository import AnyRow, NotFound, Repository
from storage.tables import CONTACT, GATHERING, GATHERING_INPUT, GATHERING_PERSON, LEAD, OUTBOX
from storage.words import EndReason, OutboxState, Tell

#: The reply that invites; who has not got it yet is invited anew when the gathering changes.
INVITATION = "acara_undangan"
#: Who is told of a change or that it is off: everybody invited who did not say no.
CONCERNED = (Attending.INVITED, Attending.COMING, Attending.WAITING, Attending.MAYBE)
#: Whom each step speaks to.
_STEP_FOR: Mapping[Step, tuple[Tell, tuple[Attending, ...]]] = {
    Step.DAY_BEFORE: (Tell.DAY_BEFORE, (Attending.COMING, Attending.MAYBE)),
    Step.HOURS_BEFORE: (Tell.HOURS_BEFORE, (Attending.COMING,)),
}
_OPEN = GATHERING.c.state == literal_word(GatheringState.OPEN)
_PERSON = GATHERING_PERSON.c
#: Consent and address decide who is invited; an invitation may wait for its turn until the gathering begins.
_EVER = Leaving(datetime.min.replace(tzinfo=UTC), 0, datetime.min.replace(tzinfo=UTC), timedelta(), templates=True)
#: How long a gathering is still talked of after it began: answers to our question come days later.
_TALKED_OF = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Gathering:
    """One gathering as its row holds it."""

    id: int
    kind: GatheringKind
    title: str
    place: str
    map_link: str | None
    village_code: str
    village: str
    zone: ZoneInfo
    starts_at: datetime
    minutes: int
    capacity: int | None
    for_whom: ForWhom
    state: GatheringState
    door: str
    coming: int
    revision: int
    next_step: Step | None
    next_due_at: datetime | None
    made_by_contact: int | None
    made_by_staff: int | None
    created_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Guest:
    """One person and one gathering."""

    contact_id: int
    attending: Attending
    reason: str | None
    tell: Tell | None
    outbox_id: int | None
    answered_at: datetime | None
    checked_in_at: datetime | None
    useful: Useful | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Something one person has to be told about one gathering."""

    gathering: Gathering
    contact_id: int
    what: Tell
    attending: Attending


@dataclass(frozen=True, slots=True)
class Input:
    """What somebody said to a question of a discussion."""

    contact_id: int
    role: FgdRole
    question: str
    answer: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people are where; `here` came, `waits_for_message` have yet to be written to."""

    by_attending: Mapping[Attending, int]
    here: int
    useful: Mapping[Useful, int]
    to_tell: int

    def of(self, *which: Attending) -> int:
        """How many are in any of these."""
        return sum(self.by_attending.get(one, 0) for one in which)


class Gatherings(Repository):
    """Make, invite, answer, change, cancel, remind, count."""

    __slots__ = ()

    # what officials and staff do

    def make(
        self,
        draft: GatheringDraft,
        door: str,
        now: datetime,
        *,
        by_contact: int | None = None,
        staff: int | None = None,
    ) -> int:
        """Keep a new gathering as a draft: nobody is invited yet."""
        values = {
            "kind": draft.kind,
            "title": draft.title,
            "place": draft.place,
            "map_link": draft.map_link,
            "village_code": draft.village,
            "starts_at": draft.starts_at,
            "minutes": draft.minutes,
            "capacity": draft.capacity,
            "for_whom": draft.for_whom,
            "door": door,
            "made_by_contact": by_contact,
            "made_by_staff": staff,
            "created_at": now,
        }
        made: int = self._db.execute(GATHERING.insert().values(values).returning(GATHERING.c.id)).scalar_one()
        return made

    def free_door(self, chosen: int) -> str:
        """Four digits that no open gathering has, from a number that chance chose."""
        for number in range(chosen, chosen + 9000):
            door = f"{1000 + number % 9000}"
            if self._db.execute(select(GATHERING.c.id).where(_OPEN, GATHERING.c.door == door)).first() is None:
                return door
        raise NotFound

    def invite(self, gathering_id: int, now: datetime) -> int:
        """Invite everyone who may come and agreed, each at most once; done again, it invites who is new.

        Returns how many will be invited now. The messages follow at the clock's next tick. 0 when it is off or over.
        """
        gathering = self.lock(gathering_id)
        if gathering.state not in {GatheringState.DRAFT, GatheringState.OPEN} or gathering.starts_at <= now:
            return 0
        if gathering.state is GatheringState.DRAFT:
            step, due_at = first_step(gathering.starts_at, gathering.ends_at, gathering.zone, now)
            self._set(gathering_id, state=GatheringState.OPEN, next_step=step, next_due_at=due_at)
        before = self._to_invite(gathering_id)
        self._invite_those_who_agreed_since(gathering)
        self._invite_new(gathering)
        return self._to_invite(gathering_id) - before

    def change(self, gathering_id: int, change: GatheringChange, now: datetime) -> bool:
        """Change it and note for everyone concerned that they are to be told, once. False when nothing changes."""
        gathering = self.lock(gathering_id)
        values = _changed(gathering, change)
        if not values or gathering.state not in {GatheringState.DRAFT, GatheringState.OPEN}:
            return False
        if gathering.state is GatheringState.OPEN:
            starts = values.get("starts_at", gathering.starts_at)
            ends = starts + timedelta(minutes=gathering.minutes)
            step, due_at = first_step(starts, ends, gathering.zone, now)
            values |= {"next_step": step, "next_due_at": due_at}
        self._set(gathering_id, **values, revision=GATHERING.c.revision + 1)
        if gathering.state is GatheringState.OPEN:
            if values.keys() & {"title", "place", "starts_at", "map_link"}:
                self._tell_concerned(gathering_id, Tell.CHANGED)
            self._move_up(gathering_id, now)
        return True

    def cancel(self, gathering_id: int, now: datetime) -> bool:
        """Call it off. Who was told of it is told, once; who wasn't hears nothing. False when it is off or over."""
        gathering = self.lock(gathering_id)
        if gathering.state not in {GatheringState.DRAFT, GatheringState.OPEN}:
            return False
        self._set(gathering_id, state=GatheringState.CANCELLED, next_step=None, next_due_at=None)
        begun = gathering.ends_at <= now
        self._tell_concerned(gathering_id, None if begun else Tell.CANCELLED)
        return True

    # what people do

    def lock(self, gathering_id: int) -> Gathering:
        """The gathering, held until the transaction ends, so that its seats are counted by one at a time.

        Raises:
            NotFound: there is none.
        """
        query = select(GATHERING).where(GATHERING.c.id == gathering_id).with_for_update()
        row = self._db.execute(query).first()
        if row is None:
            raise NotFound
        return self._gathering(row)

    def answer(self, gathering_id: int, contact_id: int, attending: Attending, now: datetime) -> Attending:
        """Note what a person answered; the last seat is given once. Returns where they stand now.

        Who leaves a seat gives it to the first on the waiting list, who will be told.
        """
        gathering = self.lock(gathering_id)
        before = self._guest(gathering_id, contact_id)
        was = before.attending if before else None
        if attending in {Attending.COMING, Attending.WAITING}:
            attending = self._seat(gathering, was)
        if was is not attending:
            waiting = {"waiting_since": now if attending is Attending.WAITING else None}
            self._put(gathering_id, contact_id, attending=attending, answered_at=now, tell=None, **waiting)
            self._count_seats(gathering_id, was, attending)
            if before is not None:
                self._skip_unsent(gathering_id, _PERSON.contact_id == contact_id, EndReason.REPLACED)
            self._move_up(gathering_id, now)
        return attending

    def check_in(self, gathering_id: int, contact_id: int, now: datetime) -> bool:
        """Note that the person is there. False when that was known."""
        self.lock(gathering_id)
        guest = self._guest(gathering_id, contact_id)
        if guest is not None and guest.checked_in_at is not None:
            return False
        if guest is None or guest.attending is Attending.LEFT_OUT:
            self._put(gathering_id, contact_id, attending=Attending.WALK_IN, reason=None, checked_in_at=now)
        else:
            self._put(gathering_id, contact_id, checked_in_at=now)
        return True

    def say_useful(self, gathering_id: int, contact_id: int, useful: Useful) -> None:
        """Keep what the person thought of it."""
        here = (_PERSON.gathering_id == gathering_id, _PERSON.contact_id == contact_id)
        self._db.execute(update(GATHERING_PERSON).where(*here).values(useful=useful))

    def say_input(
        self, gathering_id: int, contact_id: int, role: FgdRole, answers: Mapping[str, str], now: datetime
    ) -> None:
        """Keep what the person said to the questions of a discussion; said again, the newer words count."""
        for question, answer in answers.items():
            key = {"gathering_id": gathering_id, "contact_id": contact_id, "question": question}
            said = {"role": role, "answer": answer, "at": now}
            insert = self._insert(GATHERING_INPUT).values(**key, **said)
            self._db.execute(insert.on_conflict_do_update(index_elements=list(key), set_=said))

    # what the clock does

    def due(self, now: datetime, limit: int) -> list[Gathering]:
        """Gatherings with a step that is due, locked; carry each out in this transaction with `begin_step`."""
        query = (
            select(GATHERING)
            .where(GATHERING.c.next_due_at.is_not(None), GATHERING.c.next_due_at <= now)
            .order_by(GATHERING.c.next_due_at, GATHERING.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [self._gathering(row) for row in self._db.execute(query)]

    def begin_step(self, gathering: Gathering) -> None:
        """Note for everyone whom the step speaks to that they are to be told, and set the next step."""
        step = gathering.next_step
        if step is None:
            return
        if step is Step.AFTER:
            self._ask_who_came(gathering.id)
            self._set(gathering.id, state=GatheringState.OVER, next_step=None, next_due_at=None)
            return
        tell, whom = _STEP_FOR[step]
        here = (_PERSON.gathering_id == gathering.id, _PERSON.attending.in_(whom), _PERSON.tell.is_(None))
        self._db.execute(update(GATHERING_PERSON).where(*here).values(tell=tell))
        following = step_after(step) or Step.AFTER
        due_at = moment_of(following, gathering.starts_at, gathering.ends_at, gathering.zone)
        self._set(gathering.id, next_step=following, next_due_at=due_at)

    def to_tell(self, limit: int) -> list[Told]:
        """People who have something to be told, locked; finish each in this transaction with `told`."""
        query = (
            select(_PERSON.gathering_id, _PERSON.contact_id, _PERSON.tell, _PERSON.attending)
            .where(_PERSON.tell.is_not(None))
            .order_by(_PERSON.gathering_id, _PERSON.contact_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self._db.execute(query).all()
        known = {gathering_id: self.get(gathering_id) for gathering_id in {row.gathering_id for row in rows}}
        return [Told(known[row.gathering_id], row.contact_id, row.tell, row.attending) for row in rows]

    def told(self, gathering_id: int, contact_id: int, outbox_id: int | None) -> None:
        """The message is queued (or there is nowhere to send it to); an older one that has not left is replaced."""
        here = (_PERSON.gathering_id == gathering_id, _PERSON.contact_id == contact_id)
        values: dict[str, Any] = {"tell": None}
        if outbox_id is not None:
            self._skip_unsent(gathering_id, _PERSON.contact_id == contact_id, EndReason.REPLACED)
            values["outbox_id"] = outbox_id
        self._db.execute(update(GATHERING_PERSON).where(*here).values(values))

    def next_due_at(self) -> datetime | None:
        """When the earliest step is due; scripts that move the clock ask."""
        query = select(GATHERING.c.next_due_at).where(GATHERING.c.next_due_at.is_not(None))
        return self._db.scalar(query.order_by(GATHERING.c.next_due_at).limit(1))

    def anyone_to_tell(self) -> bool:
        """Whether a message waits to be made."""
        query = select(_PERSON.contact_id).where(_PERSON.tell.is_not(None)).limit(1)
        return self._db.execute(query).first() is not None

    # what is read

    def get(self, gathering_id: int) -> Gathering:
        """The gathering.

        Raises:
            NotFound: there is none.
        """
        row = self._db.execute(select(GATHERING).where(GATHERING.c.id == gathering_id)).first()
        if row is None:
            raise NotFound
        return self._gathering(row)

    def token(self, gathering_id: int) -> str:
        """What stands in the address of its calendar file: nobody can guess the next one."""
        return f"{gathering_id}-{self._sealer.fingerprint('gathering', str(gathering_id)).hex()[:20]}"

    def by_token(self, token: str) -> Gathering:
        """The gathering with this token.

        Raises:
            NotFound: there is none, or nobody may know of it.
        """
        number = token.partition("-")[0]
        if not (number.isascii() and number.isdigit() and len(number) < 16 and token == self.token(int(number))):
            raise NotFound
        return self.get(int(number))

    def recent(self, limit: int = 50, *, village: str | None = None) -> list[Gathering]:
        """The newest gatherings, all or of one village."""
        query = select(GATHERING)
        if village is not None:
            query = query.where(GATHERING.c.village_code == village)
        return [self._gathering(row) for row in self._db.execute(query.order_by(GATHERING.c.id.desc()).limit(limit))]

    def guest(self, gathering_id: int, contact_id: int) -> Guest | None:
        """One person of it."""
        return self._guest(gathering_id, contact_id)

    def guests(self, gathering_id: int, *, after: int = 0, limit: int = 500) -> list[Guest]:
        """Its people by contact id, a page at a time, with their names."""
        query = (
            select(GATHERING_PERSON, CONTACT.c.name)
            .join(CONTACT, CONTACT.c.id == _PERSON.contact_id)
            .where(_PERSON.gathering_id == gathering_id, _PERSON.contact_id > after)
            .order_by(_PERSON.contact_id)
            .limit(limit)
        )
        return [_guest(row, row.name) for row in self._db.execute(query)]

    def attendance(self, gathering_id: int) -> Iterator[Guest]:
        """Everyone who answered or came, a few hundred in memory at a time."""
        after = 0
        while page := self.guests(gathering_id, after=after):
            after = page[-1].contact_id
            yield from (one for one in page if one.answered_at is not None or one.checked_in_at is not None)

    def counts(self, gathering_id: int) -> Counts:
        """How many people are where."""
        here = _PERSON.gathering_id == gathering_id
        grouped = select(_PERSON.attending, func.count(), func.count(_PERSON.checked_in_at), func.count(_PERSON.tell))
        rows = self._db.execute(grouped.where(here).group_by(_PERSON.attending)).all()
        said = select(_PERSON.useful, func.count()).where(here, _PERSON.useful.is_not(None)).group_by(_PERSON.useful)
        return Counts(
            {row[0]: row[1] for row in rows},
            sum(row[2] for row in rows),
            {row[0]: row[1] for row in self._db.execute(said)},
            sum(row[3] for row in rows),
        )

    def inputs(self, gathering_id: int, limit: int = 1000) -> list[Input]:
        """What was said to the questions of a discussion."""
        query = select(GATHERING_INPUT).where(GATHERING_INPUT.c.gathering_id == gathering_id)
        rows = self._db.execute(query.order_by(GATHERING_INPUT.c.id).limit(limit))
        return [Input(row.contact_id, row.role, row.question, row.answer, row.at) for row in rows]

    def seen_by(
        self,
        contact_id: int,
        village_code: str | None,
        now: datetime,
        *,
        official: bool = False,
        door: str | None = None,
    ) -> tuple[GatheringView, ...]:
        """The gatherings a turn may speak of: those of the person's village and those they were invited to.

        With `door` also the one whose number was told, wherever it is.
        """
        values = {"contact": contact_id, "village": village_code, "door": door, "since": now - _TALKED_OF}
        rows = self._db.execute(_SEEN, values).all()
        views = [self._view(row, official=official and row.village_code == village_code) for row in rows]
        return tuple(views)

    # inside

    def _seat(self, gathering: Gathering, was: Attending | None) -> Attending:
        if was is Attending.COMING or gathering.capacity is None or gathering.coming < gathering.capacity:
            return Attending.COMING
        return Attending.WAITING

    def _count_seats(self, gathering_id: int, was: Attending | None, now: Attending) -> None:
        step = (now is Attending.COMING) - (was is Attending.COMING)
        if step:
            self._set(gathering_id, coming=GATHERING.c.coming + step)

    def _move_up(self, gathering_id: int, now: datetime) -> None:
        """Give free seats to those who wait, longest first; each will be told."""
        gathering = self.get(gathering_id)
        if gathering.state is not GatheringState.OPEN or gathering.starts_at <= now:
            return
        here = (_PERSON.gathering_id == gathering_id, _PERSON.attending == Attending.WAITING)
        query = select(_PERSON.contact_id).where(*here).order_by(_PERSON.waiting_since, _PERSON.contact_id)
        if gathering.capacity is not None:
            query = query.limit(max(gathering.capacity - gathering.coming, 0))
        people = self._ids(query)
        for contact_id in people:
            moved = {"attending": Attending.COMING, "waiting_since": None}
            self._put(gathering_id, contact_id, **moved, tell=Tell.MOVED_UP)
        if people:
            self._set(gathering_id, coming=GATHERING.c.coming + len(people))

    def _ask_who_came(self, gathering_id: int) -> None:
        """After it, who was counted at the door is asked; where nobody was counted, who said they would come."""
        of_it = _PERSON.gathering_id == gathering_id
        came = self._db.execute(select(_PERSON.contact_id).where(of_it, _PERSON.checked_in_at.is_not(None)).limit(1))
        who = _PERSON.attending == Attending.COMING if came.first() is None else _PERSON.checked_in_at.is_not(None)
        asked = {"tell": Tell.AFTER}
        self._db.execute(update(GATHERING_PERSON).where(of_it, who, _PERSON.useful.is_(None)).values(asked))

    def _to_invite(self, gathering_id: int) -> int:
        query = select(func.count()).select_from(GATHERING_PERSON)
        here = (_PERSON.gathering_id == gathering_id, _PERSON.tell == Tell.INVITE, _PERSON.tell.is_not(None))
        return int(self._db.execute(query.where(*here)).scalar_one())

    def _people(self, gathering: Gathering, *columns: ColumnElement[Any]) -> Select[Any]:
        """Those who may come, whether they agreed to hear of it or not; its maker isn't told what they wrote."""
        people = audience_of(
            select(*columns), Target((gathering.village_code,)), _EVER, without=gathering.made_by_contact
        )
        match gathering.for_whom:
            case ForWhom.OFFICIALS:
                return people.where(CONTACT.c.role == Role.OFFICIAL)
            case ForWhom.REGISTERED:
                return people.where(exists().where(LEAD.c.contact_id == CONTACT.c.id))
            case ForWhom.VILLAGE:
                return people

    def forecast(self, gathering_id: int) -> tuple[int, dict[str, int]]:
        """How many would be invited now, and how many not, by reason; decided by what inviting uses."""
        gathering = self.get(gathering_id)
        people = self._people(gathering, left_out_because(_EVER).label("reason")).subquery()
        query = select(people.c.reason, func.count()).group_by(people.c.reason)
        counts: dict[str | None, int] = {row[0]: row[1] for row in self._db.execute(query)}
        return counts.pop(None, 0), {str(reason): count for reason, count in counts.items()}

    def _invite_new(self, gathering: Gathering) -> None:
        people = self._people(gathering, CONTACT.c.id, left_out_because(_EVER).label("reason")).subquery()
        known = exists().where(_PERSON.gathering_id == gathering.id, _PERSON.contact_id == people.c.id)
        free = people.c.reason.is_(None)
        row = {
            "gathering_id": literal(gathering.id, Integer),
            "contact_id": people.c.id,
            "attending": case((free, Attending.INVITED.value), else_=Attending.LEFT_OUT.value),
            "reason": people.c.reason,
            "tell": case((free, Tell.INVITE.value), else_=null()),
        }
        invited = select(*row.values()).where(~known)
        self._db.execute(GATHERING_PERSON.insert().from_select(list(row), invited, include_defaults=False))

    def _invite_those_who_agreed_since(self, gathering: Gathering) -> None:
        agreed = self._people(gathering, CONTACT.c.id).where(left_out_because(_EVER).is_(None))
        left_out = (_PERSON.gathering_id == gathering.id, _PERSON.attending == Attending.LEFT_OUT)
        invited = {"attending": Attending.INVITED, "reason": None, "tell": Tell.INVITE}
        self._db.execute(update(GATHERING_PERSON).where(*left_out, _PERSON.contact_id.in_(agreed)).values(invited))

    def _tell_concerned(self, gathering_id: int, tell: Tell | None) -> None:
        """Note it for everybody who was told of the gathering; a message that has not left is taken back.

        Whose invitation has not left hears of the gathering as it is now, or nothing at all when it is off.
        """
        reason = EndReason.REPLACED if tell is Tell.CHANGED else EndReason.GATHERING_OFF
        unsent = self._skip_unsent(gathering_id, _PERSON.attending.in_(CONCERNED), reason)
        never_read = [contact_id for contact_id, reply in unsent if reply == INVITATION]
        here = (_PERSON.gathering_id == gathering_id, _PERSON.attending.in_(CONCERNED))
        never = or_(_PERSON.tell == Tell.INVITE, _PERSON.contact_id.in_(never_read))
        not_told: Any = Tell.INVITE.value if tell is Tell.CHANGED else null()
        told: Any = tell.value if tell is not None else null()
        noted = case((never, not_told), else_=told)
        self._db.execute(update(GATHERING_PERSON).where(*here).values(tell=noted))

    def _skip_unsent(
        self, gathering_id: int, which: ColumnElement[bool], reason: EndReason
    ) -> list[tuple[int, str | None]]:
        """Take back the last message about it to these people, where it has not left. Returns whose, and which."""
        last = select(_PERSON.outbox_id).where(_PERSON.gathering_id == gathering_id, which)
        due = (OUTBOX.c.id.in_(last), OUTBOX.c.state == OutboxState.DUE)
        skipped = {"state": OutboxState.SKIPPED, "reason": reason}
        rows = self._db.execute(
            update(OUTBOX).where(*due).values(skipped).returning(OUTBOX.c.contact_id, OUTBOX.c.reply)
        )
        return [(row.contact_id, row.reply) for row in rows]

    def _guest(self, gathering_id: int, contact_id: int) -> Guest | None:
        here = (_PERSON.gathering_id == gathering_id, _PERSON.contact_id == contact_id)
        row = self._db.execute(select(GATHERING_PERSON).where(*here)).first()
        return _guest(row, None) if row else None

    def _put(self, gathering_id: int, contact_id: int, **values: Any) -> None:
        key = {"gathering_id": gathering_id, "contact_id": contact_id}
        insert = self._insert(GATHERING_PERSON).values(**key, **values)
        self._db.execute(insert.on_conflict_do_update(index_elements=list(key), set_=values))

    def _set(self, gathering_id: int, **values: Any) -> None:
        self._db.execute(update(GATHERING).where(GATHERING.c.id == gathering_id).values(values))

    def _gathering(self, row: AnyRow) -> Gathering:
        village = self._village_of(row.village_code)
        return Gathering(
            id=row.id,
            kind=row.kind,
            title=row.title,
            place=row.place,
            map_link=row.map_link,
            village_code=row.village_code,
            village=village.name if village else row.village_code,
            zone=village.zone if village else ZoneInfo("Asia/Jakarta"),
            starts_at=row.starts_at,
            minutes=row.minutes,
            capacity=row.capacity,
            for_whom=row.for_whom,
            state=row.state,
            door=row.door,
            coming=row.coming,
            revision=row.revision,
            next_step=row.next_step,
            next_due_at=row.next_due_at,
            made_by_contact=row.made_by_contact,
            made_by_staff=row.made_by_staff,
            created_at=row.created_at,
        )

    def _view(self, row: AnyRow, *, official: bool) -> GatheringView:
        gathering = self._gathering(row)
        counts = self.counts(row.id) if official else None
        return GatheringView(
            id=row.id,
            kind=row.kind,
            title=row.title,
            place=row.place,
            map_link=row.map_link,
            starts_at=row.starts_at,
            minutes=row.minutes,
            zone=gathering.zone,
            village_code=row.village_code,
            village=gathering.village,
            capacity=row.capacity,
            coming=row.coming,
            for_whom=row.for_whom,
            state=row.state,
            door=row.door,
            token=self.token(row.id),
            attending=row.attending,
            checked_in=row.checked_in_at is not None,
            useful=row.useful,
            own=official,
            waiting=counts.of(Attending.WAITING) if counts else 0,
            maybe=counts.of(Attending.MAYBE) if counts else 0,
            here=counts.here if counts else 0,
        )


def _seen() -> Select[Any]:
    """One statement for every turn: gatherings by three short ranges of an index each."""
    mine = and_(_PERSON.gathering_id == GATHERING.c.id, _PERSON.contact_id == bindparam("contact"))
    since = GATHERING.c.starts_at > bindparam("since", type_=UtcDateTime)
    invited = (
        select(_PERSON.gathering_id)
        .where(_PERSON.contact_id == bindparam("contact"))
        .order_by(_PERSON.gathering_id.desc())
        .limit(10)
    )
    here = select(GATHERING.c.id).where(GATHERING.c.village_code == bindparam("village"), since)
    door = select(GATHERING.c.id).where(_OPEN, GATHERING.c.door == bindparam("door"))
    shown = GATHERING.c.state != GatheringState.DRAFT
    either = or_(GATHERING.c.id.in_(invited), GATHERING.c.id.in_(here), GATHERING.c.id.in_(door))
    columns = (_PERSON.attending, _PERSON.checked_in_at, _PERSON.useful)
    query = select(GATHERING, *columns).join(GATHERING_PERSON, mine, isouter=True)
    return query.where(either, shown, since).order_by(GATHERING.c.starts_at, GATHERING.c.id).limit(20)


_SEEN = _seen()


def _changed(gathering: Gathering, change: GatheringChange) -> dict[str, Any]:
    wanted = {name: getattr(change, name) for name in ("title", "place", "map_link", "starts_at", "capacity")}
    return {name: value for name, value in wanted.items() if value is not None and value != getattr(gathering, name)}


def _guest(row: AnyRow, name: str | None) -> Guest:
    return Guest(
        contact_id=row.contact_id,
        attending=row.attending,
        reason=row.reason,
        tell=row.tell,
        outbox_id=row.outbox_id,
        answered_at=row.answered_at,
        checked_in_at=row.checked_in_at,
        useful=row.useful,
        name=name,
    )
