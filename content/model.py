"""The shapes of content once it has been read and proved: facts, sources, replies, buttons, flows.

Everything here is frozen. `content.load` makes it; nothing changes it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

#: What one fact value may be: rupiah and counts are `int`, percentages `Decimal` (0.24 is 0,24 %), the rest text.
Scalar = int | Decimal | str | date
#: What a slot may hold when a reply is rendered. Lists are joined with commas.
SlotValue = int | Decimal | str | date | bool | None


class Kind(StrEnum):
    """How a fact or slot is typed, and so how it is written for a reader."""

    RUPIAH = "rupiah"  # 16800 -> Rp16.800
    PERCENT = "percent"  # 0.24 -> 0,24%
    NUMBER = "number"
    MONTHS = "months"  # 3 -> 3 bulan
    YEARS = "years"
    DAYS = "days"
    HOURS = "hours"
    DATE = "date"  # 2026-11-15 -> 15 November 2026
    MONTH = "month"  # a date -> Desember 2026
    PHONE = "phone"
    URL = "url"
    TEXT = "text"
    TABLE = "table"


class Confidence(StrEnum):
    """How well a value is supported; L is never entered, so never said (facts.md section 0)."""

    HIGH = "H"
    MEDIUM = "M"


class Program(StrEnum):
    """The five programmes."""

    JKK = "jkk"
    JKM = "jkm"
    JHT = "jht"
    JP = "jp"
    JKP = "jkp"


@dataclass(frozen=True, slots=True)
class Source:
    """A law or publication a value rests on. `short` is what a worker reads ("PP 82/2019")."""

    id: str
    title: str
    short: str
    article: str | None
    url: str
    depth: str  # text | quoted | link | official | secondary
    status: str  # berlaku | diubah | dicabut
    read_on: date

    @property
    def cited(self) -> str:
        """The legal basis as said in a reply: "PP 50/2025 Pasal 4"."""
        return f"{self.short} {self.article}" if self.article else self.short


@dataclass(frozen=True, slots=True)
class FactValue:
    """One value of a fact and the days it is in force, both ends included. `until=None`: still in force."""

    value: Scalar | tuple[tuple[Scalar, ...], ...]
    since: date
    until: date | None
    source: str
    confidence: Confidence

    def covers(self, day: date) -> bool:
        """Whether the value is in force on `day`."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Fact:
    """A number or word with its periods. `key` is "file.name", for example "jkm.total"."""

    key: str
    meaning: str
    kind: Kind
    values: tuple[FactValue, ...]
    recheck_by: date
    columns: tuple[tuple[str, Kind], ...] = ()  # only for tables
    by_month: bool = False  # its periods are contribution months, so written "Desember 2026"
    where: str = ""  # file:line, for messages to staff

    def on(self, day: date) -> FactValue:
        """The one value in force on `day`.

        Raises:
            NotInForce: the fact has no value on that day.
        """
        for value in self.values:
            if value.covers(day):
                return value
        raise NotInForce(self.key, day)


class NotInForce(Exception):
    """A fact has no value in force on the day asked for; the bot must decline and name 175."""

    def __init__(self, fact: str, day: date) -> None:
        super().__init__(f"{fact} has no value on {day.isoformat()}")
        self.fact = fact
        self.day = day


@dataclass(frozen=True, slots=True)
class Button:
    """One tap. Exactly one of `intent`, `answer`, `start`, `say` or `command` says what it does.

    `answer` is the value handed to the waiting step; `command` is one of the anytime words
    (cancel, back, resume_flow, menu, person, stop, resume).
    """

    id: str
    label: str
    intent: str | None = None
    answer: str | None = None
    start: str | None = None
    say: str | None = None
    command: str | None = None
    hint: str | None = None  # second line in a WhatsApp list row, at most 72 characters
    program: str | None = None  # what the tap is about, for follow-up questions


