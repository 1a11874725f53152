"""Every table. Personal fields are sealed; what must be found again has a keyed hash beside it.

The two tables that grow with every message sent (`outbox`, `broadcast_person`) carry no foreign keys: a broadcast to a
million would check several million of them, and contacts are never deleted, only erased in place.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from flows.contact import Channel, ConsentState, LeadState, Purpose, Role
from flows.gathering import Attending, FgdRole, ForWhom, GatheringKind, GatheringState, Step, Useful
from flows.outreach.sending_policy import Kind
from storage.columns import BigId, UtcDateTime, word_type
from storage.sealed import SealedJson, SealedText
from storage.words import (
    BroadcastState,
    DuplicateOf,
    InboundState,
    NoticeKind,
    OutboxState,
    PersonState,
    Promise,
    StaffRole,
    Tell,
    UploadState,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Row(SQLModel):
    """The base of all tables; keeps them in a metadata of their own."""

    metadata = METADATA


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def _ref(target: str, *, key: bool = False, null: bool = False) -> Any:
    return Field(
        default=None, sa_column=Column(BigId, ForeignKey(target), primary_key=key, nullable=null, autoincrement=False)
    )


def _number(*, key: bool = False, null: bool = False, default: int | None = None) -> Any:
    return Field(
        default=default, sa_column=Column(BigId, primary_key=key, nullable=null, default=default, autoincrement=False)
    )


def _count() -> Any:
    return Field(default=0, sa_column=Column(Integer, nullable=False, default=0))


def _text(length: int, *, key: bool = False, null: bool = False, unique: bool = False) -> Any:
    return Field(default=None, sa_column=Column(String(length), primary_key=key, nullable=null, unique=unique or None))


def _word(words: type[StrEnum], *, key: bool = False, null: bool = False, default: StrEnum | None = None) -> Any:
    return Field(default=default, sa_column=Column(word_type(words), primary_key=key, nullable=null, default=default))


def _moment(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null))


def _sealed(place: str, *, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(SealedText(place), nullable=null))


def _sealed_json(place: str, *, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(SealedJson(place), nullable=null))


def _hash() -> Any:
    return Field(default=None, sa_column=Column(LargeBinary(16), nullable=True))


def _only(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the few rows that `where` covers, so its size follows the work and not the history."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class ContactRow(Row, table=True):
    """A person we talk with. `address_id` is where they last wrote from.

    `rt`, `rw` (without leading zeros) and `language` are known only where staff noted them; nobody is asked.
    """

    __tablename__ = "contact"
    __table_args__ = (
        Index("ix_contact_village_code", "village_code"),
        Index("ix_contact_address_id", "address_id"),
        _only("ix_contact_erased", "id", where="erased_at IS NOT NULL"),
        _only("ix_contact_officials", "village_code", "id", where="role = 'official'"),
    )

    id: int = _id()
    role: Role = _word(Role, default=Role.WORKER)
    name: str | None = _sealed("contact.name")
    village_code: str | None = _text(13, null=True)
    zone: str | None = _text(40, null=True)
    rt: str | None = _text(3, null=True)
    rw: str | None = _text(3, null=True)
    language: str | None = _text(3, null=True)
    address_id: int | None = _number(null=True)
    created_at: datetime = _moment(null=False)
    erased_at: datetime | None = _moment()


class AddressRow(Row, table=True):
    """A contact's id on one channel account. Without `external_id` it has been erased.

    `burst` messages went there since `burst_from`, which is what a limit per person counts; `approached_at` is when we
    last wrote first, which is what a limit of people a day counts.
    """

    __tablename__ = "address"
    __table_args__ = (
        UniqueConstraint("channel", "account", "external_hash"),
        Index("ix_address_contact_id", "contact_id"),
        _only("ix_address_phone_hash", "phone_hash", where="phone_hash IS NOT NULL"),
        _only("ix_address_approached", "channel", "account", "approached_at", where="approached_at IS NOT NULL"),
    )

    id: int = _id()
    channel: Channel = _word(Channel)
    account: str = _text(100)
    external_id: str | None = _sealed("address.external_id")
    external_hash: bytes | None = _hash()
    contact_id: int = _ref("contact.id")
    blocked_at: datetime | None = _moment()
    last_inbound_at: datetime | None = _moment()
    phone: str | None = _sealed("address.phone")
    phone_hash: bytes | None = _hash()
    burst_from: datetime | None = _moment()
    burst: int = _count()
    approached_at: datetime | None = _moment()


class SessionRow(Row, table=True):
    """Where a conversation stands, as `Session.to_json` wrote it."""

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_touched_at", "touched_at"),)

    contact_id: int = _ref("contact.id", key=True)
    state: str = _sealed("session.state", null=False)
    version: int = _count()
    touched_at: datetime | None = _moment()


class InboundRow(Row, table=True):
    """One message as it came, kept before the platform is told that we have it."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel", "account", "external_hash"),
        _only("ix_inbound_waiting", "id", where="state = 'waiting'"),
        _only("ix_inbound_waiting_contact", "contact_id", "id", where="state = 'waiting'"),
        _only("ix_inbound_set_aside", "id", where="state = 'set_aside'"),
        Index("ix_inbound_contact_id", "contact_id", "id"),
    )

    id: int = _id()
    channel: Channel = _word(Channel)
    account: str = _text(100)
    external_hash: bytes = Field(default=None, sa_column=Column(LargeBinary(16), nullable=False))
    contact_id: int = _ref("contact.id")
    address_id: int | None = _number(null=True)
    body: Any = _sealed_json("inbound.body")
    received_at: datetime = _moment(null=False)
    state: InboundState = _word(InboundState, default=InboundState.WAITING)
    attempts: int = _count()
    claimed_until: datetime | None = _moment()
    error_code: str | None = _text(60, null=True)


