"""Messages as they came in: stored once, worked through one at a time per contact and in order.

A claim is a lease. It can be committed by itself (then a crash during the turn leaves an attempt on record and the
message comes back when the lease ends) or live inside the turn's own transaction (then a crash undoes it all).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, exists, func, or_, select, update

from flows.contact import Channel
from nlu.understanding import JsonValue
from storage.columns import UtcDateTime, literal_word
from storage.contacts import Contacts
from storage.repository import AnyRow, Repository, insert_into
from storage.tables import ADDRESS, CONTACT, INBOUND, UNREAD
from storage.words import InboundState

#: What a stored message holds. By custom: "kind" (a HeardKind), "text" and, for a tap, "label". A photo has the
#: platform's "file" until its turn, and once it was fetched "picture" (a number) or "fault".
Body = Mapping[str, JsonValue]


class Recorded(Enum):
    """Whether a message was new. A repeated webhook ends at ALREADY."""

    NEW = "new"
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message taken for its turn. `attempts` counts this one."""

    id: int
    contact_id: int
    address_id: int
    channel: Channel
    account: str
    body: dict[str, JsonValue]
    received_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """A message that could not be worked; staff see it."""

    id: int
    contact_id: int
    received_at: datetime
    attempts: int
    error_code: str | None


class Inbox(Repository):
    """Record, claim, finish."""

    __slots__ = ()

    def record(  # noqa: PLR0917 (what makes a message unique, then what it says)
        self, channel: Channel, account: str, external_id: str, address_id: int, body: Body, now: datetime
    ) -> Recorded:
        """Store a message once, whatever is delivered again."""
        made = self._db.execute(
            _record(self._db.dialect.name),
            {
                "channel": channel,
                "account": account,
                "external_hash": self._sealer.fingerprint("inbound", external_id),
                "address_id": address_id,
                "body": dict(body),
                "received_at": now,
                "at_address": address_id,
            },
        ).scalar()
        return Recorded.ALREADY if made is None else Recorded.NEW

    def keep_unread(self, channel: Channel, why: str, payload: str, now: datetime) -> None:
        """Keep a payload that no channel could read."""
        self._db.execute(UNREAD.insert().values(channel=channel, why=why, payload=payload, at=now))

    def claim(self, now: datetime, lease: timedelta) -> Claimed | None:
        """The oldest waiting message of a contact who has no turn running; None when there is none.

        A message that waits to be tried again holds back the same contact's later ones, so that order is kept.
        """
        found = self._db.execute(_NEXT, {"moment": now}).first()
        if found is None:
            return None
        contact_id = found.contact_id if found.erased_at is None else self._as_someone_new(found, now)
        mine = {"message": found.id, "contact": contact_id, "moment": now, "until": now + lease}
        row = self._db.execute(_TAKE, mine).first()
        if row is None:  # another process claimed for this contact between our two statements
            return None
        self._contacts().heard_from(row.contact_id, row.address_id, row.received_at)
        return _claimed(row)

    def done(self, claimed: Claimed) -> None:
        """The turn is over."""
        self._db.execute(_DONE, {"message": claimed.id})

    def hold(self, claimed: Claimed, until: datetime) -> None:
        """Something the message needs is fetched; should nobody bring it by then, it has its turn again."""
        self._db.execute(update(INBOUND).where(INBOUND.c.id == claimed.id).values(claimed_until=until))

    def still_held(self, claimed: Claimed, until: datetime) -> bool:
        """Whether the message still waits for what `hold` promised; locked for this transaction if it does."""
        held = (INBOUND.c.id == claimed.id, _waiting(INBOUND.c.state), INBOUND.c.claimed_until == until)
        return self._db.execute(select(INBOUND.c.id).where(*held).with_for_update()).first() is not None

    def bring(self, claimed: Claimed, body: Body) -> None:
        """What was fetched is here: the message has its turn, with this body."""
        ready = {"body": dict(body), "claimed_until": None, "attempts": 0}
        self._db.execute(update(INBOUND).where(INBOUND.c.id == claimed.id).values(ready))

    def forget_file(self, claimed: Claimed) -> None:
        """Nobody is to fetch a photo that nobody asked for."""
        body = {name: value for name, value in claimed.body.items() if name != "file"}
        if body != claimed.body:
            self._db.execute(update(INBOUND).where(INBOUND.c.id == claimed.id).values(body=body))

    def retry_later(self, claimed: Claimed, error: str, until: datetime) -> None:
        """The turn failed; the message comes back at `until`. `error` is a code, never a sentence."""
        again = {"claimed_until": until, "attempts": claimed.attempts, "error_code": error}
        self._db.execute(update(INBOUND).where(INBOUND.c.id == claimed.id).values(again))

    def set_aside(self, claimed: Claimed, error: str) -> None:
        """Give up and let staff see it; the contact's next message goes on."""
        self._settle(claimed.id, state=InboundState.SET_ASIDE, attempts=claimed.attempts, error_code=error)

    def replay(self, inbound_id: int) -> None:
        """Let a message set aside have another turn."""
        self._settle(inbound_id, state=InboundState.WAITING, attempts=0)

    def aside(self, limit: int = 100) -> list[SetAside]:
        """The messages set aside, oldest first."""
        columns = (INBOUND.c.id, INBOUND.c.contact_id, INBOUND.c.received_at, INBOUND.c.attempts, INBOUND.c.error_code)
        query = select(*columns).where(INBOUND.c.state == literal_word(InboundState.SET_ASIDE))
        return [SetAside(*row) for row in self._db.execute(query.order_by(INBOUND.c.id).limit(limit))]

    def is_waiting(self, contact_id: int) -> bool:
        """Whether a message of this contact still waits for its turn."""
        mine = (INBOUND.c.contact_id == contact_id, _waiting(INBOUND.c.state))
        return self._db.execute(select(INBOUND.c.id).where(*mine).limit(1)).first() is not None

    def waiting(self) -> int:
        """How many messages wait for their turn."""
        query = select(func.count()).select_from(INBOUND).where(_waiting(INBOUND.c.state))
        return self._db.execute(query).scalar_one()

    def _contacts(self) -> Contacts:
        return Contacts(self._db, self._sealer, self._village_of)

    def _as_someone_new(self, found: AnyRow, now: datetime) -> int:
        """Someone who was erased had written more: that begins anew, as from a person we don't know."""
        old = self._contacts().address(found.address_id)
        contact_id, address_id = self._contacts().find_or_make(old.channel, old.account, old.external_id or "", now)
        moved = {"contact_id": contact_id, "address_id": address_id}
        theirs = (INBOUND.c.contact_id == found.contact_id, _waiting(INBOUND.c.state))
        self._db.execute(update(INBOUND).where(*theirs).values(moved))
        return contact_id

    def _settle(self, inbound_id: int, **values: object) -> None:
        settled = {**values, "claimed_until": None}
        self._db.execute(update(INBOUND).where(INBOUND.c.id == inbound_id).values(settled))


