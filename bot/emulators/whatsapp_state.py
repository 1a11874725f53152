"""The memory of the emulated WhatsApp: people, templates, and the limits that decide whether a message is taken.

Pure but for its own state: whoever calls says what time it is, in seconds.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.channels.whatsapp_limits import PlatformLimits
from bot.channels.whatsapp_templates import Template
from bot.emulators.whatsapp_shape import GraphError, Shown, recipient, shown

DAY = 86_400.0
#: A sender that paces exactly is not refused because the network bunched its messages by up to 50 ms.
SECOND = 0.95
#: Complaints until a template's quality is yellow, and until it is paused; pauses of 3 and 6 hours, then disabled.
YELLOW_AT, PAUSED_AT = 3, 5
PAUSES = (3 * 3600.0, 6 * 3600.0)


@dataclass(frozen=True, slots=True)
class Bubble:
    """One line of a person's chat."""

    id: str
    mine: bool  # written by the person
    shown: Shown
    at: float


@dataclass(slots=True)
class Person:
    """Somebody with (or without) WhatsApp on a phone."""

    phone: str
    user_id: str
    name: str
    username: str | None = None
    hides_phone: bool = False
    has_whatsapp: bool = True
    reads: bool = True
    blocked: bool = False
    stopped: bool = False  # no marketing messages
    wrote_at: float | None = None
    bubbles: list[Bubble] = field(default_factory=list)
    burst_from: float = float("-inf")
    burst: int = 0
    last_template: str | None = None


@dataclass(slots=True)
class KeptTemplate:
    """A template as Meta keeps it."""

    id: str
    form: dict[str, Any]  # as registered
    status: str = "APPROVED"
    quality: str = "GREEN"
    complaints: int = 0
    pauses: int = 0
    paused_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Taken:
    """An accepted message. `failure` is the code with which it fails afterwards, by webhook, as in life."""

    id: str
    person: Person
    shown: Shown
    failure: int | None
    category: str  # as it is priced: service, utility or marketing


