"""Reads one row of a collective registration as a form: each cell like a typed answer, each problem with its cell.

Problems of the whole sheet (no heading row, a needed column missing) are a `SheetUnreadable`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from content import Content
from content.model import NotInForce
from flows.benefits.contribution import Contribution, Sector, contribution
from flows.outreach.audience import read_neighbourhood
from flows.village import practice_villages
from nlu.answers import read_answer
from nlu.understanding import FormAnswer, JsonValue
from storage.lead_columns import SECOND_WORK, WORK, Column, columns_of, first_work, folded, sheet_words
from storage.sheets import Row, SheetUnreadable
from storage.xlsx import column_name

#: The heading row is looked for in the first rows; people put titles above it.
_HEADING_WITHIN = 15
_LEAST_HEADINGS = 4
#: Answers that many rows share; what is one person's own is never kept.
_SHARED_KINDS = frozenset({"village", "occupation", "programs", "months", "income"})
_SEGMENTS = ("pu", "jakon", "pmi")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and in which column."""

    column: int
    sentence: str


@dataclass(slots=True)
class Checked:
    """One row with its form, and what keeps it from being taken."""

    row: Row
    fields: dict[str, JsonValue]
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def said(self, problems: Sequence[Problem]) -> list[str]:
        """The sentences with their cells: "C7: NIK …"."""
        return [f"{column_name(problem.column)}{self.row.number}: {problem.sentence}" for problem in problems]


