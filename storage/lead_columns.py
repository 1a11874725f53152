"""The columns of a collective registration, as content/lexicon/import.yaml lists them, and a lead's cell in each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from content import Content
from nlu.understanding import JsonValue
from storage.leads import Lead
from storage.xlsx import Cell

#: A second kind of work is kept in the list of the first.
SECOND_WORK = "pekerjaan_2"
WORK = "pekerjaan"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the slot it fills, how its cells are read, and what stands above it.

    `of_contact`: kept with the person, for choosing audiences, and no part of the lead.
    """

    slot: str
    kind: str
    heading: str
    also: tuple[str, ...]
    needed: bool
    width: int
    hint: str
    example: str
    of_contact: bool = False


def columns_of(content: Content) -> tuple[Column, ...]:
    """All columns, in order."""
    return tuple(_column(raw) for raw in sheet_words(content)["columns"])


def lead_columns(content: Content) -> tuple[Column, ...]:
    """Those that are part of a lead; the others are kept with the person (RT/RW, language)."""
    return tuple(column for column in columns_of(content) if not column.of_contact)


def sheet_words(content: Content) -> Mapping[str, Any]:
    """The words of spreadsheets."""
    words: Mapping[str, Any] = content.lexicon["import"]
    return words


def _column(raw: Mapping[str, Any]) -> Column:
    return Column(
        slot=raw["slot"],
        kind=raw["kind"],
        heading=raw["heading"],
        also=tuple(raw["also"]),
        needed=raw.get("needed") == "ya",
        width=int(raw["width"]),
        hint=raw["hint"],
        example=raw["example"],
        of_contact=raw.get("of_contact") == "ya",
    )


def folded(heading: str) -> str:
    """A heading without case, punctuation and what stands in brackets."""
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"\(.*?\)", "", heading).lower()).strip()


def cell_of(lead: Lead, column: Column, content: Content, *, full: bool) -> Cell:
    """What a lead has in that column. NIK and phone show their last digits unless `full`."""
    value = _value(lead, column)
    match column.kind, value:
        case _, None | "":
            return None
        case "nik", str():
            return value if full else str(lead.nik)
        case "phone", str():
            return _local(value) if full else str(lead.phone)
        case "birth_date", str():
            return _day(value)
        case "programs", _:
            packages: Mapping[str, str] = content.lexicon["programs"]["packages"]
            return packages.get(str(value), str(value))
        case _, {"name": str(name)}:
            return name
        case _, {"amount": int(amount)}:
            return amount
        case _, bool() | list() | dict():
            return None
        case _:
            return value if isinstance(value, int) else str(value)


def _value(lead: Lead, column: Column) -> JsonValue:
    if column.slot not in {WORK, SECOND_WORK}:
        return lead.fields.get(column.slot)
    works = lead.fields.get(WORK)
    if not isinstance(works, list):
        return works if column.slot == WORK else lead.fields.get(SECOND_WORK)
    at = 0 if column.slot == WORK else 1
    return works[at] if at < len(works) else None


def first_work(fields: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """The kind of work that decides the contribution: with two, the first."""
    works = fields.get(WORK)
    first = works[0] if isinstance(works, list) and works else works
    return first if isinstance(first, dict) else {}


def _day(value: str) -> Cell:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value


def _local(e164: str) -> str:
    """+6281200001111 as 081200001111: what the official form takes, and no spreadsheet's formula."""
    return "0" + e164[3:] if e164.startswith("+62") else e164