class WhatsAppState:
    """One business number and everybody it knows."""

    def __init__(self, limits: PlatformLimits, tier: str, templates: Iterable[Template] = ()) -> None:
        self.limits = limits
        self.tier = tier
        self.people: dict[str, Person] = {}  # by user id
        self.by_address: dict[str, Person] = {}  # by phone and by user id
        self.templates: dict[str, KeptTemplate] = {}
        self.media: dict[str, bytes] = {}
        self.counts: Counter[str] = Counter()
        self._ids = count(1)
        self._second: deque[float] = deque()
        self._first_contacts: deque[tuple[float, str]] = deque()  # who was written to first, in the last day
        self._counted: dict[str, float] = {}
        for template in templates:
            self.register(template.registration())

    def new_id(self, kind: str) -> str:
        """A fresh id."""
        return f"{kind}{next(self._ids)}"

    def meet(self, name: str, phone: str | None = None, **traits: Any) -> Person:
        """Somebody new. Their number is too short to be real."""
        number = next(self._ids)
        person = Person(phone or f"62800{number:06d}", f"ID.{10**9 + number}", name, **traits)
        self.people[person.user_id] = person
        self.by_address |= {person.phone: person, person.user_id: person}
        return person

    def move(self, person: Person, phone: str | None = None) -> tuple[str, str]:
        """The person gets a new id (and number): the old and the new id."""
        old = person.user_id
        for address in (person.phone, old):
            self.by_address.pop(address, None)
        self.people.pop(old)
        person.user_id, person.phone = f"ID.{10**9 + next(self._ids)}", phone or person.phone
        self.people[person.user_id] = person
        self.by_address |= {person.phone: person, person.user_id: person}
        return old, person.user_id

    def register(self, form: dict[str, Any], status: str = "APPROVED") -> KeptTemplate:
        """A template handed in."""
        kept = KeptTemplate(self.new_id("90"), form, status)
        self.templates[form["name"]] = kept
        return kept

    def take(self, body: Mapping[str, Any], now: float) -> Taken:
        """Accept a message by all rules, or raise GraphError. What is refused uses up nothing."""
        address = recipient(body)
        parts = {name: kept.form["components"] for name, kept in self.templates.items()}
        seen = shown(body, self.media, parts)
        kept = self.templates[seen.template] if seen.template is not None else None
        self._rate(now)
        person = self.by_address.get(address)
        if person is None:
            person = self.meet("", address, has_whatsapp=False) if address.isdigit() else _nobody()
        opened = person.wrote_at is not None and now - person.wrote_at < self.limits.window.total_seconds()
        if kept is not None:
            self._allowed(kept, now)
        if kept is not None and not opened:
            self._daily(person, now)
        self._pair(person, now)
        return self._accept(person, seen, kept, opened=opened, now=now)

    def _accept(self, person: Person, seen: Shown, kept: KeptTemplate | None, *, opened: bool, now: float) -> Taken:
        self._second.append(now)
        if kept is not None and not opened:
            self._counted[person.phone] = now
            self._first_contacts.append((now, person.phone))
        failure = None
        if not person.has_whatsapp:
            failure = 131026
        elif kept is None and not opened:
            failure = 131047
        elif kept is not None and kept.form["category"] == "MARKETING" and person.stopped:
            failure = 131050
        category = "service" if kept is None else str(kept.form["category"]).lower()
        taken = Taken(self.new_id("wamid.EMU"), person, seen, failure, category)
        if failure is None and not person.blocked:
            person.bubbles.append(Bubble(taken.id, mine=False, shown=seen, at=now))
            person.last_template = seen.template
        self.counts["accepted"] += 1
        return taken

    def _rate(self, now: float) -> None:
        while self._second and self._second[0] <= now - SECOND:
            self._second.popleft()
        if len(self._second) >= self.limits.per_second:
            raise GraphError(130429, "Rate limit hit.", 429)

    def _pair(self, person: Person, now: float) -> None:
        """One in six seconds; a burst is borrowed and must be waited off before the next message."""
        pause = self.limits.pair_pause.total_seconds()
        if now - person.burst_from < pause and person.burst < self.limits.pair_burst:
            person.burst += 1
        elif now >= person.burst_from + person.burst * pause:
            person.burst_from, person.burst = now, 1
        else:
            raise GraphError(131056, "(Business Account, Consumer Account) pair rate limit hit.")

    def _allowed(self, kept: KeptTemplate, now: float) -> None:
        if kept.status == "PAUSED" and 0 < kept.paused_until <= now:
            kept.status, kept.complaints = "APPROVED", 0
        match kept.status:
            case "APPROVED":
                return
            case "PAUSED":
                raise GraphError(132015, "Template is paused.")
            case "DISABLED":
                raise GraphError(132016, "Template is disabled.")
            case _:
                raise GraphError(132001, "Template is not approved.", 404)

    def _daily(self, person: Person, now: float) -> None:
        """People written to first within a moving day, against the tier."""
        while self._first_contacts and self._first_contacts[0][0] <= now - DAY:
            at, address = self._first_contacts.popleft()
            if self._counted.get(address) == at:
                del self._counted[address]
        most = self.limits.tiers[self.tier]
        if person.phone not in self._counted and most is not None and len(self._counted) >= most:
            raise GraphError(131048, "Messaging limit reached.")

    def complain(self, person: Person, now: float) -> list[tuple[str, KeptTemplate]]:
        """The person blocks us; the last template they got loses quality. What changed, in webhook fields."""
        person.blocked = True
        kept = self.templates.get(person.last_template or "")
        if kept is None or kept.status != "APPROVED":
            return []
        kept.complaints += 1
        if kept.complaints == YELLOW_AT:
            kept.quality = "YELLOW"
            return [("message_template_quality_update", kept)]
        if kept.complaints < PAUSED_AT:
            return []
        kept.quality = "RED"
        if kept.pauses < len(PAUSES):
            kept.status, kept.paused_until = "PAUSED", now + PAUSES[kept.pauses]
        else:
            kept.status = "DISABLED"
        kept.pauses += 1
        return [("message_template_quality_update", kept), ("message_template_status_update", kept)]


def _nobody() -> Person:
    raise GraphError(131009, "Recipient is not valid.")