class OutboxRow(Row, table=True):
    """One message to one person, from due to its end. A broadcast's words stay in `broadcast`; then `body` is empty.

    `route` names the account it leaves by. `slots` is what its words were made with, for a template in their place.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        _only("ix_outbox_due", "route", "priority", "due_at", "id", where="state = 'due' AND broadcast_id IS NULL"),
        _only(
            "ix_outbox_broadcast_due",
            "broadcast_id",
            "route",
            "due_at",
            "id",
            where="state = 'due' AND broadcast_id IS NOT NULL",
        ),
        _only(
            "ix_outbox_broadcast_person", "broadcast_id", "contact_id", where="broadcast_id IS NOT NULL", unique=True
        ),
        _only("ix_outbox_due_reply", "contact_id", "id", where="state = 'due' AND priority = 0"),
        _only("ix_outbox_sending", "claimed_until", where="state = 'sending'"),
        _only("ix_outbox_sending_contact", "contact_id", "id", where="state = 'sending'"),
        _only("ix_outbox_once_key", "once_key", where="once_key IS NOT NULL", unique=True),
        _only("ix_outbox_external_hash", "external_hash", where="external_hash IS NOT NULL"),
        Index("ix_outbox_contact_id", "contact_id", "id"),
        _only("ix_outbox_unasked", "contact_id", "sent_at", where="priority >= 2 AND sent_at IS NOT NULL"),
    )

    id: int = _id()
    contact_id: int = _number()
    address_id: int | None = _number(null=True)
    route: str = Field(default="", sa_column=Column(String(131), nullable=False, default=""))
    kind: Kind = _word(Kind)
    priority: int = _count()
    reply: str | None = _text(80, null=True)
    body: str | None = _sealed("outbox.body")
    taps: Any = _sealed_json("outbox.taps")
    slots: Any = _sealed_json("outbox.slots")
    image: str | None = _text(80, null=True)
    content_version: str | None = _text(64, null=True)
    state: OutboxState = _word(OutboxState, default=OutboxState.DUE)
    reason: str | None = _text(60, null=True)
    made_at: datetime = _moment(null=False)
    due_at: datetime = _moment(null=False)
    expires_at: datetime | None = _moment()
    claimed_by: str | None = _text(60, null=True)
    claimed_until: datetime | None = _moment()
    attempts: int = _count()
    external_id: str | None = _sealed("outbox.external_id")
    external_hash: bytes | None = _hash()
    sent_at: datetime | None = _moment()
    inbound_id: int | None = _number(null=True)
    broadcast_id: int | None = _number(null=True)
    reminder_id: int | None = _number(null=True)
    once_key: str | None = _text(80, null=True)


class SendingSlotRow(Row, table=True):
    """When an account may send next, in microseconds since 1970: arithmetic that both databases do alike."""

    __tablename__ = "sending_slot"

    route: str = _text(131, key=True)
    next_us: int = _number(default=0)
    held_us: int = _number(default=0)
    first_contacts_held_us: int = _number(default=0)


class EarlyReportRow(Row, table=True):
    """A delivery report that overtook our own note of having sent the message; `settle` picks it up."""

    __tablename__ = "early_report"

    external_hash: bytes = Field(default=None, sa_column=Column(LargeBinary(16), primary_key=True))
    state: OutboxState = _word(OutboxState)
    reason: str | None = _text(60, null=True)
    at: datetime = _moment(null=False)


class ConsentRow(Row, table=True):
    """Every consent ever given, refused or withdrawn. Rows are only added."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_contact_id", "contact_id", "id"),)

    id: int = _id()
    contact_id: int = _ref("contact.id")
    purpose: Purpose = _word(Purpose)
    state: ConsentState = _word(ConsentState)
    version: str | None = _text(60, null=True)
    at: datetime = _moment(null=False)
    via: str = _text(30)


