"""Reads the rows of the console's long lists, one page at a time by id, so that page 1,000 costs what page 1 costs.

Lines hold only what a list shows: numbers of people are masked while reading and never leave this module whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Select, func, select

from console.words import masked
from flows.contact import Channel, ConsentState, LeadState, Purpose, Role
from storage import Store
from storage.audit import AuditLine
from storage.columns import literal_word
from storage.handoffs import Handoff
from storage.lead_work import Limits, Work
from storage.leads import NAME_SLOT, NIK_SLOT
from storage.repository import AnyRow
from storage.tables import ADDRESS, AUDIT, CONSENT_CURRENT, CONTACT, HANDOFF, INBOUND, LEAD, OUTBOX
from storage.words import DuplicateOf, InboundState, OutboxState

PAGE = 50
#: How many late leads stand above the newest ones.
_LATE_FIRST = 20
#: Why a message waits although nothing is wrong.
_NO_TROUBLE = ("quiet_hours",)


class _HasId(Protocol):
    @property
    def id(self) -> int: ...


L = TypeVar("L", bound=_HasId)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page lies: before an id (older), after an id (newer), or at the newest."""

    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class ListPage(Generic[L]):
    """Some lines, newest first, and the ids from which the neighbouring pages go on."""

    lines: Sequence[L]
    newer: int | None
    older: int | None


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """What the list of leads is narrowed to."""

    village: str | None = None
    state: LeadState | None = None
    assigned_to: int | None = None
    nobodys: bool = False
    late: bool = False

    @property
    def work(self) -> Work:
        """Whose, and from where."""
        return Work(self.assigned_to, self.nobodys, self.village)


@dataclass(frozen=True, slots=True)
class Pressing:
    """What decides when a lead is late."""

    limits: Limits
    now: datetime

    def due(self, state: LeadState, since: datetime) -> datetime | None:
        """When a lead that came into its state then has to be moved on; None where nothing presses."""
        allowed = self.limits.get(state)
        return since + allowed if allowed is not None else None


@dataclass(frozen=True, slots=True)
class LeadLine:
    """One lead in the list."""

    id: int
    number: str
    name: str
    nik: str
    village_code: str | None
    state: LeadState
    submitted_at: datetime
    duplicate_by: DuplicateOf | None
    assigned_to: int | None
    due: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class ContactLine:
    """One contact in the list."""

    id: int
    name: str | None
    role: Role
    village_code: str | None
    channel: Channel | None
    last_heard_at: datetime | None
    blocked: bool
    consents: Mapping[Purpose, ConsentState]


@dataclass(frozen=True, slots=True)
class VillageLine:
    """One village on the front page."""

    code: str
    total: int
    by_state: Mapping[LeadState, int]


@dataclass(frozen=True, slots=True)
class Trouble:
    """How often something kept messages from going out."""

    channel: Channel | None
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for staff."""

    new_leads: int
    late_leads: int
    twins: int
    handoffs: int
    grave: int
    set_aside: int


def lead_page(store: Store, wanted: LeadFilter, cursor: Cursor, pressing: Pressing) -> ListPage[LeadLine]:
    """One page of leads. The first begins with what is late, the longest overdue first."""
    first = cursor == Cursor() and wanted.state is None
    late = late_leads(store, wanted, pressing, PAGE if wanted.late else _LATE_FIRST) if first or wanted.late else []
    if wanted.late:
        return ListPage(late, None, None)
    query = select(LEAD)
    if wanted.assigned_to is not None:
        query = query.where(LEAD.c.assigned_to == wanted.assigned_to)
    if wanted.nobodys:
        query = query.where(LEAD.c.assigned_to.is_(None))
    if wanted.village is not None:
        query = query.where(LEAD.c.village_code == wanted.village)
    if wanted.state is not None:
        query = query.where(LEAD.c.state == wanted.state)
    rows, newer, older = _page(store, query, LEAD.c.id, cursor)
    shown = {line.id for line in late}
    rest = [_lead_line(row, pressing) for row in rows if row.id not in shown]
    return ListPage([*late, *rest], newer, older)


def late_leads(store: Store, wanted: LeadFilter, pressing: Pressing, limit: int) -> list[LeadLine]:
    """Leads past their due time, the longest overdue first."""
    ids = store.lead_work.late(pressing.limits, pressing.now, wanted.work, limit)
    rows = {row.id: row for row in store.connection.execute(select(LEAD).where(LEAD.c.id.in_(ids)))} if ids else {}
    return [_lead_line(rows[lead_id], pressing) for lead_id in ids]


def contact_page(store: Store, role: Role | None, village: str | None, cursor: Cursor) -> ListPage[ContactLine]:
    """One page of contacts that weren't erased."""
    query = (
        select(CONTACT, ADDRESS.c.channel, ADDRESS.c.last_inbound_at, ADDRESS.c.blocked_at)
        .join(ADDRESS, ADDRESS.c.id == CONTACT.c.address_id, isouter=True)
        .where(CONTACT.c.erased_at.is_(None))
    )
    if role is not None:
        query = query.where(CONTACT.c.role == role)
    if village is not None:
        query = query.where(CONTACT.c.village_code == village)
    rows, newer, older = _page(store, query, CONTACT.c.id, cursor)
    consents = _consents(store, [row.id for row in rows])
    return ListPage([_contact_line(row, consents.get(row.id, {})) for row in rows], newer, older)


