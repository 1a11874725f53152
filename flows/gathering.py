"""Gatherings: a meeting people are invited to. What a turn needs to know of one, and when its messages are due."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class GatheringKind(StrEnum):
    """What kind of meeting it is. Words for people are in content/lexicon/acara.yaml."""

    SOSIALISASI = "sosialisasi"
    SEMINAR = "seminar"
    RUN = "lari"
    BLOOD_DONATION = "donor_darah"
    FGD = "fgd"
    DESA_SADAR = "desa_sadar"


class ForWhom(StrEnum):
    """Who may come."""

    VILLAGE = "warga"
    REGISTERED = "pendaftar"
    OFFICIALS = "perangkat"


class GatheringState(StrEnum):
    """A gathering's life: a draft that nobody knows of, open, cancelled, or over."""

    DRAFT = "draft"
    OPEN = "open"
    CANCELLED = "cancelled"
    OVER = "over"


class Attending(StrEnum):
    """One person and one gathering. WALK_IN came to the door uninvited; LEFT_OUT is not invited, with a reason."""

    INVITED = "invited"
    COMING = "coming"
    WAITING = "waiting"
    MAYBE = "maybe"
    NOT_COMING = "not_coming"
    WALK_IN = "walk_in"
    LEFT_OUT = "left_out"


class Useful(StrEnum):
    """What people say afterwards."""

    YES = "ya"
    SOMEWHAT = "lumayan"
    NO = "kurang"


class FgdRole(StrEnum):
    """As whom somebody took part in a discussion."""

    WORKER = "pekerja"
    EMPLOYER = "pemberi_kerja"
    OFFICIAL = "perangkat"


class Step(StrEnum):
    """What a gathering still has to do of itself, in this order."""

    DAY_BEFORE = "day_before"
    HOURS_BEFORE = "hours_before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class GatheringDraft:
    """A gathering as its maker describes it. `starts_at` is aware; `capacity` None means everyone."""

    kind: GatheringKind
    title: str
    place: str
    starts_at: datetime
    village: str
    map_link: str | None = None
    capacity: int | None = None
    for_whom: ForWhom = ForWhom.VILLAGE
    minutes: int = 120


@dataclass(frozen=True, slots=True)
class GatheringChange:
    """What becomes different; what is None stays."""

    title: str | None = None
    place: str | None = None
    map_link: str | None = None
    starts_at: datetime | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class GatheringView:
    """A gathering as one person sees it. `attending` is None for who was never invited; `own`: they look after it."""

    id: int
    kind: GatheringKind
    title: str
    place: str
    map_link: str | None
    starts_at: datetime
    minutes: int
    zone: ZoneInfo
    village_code: str
    village: str
    capacity: int | None
    coming: int
    for_whom: ForWhom
    state: GatheringState
    door: str
    token: str  # names it in the address of its calendar file
    attending: Attending | None = None
    checked_in: bool = False
    useful: Useful | None = None
    own: bool = False
    waiting: int = 0
    maybe: int = 0
    here: int = 0

    @property
    def full(self) -> bool:
        """Whether no seat is left."""
        return self.capacity is not None and self.coming >= self.capacity

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class GatheringRules:
    """When a gathering's messages are due and until when they make sense."""

    day_before_at: time = time(16)
    hours_before: timedelta = timedelta(hours=2)
    ask_after: timedelta = timedelta(minutes=30)
    ask_for: timedelta = timedelta(days=3)
    doors_open: timedelta = timedelta(hours=3)
    doors_close: timedelta = timedelta(hours=12)


RULES = GatheringRules()
_DOOR = re.compile(r"\W*hadir\W*(\d{4,6})\W*", re.IGNORECASE)


def moment_of(step: Step, starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> datetime:
    """When a step is due: the afternoon before, two hours before, or after the end, in the village's zone."""
    match step:
        case Step.DAY_BEFORE:
            day = starts_at.astimezone(zone).date() - timedelta(days=1)
            return datetime.combine(day, RULES.day_before_at, tzinfo=zone)
        case Step.HOURS_BEFORE:
            return starts_at - RULES.hours_before
        case Step.AFTER:
            return ends_at + RULES.ask_after


def too_late_at(step: Step, starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> datetime:
    """From when a step's message makes no sense any more: the next one says it better, it began, or it is long over."""
    match step:
        case Step.DAY_BEFORE:
            return moment_of(Step.HOURS_BEFORE, starts_at, ends_at, zone)
        case Step.HOURS_BEFORE:
            return starts_at
        case Step.AFTER:
            return ends_at + RULES.ask_for


def first_step(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, now: datetime) -> tuple[Step, datetime]:
    """The first step that still lies ahead; what was never promised is not made up for."""
    moments = [(step, moment_of(step, starts_at, ends_at, zone)) for step in Step]
    return next((pair for pair in moments if pair[1] > now), moments[-1])


def step_after(step: Step) -> Step | None:
    """What comes next, whether its time has passed or not: it was promised."""
    steps = list(Step)
    place = steps.index(step) + 1
    return steps[place] if place < len(steps) else None


def door_number(text: str) -> str | None:
    """The number in "HADIR 4821", as typed at the door or carried by the QR code there."""
    found = _DOOR.fullmatch(text)
    return found[1] if found else None


def doors_are_open(view: GatheringView, now: datetime) -> bool:
    """Whether people may be counted as present."""
    return view.starts_at - RULES.doors_open <= now <= view.starts_at + RULES.doors_close
