"""Writes a reply: placeholders become facts in force that day, sources, dates and slots, in Indonesian notation.

Templates are cut once, when content is loaded. What a slot holds is inserted as it is and never read as a template.
The month and unit names here are notation, like the point in Rp16.800; wording is in content/replies/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from content.model import Fact, Kind, NotInForce, SlotDef, Source
from content.reading import values

MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
_UNITS = {Kind.MONTHS: "bulan", Kind.YEARS: "tahun", Kind.DAYS: "hari", Kind.HOURS: "jam"}
_PLACEHOLDER = re.compile(r"\{(fact|source|since|until|slot)\.([a-z0-9_]+(?:\.[a-z0-9_]+)*)\}")


class SlotMissing(KeyError):
    """A reply names a slot that was not handed over: a mistake of the flow, not of the person."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One place to fill: `area` is fact, source, since, until or slot."""

    area: str
    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """A reply's text cut into literal text and placeholders."""

    parts: tuple[str | Placeholder, ...]

    @classmethod
    def cut(cls, text: str) -> Template:
        """Cut once; what does not look like a placeholder stays literal (and the check refuses it)."""
        parts: list[str | Placeholder] = []
        end = 0
        for match in _PLACEHOLDER.finditer(text):
            parts += [text[end : match.start()], Placeholder(match[1], match[2])]
            end = match.end()
        return cls(tuple(part for part in (*parts, text[end:]) if part != ""))

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Everything this text needs."""
        return tuple(part for part in self.parts if isinstance(part, Placeholder))

    @property
    def literals(self) -> tuple[str, ...]:
        """Everything that is said as written."""
        return tuple(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Shelf:
    """What placeholders are filled from."""

    facts: Mapping[str, Fact]
    sources: Mapping[str, Source]
    slots: Mapping[str, SlotDef]


def fill(template: Template, shelf: Shelf, day: date, slots: Mapping[str, Any]) -> str:
    """The text as a person reads it on `day`.

    Raises:
        NotInForce: a fact it names has no value that day, or no end where the end is to be said.
        SlotMissing: a slot it names was not given.
    """
    return "".join(part if isinstance(part, str) else _one(part, shelf, day, slots) for part in template.parts)


def _one(place: Placeholder, shelf: Shelf, day: date, slots: Mapping[str, Any]) -> str:
    if place.area == "slot":
        if place.name not in slots:
            raise SlotMissing(place.name)
        definition = shelf.slots.get(place.name)
        return write(slots[place.name], definition.kind if definition else Kind.TEXT)
    fact = shelf.facts[place.name]
    value = fact.on(day)
    match place.area:
        case "source":
            return shelf.sources[value.source].cited
        case "since":
            return write_date(value.since, by_month=fact.by_month)
        case "until":
            if value.until is None:
                raise NotInForce(fact.key, day)
            return write_date(value.until, by_month=fact.by_month)
        case _:
            return write(value.value, fact.kind)


def write(value: object, kind: Kind) -> str:
    """One value in Indonesian notation. Text that does not fit its kind is said as it is."""
    match value:
        case None:
            return "-"
        case bool():
            return "ya" if value else "tidak"
        case list() | tuple():
            return ", ".join(write(item, kind) for item in value)
        case date():
            return write_date(value, by_month=kind == Kind.MONTH)
        case int() | Decimal():
            return _write_number(Decimal(value), kind)
        case _:
            return _write_text(str(value), kind)


def _write_text(text: str, kind: Kind) -> str:
    if kind in (Kind.TEXT, Kind.URL, Kind.PHONE, Kind.TABLE):
        return text
    try:
        return write(values.typed(text, kind), kind)
    except values.Unfit:
        return text


def _write_number(number: Decimal, kind: Kind) -> str:
    match kind:
        case Kind.RUPIAH:
            return write_rupiah(number)
        case Kind.PERCENT:
            return f"{write_number(number)}%"
        case Kind.MONTHS | Kind.YEARS | Kind.DAYS | Kind.HOURS:
            return f"{write_number(number)} {_UNITS[kind]}"
        case Kind.NUMBER:
            return write_number(number)
        case _:
            return format(number, "f")


def write_rupiah(amount: int | Decimal) -> str:
    """16800 -> Rp16.800, and -500 -> -Rp500."""
    return f"{'-' if amount < 0 else ''}Rp{write_number(abs(Decimal(amount)))}"


def write_number(number: int | Decimal) -> str:
    """1234.50 -> 1.234,5: points between thousands, a comma before decimals, no idle zeros."""
    whole, _, decimals = format(Decimal(number), ",f").partition(".")
    decimals = decimals.rstrip("0")
    whole = whole.replace(",", ".")
    return f"{whole},{decimals}" if decimals else whole


def write_date(day: date, *, by_month: bool = False) -> str:
    """15 November 2026, or November 2026 where contribution months are meant."""
    month = f"{MONTHS[day.month - 1]} {day.year}"
    return month if by_month else f"{day.day} {month}"