class ConsentCurrentRow(Row, table=True):
    """The newest line of `consent` per person and purpose, so that asking is one look-up."""

    __tablename__ = "consent_current"

    contact_id: int = _ref("contact.id", key=True)
    purpose: Purpose = _word(Purpose, key=True)
    state: ConsentState = _word(ConsentState)
    version: str | None = _text(60, null=True)
    at: datetime = _moment(null=False)


class LeadRow(Row, table=True):
    """A pre-registration. `number` is the receipt the person holds; it alone survives erasure.

    Of `fields`, the kind of work (an id of the lexicon), its sector and the programmes chosen also stand in the open,
    so that an announcement can be for farmers.
    """

    __tablename__ = "lead"
    __table_args__ = (
        Index("ix_lead_contact_id", "contact_id", "id"),
        Index("ix_lead_village_code_state", "village_code", "state", "id"),
        Index("ix_lead_state", "state", "id"),
        _only("ix_lead_nik_hash", "nik_hash", where="nik_hash IS NOT NULL"),
        _only("ix_lead_phone_hash", "phone_hash", where="phone_hash IS NOT NULL"),
        Index("ix_lead_state_since", "state", "state_since", "id"),
        _only("ix_lead_assigned", "assigned_to", "state", "state_since", "id", where="assigned_to IS NOT NULL"),
        _only("ix_lead_assigned_newest", "assigned_to", "id", where="assigned_to IS NOT NULL"),
        _only("ix_lead_nobodys", "id", where="assigned_to IS NULL"),
        _only("ix_lead_duplicate_of", "duplicate_of", "id", where="duplicate_of IS NOT NULL"),
        _only("ix_lead_twins", "id", where="duplicate_of IS NOT NULL AND state <> 'closed'"),
    )

    id: int = _id()
    number: str = _text(30, unique=True)
    contact_id: int = _ref("contact.id")
    fields: Any = _sealed_json("lead.fields")
    nik_hash: bytes | None = _hash()
    phone_hash: bytes | None = _hash()
    village_code: str | None = _text(13, null=True)
    occupation: str | None = _text(40, null=True)
    sector: str | None = _text(20, null=True)
    program: str | None = _text(10, null=True)
    state: LeadState = _word(LeadState, default=LeadState.NEW)
    submitted_at: datetime = _moment(null=False)
    state_since: datetime = _moment(null=False)
    consent_version: str = _text(60)
    duplicate_of: int | None = _number(null=True)
    duplicate_by: DuplicateOf | None = _word(DuplicateOf, null=True)
    assigned_to: int | None = _number(null=True)
    official_number: str | None = _text(40, null=True)
    close_reason: str | None = _text(60, null=True)


