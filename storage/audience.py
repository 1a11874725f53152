"""Who would get an announcement, and why the others would not.

Forecast and freezing share these expressions, so what is promised is what happens.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
)

from flows.contact import Announcement, Audience, Channel, ConsentState, Purpose, VillageProgress
from flows.outreach.audience import VILLAGE_DOTS, Group, Leaving, Target
from flows.outreach.sending_policy import Reason
from storage.routes import address_route
from storage.tables import ADDRESS, BROADCAST, BROADCAST_PERSON, CONSENT_CURRENT, CONTACT, LEAD, OUTBOX
from storage.words import BroadcastState, EndReason, PersonState

#: What an official or a page shows as still to come or under way.
OPEN = (BroadcastState.WAITING, BroadcastState.SCHEDULED, BroadcastState.SENDING, BroadcastState.PAUSED)


def left_out_because(when: Leaving) -> ColumnElement[Any]:
    """The reason a person gets nothing, or NULL when they will get it."""
    consent = CONSENT_CURRENT.c.state
    cases: list[tuple[ColumnElement[bool], Any]] = [
        (ADDRESS.c.external_hash.is_(None), EndReason.NO_ADDRESS.value),
        (ADDRESS.c.blocked_at.is_not(None), Reason.BLOCKED.value),
        (consent.in_([ConsentState.WITHDRAWN, ConsentState.REFUSED]), Reason.OPTED_OUT.value),
        (or_(consent.is_(None), consent != ConsentState.GIVEN), Reason.NO_CONSENT.value),
    ]
    if when.most > 0:
        cases.append((_heard_enough(when), Reason.TOO_MANY.value))
    if not when.templates:
        cases.append((~_window_open(when), Reason.WINDOW_CLOSED.value))
    return case(*cases, else_=null())


def audience_of(query: Select[Any], target: Target, when: Leaving, *, without: int | None) -> Select[Any]:
    """The query, over everyone meant except the sender, with the tables `left_out_because` looks at."""
    agreed = and_(CONSENT_CURRENT.c.contact_id == CONTACT.c.id, CONSENT_CURRENT.c.purpose == Purpose.ANNOUNCEMENTS)
    people = CONTACT.outerjoin(ADDRESS, ADDRESS.c.id == CONTACT.c.address_id).outerjoin(CONSENT_CURRENT, agreed)
    query = query.select_from(people).where(CONTACT.c.erased_at.is_(None), _lives_in(target))
    if target.neighbourhoods:
        query = query.where(or_(*(_is_there(one) for one in target.neighbourhoods)))
    if target.languages:
        query = query.where(CONTACT.c.language.in_(target.languages))
    if _asks_of_lead(target):
        query = query.where(_newest_lead(target))
    query = _heard_lately(query, target, when)
    return query if without is None else query.where(CONTACT.c.id != without)


def groups(db: Connection, target: Target, when: Leaving, *, without: int | None) -> list[Group]:
    """Everyone meant, counted by what will become of their message."""
    route = case((ADDRESS.c.id.is_(None), ""), else_=address_route())
    columns = (
        route.label("route"),
        CONTACT.c.zone.label("zone"),
        left_out_because(when).label("reason"),
        case((_window_open(when), 1), else_=0).label("open"),
    )
    people = audience_of(select(*columns), target, when, without=without).subquery()
    query = select(people, func.count().label("people")).group_by(
        people.c.route, people.c.zone, people.c.reason, people.c.open
    )
    return [Group(row.route, row.zone, row.reason, bool(row.open), row.people) for row in db.execute(query)]


def forecast(db: Connection, target: Target, when: Leaving, *, without: int | None) -> Audience:
    """How many would get it, and how many not, by reason."""
    will, wont = 0, dict[str, int]()
    for group in groups(db, target, when, without=without):
        if group.reason is None:
            will += group.people
        else:
            wont[group.reason] = wont.get(group.reason, 0) + group.people
    return Audience(will=will, wont=wont)


def forecast_by_work(db: Connection, target: Target, when: Leaving, *, without: int | None) -> dict[str, Audience]:
    """The same for each kind of work that people's last leads name."""
    newest = select(func.max(LEAD.c.id)).where(LEAD.c.contact_id == CONTACT.c.id).correlate(CONTACT).scalar_subquery()
    columns = (LEAD.c.occupation.label("work"), left_out_because(when).label("reason"))
    people = audience_of(select(*columns), target, when, without=without)
    people = people.join_from(CONTACT, LEAD, LEAD.c.id == newest).where(LEAD.c.occupation.is_not(None))
    each = people.subquery()
    query = select(each, func.count().label("people")).group_by(each.c.work, each.c.reason)
    will: dict[str, int] = {}
    wont: dict[str, dict[str, int]] = {}
    for row in db.execute(query):
        if row.reason is None:
            will[row.work] = row.people
        else:
            wont.setdefault(row.work, {})[row.reason] = row.people
    return {work: Audience(will.get(work, 0), wont.get(work, {})) for work in sorted({*will, *wont})}


