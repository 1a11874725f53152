"""What deciding needs to know about a person and their village. Read-only; storage makes it for each turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from flows.gathering import GatheringView


class Channel(StrEnum):
    """Where a person writes from."""

    WEB = "web"
    TERMINAL = "terminal"
    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"


class Purpose(StrEnum):
    """What consent is for; one consent each (UU 27/2022 articles 20 and 22)."""

    REGISTRATION = "pendaftaran"
    REMINDERS = "pengingat"
    ANNOUNCEMENTS = "siaran"


class ConsentState(StrEnum):
    """Never asked, given, refused, or given and withdrawn."""

    UNKNOWN = "unknown"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Role(StrEnum):
    """What staff made of a contact."""

    WORKER = "worker"
    OFFICIAL = "official"


class LeadState(StrEnum):
    """A lead's life. A lead is pre-registered, not a member."""

    NEW = "new"
    CONTACTED = "contacted"
    WAITING = "waiting"
    HANDED_OVER = "handed_over"
    ACTIVE = "active"
    CLOSED = "closed"


#: Which moves staff may make; everything else is refused.
LEAD_MOVES: Mapping[LeadState, frozenset[LeadState]] = {
    LeadState.NEW: frozenset({LeadState.CONTACTED, LeadState.CLOSED}),
    LeadState.CONTACTED: frozenset({LeadState.WAITING, LeadState.HANDED_OVER, LeadState.CLOSED}),
    LeadState.WAITING: frozenset({LeadState.CONTACTED, LeadState.HANDED_OVER, LeadState.CLOSED}),
    LeadState.HANDED_OVER: frozenset({LeadState.ACTIVE, LeadState.CLOSED}),
    LeadState.ACTIVE: frozenset({LeadState.CLOSED}),
    LeadState.CLOSED: frozenset({LeadState.NEW}),
}


#: While a lead is in one of these the person may correct it; later the official registration counts.
OPEN_STATES = frozenset({LeadState.NEW, LeadState.CONTACTED, LeadState.WAITING})


@dataclass(frozen=True, slots=True)
class Village:
    """A desa or kelurahan: Kemendagri code "32.01.01.2001" (00.… is Desa Contoh), name, path, time zone."""

    code: str
    name: str
    path: str  # "Sukamaju, Cibungbulang, Kabupaten Bogor, Jawa Barat"
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class LeadSummary:
    """The person's newest lead as far as the chat may say it."""

    number: str
    state: LeadState
    submitted_on: date


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of reminding: on which day, for which contribution months, and the last day to pay.

    `again` when the person asked to be reminded once more. `behind` counts months that were not paid as far as we know.
    """

    on: date
    month: date
    deadline: date
    months: int = 1
    behind: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True)
class ReminderPlan:
    """What the person chose, local to the village: day 1-28 and hour 0-23, and what they told us about paying.

    Once they tell when their protection ends, that day drives it (`before` days ahead) and no longer the calendar.
    `every` months are paid at a time, from a month of `harvest` on; `paid_through` is the last contribution month paid.
    """

    day: int
    hour: int
    every: int = 1
    before: int = 7
    harvest: date | None = None
    protected_until: date | None = None
    paid_through: date | None = None
    employer: bool = False
    next: Occurrence | None = None
    last: Occurrence | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """Forecast for an official's own village: how many will get an announcement, and how many won't, by reason."""

    will: int
    wont: Mapping[str, int]  # skip reason value -> count
    by_work: Mapping[str, Audience] = field(default_factory=dict)  # by the last lead's occupation; only where asked for


@dataclass(frozen=True, slots=True)
class Announcement:
    """The official's newest announcement that is still to come or under way."""

    id: int
    state: str  # waiting | scheduled | sending | paused
    people: int
    done: int  # of them, how many have an outcome


@dataclass(frozen=True, slots=True)
class VillageProgress:
    """Numbers an official may see about their own village: counts only, no names."""

    contacts: int
    leads: int
    leads_by_state: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PhoneMate:
    """Somebody else who uses the same chat: several people share one phone. Never more than name and receipt."""

    id: int
    name: str | None
    lead: LeadSummary | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person we talk with, as one turn needs them."""

    id: int
    channel: Channel
    role: Role = Role.WORKER
    name: str | None = None
    phone: str | None = None  # known only where the channel gives it
    village: Village | None = None
    consents: Mapping[Purpose, ConsentState] = None  # type: ignore[assignment]  # filled by __post_init__
    reminder: ReminderPlan | None = None
    lead: LeadSummary | None = None
    audience: Audience | None = None  # officials only
    announcement: Announcement | None = None  # officials only
    progress: VillageProgress | None = None  # officials only
    last_heard_at: datetime | None = None
    shares_phone: bool = False
    mates: tuple[PhoneMate, ...] = ()  # who else uses this chat; filled for turns only
    gatherings: tuple[GatheringView, ...] = ()  # of their village, and those they were invited to

    def __post_init__(self) -> None:
        known = dict(self.consents or {})
        object.__setattr__(self, "consents", {p: known.get(p, ConsentState.UNKNOWN) for p in Purpose})

    @property
    def zone(self) -> ZoneInfo:
        """The village's time zone; WIB while the village is unknown."""
        return self.village.zone if self.village else ZoneInfo("Asia/Jakarta")
