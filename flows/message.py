"""What was heard and what a turn returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from flows.contact import Channel, Contact, Role
from flows.conversation.session import Session
from flows.events import Event
from flows.outreach.picture import Fetched
from flows.outreach.sending_policy import SendingRules
from nlu.understanding import JsonValue, Understanding

#: What is heard when somebody takes the phone over who was never here.
NEWCOMER = "newcomer"


class HeardKind(StrEnum):
    """What kind of thing arrived."""

    TEXT = "text"
    BUTTON = "button"
    START = "start"  # opened the chat; `text` may hold a deep-link payload such as a village code
    CONTACT_CARD = "contact_card"  # shared phone number, in `text`
    ARRIVED = "arrived"  # took the phone over from somebody else; `text` is the tap that was theirs, or NEWCOMER
    PHOTO = "photo"  # a photo; `text` is its caption
    UNSUPPORTED = "unsupported"  # sticker, voice note …


@dataclass(frozen=True, slots=True)
class Heard:
    """One message from the person. For BUTTON, `text` is the button id and `label` what it showed."""

    kind: HeardKind
    text: str
    understanding: Understanding | None = None
    label: str | None = None
    photo: bool = False  # the platform would hand a photo out


@dataclass(frozen=True, slots=True)
class JoinOffer:
    """A code for joining was sent: who was shown it and where, or None when it is wrong or too old."""

    contact_id: int | None = None
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class DraftOffer:
    """A code was sent that opens a registration written by somebody else: by whom, and what they wrote."""

    by: int
    role: Role
    fields: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Given:
    """What deciding may use besides session, words and content: time, person, fresh numbers, sending rules.

    `own` is what the person registered, filled once the turn asked for it (`OwnLeadWanted`).
    `offer` is set when the message is a code: for joining two platforms, for a registration written by somebody else,
    or wrong. `join_code` is a fresh one, and `links` open the chat with it. `public_address` is where our pages are
    reached from outside, without a slash at its end; empty when nowhere. `fetched` is the photo of this message, once
    the turn asked for it (`PictureWanted`).
    """

    now: datetime
    contact: Contact
    lead_number: str
    rules: SendingRules = field(default_factory=SendingRules)
    join_code: str = ""
    links: tuple[str, ...] = ()
    offer: JoinOffer | DraftOffer | None = None
    public_address: str = ""
    own: Mapping[str, JsonValue] | None = None
    fetched: Fetched | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """The new session and everything that follows, in order."""

    session: Session
    events: tuple[Event, ...]
    understanding: Understanding | None = None
