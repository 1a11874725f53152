"""Leads as XLSX or CSV in the columns of a collective registration, read while the file is written.

Every line ends with who took it out and when; an XLSX says it again on its last sheet and in its properties. The caller
writes the audit row first.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from content import Content
from flows.contact import LeadState
from flows.village import zone_of
from storage.lead_columns import Column, cell_of, first_work, lead_columns, sheet_words
from storage.leads import Lead
from storage.xlsx import FORMULA, Cell, Mark, Sheet, xlsx_bytes

#: Excel takes a CSV for UTF-8 only when it begins with this.
_UTF8_MARK = "\ufeff"
_WIB = ZoneInfo("Asia/Jakarta")
FORMATS = ("csv", "xlsx")


@dataclass(frozen=True, slots=True)
class Order:
    """What is taken out, by whom and when. `full` writes NIK and phone whole, which needs a reason in the audit."""

    by: str
    at: datetime
    full: bool = False
    village: str | None = None
    state: LeadState | None = None


def export(leads: Iterable[Lead], order: Order, content: Content, kind: str) -> Iterator[bytes]:
    """The file, piece by piece. `kind` is one of FORMATS."""
    return _Export(order, content).xlsx(leads) if kind == "xlsx" else _Export(order, content).csv(leads)


def safe_cell(cell: Cell) -> str:
    """A CSV cell that no spreadsheet runs: what it would take for a formula gets an apostrophe in front."""
    text = cell.isoformat() if isinstance(cell, date) else "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


class _Export:
    """One export: its columns, its words, its stamp."""

    def __init__(self, order: Order, content: Content) -> None:
        self.order = order
        self.content = content
        self.columns: Sequence[Column] = lead_columns(content)
        self.words = sheet_words(content)
        self.states = content.lexicon["commands"]["leads"]["states"]
        self.stamp = (order.by, order.at.astimezone(_WIB).strftime("%Y-%m-%d %H:%M WIB"))
        self.rows = 0

    @property
    def headings(self) -> list[str]:
        return [*[column.heading for column in self.columns], *self.words["extra"].values()]

    def csv(self, leads: Iterable[Lead]) -> Iterator[bytes]:
        yield (_UTF8_MARK + _line(self.headings)).encode()
        for lead in leads:
            yield _line(self.cells(lead)).encode()

    def xlsx(self, leads: Iterable[Lead]) -> Iterator[bytes]:
        sheets = self.words["sheets"]
        widths = [column.width for column in self.columns]
        people = Sheet(sheets["people"], self.headings, map(self.cells, leads), widths)
        mark = Sheet(sheets["mark"], ["", ""], self.mark(), [24, 60])
        return xlsx_bytes([people, mark], Mark(sheets["export_title"], self.order.by, self.order.at))

    def cells(self, lead: Lead) -> list[Cell]:
        self.rows += 1
        fields, words = lead.fields, self.words
        zone = zone_of(lead.village_code) if lead.village_code else _WIB
        sector, base, due = first_work(fields).get("sector"), fields.get("upah_dasar"), fields.get("iuran_pilihan")
        extra: dict[str, Cell] = {
            "sector": words["sector"].get(sector),
            "village_code": lead.village_code,
            "base": base if isinstance(base, int) else None,
            "contribution": due if isinstance(due, int) else None,
            "number": lead.number,
            "state": self.states.get(lead.state.value, lead.state.value),
            "date": lead.submitted_at.astimezone(zone).date(),
            "born_differs": words["yes"] if fields.get("lahir_beda") is True else None,
            "consent": lead.consent_version,
            "paper": str(fields["izin_kertas"]) if fields.get("izin_kertas") else None,
            "official_number": lead.official_number,
            "exported_by": self.stamp[0],
            "exported_at": self.stamp[1],
        }
        own = [cell_of(lead, column, self.content, full=self.order.full) for column in self.columns]
        return [*own, *[extra[name] for name in words["extra"]]]

    def mark(self) -> Iterator[Sequence[Cell]]:
        """The last sheet; it is written last, so it knows how many there were."""
        words, order = self.words["mark"], self.order
        yield words["by"], self.stamp[0]
        yield words["at"], self.stamp[1]
        yield words["village"], order.village or words["all"]
        yield words["state"], self.states[order.state.value] if order.state else words["all"]
        yield words["what"], words["full"] if order.full else words["masked"]
        yield words["rows"], self.rows
        yield "", words["law"]


def _line(cells: Sequence[Cell]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()
