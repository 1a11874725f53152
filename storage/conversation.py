"""A contact's conversation as it was had: what they wrote and what we wrote, merged in order.

The console shows all of it, with what became of each message; the web chat asks only for what is new since a cursor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from flows.outreach.sending_policy import Kind
from nlu.understanding import JsonValue
from storage.repository import AnyRow
from storage.tables import BROADCAST, INBOUND, OUTBOX
from storage.words import OutboxState

#: One button as shown: at least "id" and "label".
Tap = Mapping[str, JsonValue]

_SHOWN = (OutboxState.SENT, OutboxState.DELIVERED, OutboxState.READ)


class Who(Enum):
    """Who said it."""

    PERSON = "person"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a conversation. For a person's tap, `text` is the label they saw; opening the chat has none."""

    id: int
    who: Who
    at: datetime
    text: str
    taps: tuple[Tap, ...] = ()
    image: str | None = None
    slots: Mapping[str, JsonValue] = field(default_factory=dict)
    reply: str | None = None  # key of the reply; only ours, as all below
    kind: Kind | None = None
    state: OutboxState | None = None
    reason: str | None = None
    inbound_id: int | None = None  # the message it answers
    message_id: str | None = None  # only theirs: the id their channel gave it
    cursor: str | None = None  # where `new_since` goes on; only once sent


def conversation(db: Connection, contact_id: int, limit: int) -> list[Line]:
    """The last messages of both sides, oldest first."""
    heard = select(INBOUND).where(INBOUND.c.contact_id == contact_id).order_by(INBOUND.c.id.desc()).limit(limit)
    said = _said(contact_id).order_by(OUTBOX.c.id.desc()).limit(limit)
    ordered = [(_heard_order(row), _heard(row)) for row in db.execute(heard)]
    ordered += [(_said_order(row), _line(row)) for row in db.execute(said)]
    return [line for _, line in sorted(ordered, key=lambda pair: pair[0])][-limit:]


def new_since(db: Connection, contact_id: int, cursor: str | None, limit: int) -> list[Line]:
    """What was sent to the contact after the line with this cursor, in the order of sending."""
    query = _said(contact_id).where(OUTBOX.c.state.in_(_SHOWN))
    if cursor is not None:
        moment, _, last = cursor.partition("|")
        at = datetime.fromisoformat(moment)
        query = query.where(or_(OUTBOX.c.sent_at > at, and_(OUTBOX.c.sent_at == at, OUTBOX.c.id > int(last))))
    return [_line(row) for row in db.execute(query.order_by(OUTBOX.c.sent_at, OUTBOX.c.id).limit(limit))]


def said_line(db: Connection, contact_id: int, outbox_id: int) -> Line | None:
    """One message of ours to this contact, once it was sent."""
    query = _said(contact_id).where(OUTBOX.c.id == outbox_id, OUTBOX.c.state.in_(_SHOWN))
    row = db.execute(query).first()
    return _line(row) if row else None


def heard_since(db: Connection, contact_id: int, moment: datetime, limit: int) -> list[Line]:
    """What the contact wrote after that moment, oldest first."""
    query = select(INBOUND).where(INBOUND.c.contact_id == contact_id, INBOUND.c.received_at > moment)
    newest = query.order_by(INBOUND.c.id.desc()).limit(limit)
    return [_heard(row) for row in reversed(db.execute(newest).all())]


def _said(contact_id: int) -> Select[Any]:
    return (
        select(OUTBOX, BROADCAST.c.text.label("announcement"))
        .join(BROADCAST, BROADCAST.c.id == OUTBOX.c.broadcast_id, isouter=True)
        .where(OUTBOX.c.contact_id == contact_id)
    )


def _heard(row: AnyRow) -> Line:
    body = row.body or {}
    return Line(
        id=row.id,
        who=Who.PERSON,
        at=row.received_at,
        text="" if body.get("kind") == "start" else str(body.get("label") or body.get("text") or ""),
        message_id=str(body["message_id"]) if body.get("message_id") else None,
    )


def _line(row: AnyRow) -> Line:
    return Line(
        id=row.id,
        who=Who.BOT,
        at=row.sent_at or row.due_at,
        text=(row.announcement if row.body is None else row.body) or "",
        taps=tuple(row.taps or ()),
        image=row.image,
        slots=row.slots or {},
        reply=row.reply,
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        inbound_id=row.inbound_id,
        cursor=f"{row.sent_at.isoformat()}|{row.id}" if row.sent_at else None,
    )


def _heard_order(row: AnyRow) -> tuple[datetime, int, int, int]:
    return row.received_at, row.id, 0, row.id


def _said_order(row: AnyRow) -> tuple[datetime, int, int, int]:
    """At one and the same moment a reply follows the message it answers."""
    return row.sent_at or row.due_at, row.inbound_id or 0, 1, row.id
