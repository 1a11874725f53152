"""Who of a village would get an announcement, and why the others would not.

Forecast and freezing share these expressions, so what an official is promised is what happens.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, null, select

from flows.contact import Audience, ConsentState, Purpose, VillageProgress
from flows.outreach.sending_policy import Reason
from storage.tables import ADDRESS, CONSENT_CURRENT, CONTACT, LEAD
from storage.words import EndReason


def left_out_because() -> ColumnElement[Any]:
    """The reason a person gets nothing, or NULL when they will get it."""
    consent = CONSENT_CURRENT.c.state
    return case(
        (ADDRESS.c.external_hash.is_(None), EndReason.NO_ADDRESS.value),
        (ADDRESS.c.blocked_at.is_not(None), Reason.BLOCKED.value),
        (consent.in_([ConsentState.WITHDRAWN, ConsentState.REFUSED]), Reason.OPTED_OUT.value),
        (consent == ConsentState.GIVEN, null()),
        else_=Reason.NO_CONSENT.value,
    )


def audience_of(query: Select[Any], village_code: str, *, without: int | None) -> Select[Any]:
    """The query, over everyone of the village except the sender, with the tables `left_out_because` looks at."""
    agreed = and_(CONSENT_CURRENT.c.contact_id == CONTACT.c.id, CONSENT_CURRENT.c.purpose == Purpose.ANNOUNCEMENTS)
    people = CONTACT.outerjoin(ADDRESS, ADDRESS.c.id == CONTACT.c.address_id).outerjoin(CONSENT_CURRENT, agreed)
    query = query.select_from(people).where(CONTACT.c.village_code == village_code, CONTACT.c.erased_at.is_(None))
    return query if without is None else query.where(CONTACT.c.id != without)


def forecast(db: Connection, village_code: str, *, without: int | None) -> Audience:
    """How many of the village will get an announcement, and how many won't, by reason. The sender isn't counted."""
    people = audience_of(select(left_out_because().label("reason")), village_code, without=without).subquery()
    query = select(people.c.reason, func.count()).group_by(people.c.reason)
    counts: dict[str | None, int] = {row[0]: row[1] for row in db.execute(query)}
    return Audience(will=counts.pop(None, 0), wont={str(reason): count for reason, count in counts.items()})


def progress(db: Connection, village_code: str) -> VillageProgress:
    """A village's counts, no names."""
    here = (CONTACT.c.village_code == village_code) & CONTACT.c.erased_at.is_(None)
    contacts = db.execute(select(func.count()).select_from(CONTACT).where(here)).scalar_one()
    query = select(LEAD.c.state, func.count()).where(LEAD.c.village_code == village_code).group_by(LEAD.c.state)
    by_state = {row[0].value: row[1] for row in db.execute(query)}
    return VillageProgress(contacts=contacts, leads=sum(by_state.values()), leads_by_state=by_state)
