"""Facts and sources: periods touch, values rest on law in force, tables are whole, nothing comes from the future."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from content.model import Fact, FactValue, Kind, Scalar
from content.reading.draft import Draft
from content.render import write_date

_DAY = timedelta(days=1)


def facts(draft: Draft) -> None:
    """Every rule about one fact."""
    for fact in draft.facts.values():
        _periods(draft, fact)
        for value in fact.values:
            _ends_after_it_begins(draft, fact, value)
            _whole_months(draft, fact, value)
            _law_in_force(draft, fact, value)
            if fact.kind == Kind.TABLE:
                _table(draft, fact, value)


def reading_dates(draft: Draft, day: date) -> None:
    """A source cannot have been read after today."""
    for source in draft.sources.values():
        if source.read_on > day:
            sentence = f'"read_on" sumber "{source.id}" ada di masa depan ({write_date(source.read_on)}).'
            draft.add("source.future", sentence, "source", source.id, "read_on")


def _periods(draft: Draft, fact: Fact) -> None:
    for earlier, later in pairwise(fact.values):
        at = ("fact", fact.key, later.since.isoformat())
        if earlier.until is None or later.since <= earlier.until:
            end = write_date(earlier.until) if earlier.until else "belum ditutup"
            sentence = (
                f'Masa berlaku "{fact.key}" tumpang tindih: nilai sebelumnya sampai {end}, '
                f"nilai ini mulai {write_date(later.since)}. Tutup nilai lama sehari sebelumnya."
            )
            draft.add("fact.overlap", sentence, *at)
        elif later.since > earlier.until + _DAY and fact.key not in draft.gaps_allowed:
            sentence = (
                f'Tidak ada nilai "{fact.key}" dari {write_date(earlier.until + _DAY)} sampai '
                f'{write_date(later.since - _DAY)}. Sambung masa berlakunya, atau tulis "gap: boleh".'
            )
            draft.add("fact.gap", sentence, *at)


def _ends_after_it_begins(draft: Draft, fact: Fact, value: FactValue) -> None:
    if value.until is not None and value.until < value.since:
        sentence = f'Nilai "{fact.key}" berakhir ({write_date(value.until)}) sebelum mulai ({write_date(value.since)}).'
        draft.add("fact.backwards", sentence, "fact", fact.key, value.since.isoformat())


def _whole_months(draft: Draft, fact: Fact, value: FactValue) -> None:
    if not fact.by_month:
        return
    at = ("fact", fact.key, value.since.isoformat())
    if value.since.day != 1:
        draft.add("fact.month", f'"{fact.key}" berlaku per bulan iuran: "from" harus tanggal 1.', *at)
    if value.until is not None and (value.until + _DAY).day != 1:
        draft.add("fact.month", f'"{fact.key}" berlaku per bulan iuran: "until" harus hari terakhir bulan.', *at)


def _law_in_force(draft: Draft, fact: Fact, value: FactValue) -> None:
    source = draft.sources.get(value.source)
    if source is not None and source.status == "dicabut" and value.until is None:
        sentence = (
            f'Sumber "{source.id}" sudah dicabut, tetapi nilai ini belum ditutup. Isi "until" atau ganti sumbernya.'
        )
        draft.add("fact.revoked", sentence, "fact", fact.key, value.since.isoformat(), "source")


def _table(draft: Draft, fact: Fact, value: FactValue) -> None:
    rows = value.value if isinstance(value.value, tuple) else ()
    if not rows or not fact.columns:
        return
    name, kind = fact.columns[0]
    if not name.endswith("_from"):
        return
    if kind == Kind.RUPIAH and rows[0][0] != 0:
        sentence = f'Tabel "{fact.key}" harus mulai dari 0 pada kolom "{name}", sekarang {rows[0][0]}.'
        draft.add("table.start", sentence, "fact", fact.key, "row", "0")
    for number, (before, after) in enumerate(pairwise(row[0] for row in rows), start=1):
        if not _rises(before, after):
            sentence = f'Kolom "{name}" harus selalu naik: {after} tidak boleh sesudah {before}.'
            draft.add("table.order", sentence, "fact", fact.key, "row", str(number))


def _rises(before: Scalar, after: Scalar) -> bool:
    return type(before) is type(after) and not isinstance(before, str) and before < after  # type: ignore[operator]
