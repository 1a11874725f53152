"""How a gathering is put into words: the same slots for the chat, the invitation and the notices."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from content import Content
from content.model import Button, SlotValue
from content.render import write_date

#: Answers under an invitation, as they stand in a tap: "acara:12:ikut".
ANSWERS = ("ikut", "mungkin", "tidak")
OPINIONS = ("ya", "lumayan", "kurang")
MARK = "acara:"


class Described(Protocol):
    """A gathering, wherever it comes from."""

    @property
    def id(self) -> int:
        """Its number."""
        ...

    @property
    def title(self) -> str:
        """What it is called."""
        ...

    @property
    def place(self) -> str:
        """Where it is."""
        ...

    @property
    def map_link(self) -> str | None:
        """A link to a map, if there is one."""
        ...

    @property
    def starts_at(self) -> datetime:
        """When it begins."""
        ...

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its village."""
        ...

    @property
    def village(self) -> str:
        """The name of its village."""
        ...


def slots_of(content: Content, gathering: Described) -> dict[str, SlotValue]:
    """Title, when and where, in words; the link to the map stands behind the place."""
    where = f"{gathering.place} {gathering.map_link}" if gathering.map_link else gathering.place
    return {
        "acara": gathering.title,
        "acara_kapan": when(content, gathering.starts_at, gathering.zone),
        "acara_di": where,
        "desa": gathering.village,
    }


def when(content: Content, at: datetime, zone: ZoneInfo) -> str:
    """Weekday, date and time of day as people there say it: "Senin, 23 November 2026, jam 09.00 WIB"."""
    words, local = content.lexicon["acara"], at.astimezone(zone)
    day = f"{words['days'][local.weekday()]}, {write_date(local.date())}"
    return f"{day}, {words['clock']} {local:%H.%M} {words['zones'].get(zone.key, '')}".strip()


def taps(content: Content, gathering_id: int, *verbs: str) -> tuple[Button, ...]:
    """Buttons about one gathering."""
    labels = content.lexicon["acara"]["taps"]
    return tuple(Button(id=f"{MARK}{gathering_id}:{verb}", label=str(labels[verb])) for verb in verbs)