class LeadSheet:
    """A sheet whose headings are known."""

    def __init__(self, headings: Row, content: Content, today: date) -> None:
        self.content = content
        self.today = today
        self.words = sheet_words(content)
        self.headings = headings
        self.columns = dict(_matched(headings, columns_of(content)))
        self._place = {column.slot: at for at, column in self.columns.items()}
        self._missing()
        villages = practice_villages(content)
        self._villages = tuple((village.code, village.name, village.path) for village in villages)
        self._sexes = {folded(form): value for value, forms in self.words["sex"].items() for form in forms}
        self._languages = _languages(content)
        self._known: dict[tuple[str, str], FormAnswer] = {}
        self._price = lru_cache(maxsize=4096)(self._price_of)
        self._youngest = int(str(content.fact("pendaftaran.usia_dilayani", today).value))
        self._oldest = int(str(content.fact("pendaftaran.usia_maks", today).value))
        self._nik_digits = int(str(content.fact("pendaftaran.nik_angka", today).value))

    def check(self, row: Row) -> Checked:
        """Read the row; the form is complete when there are no problems."""
        checked = Checked(row, {})
        for at, column in self.columns.items():
            self._read(checked, at, column)
        self._put_works_together(checked)
        self._may_join(checked)
        self._compare_with_nik(checked)
        self._add_price(checked)
        return checked

    def problem(self, checked: Checked, slot: str, key: str, **slots: object) -> None:
        """Add a problem to the cell of that slot."""
        at = self._place.get(slot, 0)
        words = self.words["problems"]
        heading = self.columns[at].heading if at in self.columns else slot
        known = {"kolom": heading, "harus": self._nik_digits, "contoh": self._example("lahir"), **slots}
        checked.problems.append(Problem(at, words.get(key, words["tidak_terbaca"]).format(**known)))

    def _read(self, checked: Checked, at: int, column: Column) -> None:
        text = checked.row.cells[at] if at < len(checked.row.cells) else ""
        if not text:
            if column.needed:
                self.problem(checked, column.slot, "kosong")
            return
        if at in checked.row.rounded and column.kind == "nik" and text.endswith("0"):
            self.problem(checked, column.slot, "terpotong")
            return
        answer = self._answer(column.kind, text)
        if answer.ok:
            checked.fields[column.slot] = answer.value
        else:
            self.problem(checked, column.slot, answer.ask or "", **dict(answer.slots))

    def _answer(self, kind: str, text: str) -> FormAnswer:
        match kind:
            case "sex":
                return self._sex(text)
            case "neighbourhood":
                read = read_neighbourhood(text)
                return FormAnswer(text, read, ok=read is not None, ask=None if read else "rt_rw_tidak_jelas")
            case "language":
                return self._language(text)
        key = (kind, text)
        if kind not in _SHARED_KINDS:
            return self._ask(kind, text)
        if key not in self._known:
            if len(self._known) > 20_000:
                self._known.clear()
            self._known[key] = self._ask(kind, text)
        return self._known[key]

    def _ask(self, kind: str, text: str) -> FormAnswer:
        return read_answer(kind, text, content=self.content, today=self.today, extra_villages=self._villages)

    def _sex(self, text: str) -> FormAnswer:
        said = folded(text)
        if said in self._sexes:
            return FormAnswer(text, self._sexes[said], ok=True)
        return FormAnswer(text, None, ok=False, ask="kelamin_tidak_jelas")

    def _language(self, text: str) -> FormAnswer:
        """A language staff choose audiences by; "" for Indonesian, which everybody gets anyway."""
        found = self._languages.get(folded(text))
        return FormAnswer(text, found, ok=found is not None, ask="bahasa_tidak_dikenal" if found is None else None)

    def _put_works_together(self, checked: Checked) -> None:
        second = checked.fields.pop(SECOND_WORK, None)
        first = checked.fields.get(WORK)
        if isinstance(first, dict) and isinstance(second, dict) and second["id"] != first["id"]:
            checked.fields[WORK] = [first, second]

    def _may_join(self, checked: Checked) -> None:
        """Under 18, 65 and older, and who is registered by somebody else: told kindly, nothing kept."""
        born = checked.fields.get("lahir")
        if isinstance(born, str):
            age = _years(date.fromisoformat(born), self.today)
            if age < self._youngest:
                self.problem(checked, "lahir", "umur_muda", batas=self._youngest)
            elif age >= self._oldest:
                self.problem(checked, "lahir", "umur_tua", batas=self._oldest)
        segment = first_work(checked.fields).get("segment")
        if segment in _SEGMENTS:
            self.problem(checked, WORK, f"segmen_{segment}")

    def _compare_with_nik(self, checked: Checked) -> None:
        nik = checked.fields.get("nik")
        if not isinstance(nik, str):
            return
        woman = int(nik[6:8]) > 40
        stated = checked.fields.setdefault("jenis_kelamin", "P" if woman else "L")
        if (stated == "P") is not woman:
            self._note(checked, "jenis_kelamin", "kelamin_beda")
        in_nik = f"{nik[10:12]}-{nik[8:10]}-{int(nik[6:8]) - 40 * woman:02}"
        born = checked.fields.get("lahir")
        if isinstance(born, str) and born[2:] != in_nik:
            checked.fields["lahir_beda"] = True
            self._note(checked, "lahir", "lahir_beda")

    def _note(self, checked: Checked, slot: str, key: str) -> None:
        checked.notes.append(Problem(self._place.get(slot, 0), self.words["notes"][key]))

    def _add_price(self, checked: Checked) -> None:
        income, program = checked.fields.get("penghasilan"), checked.fields.get("program")
        if checked.problems or not isinstance(income, dict):
            return
        due = self._price(int(str(income["amount"])), str(first_work(checked.fields).get("sector")))
        if due is not None:
            checked.fields["upah_dasar"] = due.base
            checked.fields["iuran_pilihan"] = due.three if program == "3" else due.two

    def _price_of(self, income: int, sector: str) -> Contribution | None:
        try:
            return contribution(
                self.content, income, Sector.TRANSPORT if sector == Sector.TRANSPORT else Sector.OTHER, self.today
            )
        except NotInForce:
            return None

    def _example(self, slot: str) -> str:
        at = self._place.get(slot)
        return self.columns[at].example if at is not None else ""

    def _missing(self) -> None:
        needed = [column.heading for column in columns_of(self.content) if column.needed]
        missing = [heading for heading in needed if heading not in {c.heading for c in self.columns.values()}]
        if missing:
            raise SheetUnreadable("missing", kolom=", ".join(missing))


def _languages(content: Content) -> dict[str, str]:
    """How a language may be written, and its code."""
    names: Mapping[str, str] = content.lexicon["siaran"]["languages"]
    words = sheet_words(content)["language"]
    known = {folded(form): "" for form in words["national"]}
    for code, name in names.items():
        for form in (code, name, *words["also"].get(code, ())):
            known |= {folded(form): code, folded(f"{words['before']} {form}"): code}
    return known


def open_sheet(rows: Iterator[Row], content: Content, today: date) -> LeadSheet:
    """Find the heading row among the first rows; the iterator then stands at the first person.

    Raises:
        SheetUnreadable: there is no heading row, or a needed column is missing.
    """
    known = columns_of(content)
    for row in rows:
        if len(_matched(row, known)) >= _LEAST_HEADINGS:
            return LeadSheet(row, content, today)
        if row.number > _HEADING_WITHIN:
            break
    raise SheetUnreadable("no_headings")


def _matched(row: Row, known: Sequence[Column]) -> Mapping[int, Column]:
    """Which columns the headings name; the first of two alike counts."""
    by_name = {folded(name): column for column in known for name in (*column.also, column.heading)}
    found: dict[int, Column] = {}
    for at, heading in enumerate(row.cells):
        column = by_name.get(folded(heading))
        if column is not None and column.slot not in {each.slot for each in found.values()}:
            found[at] = column
    return found


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
