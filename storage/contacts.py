"""Who we talk with, and where: contacts and their addresses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Executable, Select, and_, bindparam, case, exists, func, select, text, update

from flows.contact import Audience, Channel, ConsentState, Contact, LeadSummary, PhoneMate, Purpose, ReminderPlan, Role
from flows.outreach.audience import Leaving, Target
from storage.audience import announcement_of, forecast, forecast_by_work, progress
from storage.columns import UtcDateTime, literal_word
from storage.reminders import Reminders, plan_from_json
from storage.repository import AnyRow, NotFound, Repository, insert_into
from storage.tables import ADDRESS, CONSENT_CURRENT, CONTACT, INBOUND, LEAD, OUTBOX, REMINDER
from storage.words import InboundState, OutboxState, Promise

#: Where a person's id may be their phone number.
_NAMED_BY_NUMBER = frozenset({Channel.WHATSAPP})
_ZONE_UNTIL_KNOWN = "Asia/Jakarta"


@dataclass(frozen=True, slots=True)
class AddressView:
    """Where a contact is reached. `external_id` is None once erased."""

    id: int
    contact_id: int
    channel: Channel
    account: str
    external_id: str | None
    blocked_at: datetime | None
    last_inbound_at: datetime | None


@dataclass(frozen=True, slots=True)
class Corner:
    """Where in a village somebody lives, without leading zeros, and what they speak ("jv"); None is not known."""

    rt: str | None = None
    rw: str | None = None
    language: str | None = None


class Contacts(Repository):
    """Contacts, their addresses, and the view of a person that one turn needs."""

    __slots__ = ()

    def find_or_make(
        self, channel: Channel, account: str, external_id: str, now: datetime, *, phone: str | None = None
    ) -> tuple[int, int]:
        """The contact and address of this id, made on first sight. Returns (contact id, address id).

        Args:
            channel: where they write.
            account: to which account of ours.
            external_id: their id there.
            now: for a contact made now.
            phone: their number in E.164, where the channel tells it. A platform may name one person now by number, now
                by an id: the address then gets the id, and is found by either.
        """
        known = self._address_of(channel, account, external_id)
        if known is not None and known.erased_at is None:
            self._keep_phone(known.id, phone)
            return known.contact_id, known.id
        if phone is not None and channel in _NAMED_BY_NUMBER:
            self._one_by_one(phone)
            named_otherwise = self._under_number(channel, account, external_id, phone)
            if named_otherwise is not None:
                return named_otherwise.contact_id, named_otherwise.id
        if known is not None:
            self._forget_address(known.id)
        made = self._make(channel, account, external_id, now)
        if made is None:  # another process met the same person this very moment
            return self.find_or_make(channel, account, external_id, now, phone=phone)
        if known is not None:
            self._redirect(known.id, made[1])
        self._keep_phone(made[1], phone)
        return made

    def make_on_paper(self, name: str, village: str | None, now: datetime) -> int:
        """A contact who agreed on paper and has not written to us: a name and a village, nowhere to send to."""
        made = CONTACT.insert().values(created_at=now, name=name).returning(CONTACT.c.id)
        contact_id = int(self._db.execute(made).scalar_one())
        self.learn(contact_id, village=village)
        return contact_id

    def mates(self, contact_id: int) -> tuple[PhoneMate, ...]:
        """Who else uses the contact's chat, in the order they came."""
        return tuple(
            PhoneMate(row.id, row.name, _lead(row)) for row in self._db.execute(_MATES, {"contact": contact_id})
        )

    def add_beside(self, address_id: int, village: str | None, now: datetime) -> int:
        """Somebody new who uses the same chat as others; `put_in_front` then gives them the phone. Returns the id."""
        made = CONTACT.insert().values(created_at=now, address_id=address_id).returning(CONTACT.c.id)
        contact_id = int(self._db.execute(made).scalar_one())
        self.learn(contact_id, village=village)
        return contact_id

    def put_in_front(self, address_id: int, contact_id: int) -> None:
        """From now on what comes from there is said by this contact, also what waits for its turn."""
        self._db.execute(update(ADDRESS).where(ADDRESS.c.id == address_id).values(contact_id=contact_id))
        waiting = (INBOUND.c.address_id == address_id, INBOUND.c.state == literal_word(InboundState.WAITING))
        later = (INBOUND.c.claimed_until.is_(None), INBOUND.c.contact_id != contact_id)
        self._db.execute(update(INBOUND).where(*waiting, *later).values(contact_id=contact_id))

    def leave(self, contact_id: int, address_id: int, now: datetime) -> int:
        """The contact is no longer reached there. Returns who has the phone now: a mate, or somebody not known yet."""
        others = self.mates(contact_id)
        self._change(contact_id, address_id=None)
        front = others[0].id if others else self.add_beside(address_id, None, now)
        self.put_in_front(address_id, front)
        return front

    def hand_over(self, contact_id: int) -> int | None:
        """Before a contact is erased: a phone that others use too goes to one of them. Returns who, None if nobody."""
        others = self.mates(contact_id)
        row = self._row_of(contact_id)
        if not others or row is None:
            return None
        self._db.execute(update(ADDRESS).where(ADDRESS.c.id == row.address_id).values(contact_id=others[0].id))
        return others[0].id

    def _row_of(self, contact_id: int) -> AnyRow | None:
        return self._db.execute(select(CONTACT.c.address_id).where(CONTACT.c.id == contact_id)).first()

    def find(
        self, channel: Channel, account: str, external_id: str, *, even_erased: bool = False
    ) -> tuple[int, int] | None:
        """The contact and address of this id, if we know it and it wasn't erased.

        With `even_erased` also one whose receipt of erasure is still on its way to the page that asks.
        """
        known = self._address_of(channel, account, external_id)
        if known is None or (known.erased_at is not None and not even_erased):
            return None
        return known.contact_id, known.id

    def exists(self, contact_id: int) -> bool:
        """Whether there is a contact with this id that wasn't erased."""
        query = select(CONTACT.c.id).where(CONTACT.c.id == contact_id, CONTACT.c.erased_at.is_(None))
        return self._db.execute(query).first() is not None

    def view(self, contact_id: int, *, leaving: Leaving | None = None) -> Contact:
        """The person as one turn needs them; officials get their village's numbers too, if a message left like that.

        Raises:
            NotFound: there is no such contact.
        """
        row = self._row(contact_id)
        village = self._village_of(row.village_code) if row.village_code else None
        official = leaving is not None and row.role is Role.OFFICIAL and village is not None
        return Contact(
            id=contact_id,
            channel=row.channel or Channel.TERMINAL,
            role=row.role,
            name=row.name,
            phone=row.phone,
            village=village,
            consents=self._consents(contact_id),
            reminder=_reminder(row),
            lead=_lead(row),
            audience=self._audience(row.village_code, leaving, contact_id) if official and leaving else None,
            announcement=announcement_of(self._db, contact_id) if official else None,
            progress=progress(self._db, row.village_code) if official else None,
            last_heard_at=row.last_inbound_at,
            shares_phone=bool(row.shares_phone),
        )

    def _audience(self, village_code: str, leaving: Leaving, official: int) -> Audience:
        return forecast(self._db, Target((village_code,)), leaving, without=official)

    def with_works(self, contact: Contact, leaving: Leaving) -> Contact:
        """The official with the forecast of their village by kind of work."""
        if contact.audience is None or contact.village is None:
            return contact
        target = Target((contact.village.code,))
        by_work = forecast_by_work(self._db, target, leaving, without=contact.id)
        return replace(contact, audience=replace(contact.audience, by_work=by_work))

    def learn(
        self, contact_id: int, *, village: str | None = None, name: str | None = None, phone: str | None = None
    ) -> None:
        """Keep what outlives the conversation; what is None stays as it was."""
        if name is not None:
            self._change(contact_id, name=name)
        if village is not None:
            place = self._village_of(village)
            stays = CONTACT.c.village_code == village  # an RT is one of its village
            there = {name: case((stays, CONTACT.c[name])) for name in ("rt", "rw")}
            self._change(contact_id, village_code=village, zone=place.zone.key if place else None, **there)
            Reminders(self._db, self._sealer, self._village_of).follow_zone(contact_id)
        if phone is not None:
            known = {"phone": phone, "phone_hash": self._phone_mark(phone)}
            here = select(CONTACT.c.address_id).where(CONTACT.c.id == contact_id).scalar_subquery()
            self._db.execute(update(ADDRESS).where(ADDRESS.c.id == here).values(known))

    def set_role(self, contact_id: int, role: Role) -> None:
        """Make a contact an official, or a worker again."""
        self._change(contact_id, role=role)

    def address(self, address_id: int) -> AddressView:
        """One address.

        Raises:
            NotFound: there is no such address.
        """
        row = self._db.execute(select(ADDRESS).where(ADDRESS.c.id == address_id)).first()
        if row is None:
            raise NotFound
        return _address(row)

    def corner(self, contact_id: int) -> Corner:
        """What staff noted of where in the village the person lives, and of their language."""
        row = self._db.execute(select(CONTACT.c.rt, CONTACT.c.rw, CONTACT.c.language).where(CONTACT.c.id == contact_id))
        found = row.first()
        return Corner(*found) if found else Corner()

    def note_corner(self, contact_id: int, corner: Corner) -> None:
        """Note it, or with None that it is not known."""
        self._change(contact_id, rt=corner.rt, rw=corner.rw, language=corner.language)

    def current_address(self, contact_id: int) -> AddressView | None:
        """Where the contact last wrote from."""
        query = select(ADDRESS).join(CONTACT, CONTACT.c.address_id == ADDRESS.c.id).where(CONTACT.c.id == contact_id)
        row = self._db.execute(query).first()
        return _address(row) if row else None

    def mark_blocked(self, address_id: int, now: datetime) -> None:
        """The person blocked us there; a message from them lifts it."""
        self._db.execute(update(ADDRESS).where(ADDRESS.c.id == address_id).values(blocked_at=now))

    def move(self, channel: Channel, account: str, old_id: str, new_id: str) -> bool:
        """The platform gave the person a new id. False when the old one is unknown or the new one is taken."""
        known = self.find(channel, account, old_id)
        if known is None or self._address_of(channel, account, new_id) is not None:
            return False
        moved = {"external_id": new_id, "external_hash": self._sealer.fingerprint("address", new_id)}
        self._db.execute(update(ADDRESS).where(ADDRESS.c.id == known[1]).values(moved))
        return True

    def heard_from(self, contact_id: int, address_id: int, at: datetime) -> None:
        """Note that the person wrote from here just then: it becomes their address and is not blocked."""
        self._db.execute(_HEARD, {"address": address_id, "at": at})
        self._db.execute(_WRITES_FROM, {"contact": contact_id, "here": address_id})

    def _address_of(self, channel: Channel, account: str, external_id: str) -> AnyRow | None:
        mark = self._sealer.fingerprint("address", external_id)
        return self._db.execute(_ADDRESS_OF, {"channel": channel, "account": account, "mark": mark}).first()

    def _under_number(self, channel: Channel, account: str, external_id: str, phone: str) -> AnyRow | None:
        """The same person under another name. Two ids with one number are two people: the number was passed on."""
        number = phone.removeprefix("+")
        if external_id == number:  # we may know them by an id
            return self._db.execute(
                _ADDRESS_WITH_PHONE,
                {"channel": channel, "account": account, "phone": self._phone_mark(phone)},
            ).first()
        known = self._address_of(channel, account, number)
        if known is None or known.erased_at is not None:
            return None
        renamed = {"external_id": external_id, "external_hash": self._sealer.fingerprint("address", external_id)}
        self._db.execute(update(ADDRESS).where(ADDRESS.c.id == known.id).values(renamed))
        self._keep_phone(known.id, phone)
        return known

    def _keep_phone(self, address_id: int, phone: str | None) -> None:
        if phone is not None:
            self._db.execute(_PHONE_IS, {"address": address_id, "number": phone, "mark": self._phone_mark(phone)})

    def _phone_mark(self, phone: str) -> bytes:
        return self._sealer.fingerprint("phone", phone)

    def _one_by_one(self, phone: str) -> None:
        """Until the transaction ends nobody else looks for this number: it would be met twice, by number and by id.

        SQLite has one writer anyway.
        """
        if self._db.dialect.name == "postgresql":
            key = int.from_bytes(self._phone_mark(phone)[:8], signed=True)
            self._db.execute(_NUMBER_LOCK, {"key": key})

    def _make(self, channel: Channel, account: str, external_id: str, now: datetime) -> tuple[int, int] | None:
        """None: the address is there already."""
        contact_id = int(self._db.execute(_NEW_CONTACT, {"created_at": now}).scalar_one())
        where = {
            "channel": channel,
            "account": account,
            "external_id": external_id,
            "external_hash": self._sealer.fingerprint("address", external_id),
            "contact_id": contact_id,
        }
        made = self._db.execute(_new_address(self._db.dialect.name), where).scalar()
        if made is None:
            self._db.execute(CONTACT.delete().where(CONTACT.c.id == contact_id))
            return None
        self._db.execute(_WRITES_FROM, {"contact": contact_id, "here": made})
        return contact_id, made

    def _forget_address(self, address_id: int) -> None:
        blank = {"external_id": None, "external_hash": None, "phone": None, "phone_hash": None}
        self._db.execute(update(ADDRESS).where(ADDRESS.c.id == address_id).values(blank))

    def _redirect(self, old: int, new: int) -> None:
        """An erased person wrote again before their receipt left: it still has to reach them."""
        waiting = OUTBOX.c.state.in_([OutboxState.DUE, OutboxState.SENDING])
        self._db.execute(update(OUTBOX).where(OUTBOX.c.address_id == old, waiting).values(address_id=new))

    def _change(self, contact_id: int, **values: object) -> None:
        self._db.execute(update(CONTACT).where(CONTACT.c.id == contact_id).values(values))

    def _row(self, contact_id: int) -> AnyRow:
        row = self._db.execute(_PERSON, {"contact": contact_id}).first()
        if row is None:
            raise NotFound
        return row

    def _consents(self, contact_id: int) -> dict[Purpose, ConsentState]:
        return {row.purpose: row.state for row in self._db.execute(_CONSENTS, {"contact": contact_id})}


