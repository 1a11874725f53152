"""Everything held about one person, for the copy they may ask for (UU 27/2022) and for the count of what was erased.

A test proves that every table with a column for a contact or a lead is either listed here or left out with a reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, func, or_, select

from storage.conversation import Line, conversation
from storage.repository import NotFound, Repository
from storage.tables import (
    ADDRESS,
    AUDIT,
    BROADCAST,
    CONSENT,
    CONTACT,
    GATHERING,
    GATHERING_INPUT,
    GATHERING_PERSON,
    HANDOFF,
    INBOUND,
    LEAD,
    LEAD_MOVE,
    NOT_UNDERSTOOD,
    NOTICE,
    OUTBOX,
    REMINDER,
    SESSION,
)

Row = Mapping[str, Any]

#: What the copy shows of each table, in the order a person reads it.
SECTIONS: Mapping[str, tuple[Table, tuple[str, ...]]] = {
    "person": (CONTACT, ("name", "role", "village_code", "zone", "rt", "rw", "language", "created_at", "erased_at")),
    "addresses": (ADDRESS, ("channel", "account", "external_id", "phone", "blocked_at", "last_inbound_at")),
    "consents": (CONSENT, ("purpose", "state", "version", "at", "via")),
    "leads": (
        LEAD,
        (
            "number",
            "state",
            "submitted_at",
            "consent_version",
            "village_code",
            "official_number",
            "close_reason",
            "fields",
        ),
    ),
    "moves": (LEAD_MOVE, ("from_state", "to_state", "by", "at", "note")),
    "views": (AUDIT, ("action", "who", "at", "reason")),
    "reminder": (REMINDER, ("kind", "day", "hour", "plan", "next_due_at", "paused_at", "stopped_at")),
    "draft": (SESSION, ("state",)),
    "handoffs": (HANDOFF, ("reason", "grave", "opened_at", "closed_at")),
    "not_understood": (NOT_UNDERSTOOD, ("text", "at")),
    "notices": (NOTICE, ("kind", "payload", "made_at")),
    "gatherings": (GATHERING_PERSON, ("gathering_id", "attending", "answered_at", "checked_in_at", "useful")),
    "gathering_inputs": (GATHERING_INPUT, ("gathering_id", "role", "question", "answer", "at")),
    "gatherings_made": (GATHERING, ("title", "place", "starts_at", "created_at")),
    "announcements": (BROADCAST, ("text", "village_code", "created_at")),
}
#: Tables about a person that the copy shows in another way, or that repeat what it shows.
ELSEWHERE: Mapping[str, str] = {
    "inbound": "as messages",
    "outbox": "as messages",
    "consent_current": "the newest lines of consent",
    "join_code": "a keyed hash of a code that is worth something for minutes",
    "lead_draft": "what the person wrote for somebody else, who has not agreed yet: that person's, for hours",
    "passing_talk": "says only which messages are blanked within minutes",
    "broadcast_person": "what was sent is among the messages; the rest says only that nothing was",
}


@dataclass(frozen=True, slots=True, repr=False)
class Held:
    """All of it: rows by section, and the conversation."""

    contact_id: int
    rows: Mapping[str, Sequence[Row]]
    messages: Sequence[Line]

    @property
    def numbers(self) -> list[str]:
        """The receipt numbers."""
        return [row["number"] for row in self.rows["leads"]]


class Personal(Repository):
    """Find a person, and gather what is held about them."""

    __slots__ = ()

    def find(self, who: str) -> int:
        """The contact with this number or with this receipt number.

        Raises:
            NotFound: there is none.
        """
        query = select(CONTACT.c.id).where(CONTACT.c.id == int(who)) if who.isdecimal() else _by_receipt(who)
        found = self._db.scalar(query)
        if found is None:
            raise NotFound
        return int(found)

    def held(self, contact_id: int) -> Held:
        """Everything held about the contact."""
        leads = list(self._db.scalars(select(LEAD.c.id).where(LEAD.c.contact_id == contact_id)))
        rows = {name: self._rows(table, columns, contact_id, leads) for name, (table, columns) in SECTIONS.items()}
        rows["draft"] = [json.loads(row["state"]) for row in rows["draft"]]
        return Held(contact_id, rows, conversation(self._db, contact_id, self._message_count(contact_id)))

    def message_count(self, contact_id: int) -> int:
        """How many rows of messages there are, with or without words."""
        return self._message_count(contact_id)

    def _rows(self, table: Table, columns: Sequence[str], contact_id: int, leads: Sequence[int]) -> Sequence[Row]:
        query = select(*(table.c[name] for name in columns)).where(_about(table, contact_id, leads))
        order = table.c.id if "id" in table.c else table.c.contact_id
        return [dict(row) for row in self._db.execute(query.order_by(order)).mappings()]

    def _message_count(self, contact_id: int) -> int:
        count = 0
        for table in (INBOUND, OUTBOX):
            query = select(func.count()).select_from(table).where(table.c.contact_id == contact_id)
            count += int(self._db.execute(query).scalar_one())
        return count


def _by_receipt(number: str) -> Any:
    return select(LEAD.c.contact_id).where(LEAD.c.number == number.strip().upper())


def _about(table: Table, contact_id: int, leads: Sequence[int]) -> ColumnElement[bool]:
    if table is CONTACT:
        return table.c.id == contact_id
    if table is LEAD_MOVE:
        return table.c.lead_id.in_(leads)
    if table in (BROADCAST, GATHERING):
        return table.c.made_by_contact == contact_id
    if table is AUDIT:
        return or_(table.c.target == f"contact:{contact_id}", table.c.target.in_([f"lead:{lead}" for lead in leads]))
    return table.c.contact_id == contact_id
