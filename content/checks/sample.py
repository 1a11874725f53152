"""A reply at its longest: every fact by its longest value that may still be said, every slot by a long sample."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from content.model import Fact, FactValue, Kind, SlotDef
from content.reading.draft import Draft
from content.render import Placeholder, Template, write, write_date

_LONGEST_TEXT = 40
_SAMPLES: Mapping[Kind, object] = {
    Kind.RUPIAH: 888_888_888,
    Kind.PERCENT: Decimal("88.88"),
    Kind.NUMBER: 88_888,
    Kind.MONTHS: 88,
    Kind.YEARS: 88,
    Kind.DAYS: 88,
    Kind.HOURS: 88,
    Kind.DATE: date(2026, 9, 30),
    Kind.MONTH: date(2026, 9, 1),
    Kind.PHONE: "0888-8888-8888",
    Kind.URL: "https://www.contoh.go.id/halaman",
}


def longest(draft: Draft, text: str, day: date | None) -> str:
    """The text as a person might read it at its longest."""
    parts = Template.cut(text).parts
    return "".join(part if isinstance(part, str) else _filled(draft, part, day) for part in parts)


def slot_sample(slot: SlotDef) -> str:
    """A long but likely content of that slot."""
    if slot.kind in _SAMPLES:
        return write(_SAMPLES[slot.kind], slot.kind)
    length = slot.longest or _LONGEST_TEXT
    return ("kata contoh " * (length // 12 + 1))[:length].strip()


def _filled(draft: Draft, place: Placeholder, day: date | None) -> str:
    if place.area == "slot":
        slot = draft.slots.get(place.name)
        return slot_sample(slot) if slot else ""
    fact = draft.facts.get(place.name)
    if fact is None:
        return ""
    said = [_said(draft, place.area, fact, value) for value in fact.values if _may_be_said(value, day)]
    return max(said, key=len, default="")


def _may_be_said(value: FactValue, day: date | None) -> bool:
    return day is None or value.until is None or value.until >= day


def _said(draft: Draft, area: str, fact: Fact, value: FactValue) -> str:
    match area:
        case "source":
            source = draft.sources.get(value.source)
            return source.cited if source else ""
        case "since":
            return write_date(value.since, by_month=fact.by_month)
        case "until":
            return write_date(value.until, by_month=fact.by_month) if value.until else ""
        case _:
            return write(value.value, fact.kind)