def announcement_of(db: Connection, contact_id: int) -> Announcement | None:
    """The newest announcement this contact made that is still to come or under way."""
    mine = (BROADCAST.c.made_by_contact == contact_id, BROADCAST.c.made_by_contact.is_not(None))
    query = select(BROADCAST.c.id, BROADCAST.c.state, BROADCAST.c.will).where(*mine)
    row = db.execute(query.order_by(BROADCAST.c.id.desc()).limit(1)).first()
    if row is None or row.state not in OPEN:
        return None
    waiting = (BROADCAST_PERSON.c.broadcast_id == row.id, BROADCAST_PERSON.c.state == PersonState.QUEUED)
    left = int(db.execute(select(func.count()).select_from(BROADCAST_PERSON).where(*waiting)).scalar_one())
    return Announcement(row.id, row.state.value, row.will, max(row.will - left, 0))


def progress(db: Connection, village_code: str) -> VillageProgress:
    """A village's counts, no names."""
    here = (CONTACT.c.village_code == village_code) & CONTACT.c.erased_at.is_(None)
    contacts = db.execute(select(func.count()).select_from(CONTACT).where(here)).scalar_one()
    query = select(LEAD.c.state, func.count()).where(LEAD.c.village_code == village_code).group_by(LEAD.c.state)
    by_state = {row[0].value: row[1] for row in db.execute(query)}
    return VillageProgress(contacts=contacts, leads=sum(by_state.values()), leads_by_state=by_state)


def _lives_in(target: Target) -> ColumnElement[bool]:
    """By the village tree: a village by its code, everything above by how the code begins."""
    villages = [area for area in target.areas if area.count(".") == VILLAGE_DOTS]
    above = [area for area in target.areas if area.count(".") != VILLAGE_DOTS]
    within = [CONTACT.c.village_code.like(f"{area}.%") for area in above]
    if villages:
        within.append(CONTACT.c.village_code.in_(villages))
    return or_(*within) if within else false()


def _is_there(neighbourhood: str) -> ColumnElement[bool]:
    """RT 3 of RW 2 is "3/2"; all of RW 2 is "/2"."""
    rt, _, rw = neighbourhood.partition("/")
    return and_(CONTACT.c.rw == rw, CONTACT.c.rt == rt) if rt else CONTACT.c.rw == rw


def _asks_of_lead(target: Target) -> bool:
    return bool(target.occupations or target.sectors or target.programs or target.lead_states)


def _newest_lead(target: Target) -> ColumnElement[bool]:
    """Whether the person's last lead is of the kinds asked for."""
    newest = select(func.max(LEAD.c.id)).where(LEAD.c.contact_id == CONTACT.c.id).correlate(CONTACT).scalar_subquery()
    wanted = (
        (LEAD.c.occupation, target.occupations),
        (LEAD.c.sector, target.sectors),
        (LEAD.c.program, target.programs),
        (LEAD.c.state, target.lead_states),
    )
    return exists().where(LEAD.c.id == newest, *(column.in_(values) for column, values in wanted if values))


def _heard_lately(query: Select[Any], target: Target, when: Leaving) -> Select[Any]:
    """The query narrowed to when people wrote last."""
    if target.heard_within_days is not None:
        query = query.where(ADDRESS.c.last_inbound_at >= when.now - timedelta(days=target.heard_within_days))
    if target.silent_for_days is not None:
        silent = ADDRESS.c.last_inbound_at < when.now - timedelta(days=target.silent_for_days)
        query = query.where(or_(ADDRESS.c.last_inbound_at.is_(None), silent))
    return query


def _heard_enough(when: Leaving) -> ColumnElement[bool]:
    """Whether so many unasked messages went to the person lately, whoever sent them, that none has room in time."""
    lately = (
        select(func.count())
        .select_from(OUTBOX)
        .where(
            OUTBOX.c.contact_id == CONTACT.c.id,
            OUTBOX.c.priority >= literal_column("2"),
            OUTBOX.c.sent_at.is_not(None),
            OUTBOX.c.sent_at > when.counted_since,
        )
        .correlate(CONTACT)
        .scalar_subquery()
    )
    return lately >= when.most


def _window_open(when: Leaving) -> ColumnElement[bool]:
    heard = and_(ADDRESS.c.last_inbound_at.is_not(None), ADDRESS.c.last_inbound_at > when.open_since)
    return or_(ADDRESS.c.channel != Channel.WHATSAPP, heard)