@dataclass(frozen=True, slots=True)
class Reply:
    """One message, as reviewed. Placeholders only: {fact.…} {source.…} {since.…} {until.…} {slot.…}."""

    key: str
    purpose: str  # `for:` in the file
    text: str
    buttons: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()  # a list of up to ten, where three buttons do not suffice
    image: str | None = None  # name of a picture card
    about: str | None = None  # programme or topic that follow-up questions refer to
    where: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A picture's words with every fact filled in. `code` is what a QR code on it holds; empty: none."""

    name: str
    color: str
    title: str
    subtitle: str
    rows: tuple[tuple[str, str], ...]  # label, value
    note: str
    foot: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a person will read: final text and taps, stamped with the content it came from."""

    reply: str
    text: str
    buttons: tuple[Button, ...] = ()
    choices: tuple[Button, ...] = ()
    image: str | None = None
    card: Card | None = None  # what the picture named by `image` shows

    @property
    def options(self) -> tuple[Button, ...]:
        """All taps in the order shown, so that "2" can mean the second."""
        return self.buttons + self.choices


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot does with an intent when no form is waiting. Exactly one field is set."""

    say: str | None = None
    do: str | None = None
    start: str | None = None


@dataclass(frozen=True, slots=True)
class Finer:
    """A closer reply for an intent when the message also has one of `words` (and one of `all_words`, if given)."""

    intent: str
    words: tuple[str, ...]
    say: str
    all_words: tuple[str, ...] = ()
    where: str = ""

    def fits(self, text: str) -> bool:
        """Whether the text, in lower case and single spaces, has the words as whole words."""
        padded = f" {text} "
        found = any(f" {word} " in padded for word in self.words)
        return found and (not self.all_words or any(f" {word} " in padded for word in self.all_words))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a flow.

    `ask` is the kind of answer waited for (see `nlu.answers`), `say` the reply that asks, `slot` where the
    answer is kept. `next` maps an answer value (or "*") to a step id; without a match the following step is next.
    `do` names an action in `flows.conversation.actions`. `unless` skips the step when that slot is already known.
    """

    id: str
    say: str | None = None
    ask: str | None = None
    slot: str | None = None
    invalid: str | None = None
    attempts: int = 3
    give_up: str | None = None
    next: Mapping[str, str] = field(default_factory=dict)
    do: str | None = None
    unless: str | None = None
    only_if: Mapping[str, str] = field(default_factory=dict)  # slot -> value ("*": known) that must hold
    say_if: Mapping[str, str] = field(default_factory=dict)  # slot -> reply asked instead when that slot is known
    personal: bool = False  # keeps personal data: must come after a consent step
    end: bool = False
    optional: bool = False  # may be passed over in one tap or with "lewati"
    words: tuple[str, ...] = ()  # what people call this field: "ubah NIK" jumps here
    photo: bool = False  # a photo sent here goes with what is being written
    where: str = ""


@dataclass(frozen=True, slots=True)
class FlowDef:
    """A form or dialogue as data: an ordered tuple of steps, entered at the first."""

    id: str
    purpose: str
    name: str  # as said to people: "pendaftaran"
    steps: tuple[Step, ...]
    resume: str | None = None  # reply said when coming back after a pause
    cancelled: str | None = None  # reply said after "batal"
    officials_only: bool = False
    about_other: bool = False  # what is typed into it is about somebody else than the writer

    def step(self, step_id: str) -> Step:
        """The step with that id.

        Raises:
            KeyError: there is none (content checks prove there is).
        """
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)


@dataclass(frozen=True, slots=True)
class IntentDef:
    """An intent's meaning and training sentences (Rasa's inline entity marks still in `examples`)."""

    name: str
    meaning: str
    examples: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class SlotDef:
    """Why a slot exists and how it is written. What has no purpose is never asked."""

    name: str
    kind: Kind
    purpose: str
    longest: int | None = None  # characters to reckon with when a reply's length is checked


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The exact words a person agreed to, by version."""

    version: str
    purposes: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a content file, in Indonesian, where staff can find it."""

    path: str
    line: int
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.rule}] {self.sentence}"


class ContentBroken(Exception):
    """The content files have problems; nothing was loaded."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
