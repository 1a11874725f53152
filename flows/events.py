"""Everything that can follow from one turn. Deciding returns these; `bot/effects.py` carries each out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from content.model import Rendered
from flows.contact import Purpose, ReminderPlan
from flows.gathering import Attending, FgdRole, GatheringChange, GatheringDraft, Useful
from flows.outreach.follow_up import FollowUp
from nlu.understanding import JsonValue


@dataclass(frozen=True, slots=True)
class ReplyChosen:
    """Say this. One reply event is one message."""

    rendered: Rendered


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """The person agreed to these purposes, having read this version of the text."""

    purposes: tuple[Purpose, ...]
    version: str


@dataclass(frozen=True, slots=True)
class ConsentRefused:
    """The person was asked and said no."""

    purposes: tuple[Purpose, ...]
    version: str


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """The person takes consent back; every queued message that rests on it is skipped at once.

    `forget`: what was registered goes too.
    """

    purposes: tuple[Purpose, ...]
    forget: bool = False


@dataclass(frozen=True, slots=True)
class ProfileLearned:
    """Something about the contact that outlives the conversation: village code or preferred name."""

    village: str | None = None
    name: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class LeadSubmitted:
    """A complete pre-registration. `fields` holds the slots of the form; `number` is the receipt."""

    number: str
    fields: Mapping[str, JsonValue]
    consent_version: str


@dataclass(frozen=True, slots=True)
class LeadChanged:
    """The person corrected what they had registered: all answers as they are now."""

    number: str
    fields: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class OwnLeadWanted:
    """The turn needs the answers of the person's own registration: it is decided again with them."""


@dataclass(frozen=True, slots=True)
class PictureWanted:
    """The turn needs the photo of this message: it is decided again once that was fetched. Nothing else follows."""


@dataclass(frozen=True, slots=True)
class PictureDropped:
    """The picture that was sent for an announcement does not go with it: it is forgotten."""

    picture: int


@dataclass(frozen=True, slots=True)
class ReminderPlanned:
    """Remind by this plan; its `next` says when."""

    plan: ReminderPlan


@dataclass(frozen=True, slots=True)
class ReminderStopped:
    """No more contribution reminders; everything else stays."""


@dataclass(frozen=True, slots=True)
class DraftReminderPlanned:
    """The person has not got their card at hand and asked us to come back to the unfinished form once."""


@dataclass(frozen=True, slots=True)
class FollowUpPlanned:
    """Ask how they got on with it, after this time and each at most once, unless it is dropped before."""

    kind: FollowUp


@dataclass(frozen=True, slots=True)
class FollowUpDropped:
    """It is finished or given up: nobody asks any more. `unwanted`: and never again."""

    kinds: tuple[FollowUp, ...]
    unwanted: bool = False


@dataclass(frozen=True, slots=True)
class BroadcastSent:
    """An official confirmed an announcement for their own village: frozen now or at `at`, or `waits` for another."""

    text: str  # as people will read it
    village: str
    reply: str
    slots: Mapping[str, str]
    reviewed: bool
    waits: bool
    at: datetime | None = None
    occupations: tuple[str, ...] = ()  # only people whose last lead names one of these
    picture: int | None = None


@dataclass(frozen=True, slots=True)
class BroadcastSteered:
    """The official holds, continues or stops their announcement."""

    broadcast: int
    how: Literal["pause", "resume", "cancel"]


@dataclass(frozen=True, slots=True)
class GatheringMade:
    """An official confirmed a gathering for their own village: those who agreed are invited."""

    draft: GatheringDraft


@dataclass(frozen=True, slots=True)
class GatheringChanged:
    """An official changed a gathering; who it concerns is told once."""

    gathering: int
    change: GatheringChange


@dataclass(frozen=True, slots=True)
class GatheringCancelled:
    """An official called a gathering off; who it concerns is told once."""

    gathering: int


@dataclass(frozen=True, slots=True)
class GatheringAnswered:
    """The person said whether they come. `attending` rests on the seats that were free when it was decided."""

    gathering: int
    attending: Attending


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """The person is there: they told the number at the door, or their phone read it."""

    gathering: int


@dataclass(frozen=True, slots=True)
class FeedbackGiven:
    """What the person thought of a gathering."""

    gathering: int
    useful: Useful


@dataclass(frozen=True, slots=True)
class InputGiven:
    """What the person said in a discussion, by question (the key of the reply that asked)."""

    gathering: int
    role: FgdRole
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HandoffRequested:
    """The person wants a person. `reason` is an intent or flow id."""

    reason: str


@dataclass(frozen=True, slots=True)
class GraveHeard:
    """A grave topic was heard; staff see it first."""

    kind: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The bot abstained; staff see what it could not understand, with the guesses."""

    ranking: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class DataErasureRequested:
    """The person asked for erasure of what we hold about them."""


@dataclass(frozen=True, slots=True)
class JoinCodeShown:
    """The person was shown this code, to send it from their other platform."""

    code: str


@dataclass(frozen=True, slots=True)
class AccountsJoined:
    """The person proved to be that other contact too, and wants both to be one."""

    other: int


@dataclass(frozen=True, slots=True)
class DraftHeld:
    """A registration was written for somebody else, who answers with this code from their own phone."""

    code: str
    fields: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class DraftTaken:
    """The person it was written for agreed: the code is used up, and `number` is their receipt."""

    code: str
    number: str


@dataclass(frozen=True, slots=True)
class DraftRefused:
    """The person it was written for said no: it is erased."""

    code: str


@dataclass(frozen=True, slots=True)
class PersonSwitched:
    """Somebody else has the phone now: `to`, or a new person who starts with these shared answers.

    `then` is the tap that belongs to them.
    """

    to: int | None
    shared: Mapping[str, JsonValue]
    then: str = ""


@dataclass(frozen=True, slots=True)
class PersonLeft:
    """The person no longer wants to be known on this phone; their registration stays."""


@dataclass(frozen=True, slots=True)
class OthersNamed:
    """The answer names other people of the same phone: it must not stay in this person's conversation."""


@dataclass(frozen=True, slots=True)
class ConversationFailed:
    """Content or code went wrong in this turn; the person gets the fixed apology."""

    reason: str


Event = (
    ReplyChosen
    | ConsentGiven
    | ConsentRefused
    | ConsentWithdrawn
    | ProfileLearned
    | LeadSubmitted
    | LeadChanged
    | OwnLeadWanted
    | PictureWanted
    | PictureDropped
    | ReminderPlanned
    | ReminderStopped
    | DraftReminderPlanned
    | FollowUpPlanned
    | FollowUpDropped
    | BroadcastSent
    | BroadcastSteered
    | GatheringMade
    | GatheringChanged
    | GatheringCancelled
    | GatheringAnswered
    | CheckedIn
    | FeedbackGiven
    | InputGiven
    | HandoffRequested
    | GraveHeard
    | NotUnderstood
    | DataErasureRequested
    | JoinCodeShown
    | AccountsJoined
    | DraftHeld
    | DraftTaken
    | DraftRefused
    | PersonSwitched
    | PersonLeft
    | OthersNamed
    | ConversationFailed
)