class LeadMoveRow(Row, table=True):
    """Each move of a lead: from where, to where, who, when."""

    __tablename__ = "lead_move"
    __table_args__ = (Index("ix_lead_move_lead_id", "lead_id", "id"),)

    id: int = _id()
    lead_id: int = _ref("lead.id")
    from_state: LeadState = _word(LeadState)
    to_state: LeadState = _word(LeadState)
    by: str = _text(80)
    at: datetime = _moment(null=False)
    note: str | None = _sealed("lead_move.note")


class TerritoryRow(Row, table=True):
    """Whose leads come from there: a piece of the village tree ("32.01" is a kabupaten), and the staff user for it."""

    __tablename__ = "territory"

    code: str = _text(13, key=True)
    staff_id: int = _ref("staff_user.id")


class LeadUploadRow(Row, table=True):
    """A spreadsheet that staff handed in, until it is taken or forgotten. What it says is sealed."""

    __tablename__ = "lead_upload"
    __table_args__ = (Index("ix_lead_upload_staff_id", "staff_id", "id"),)

    id: int = _id()
    staff_id: int = _ref("staff_user.id")
    made_at: datetime = _moment(null=False)
    name: str | None = _sealed("lead_upload.name")
    paper: str | None = _sealed("lead_upload.paper")
    file: str | None = _sealed("lead_upload.file")
    state: UploadState = _word(UploadState, default=UploadState.CHECKING)
    why: str | None = _text(300, null=True)
    done: int = _count()
    total: int | None = _number(null=True)
    good: int = _count()
    bad: int = _count()
    noted: int = _count()
    shown: Any = _sealed_json("lead_upload.shown")
    errors: str | None = _sealed("lead_upload.errors")


class ReminderRow(Row, table=True):
    """A promise to a person: contributions by their plan, or a question how they got on. One of each kind at most.

    `next_due_at` is the truth, not a timer. `stage` counts the questions asked; `began_at` is what they count from.
    """

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("contact_id", "kind"),
        _only("ix_reminder_next_due_at", "next_due_at", "id", where="stopped_at IS NULL AND paused_at IS NULL"),
    )

    id: int = _id()
    contact_id: int = _ref("contact.id")
    kind: Promise = _word(Promise)
    address_id: int | None = _number(null=True)
    day: int = _count()
    hour: int = _count()
    plan: Any = _sealed_json("reminder.plan")
    stage: int = _count()
    began_at: datetime | None = _moment()
    next_due_at: datetime = _moment(null=False)
    paused_at: datetime | None = _moment()
    stopped_at: datetime | None = _moment()


class BroadcastRow(Row, table=True):
    """One announcement. `text` is kept once for all who get it; `target` is whom it is for, in codes only.

    `village_code` is set where it is for one village. `swept_at`: nothing of a cancelled one is left in the outbox.
    `forgotten_at`: its words and picture are gone, the counts remain.
    """

    __tablename__ = "broadcast"
    __table_args__ = (
        _only("ix_broadcast_sending", "id", where="state = 'sending'"),
        _only("ix_broadcast_scheduled", "scheduled_at", "id", where="state = 'scheduled'"),
        _only("ix_broadcast_unswept", "id", where="state = 'cancelled' AND swept_at IS NULL"),
        _only("ix_broadcast_made_by_contact", "made_by_contact", "id", where="made_by_contact IS NOT NULL"),
        _only("ix_broadcast_kept", "created_at", "id", where="forgotten_at IS NULL"),
        Index("ix_broadcast_village_code", "village_code", "id"),
    )

    id: int = _id()
    village_code: str | None = _text(13, null=True)
    target: Any = Field(default=None, sa_column=Column(JSON, nullable=True))
    reviewed: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, default=False))
    made_by_contact: int | None = _ref("contact.id", null=True)
    made_by_staff: int | None = _ref("staff_user.id", null=True)
    text: str = _sealed("broadcast.text", null=False)
    picture_id: int | None = _number(null=True)
    slots: Any = _sealed_json("broadcast.slots")
    reply: str | None = _text(80, null=True)
    content_version: str | None = _text(64, null=True)
    state: BroadcastState = _word(BroadcastState, default=BroadcastState.DRAFT)
    will: int = _count()
    wont: int = _count()
    created_at: datetime = _moment(null=False)
    scheduled_at: datetime | None = _moment()
    decided_by: int | None = _ref("staff_user.id", null=True)
    decided_at: datetime | None = _moment()
    started_at: datetime | None = _moment()
    finished_at: datetime | None = _moment()
    swept_at: datetime | None = _moment()
    forgotten_at: datetime | None = _moment()