def _reminder(row: AnyRow) -> ReminderPlan | None:
    return plan_from_json(row.day, row.hour, row.plan) if row.day is not None else None


def _lead(row: AnyRow) -> LeadSummary | None:
    if row.number is None:
        return None
    day = row.submitted_at.astimezone(ZoneInfo(row.zone or _ZONE_UNTIL_KNOWN)).date()
    return LeadSummary(row.number, row.state, day)


@cache
def _new_address(dialect: str) -> Executable:
    once = insert_into(ADDRESS, dialect).on_conflict_do_nothing(index_elements=["channel", "account", "external_hash"])
    return once.returning(ADDRESS.c.id)


def _person() -> Select[Any]:
    """All that is one row per person: where they write from, their reminder, their newest lead."""
    theirs = LEAD.alias("theirs")
    newest = select(func.max(theirs.c.id)).where(theirs.c.contact_id == CONTACT.c.id).scalar_subquery()
    mate = CONTACT.alias("mate")
    shares = exists().where(
        mate.c.address_id == CONTACT.c.address_id, mate.c.id != CONTACT.c.id, mate.c.erased_at.is_(None)
    )
    reminded = and_(
        REMINDER.c.contact_id == CONTACT.c.id,
        REMINDER.c.kind == Promise.CONTRIBUTION,
        REMINDER.c.stopped_at.is_(None),
    )
    return (
        select(
            CONTACT.c.role,
            CONTACT.c.name,
            CONTACT.c.village_code,
            CONTACT.c.zone,
            ADDRESS.c.channel,
            ADDRESS.c.phone,
            ADDRESS.c.last_inbound_at,
            REMINDER.c.day,
            REMINDER.c.hour,
            REMINDER.c.plan,
            LEAD.c.number,
            LEAD.c.state,
            LEAD.c.submitted_at,
            shares.label("shares_phone"),
        )
        .join(ADDRESS, ADDRESS.c.id == CONTACT.c.address_id, isouter=True)
        .join(REMINDER, reminded, isouter=True)
        .join(LEAD, LEAD.c.id == newest, isouter=True)
        .where(CONTACT.c.id == bindparam("contact"))
    )


