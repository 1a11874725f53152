"""What the sender asks about the people of one batch before anything leaves: one query for each question.

Nothing here reads more than the sender needs: no lead, no reminder, and a name only where several share a phone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, exists, literal_column, select

from flows.contact import Channel, ConsentState, Contact, Purpose, Village
from flows.outreach.sending_policy import Kind
from storage.columns import UtcDateTime, literal_word
from storage.repository import Repository
from storage.tables import ADDRESS, CONSENT_CURRENT, CONTACT, OUTBOX
from storage.words import PRIORITY, REACHED, OutboxState


@dataclass(frozen=True, slots=True)
class Told:
    """A reminder that somebody else on the same phone got, or is just being sent."""

    id: int
    state: OutboxState


@dataclass(frozen=True, slots=True)
class Lately:
    """What nobody asked for in particular: when it went to a person, whoever sent it, and how much is on its way."""

    sent: tuple[datetime, ...] = ()
    leaving: int = 0


class Recipients(Repository):
    """Questions about many at once."""

    __slots__ = ()

    def contacts(self, contact_ids: Collection[int]) -> dict[int, Contact]:
        """Each person as far as it decides about sending: village, consents, and the name if others share the phone."""
        consents: dict[int, dict[Purpose, ConsentState]] = {one: {} for one in contact_ids}
        for row in self._db.execute(_CONSENTS, {"people": list(consents)}):
            consents[row.contact_id][row.purpose] = row.state
        villages: dict[str, Village | None] = {}
        found: dict[int, Contact] = {}
        for row in self._db.execute(_PEOPLE, {"people": list(consents)}):
            code = row.village_code
            if code and code not in villages:
                villages[code] = self._village_of(code)
            found[row.id] = Contact(
                id=row.id,
                channel=row.channel or Channel.TERMINAL,
                name=row.name,
                village=villages.get(code) if code else None,
                consents=consents[row.id],
                shares_phone=bool(row.shares_phone),
            )
        return found

    def unasked_since(
        self, contact_ids: Collection[int], moment: datetime, *, apart_from: Collection[int] = ()
    ) -> dict[int, Lately]:
        """Unasked messages to each of these since then; of those on their way not the ones with these outbox ids."""
        people = list(set(contact_ids))
        sent: dict[int, list[datetime]] = {one: [] for one in people}
        for row in self._db.execute(_UNASKED_SENT, {"people": people, "moment": moment}):
            sent[row.contact_id].append(row.sent_at)
        own = set(apart_from)
        moving = self._db.execute(_UNASKED_LEAVING, {"people": people})
        leaving = Counter(row.contact_id for row in moving if row.id not in own)
        return {one: Lately(tuple(moments), leaving[one]) for one, moments in sent.items()}

    def told_on_phone(self, outbox_ids: Collection[int], moment: datetime) -> Mapping[int, list[Told]]:
        """By message: the reminders since then to somebody else on its phone, those that arrived first."""
        told: dict[int, list[Told]] = {one: [] for one in outbox_ids}
        for row in self._db.execute(_TOLD_ON_PHONE, {"messages": list(told), "moment": moment}):
            told[row.asks].append(Told(row.id, row.state))
        return told


_MATE = CONTACT.alias("mate")
_SHARES = exists().where(
    _MATE.c.address_id == CONTACT.c.address_id, _MATE.c.id != CONTACT.c.id, _MATE.c.erased_at.is_(None)
)
#: Built once, as all statements of the sender are.
_PEOPLE = (
    select(
        CONTACT.c.id,
        case((_SHARES, CONTACT.c.name)).label("name"),
        CONTACT.c.village_code,
        ADDRESS.c.channel,
        _SHARES.label("shares_phone"),
    )
    .join(ADDRESS, ADDRESS.c.id == CONTACT.c.address_id, isouter=True)
    .where(CONTACT.c.id.in_(bindparam("people", expanding=True)))
)
_CONSENTS = select(CONSENT_CURRENT.c.contact_id, CONSENT_CURRENT.c.purpose, CONSENT_CURRENT.c.state).where(
    CONSENT_CURRENT.c.contact_id.in_(bindparam("people", expanding=True))
)
_IS_UNASKED = OUTBOX.c.priority >= literal_column(str(PRIORITY[Kind.REMINDER]))
_THEIRS = OUTBOX.c.contact_id.in_(bindparam("people", expanding=True))
_UNASKED_SENT = select(OUTBOX.c.contact_id, OUTBOX.c.sent_at).where(
    _THEIRS,
    OUTBOX.c.sent_at.is_not(None),
    OUTBOX.c.sent_at >= bindparam("moment", type_=UtcDateTime),
    _IS_UNASKED,
)
_UNASKED_LEAVING = select(OUTBOX.c.id, OUTBOX.c.contact_id).where(
    _THEIRS, OUTBOX.c.state == literal_word(OutboxState.SENDING), _IS_UNASKED
)
_ASKS, _HERE, _OTHER = OUTBOX.alias("asks"), ADDRESS.alias("here"), ADDRESS.alias("other")
_TOLD_ON_PHONE = (
    select(_ASKS.c.id.label("asks"), OUTBOX.c.id, OUTBOX.c.state)
    .select_from(_ASKS)
    .join(_HERE, _HERE.c.id == _ASKS.c.address_id)
    .join(_OTHER, _OTHER.c.phone_hash == _HERE.c.phone_hash)
    .join(OUTBOX, OUTBOX.c.contact_id == _OTHER.c.contact_id)
    .where(
        _ASKS.c.id.in_(bindparam("messages", expanding=True)),
        _HERE.c.phone_hash.is_not(None),
        _OTHER.c.phone_hash.is_not(None),
        _OTHER.c.contact_id != _ASKS.c.contact_id,
        OUTBOX.c.kind == literal_word(Kind.REMINDER),
        OUTBOX.c.made_at >= bindparam("moment", type_=UtcDateTime),
        OUTBOX.c.state.in_([OutboxState.SENDING, *REACHED]),
    )
    .order_by(OUTBOX.c.sent_at.is_(None), OUTBOX.c.id)
)