class PictureRow(Row, table=True):
    """A picture that goes with an announcement, as base64 of a JPEG: kept once for all who get it.

    `unsent_by`: the contact who sent it in the chat, until it is announced. An empty one was dropped.
    """

    __tablename__ = "picture"
    __table_args__ = (_only("ix_picture_unsent", "unsent_by", "made_at", where="unsent_by IS NOT NULL"),)

    id: int = _id()
    image: str = _sealed("picture.image", null=False)
    made_at: datetime = _moment(null=False)
    unsent_by: int | None = _number(null=True)


class SegmentRow(Row, table=True):
    """An audience with a name, to be chosen again."""

    __tablename__ = "segment"

    id: int = _id()
    name: str = _text(60, unique=True)
    target: Any = Field(default=None, sa_column=Column(JSON, nullable=False))
    made_by: str = _text(80)
    made_at: datetime = _moment(null=False)


class BroadcastPersonRow(Row, table=True):
    """One person of a frozen audience, exclusions included with their reason."""

    __tablename__ = "broadcast_person"
    __table_args__ = (Index("ix_broadcast_person_state", "broadcast_id", "state"),)

    broadcast_id: int = _number(key=True)
    contact_id: int = _number(key=True)
    state: PersonState = _word(PersonState)
    reason: str | None = _text(60, null=True)


class GatheringRow(Row, table=True):
    """One gathering. `coming` counts the seats taken; `door` is the number told at the door; `next_step` is due then.

    `revision` grows with every change people are told of.
    """

    __tablename__ = "gathering"
    __table_args__ = (
        Index("ix_gathering_village_code", "village_code", "starts_at"),
        _only("ix_gathering_next_due_at", "next_due_at", "id", where="next_due_at IS NOT NULL"),
        _only("ix_gathering_door", "door", where="state = 'open'", unique=True),
    )

    id: int = _id()
    kind: GatheringKind = _word(GatheringKind)
    title: str = _sealed("gathering.title", null=False)
    place: str = _sealed("gathering.place", null=False)
    map_link: str | None = _sealed("gathering.map_link")
    village_code: str = _text(13)
    starts_at: datetime = _moment(null=False)
    minutes: int = _count()
    capacity: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    for_whom: ForWhom = _word(ForWhom, default=ForWhom.VILLAGE)
    state: GatheringState = _word(GatheringState, default=GatheringState.DRAFT)
    door: str = _text(10)
    coming: int = _count()
    revision: int = _count()
    next_step: Step | None = _word(Step, null=True)
    next_due_at: datetime | None = _moment()
    made_by_contact: int | None = _number(null=True)
    made_by_staff: int | None = _number(null=True)
    created_at: datetime = _moment(null=False)


