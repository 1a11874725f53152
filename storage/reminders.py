"""Promises to people. The row with its `next_due_at` is the truth; after an outage everything due is still due."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, bindparam, func, select, update

from flows.contact import Channel, LeadState, Occurrence, ReminderPlan
from flows.outreach.follow_up import FollowUp
from flows.outreach.follow_up import after as asked_after
from flows.outreach.reminder import due_moment
from nlu.understanding import JsonValue
from storage.columns import UtcDateTime, literal_word
from storage.repository import AnyRow, Repository
from storage.tables import ADDRESS, CONTACT, LEAD, OUTBOX, REMINDER
from storage.words import EndReason, OutboxState, Promise, ReminderState

_ZONE_UNTIL_KNOWN = "Asia/Jakarta"
_WAITS = (REMINDER.c.stopped_at.is_(None), REMINDER.c.paused_at.is_(None))
_IN_STATE: Mapping[ReminderState, Sequence[ColumnElement[bool]]] = {
    ReminderState.WAITING: _WAITS,
    ReminderState.PAUSED: (REMINDER.c.stopped_at.is_(None), REMINDER.c.paused_at.is_not(None)),
    ReminderState.STOPPED: (REMINDER.c.stopped_at.is_not(None),),
}
FOLLOW_UPS = (Promise.UNFINISHED, Promise.CONTACTED)
#: Past every question.
_NEVER = 99
#: Of one phone no more contacts than this are put into one message.
_MOST_ON_A_PHONE = 10


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A promise whose moment has come, with where the person lives and where they want it."""

    id: int
    contact_id: int
    kind: Promise
    plan: ReminderPlan
    stage: int
    began_at: datetime | None
    due_at: datetime
    zone: ZoneInfo
    address_id: int | None
    channel: Channel
    phone_hash: bytes | None

    @property
    def once_key(self) -> str:
        """The outbox key under which this very occurrence is queued at most once, wherever the person moves to."""
        if self.kind is not Promise.CONTRIBUTION or self.plan.next is None:
            return f"{self.kind.value}:{self.id}:{self.stage}"
        return f"reminder:{self.id}:{self.plan.next.on.isoformat()}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A reminder as staff see it: no names."""

    id: int
    contact_id: int
    kind: Promise
    day: int
    hour: int
    next_due_at: datetime
    paused_at: datetime | None
    stopped_at: datetime | None
    village_code: str | None
    zone: ZoneInfo

    @property
    def state(self) -> ReminderState:
        """What it does now."""
        if self.stopped_at is not None:
            return ReminderState.STOPPED
        return ReminderState.PAUSED if self.paused_at is not None else ReminderState.WAITING