def contact_names(store: Store, ids: Iterable[int]) -> dict[int, str]:
    """The names of those of these contacts who told theirs."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = store.connection.execute(select(CONTACT.c.id, CONTACT.c.name).where(CONTACT.c.id.in_(wanted)))
    return {row.id: row.name for row in rows if row.name}


def audit_page(store: Store, cursor: Cursor, who: str | None = None, act: str | None = None) -> ListPage[AuditLine]:
    """One page of the audit log, all of it or one person's, all acts or one kind."""
    query = select(AUDIT)
    if who is not None:
        query = query.where(AUDIT.c.who == who)
    if act is not None:
        query = query.where(AUDIT.c.action == act)
    rows, newer, older = _page(store, query, AUDIT.c.id, cursor)
    return ListPage([AuditLine(r.id, r.who, r.action, r.target, r.at, r.reason) for r in rows], newer, older)


def closed_handoffs(store: Store, limit: int = 20) -> list[Handoff]:
    """The matters closed last."""
    query = select(HANDOFF).where(HANDOFF.c.closed_at.is_not(None)).order_by(HANDOFF.c.closed_at.desc()).limit(limit)
    return [
        Handoff(**row._mapping)  # noqa: SLF001 (SQLAlchemy's public name)
        for row in store.connection.execute(query)
    ]


def waiting(store: Store, pressing: Pressing) -> Waiting:
    """The numbers of the front page."""
    handoffs = select(func.count(), func.count().filter(HANDOFF.c.grave)).where(HANDOFF.c.closed_at.is_(None))
    open_count, grave = store.connection.execute(handoffs).one()
    aside = select(func.count()).where(INBOUND.c.state == literal_word(InboundState.SET_ASIDE))
    return Waiting(
        new_leads=store.leads.count(state=LeadState.NEW),
        late_leads=store.lead_work.late_count(pressing.limits, pressing.now, Work()),
        twins=store.lead_work.twin_count(),
        handoffs=open_count,
        grave=grave,
        set_aside=store.connection.execute(aside).scalar_one(),
    )


def village_table(store: Store, limit: int = 15) -> list[VillageLine]:
    """The villages with most leads, and how many are in which state."""
    top = (
        select(LEAD.c.village_code, func.count().label("total"))
        .where(LEAD.c.village_code.is_not(None))
        .group_by(LEAD.c.village_code)
        .order_by(func.count().desc(), LEAD.c.village_code)
        .limit(limit)
    )
    totals = {row.village_code: row.total for row in store.connection.execute(top)}
    states = select(LEAD.c.village_code, LEAD.c.state, func.count()).where(LEAD.c.village_code.in_(list(totals)))
    by_state: dict[str, dict[LeadState, int]] = {code: {} for code in totals}
    for code, state, count in store.connection.execute(states.group_by(LEAD.c.village_code, LEAD.c.state)):
        by_state[code][state] = count
    return [VillageLine(code, total, by_state[code]) for code, total in totals.items()]