class GatheringPersonRow(Row, table=True):
    """One person and one gathering: what they answered, what they still have to be told, whether they came.

    The key makes a second invitation impossible; `outbox_id` is the last message about it, which a newer one replaces.
    """

    __tablename__ = "gathering_person"
    __table_args__ = (
        Index("ix_gathering_person_attending", "gathering_id", "attending", "waiting_since", "contact_id"),
        Index("ix_gathering_person_contact", "contact_id", "gathering_id"),
        _only("ix_gathering_person_tell", "gathering_id", "contact_id", where="tell IS NOT NULL"),
    )

    gathering_id: int = _ref("gathering.id", key=True)
    contact_id: int = _ref("contact.id", key=True)
    attending: Attending = _word(Attending, default=Attending.INVITED)
    reason: str | None = _text(60, null=True)
    tell: Tell | None = _word(Tell, null=True)
    outbox_id: int | None = _number(null=True)
    answered_at: datetime | None = _moment()
    waiting_since: datetime | None = _moment()
    checked_in_at: datetime | None = _moment()
    useful: Useful | None = _word(Useful, null=True)


class GatheringInputRow(Row, table=True):
    """What somebody said to one question of a discussion. `question` is the key of the reply that asked."""

    __tablename__ = "gathering_input"
    __table_args__ = (
        UniqueConstraint("gathering_id", "contact_id", "question"),
        Index("ix_gathering_input_contact_id", "contact_id"),
    )

    id: int = _id()
    gathering_id: int = _ref("gathering.id")
    contact_id: int = _ref("contact.id")
    role: FgdRole = _word(FgdRole)
    question: str = _text(60)
    answer: str | None = _sealed("gathering_input.answer")
    at: datetime = _moment(null=False)


class HandoffRow(Row, table=True):
    """A person asked for a person."""

    __tablename__ = "handoff"
    __table_args__ = (
        _only("ix_handoff_open", "id", where="closed_at IS NULL"),
        Index("ix_handoff_contact_id", "contact_id", "id"),
    )

    id: int = _id()
    contact_id: int = _ref("contact.id")
    reason: str = _text(60)
    grave: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, default=False))
    opened_at: datetime = _moment(null=False)
    answered_at: datetime | None = _moment()
    answered_by: str | None = _text(80, null=True)
    closed_at: datetime | None = _moment()
    closed_by: str | None = _text(80, null=True)


class NotUnderstoodRow(Row, table=True):
    """What the bot could not understand, with its guesses, for staff to learn from."""

    __tablename__ = "not_understood"
    __table_args__ = (Index("ix_not_understood_contact_id", "contact_id"),)

    id: int = _id()
    contact_id: int = _ref("contact.id")
    text: str | None = _sealed("not_understood.text")
    ranking: Any = Field(default=None, sa_column=Column(JSON, nullable=False))
    at: datetime = _moment(null=False)


class StaffUserRow(Row, table=True):
    """Someone who signs in to the console. `sessions_ended` counts how often all open sessions were ended."""

    __tablename__ = "staff_user"

    id: int = _id()
    name: str = _text(80)
    login: str = _text(60, unique=True)
    password_hash: str = _text(160)
    role: StaffRole = _word(StaffRole, default=StaffRole.STAFF)
    made_at: datetime = _moment(null=False)
    disabled_at: datetime | None = _moment()
    totp_secret: str | None = _sealed("staff_user.totp_secret")
    sessions_ended: int = _count()


