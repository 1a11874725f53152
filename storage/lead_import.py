"""Takes a sheet of people into leads: each row checked, the good kept in small transactions, the rest handed back.

Interrupted half-way, the same file can be sent again: who was taken is then found by NIK and handed back as known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice

from content import Content
from flows.contact import Purpose
from flows.events import LeadSubmitted
from nlu.understanding import JsonValue
from storage.contacts import Corner
from storage.database import Database, Store
from storage.lead_columns import columns_of, sheet_words
from storage.lead_sheet import Checked, LeadSheet, open_sheet
from storage.leads import NIK_SLOT
from storage.sheets import Row, Source, read_rows
from storage.xlsx import Cell, Mark, Sheet, xlsx_bytes

#: Rows looked up and written together; the database is free for others in between.
_BATCH = 500
#: How consent came, and where its number is kept.
PAPER, PAPER_SLOT = "paper", "izin_kertas"
_NEIGHBOURHOOD, _LANGUAGE = "rt_rw", "bahasa"


@dataclass(frozen=True, slots=True)
class Order:
    """Who hands the file in and when, the number of the paper consents, and whether it is only a dry run."""

    by: str
    at: datetime
    paper_consent: str
    dry_run: bool = False


@dataclass(slots=True)
class Counts:
    """What became of the rows."""

    good: int = 0
    bad: int = 0
    noted: int = 0


@dataclass(slots=True)
class LeadImport:
    """One file being taken in. `fresh_number` makes receipt numbers."""

    database: Database
    content: Content
    order: Order
    today: date
    fresh_number: Callable[[], str]
    counts: Counts = field(default_factory=Counts)
    _rows_of: dict[bytes, int] = field(default_factory=dict)

    def run(self, source: Source) -> Iterator[Checked]:
        """Every row, in order, once it is decided; good ones have been kept by then unless this is a dry run.

        Raises:
            SheetUnreadable: the file can't be used at all.
        """
        rows = read_rows(source)
        sheet = open_sheet(rows, self.content, self.today)
        if not self.order.dry_run:
            paper = f"{PAPER}:{self.order.paper_consent}"[:80]
            with self.database.transaction() as store:
                store.audit.record(self.order.by, "leads_imported", paper, self.order.at)
        while batch := [sheet.check(row) for row in islice(rows, _BATCH)]:
            self._find_twins(sheet, batch)
            good = [checked for checked in batch if not checked.problems]
            if good and not self.order.dry_run:
                with self.database.transaction() as store:
                    for checked in good:
                        self._keep(store, checked)
            self._count(batch)
            yield from batch

    def headings(self, source: Source) -> Row:
        """The heading row as written, for the file that goes back."""
        rows = read_rows(source)
        return open_sheet(rows, self.content, self.today).headings

    def _find_twins(self, sheet: LeadSheet, batch: Sequence[Checked]) -> None:
        niks = {str(checked.fields[NIK_SLOT]) for checked in batch if NIK_SLOT in checked.fields}
        with self.database.reading() as store:
            marks = store.leads.marks_of(niks)
            known = store.leads.numbers_by_mark(marks.values())
        for checked in batch:
            mark = marks.get(str(checked.fields.get(NIK_SLOT)))
            if mark is None:
                continue
            first = self._rows_of.setdefault(mark, checked.row.number)
            if first != checked.row.number:
                sheet.problem(checked, NIK_SLOT, "nik_dua_kali", baris=first)
            elif mark in known:
                sheet.problem(checked, NIK_SLOT, "nik_tercatat", nomor=known[mark])

    def _keep(self, store: Store, checked: Checked) -> None:
        fields: dict[str, JsonValue] = {**checked.fields, PAPER_SLOT: self.order.paper_consent}
        corner = _corner(fields)
        village = fields.get("desa")
        code = str(village["code"]) if isinstance(village, dict) else None
        version = max(self.content.consents)
        contact = store.contacts.make_on_paper(str(fields["nama"]), code, self.order.at)
        if corner != Corner():
            store.contacts.note_corner(contact, corner)
        store.consents.give(contact, (Purpose.REGISTRATION,), version, self.order.at, via=PAPER)
        store.leads.submit(contact, LeadSubmitted(self.fresh_number(), fields, version), self.order.at)

    def _count(self, batch: Sequence[Checked]) -> None:
        for checked in batch:
            self.counts.bad += bool(checked.problems)
            self.counts.good += not checked.problems
            self.counts.noted += not checked.problems and bool(checked.notes)


def _corner(fields: dict[str, JsonValue]) -> Corner:
    """Takes out of the row what is kept with the person: RT, RW and language."""
    rt, _, rw = str(fields.pop(_NEIGHBOURHOOD, None) or "").partition("/")
    return Corner(rt or None, rw or None, str(fields.pop(_LANGUAGE, None) or "") or None)


def errors_file(headings: Row, bad: Iterator[Checked], order: Order, content: Content) -> Iterator[bytes]:
    """The rows to correct, as they came, each with its problems in a last column. Reading it drives the import."""
    words = sheet_words(content)["sheets"]
    width = len(headings.cells)

    def rows() -> Iterator[Sequence[Cell]]:
        for checked in bad:
            cells = checked.row.cells[:width]
            yield [*cells, *[""] * (width - len(cells)), "; ".join(checked.said(checked.problems))]

    sheet = Sheet(words["people"], [*headings.cells, words["problems"]], rows(), [18] * width + [70])
    return xlsx_bytes([sheet], Mark(words["errors_title"], order.by, order.at))


def template_file(by: str, at: datetime, content: Content) -> Iterator[bytes]:
    """An empty sheet to fill in, and how, on a second one."""
    words, columns = sheet_words(content), columns_of(content)
    people = Sheet(
        words["sheets"]["people"], [column.heading for column in columns], (), [column.width for column in columns]
    )
    lines: list[Sequence[Cell]] = [
        [column.heading, words["yes"] if column.needed else "", column.hint, column.example] for column in columns
    ]
    lines += [["", "", line, ""] for line in words["how"]["lines"]]
    how = Sheet(words["sheets"]["how"], words["how"]["headings"], lines, [24, 8, 60, 28])
    return xlsx_bytes([people, how], Mark(words["sheets"]["template_title"], by, at))
