"""The attendance list as a spreadsheet, and for a discussion a second sheet with what was said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from content import Content
from storage.gatherings import Gathering, Guest, Input
from storage.xlsx import Cell, Mark, Sheet, xlsx_bytes


def attendance_file(
    gathering: Gathering,
    guests: Iterator[Guest],
    inputs: Sequence[Input],
    content: Content,
    taken: tuple[str, datetime],
) -> Iterator[bytes]:
    """The XLSX, piece by piece; no cell is taken for a formula. `taken`: who takes it out, and when."""
    words = content.lexicon["acara"]
    titles = words["sheet"]
    sheets = [Sheet(titles["people"], titles["headings"], _people(guests, words, gathering.zone), (12, 30, 16, 18, 14))]
    if inputs:
        said = _said(inputs, words, content)
        sheets.append(Sheet(titles["inputs"], titles["input_headings"], said, (12, 18, 60, 80)))
    return xlsx_bytes(sheets, Mark(gathering.title, *taken))


def _people(guests: Iterator[Guest], words: Mapping[str, Any], zone: ZoneInfo) -> Iterator[Sequence[Cell]]:
    for guest in guests:
        came = guest.checked_in_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if guest.checked_in_at else ""
        useful = words["useful"][guest.useful.value] if guest.useful else ""
        yield guest.contact_id, guest.name or "", words["attending"][guest.attending.value], came, useful


def _said(inputs: Sequence[Input], words: Mapping[str, Any], content: Content) -> Iterator[Sequence[Cell]]:
    for one in inputs:
        question = content.replies[one.question].text.strip() if one.question in content.replies else one.question
        yield one.contact_id, words["roles"][one.role.value], question, one.answer or ""