class AuditRow(Row, table=True):
    """Who did what to what, when and why. Rows are only added."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_target", "target", "id"),
        Index("ix_audit_who", "who", "id"),
        Index("ix_audit_action", "action", "id"),
    )

    id: int = _id()
    who: str = _text(80)
    action: str = _text(60)
    target: str = _text(80)
    at: datetime = _moment(null=False)
    reason: str | None = _text(200, null=True)


class NoticeRow(Row, table=True):
    """Something that happened outside the chat and that the bot still has to tell the person."""

    __tablename__ = "notice"
    __table_args__ = (
        _only("ix_notice_pending", "id", where="done_at IS NULL"),
        Index("ix_notice_contact_id", "contact_id"),
    )

    id: int = _id()
    contact_id: int = _ref("contact.id")
    kind: NoticeKind = _word(NoticeKind)
    payload: Any = _sealed_json("notice.payload")
    made_at: datetime = _moment(null=False)
    due_at: datetime | None = _moment()
    done_at: datetime | None = _moment()


class JoinCodeRow(Row, table=True):
    """A code shown to a person, to be sent from their other platform. Only its keyed hash is kept, for minutes."""

    __tablename__ = "join_code"
    __table_args__ = (Index("ix_join_code_contact_id", "contact_id"),)

    code_hash: bytes = Field(default=None, sa_column=Column(LargeBinary(16), primary_key=True))
    contact_id: int = _ref("contact.id")
    expires_at: datetime = _moment(null=False)


class LeadDraftRow(Row, table=True):
    """A registration written for somebody else, until that person answers from their own phone. For hours only.

    `contact_id` wrote it; the code that opens it is kept as a keyed hash.
    """

    __tablename__ = "lead_draft"
    __table_args__ = (Index("ix_lead_draft_contact_id", "contact_id"),)

    code_hash: bytes = Field(default=None, sa_column=Column(LargeBinary(16), primary_key=True))
    contact_id: int = _ref("contact.id")
    fields: Any = _sealed_json("lead_draft.fields", null=False)
    expires_at: datetime = _moment(null=False)


class PassingTalkRow(Row, table=True):
    """A message typed into a form about somebody else: its words and our answer to it are blanked soon."""

    __tablename__ = "passing_talk"
    __table_args__ = (Index("ix_passing_talk_contact_id", "contact_id"),)

    inbound_id: int = _number(key=True)
    contact_id: int = _ref("contact.id")
    at: datetime = _moment(null=False)


class AccountNewsRow(Row, table=True):
    """What a platform told about our own account: a template, a number, a limit. Never about a person."""

    __tablename__ = "account_news"
    __table_args__ = (Index("ix_account_news_at", "at", "id"),)

    id: int = _id()
    channel: Channel = _word(Channel)
    account: str = _text(100)
    kind: str = _text(60)
    subject: str = _text(120)
    state: str = _text(60)
    detail: str = _text(60)
    at: datetime = _moment(null=False)


class UnreadRow(Row, table=True):
    """A payload no channel could read, kept whole so that nothing is lost."""

    __tablename__ = "unread"

    id: int = _id()
    channel: Channel = _word(Channel)
    why: str = _text(60)
    payload: str = _sealed("unread.payload", null=False)
    at: datetime = _moment(null=False)


class SettingRow(Row, table=True):
    """A small value the parts of one installation share."""

    __tablename__ = "setting"

    key: str = _text(60, key=True)
    value: str = _text(500)


def _table(row: type[Row]) -> Table:
    return METADATA.tables[str(row.__tablename__)]


CONTACT = _table(ContactRow)
ADDRESS = _table(AddressRow)
SESSION = _table(SessionRow)
INBOUND = _table(InboundRow)
OUTBOX = _table(OutboxRow)
EARLY_REPORT = _table(EarlyReportRow)
SENDING_SLOT = _table(SendingSlotRow)
CONSENT = _table(ConsentRow)
CONSENT_CURRENT = _table(ConsentCurrentRow)
LEAD = _table(LeadRow)
LEAD_MOVE = _table(LeadMoveRow)
TERRITORY = _table(TerritoryRow)
LEAD_UPLOAD = _table(LeadUploadRow)
REMINDER = _table(ReminderRow)
BROADCAST = _table(BroadcastRow)
PICTURE = _table(PictureRow)
SEGMENT = _table(SegmentRow)
BROADCAST_PERSON = _table(BroadcastPersonRow)
GATHERING = _table(GatheringRow)
GATHERING_PERSON = _table(GatheringPersonRow)
GATHERING_INPUT = _table(GatheringInputRow)
HANDOFF = _table(HandoffRow)
NOT_UNDERSTOOD = _table(NotUnderstoodRow)
STAFF_USER = _table(StaffUserRow)
AUDIT = _table(AuditRow)
NOTICE = _table(NoticeRow)
JOIN_CODE = _table(JoinCodeRow)
LEAD_DRAFT = _table(LeadDraftRow)
PASSING_TALK = _table(PassingTalkRow)
ACCOUNT_NEWS = _table(AccountNewsRow)
UNREAD = _table(UnreadRow)
SETTING = _table(SettingRow)
