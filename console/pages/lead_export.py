"""Leads as a CSV that is read while it is written: a few hundred in memory, however many there are.

A cell that a spreadsheet would take for a formula gets an apostrophe in front. Each line ends with who took it out and
when, so that a copy can be traced.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime

from console.desk import Desk
from console.lists import LeadFilter
from console.pages.lead_card import income_of, lead_form, program_of, text_of
from storage import Store
from storage.leads import Lead

#: Excel takes a file for UTF-8 only when it begins with this.
_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "number", "name", "nik", "born", "occupation", "sector", "village", "village_code", "income", "program",
    "contribution", "phone", "state", "date", "exported_by", "exported_at",
)  # fmt: skip


def export_lines(desk: Desk, store: Store, wanted: LeadFilter, who: str, now: datetime) -> Iterator[str]:
    """The file, line by line."""
    yield _MARK + _line([desk.words(f"csv_{column}") for column in COLUMNS])
    stamp = [who, now.astimezone(desk.settings.zone).strftime("%Y-%m-%d %H:%M %Z")]
    for lead in store.leads.export(village=wanted.village, state=wanted.state):
        yield _line([*_cells(desk, lead), *stamp])


def guarded(cell: object) -> str:
    """The cell as text that no spreadsheet will run."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([guarded(cell) for cell in cells])
    return out.getvalue()


def _cells(desk: Desk, lead: Lead) -> list[object]:
    form = lead_form(lead, desk.content.current)
    place = desk.place(lead.village_code)
    words = desk.words
    return [
        lead.number,
        form.name,
        form.nik,
        form.born,
        form.occupation,
        words.of(form.sector, "sector") if form.sector else None,
        place.name if place else None,
        lead.village_code,
        income_of(lead),
        program_of(lead, desk.content.current),
        lead.fields.get("iuran_pilihan"),
        text_of(lead.fields.get("hp")),
        words.of(lead.state, "lead_state"),
        lead.submitted_at.astimezone(desk.zone(lead.village_code)).date(),
    ]