def _mates() -> Select[Any]:
    """Name and newest lead of everybody else who is reached where this contact is."""
    own, theirs = CONTACT.alias("own"), LEAD.alias("theirs")
    newest = select(func.max(theirs.c.id)).where(theirs.c.contact_id == CONTACT.c.id).scalar_subquery()
    return (
        select(CONTACT.c.id, CONTACT.c.name, CONTACT.c.zone, LEAD.c.number, LEAD.c.state, LEAD.c.submitted_at)
        .join(own, own.c.address_id == CONTACT.c.address_id)
        .join(LEAD, LEAD.c.id == newest, isouter=True)
        .where(own.c.id == bindparam("contact"), CONTACT.c.id != own.c.id, CONTACT.c.erased_at.is_(None))
        .order_by(CONTACT.c.id)
        .limit(20)
    )


#: Built once: putting a statement together costs more than running it.
_PERSON, _MATES = _person(), _mates()
_CONSENTS = select(CONSENT_CURRENT.c.purpose, CONSENT_CURRENT.c.state).where(
    CONSENT_CURRENT.c.contact_id == bindparam("contact")
)
_ADDRESS_OF = (
    select(ADDRESS.c.id, ADDRESS.c.contact_id, CONTACT.c.erased_at)
    .join(CONTACT, CONTACT.c.id == ADDRESS.c.contact_id)
    .where(
        ADDRESS.c.channel == bindparam("channel"),
        ADDRESS.c.account == bindparam("account"),
        ADDRESS.c.external_hash == bindparam("mark"),
    )
)
_NEW_CONTACT = CONTACT.insert().values(created_at=bindparam("created_at", type_=UtcDateTime)).returning(CONTACT.c.id)
_NUMBER_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_ADDRESS_WITH_PHONE = (
    select(ADDRESS.c.id, ADDRESS.c.contact_id)
    .join(CONTACT, CONTACT.c.id == ADDRESS.c.contact_id)
    .where(
        ADDRESS.c.channel == bindparam("channel"),
        ADDRESS.c.account == bindparam("account"),
        ADDRESS.c.phone_hash == bindparam("phone"),
        CONTACT.c.erased_at.is_(None),
    )
    .order_by(ADDRESS.c.last_inbound_at.desc(), ADDRESS.c.id.desc())
    .limit(1)
)
_PHONE_IS = (
    update(ADDRESS)
    .where(ADDRESS.c.id == bindparam("address"), ADDRESS.c.phone_hash.is_distinct_from(bindparam("mark")))
    .values(phone=bindparam("number", type_=ADDRESS.c.phone.type), phone_hash=bindparam("mark"))
)
_HEARD = (
    update(ADDRESS)
    .where(ADDRESS.c.id == bindparam("address"))
    .values(last_inbound_at=bindparam("at", type_=UtcDateTime), blocked_at=None)
)
_WRITES_FROM = (
    update(CONTACT)
    .where(CONTACT.c.id == bindparam("contact"), CONTACT.c.address_id.is_distinct_from(bindparam("here")))
    .values(address_id=bindparam("here"))
)


def _address(row: AnyRow) -> AddressView:
    return AddressView(
        id=row.id,
        contact_id=row.contact_id,
        channel=row.channel,
        account=row.account,
        external_id=row.external_id,
        blocked_at=row.blocked_at,
        last_inbound_at=row.last_inbound_at,
    )