def sending_trouble(store: Store, since: datetime) -> list[Trouble]:
    """What could not be sent since then, or is being tried again, by channel and reason; the most frequent first."""
    troubled = OUTBOX.c.state.in_([OutboxState.FAILED, OutboxState.UNKNOWN, OutboxState.DUE])
    query = (
        select(ADDRESS.c.channel, OUTBOX.c.reason, func.count().label("times"))
        .join(ADDRESS, ADDRESS.c.id == OUTBOX.c.address_id, isouter=True)
        .where(troubled, OUTBOX.c.reason.is_not(None), OUTBOX.c.made_at >= since)
        .where(OUTBOX.c.reason.not_in(_NO_TROUBLE))
        .group_by(ADDRESS.c.channel, OUTBOX.c.reason)
        .order_by(func.count().desc(), OUTBOX.c.reason)
    )
    return [Trouble(row.channel, row.reason, row.times) for row in store.connection.execute(query)]


def handoff_is_open(store: Store, handoff_id: int) -> bool:
    """Whether that matter is there and still open."""
    query = select(HANDOFF.c.id).where(HANDOFF.c.id == handoff_id, HANDOFF.c.closed_at.is_(None))
    return store.connection.execute(query).first() is not None


def is_set_aside(store: Store, inbound_id: int) -> bool:
    """Whether that message is there and still set aside."""
    query = select(INBOUND.c.id).where(INBOUND.c.id == inbound_id, INBOUND.c.state == InboundState.SET_ASIDE)
    return store.connection.execute(query).first() is not None


def _page(store: Store, query: Select[Any], key: Any, cursor: Cursor) -> tuple[list[AnyRow], int | None, int | None]:
    """One page, newest first. One row too many is asked for, to know whether there is a next page."""
    if cursor.after is not None:
        found = list(store.connection.execute(query.where(key > cursor.after).order_by(key).limit(PAGE + 1)))
        rows = found[:PAGE][::-1]
        more_newer, more_older = len(found) > PAGE, True
    else:
        older = query if cursor.before is None else query.where(key < cursor.before)
        found = list(store.connection.execute(older.order_by(key.desc()).limit(PAGE + 1)))
        rows = found[:PAGE]
        more_newer, more_older = cursor.before is not None, len(found) > PAGE
    if not rows:
        return [], None, None
    return rows, rows[0].id if more_newer else None, rows[-1].id if more_older else None


def _lead_line(row: AnyRow, pressing: Pressing) -> LeadLine:
    fields: Mapping[str, object] = row.fields or {}
    due = pressing.due(row.state, row.state_since)
    return LeadLine(
        id=row.id,
        number=row.number,
        name=str(fields.get(NAME_SLOT, "")),
        nik=masked(fields.get(NIK_SLOT)),
        village_code=row.village_code,
        state=row.state,
        submitted_at=row.submitted_at,
        duplicate_by=row.duplicate_by if row.state is not LeadState.CLOSED else None,
        assigned_to=row.assigned_to,
        due=due,
        late=due is not None and due < pressing.now,
    )


def _contact_line(row: AnyRow, consents: Mapping[Purpose, ConsentState]) -> ContactLine:
    return ContactLine(
        id=row.id,
        name=row.name,
        role=row.role,
        village_code=row.village_code,
        channel=row.channel,
        last_heard_at=row.last_inbound_at,
        blocked=row.blocked_at is not None,
        consents=consents,
    )


def _consents(store: Store, ids: Sequence[int]) -> dict[int, dict[Purpose, ConsentState]]:
    found: dict[int, dict[Purpose, ConsentState]] = {}
    if ids:
        query = select(CONSENT_CURRENT).where(CONSENT_CURRENT.c.contact_id.in_(ids))
        for row in store.connection.execute(query):
            found.setdefault(row.contact_id, {})[row.purpose] = row.state
    return found