def _waiting(state: ColumnElement[Any]) -> ColumnElement[bool]:
    return state == literal_word(InboundState.WAITING)


def _free() -> ColumnElement[bool]:
    return or_(INBOUND.c.claimed_until.is_(None), INBOUND.c.claimed_until <= bindparam("moment", type_=UtcDateTime))


@cache
def _record(dialect: str) -> Executable:
    """The message belongs to whoever owns the address at this moment."""
    owner = select(ADDRESS.c.contact_id).where(ADDRESS.c.id == bindparam("at_address")).scalar_subquery()
    insert = insert_into(INBOUND, dialect).values(contact_id=owner)
    once = insert.on_conflict_do_nothing(index_elements=["channel", "account", "external_hash"])
    return once.returning(INBOUND.c.id)


def _next() -> Executable:
    """The head of some contact's queue. PostgreSQL locks contact and message and passes over what others hold."""
    other = INBOUND.alias("other")
    ahead = exists().where(
        other.c.contact_id == INBOUND.c.contact_id, _waiting(other.c.state), other.c.id < INBOUND.c.id
    )
    return (
        select(INBOUND.c.id, INBOUND.c.contact_id, INBOUND.c.address_id, CONTACT.c.erased_at)
        .join(CONTACT, CONTACT.c.id == INBOUND.c.contact_id)
        .where(_waiting(INBOUND.c.state), _free(), ~ahead)
        .order_by(INBOUND.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True, of=(INBOUND, CONTACT))
    )


def _take() -> Executable:
    """Mark it as claimed, unless a message of this contact was claimed since: a new statement sees newer rows."""
    other = INBOUND.alias("other")
    running = exists().where(
        other.c.contact_id == bindparam("contact"),
        _waiting(other.c.state),
        other.c.id != bindparam("message"),
        other.c.claimed_until > bindparam("moment", type_=UtcDateTime),
    )
    return (
        update(INBOUND)
        .where(INBOUND.c.id == bindparam("message"), _waiting(INBOUND.c.state), _free(), ~running)
        .values(claimed_until=bindparam("until", type_=UtcDateTime), attempts=INBOUND.c.attempts + 1)
        .returning(INBOUND)
    )


#: Built once: putting a statement together costs more than running it.
_NEXT, _TAKE = _next(), _take()
_DONE = update(INBOUND).where(INBOUND.c.id == bindparam("message")).values(state=InboundState.DONE, claimed_until=None)


def _claimed(row: AnyRow) -> Claimed:
    return Claimed(
        id=row.id,
        contact_id=row.contact_id,
        address_id=row.address_id,
        channel=row.channel,
        account=row.account,
        body=row.body or {},
        received_at=row.received_at,
        attempts=row.attempts,
    )