class Reminders(Repository):
    """Plan, stop, find what is due, move on. The caller knows the calendar and hands in the next moment."""

    __slots__ = ()

    def plan(self, contact_id: int, plan: ReminderPlan, next_due_at: datetime, address_id: int | None = None) -> None:
        """Remind of contributions by this plan; it replaces an earlier one. Where it was asked for, there it comes."""
        own: dict[str, Any] = {"day": plan.day, "hour": plan.hour, "plan": plan_to_json(plan)}
        own |= {"next_due_at": next_due_at, "stopped_at": None, "paused_at": None}
        if address_id is not None:
            own["address_id"] = address_id
        insert = self._insert(REMINDER).values(contact_id=contact_id, kind=Promise.CONTRIBUTION, **own)
        self._db.execute(insert.on_conflict_do_update(index_elements=["contact_id", "kind"], set_=own))

    def follow_up(self, contact_id: int, kind: FollowUp, now: datetime, address_id: int | None = None) -> None:
        """Ask how they got on, counted from now; what was asked before, or refused, is not asked again."""
        mine = (REMINDER.c.contact_id == contact_id, REMINDER.c.kind == Promise(kind.value))
        stage = self._db.scalar(select(REMINDER.c.stage).where(*mine))
        later = asked_after(kind, stage or 0)
        if later is None:
            return
        counted: dict[str, Any] = {"began_at": now, "next_due_at": now + later, "stopped_at": None}
        if stage is not None:
            self._db.execute(update(REMINDER).where(*mine).values(counted))
            return
        made = {"contact_id": contact_id, "kind": Promise(kind.value), "address_id": address_id, "stage": 0}
        self._db.execute(REMINDER.insert().values(**made, **counted, day=0, hour=0))

    def refuse_follow_ups(self, contact_id: int, now: datetime) -> None:
        """Never ask this person how they got on."""
        for kind in FOLLOW_UPS:
            never = {"stage": _NEVER, "stopped_at": now, "next_due_at": now}
            insert = self._insert(REMINDER).values(contact_id=contact_id, kind=kind, day=0, hour=0, **never)
            self._db.execute(insert.on_conflict_do_update(index_elements=["contact_id", "kind"], set_=never))

    def stop(self, contact_id: int, now: datetime, kinds: Collection[Promise] = tuple(Promise)) -> bool:
        """No more of these. False when there was none."""
        mine = (REMINDER.c.contact_id == contact_id, REMINDER.c.stopped_at.is_(None), REMINDER.c.kind.in_(kinds))
        return self._db.execute(update(REMINDER).where(*mine).values(stopped_at=now)).rowcount > 0

    def cancel(self, reminder_id: int, now: datetime) -> bool:
        """Stop this one. False when it is stopped already or there is none."""
        here = (REMINDER.c.id == reminder_id, REMINDER.c.stopped_at.is_(None))
        return self._db.execute(update(REMINDER).where(*here).values(stopped_at=now)).rowcount > 0

    def pause(self, reminder_id: int, now: datetime) -> bool:
        """Hold this one back. False when it does not wait."""
        here = (REMINDER.c.id == reminder_id, *_WAITS)
        return self._db.execute(update(REMINDER).where(*here).values(paused_at=now)).rowcount > 0

    def resume(self, reminder_id: int) -> bool:
        """Let it go on; what came due meanwhile is due now, and policy says if that is too late. False: no pause."""
        here = (REMINDER.c.id == reminder_id, REMINDER.c.stopped_at.is_(None), REMINDER.c.paused_at.is_not(None))
        return self._db.execute(update(REMINDER).where(*here).values(paused_at=None)).rowcount > 0

    def follow_zone(self, contact_id: int) -> None:
        """The person lives in another zone now: the same hour there."""
        columns = (REMINDER.c.id, REMINDER.c.day, REMINDER.c.hour, REMINDER.c.plan, CONTACT.c.zone)
        here = (REMINDER.c.contact_id == contact_id, REMINDER.c.kind == Promise.CONTRIBUTION)
        row = self._db.execute(select(*columns).join(CONTACT, CONTACT.c.id == contact_id).where(*here)).first()
        plan = plan_from_json(row.day, row.hour, row.plan) if row else None
        if row is None or plan is None or plan.next is None:
            return
        due = due_moment(plan.next, plan, ZoneInfo(row.zone or _ZONE_UNTIL_KNOWN))
        self._db.execute(update(REMINDER).where(REMINDER.c.id == row.id).values(next_due_at=due))

    def due(self, now: datetime, limit: int) -> list[DueReminder]:
        """Promises that are due, oldest first, locked for this transaction; move each on in it with `advance`."""
        return [_due(row) for row in self._db.execute(_DUE, {"moment": now, "most": limit})]

    def anything_due(self, now: datetime) -> bool:
        """Whether anything is due; cheap however many wait."""
        first = self.next_due_at()
        return first is not None and first <= now

    def advance(self, done: Sequence[tuple[DueReminder, ReminderPlan, datetime]]) -> None:
        """These were dealt with; wait for the next occurrence of each plan, due then."""
        kept = {plan: plan_to_json(plan) for _, plan, _ in done}
        rows = [{"reminder": due.id, "kept": kept[plan], "then": moment} for due, plan, moment in done]
        if rows:
            self._db.execute(_ADVANCE, rows)

    def asked(self, due: DueReminder, now: datetime) -> None:
        """One question was asked; wait for the next one, or stop after the last."""
        later = asked_after(FollowUp(due.kind.value), due.stage + 1)
        values: dict[str, Any] = {"stage": due.stage + 1}
        if later is None:
            values["stopped_at"] = now
        else:
            values["next_due_at"] = (due.began_at or due.due_at) + later
        self._db.execute(update(REMINDER).where(REMINDER.c.id == due.id).values(values))

    def next_due_at(self) -> datetime | None:
        """When the earliest promise is due; scripts that move the clock ask."""
        moment: datetime | None = self._db.scalar(_NEXT)
        return moment

    def change(self, reminder_id: int, to: ReminderState, now: datetime) -> bool:
        """What staff do: hold back, let go on, stop; what is queued is skipped, and says so. False: not possible."""
        match to:
            case ReminderState.WAITING:
                return self.resume(reminder_id)
            case ReminderState.PAUSED:
                changed, reason = self.pause(reminder_id, now), EndReason.REMINDER_PAUSED
            case ReminderState.STOPPED:
                changed, reason = self.cancel(reminder_id, now), EndReason.REMINDER_STOPPED
        if changed:
            whose = select(REMINDER.c.contact_id).where(REMINDER.c.id == reminder_id).scalar_subquery()
            here = (OUTBOX.c.contact_id == whose, OUTBOX.c.reminder_id == reminder_id)
            queued = update(OUTBOX).where(*here, OUTBOX.c.state == OutboxState.DUE)
            self._db.execute(queued.values(state=OutboxState.SKIPPED, reason=reason))
        return changed

    def listed(
        self,
        *,
        village: str | None = None,
        state: ReminderState | None = ReminderState.WAITING,
        kind: Promise | None = None,
        contact_id: int | None = None,
        due_by: datetime | None = None,
        after: tuple[datetime, int] | None = None,
        limit: int | None = 100,
    ) -> list[Listed]:
        """Reminders by the moment they are due next; what is None does not narrow.

        Args:
            village: of people of this village code.
            state: in this state.
            kind: of this kind.
            contact_id: of this person.
            due_by: due by then.
            after: later in the list than this moment and id, for the next page.
            limit: at most this many.
        """
        columns = (
            REMINDER.c.id, REMINDER.c.contact_id, REMINDER.c.kind, REMINDER.c.day, REMINDER.c.hour,
            REMINDER.c.next_due_at, REMINDER.c.paused_at, REMINDER.c.stopped_at, CONTACT.c.village_code, CONTACT.c.zone,
        )  # fmt: skip
        query = select(*columns).join(CONTACT, CONTACT.c.id == REMINDER.c.contact_id)
        if state is not None:
            query = query.where(*_IN_STATE[state])
        if village is not None:
            query = query.where(CONTACT.c.village_code == village)
        if kind is not None:
            query = query.where(REMINDER.c.kind == literal_word(kind))
        if contact_id is not None:
            query = query.where(REMINDER.c.contact_id == contact_id)
        if due_by is not None:
            query = query.where(REMINDER.c.next_due_at <= due_by)
        if after is not None:
            query = query.where(_comes_after(*after))
        rows = self._db.execute(query.order_by(REMINDER.c.next_due_at, REMINDER.c.id).limit(limit)).mappings()
        return [Listed(**{**row, "zone": ZoneInfo(row["zone"] or _ZONE_UNTIL_KNOWN)}) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many wait, are paused and are stopped."""
        stopped, paused = REMINDER.c.stopped_at.is_not(None), REMINDER.c.paused_at.is_not(None)
        query = select(stopped.label("stopped"), paused.label("paused"), func.count()).group_by("stopped", "paused")
        found = {"waiting": 0, "paused": 0, "stopped": 0}
        for is_stopped, is_paused, number in self._db.execute(query):
            found["stopped" if is_stopped else "paused" if is_paused else "waiting"] += number
        return found

    def on_one_phone(self, due: Sequence[DueReminder]) -> dict[int, list[int]]:
        """By reminder: who shares the person's phone and is reminded too, themselves included, lowest id first."""
        phones = {one.phone_hash for one in due if one.phone_hash is not None}
        sharing: dict[bytes, list[int]] = {}
        for row in self._db.execute(_SHARING, {"phones": list(phones)}) if phones else ():
            sharing.setdefault(bytes(row.phone_hash), []).append(row.contact_id)
        families = {one.id: sharing.get(one.phone_hash or b"", [])[:_MOST_ON_A_PHONE] for one in due}
        return {one.id: families[one.id] or [one.contact_id] for one in due}

    def forms(self, contacts: Sequence[int]) -> dict[int, list[dict[str, JsonValue]]]:
        """What each of them registered with, the newest first, without what was closed."""
        found: dict[int, list[dict[str, JsonValue]]] = {contact: [] for contact in contacts}
        for row in self._db.execute(_FORMS, {"contacts": list(contacts)}):
            found[row.contact_id].append(row.fields or {})
        return found


def _comes_after(moment: datetime, reminder_id: int) -> ColumnElement[bool]:
    """Later in the order of due moments; on both databases the index answers it."""
    same = (REMINDER.c.next_due_at == moment) & (REMINDER.c.id > reminder_id)
    return (REMINDER.c.next_due_at >= moment) & ((REMINDER.c.next_due_at > moment) | same)


def _due_query() -> Select[Any]:
    """In the order of due time; the person's zone and the address it goes to come with it."""
    chosen = REMINDER.c.address_id
    return (
        select(
            REMINDER.c.id,
            REMINDER.c.contact_id,
            REMINDER.c.kind,
            REMINDER.c.day,
            REMINDER.c.hour,
            REMINDER.c.plan,
            REMINDER.c.stage,
            REMINDER.c.began_at,
            REMINDER.c.next_due_at,
            CONTACT.c.zone,
            CONTACT.c.address_id.label("current"),
            ADDRESS.c.id.label("chosen"),
            ADDRESS.c.channel,
            ADDRESS.c.phone_hash,
        )
        .join(CONTACT, CONTACT.c.id == REMINDER.c.contact_id)
        .outerjoin(
            ADDRESS,
            (ADDRESS.c.id == func.coalesce(chosen, CONTACT.c.address_id))
            & (ADDRESS.c.contact_id == REMINDER.c.contact_id)
            & ADDRESS.c.external_hash.is_not(None),
        )
        .where(*_WAITS, REMINDER.c.next_due_at <= bindparam("moment", type_=UtcDateTime))
        .order_by(REMINDER.c.next_due_at, REMINDER.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=REMINDER)
    )


#: Built once: putting a statement together costs more than running it.
_DUE = _due_query()
_NEXT = select(REMINDER.c.next_due_at).where(*_WAITS).order_by(REMINDER.c.next_due_at).limit(1)
_ADVANCE = (
    update(REMINDER)
    .where(REMINDER.c.id == bindparam("reminder"))
    .values(plan=bindparam("kept", type_=REMINDER.c.plan.type), next_due_at=bindparam("then", type_=UtcDateTime))
)
_SHARING = (
    select(ADDRESS.c.phone_hash, REMINDER.c.contact_id)
    .join(ADDRESS, ADDRESS.c.contact_id == REMINDER.c.contact_id)
    .where(ADDRESS.c.phone_hash.in_(bindparam("phones", expanding=True)), ADDRESS.c.phone_hash.is_not(None))
    .where(REMINDER.c.kind == literal_word(Promise.CONTRIBUTION), *_WAITS)
    .distinct()
    .order_by(REMINDER.c.contact_id)
)
_FORMS = (
    select(LEAD.c.contact_id, LEAD.c.fields)
    .where(LEAD.c.contact_id.in_(bindparam("contacts", expanding=True)), LEAD.c.state != LeadState.CLOSED)
    .order_by(LEAD.c.id.desc())
)


def _due(row: AnyRow) -> DueReminder:
    return DueReminder(
        id=row.id,
        contact_id=row.contact_id,
        kind=row.kind,
        plan=plan_from_json(row.day, row.hour, row.plan),
        stage=row.stage,
        began_at=row.began_at,
        due_at=row.next_due_at,
        zone=ZoneInfo(row.zone or _ZONE_UNTIL_KNOWN),
        address_id=row.chosen or row.current,
        channel=row.channel or Channel.TERMINAL,
        phone_hash=row.phone_hash,
    )


def plan_to_json(plan: ReminderPlan) -> dict[str, JsonValue]:
    """All of a plan but its day and hour, which have columns of their own."""
    kept: dict[str, JsonValue] = {"every": plan.every, "before": plan.before, "employer": plan.employer}
    for name in _DAYS:
        value = getattr(plan, name)
        kept[name] = value.isoformat() if value else None
    for name in _TIMES:
        kept[name] = _occurrence_to_json(getattr(plan, name))
    return {name: value for name, value in kept.items() if value is not None}


def plan_from_json(day: int, hour: int, kept: dict[str, Any] | None) -> ReminderPlan:
    """What `plan_to_json` wrote."""
    if not kept:
        return ReminderPlan(day, hour)
    own: dict[str, Any] = {name: kept[name] for name in ("every", "before", "employer") if name in kept}
    own |= {name: date.fromisoformat(kept[name]) for name in _DAYS if kept.get(name)}
    own |= {name: _occurrence_from_json(kept[name]) for name in _TIMES if kept.get(name)}
    return ReminderPlan(day, hour, **own)


_DAYS = ("harvest", "protected_until", "paid_through")
_TIMES = ("next", "last")


def _occurrence_to_json(one: Occurrence | None) -> JsonValue:
    if one is None:
        return None
    days = [one.on.isoformat(), one.month.isoformat(), one.deadline.isoformat()]
    return [*days, one.months, one.behind, one.again]


def _occurrence_from_json(kept: Sequence[Any]) -> Occurrence:
    on, month, deadline, months, behind, again = kept
    days = (date.fromisoformat(on), date.fromisoformat(month), date.fromisoformat(deadline))
    return Occurrence(*days, months=months, behind=behind, again=again)
