"""The cells of an XLSX, read the way a spreadsheet shows them, and files that were made to harm."""

from __future__ import annotations

import io
import tracemalloc
from datetime import date, datetime
from itertools import zip_longest
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from storage.sheets import SheetUnreadable, read_rows
from storage.xlsx_cells import read_lines

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def book(rows) -> io.BytesIO:
    """As openpyxl writes it."""
    made, file = Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(file)
    file.seek(0)
    return file


def sheet(xml, strings=None) -> io.BytesIO:
    """A workbook whose one sheet holds this XML."""
    raw, file = book([["x"]]), io.BytesIO()
    with ZipFile(raw) as old, ZipFile(file, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            kept = old.read(name)
            kept = xml.encode() if name.startswith("xl/worksheets/sheet") else kept
            new.writestr(name, kept)
        if strings:  # a table of its own, as Excel writes it
            new.writestr("xl/sharedStrings.xml", strings)
    file.seek(0)
    return file


def rows_of(file):
    return [(row.number, list(row.cells)) for row in read_rows(file.getvalue())]


def data(rows, head="") -> str:
    return f'{head}<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'


CELL = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=20),
    st.integers(-(10**14), 10**14),
    st.floats(-1e9, 1e9, allow_nan=False),
    st.booleans(),
    st.dates(date(1950, 1, 1), date(2030, 1, 1)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(CELL, max_size=6), max_size=6))
def test_every_cell_is_what_openpyxl_reads_in_it(rows):
    file = book([[cell for cell in row if not (isinstance(cell, str) and cell.startswith("="))] for row in rows])
    theirs = [tuple(row) for row in load_workbook(file, data_only=True).active.iter_rows(values_only=True)]
    ours = {line.number: line.cells for line in read_lines(file, 60)}
    for number, row in enumerate(theirs, 1):
        assert all(a == b for a, b in zip_longest(row, ours.get(number, ()), fillvalue=None))


def test_text_in_pieces_is_one_text_and_readings_are_left_out():
    strings = (
        f'<sst xmlns="{_MAIN}"><si><r><t>Siti </t></r><r><t>Aminah</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si>'
        '<si><t xml:space="preserve"> petani </t></si></sst>'
    )
    cells = '<c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c>'
    cells += '<c r="D1" t="inlineStr"><is><r><t>sa</t></r><r><t>wah</t></r></is></c><c r="E1" t="e"><v>#N/A</v></c>'
    file = sheet(data(f'<row r="3">{cells}</row>'), strings)
    assert rows_of(file) == [(3, ["Siti Aminah", "", "petani", "sawah", "#N/A"])]


def test_rows_and_cells_without_a_place_follow_each_other():
    file = sheet(data('<row><c t="str"><v>a</v></c><c t="str"><v>b</v></c></row><row><c t="b"><v>1</v></c></row>'))
    assert rows_of(file) == [(1, ["a", "b"]), (2, ["1"])]


def test_another_producers_prefix_is_understood():
    xml = f'<x:worksheet xmlns:x="{_MAIN}"><x:sheetData><x:row r="2"><x:c r="B2"><x:v>7</x:v></x:c></x:row>'
    assert rows_of(sheet(xml + "</x:sheetData></x:worksheet>")) == [(2, ["", "7"])]


def test_the_second_sheet_is_not_read():
    made, file = Workbook(), io.BytesIO()
    made.active.append(["Pekerja"])
    made.create_sheet().append(["Petunjuk"])
    made.save(file)
    assert rows_of(file) == [(1, ["Pekerja"])]


def test_dates_by_style_are_dates_and_a_number_that_is_none_is_empty():
    file = book([[datetime.fromisoformat("1985-08-12T07:30"), 1.5]])
    assert rows_of(file) == [(1, ["1985-08-12", "1.5"])]
    with ZipFile(file) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert rows_of(sheet(xml.replace("31271.3125", "99999999999"))) == [(1, ["99999999999", "1.5"])]


def packed(name, size, said=None) -> io.BytesIO:
    """A workbook with one part more, of zeros; `said` is how large the file claims it to be."""
    file = sheet(data(FAR))
    with ZipFile(file, "a", ZIP_DEFLATED) as archive:
        archive.writestr(name, b" " * size)
    raw = file.getvalue()
    if said is not None:
        real, claimed = size.to_bytes(4, "little"), said.to_bytes(4, "little")
        raw = raw.replace(real, claimed)
    return io.BytesIO(raw)


def test_a_part_that_openpyxl_would_read_whole_may_not_unfold():
    file = packed("xl/styles2.xml", 60_000_000)
    assert len(file.getvalue()) < 200_000
    with pytest.raises(SheetUnreadable, match="damaged"):
        rows_of(file)
    assert rows_of(packed("xl/media/image1.png", 60_000_000)) == [(1, ["1"])]  # never opened


def test_a_part_that_lies_about_its_size_is_read_no_further_than_it_says():
    lying = packed("xl/sharedStrings.xml", 90_000_000, said=1_000)
    tracemalloc.start()
    with pytest.raises(SheetUnreadable, match="damaged"):
        rows_of(lying)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


FAR = '<row r="1"><c r="A1"><v>1</v></c></row>'
HARMFUL = {
    "a row that no spreadsheet has": data('<row r="99999999999"><c><v>1</v></c></row>'),
    "rows backwards": data('<row r="9"/><row r="3"><c><v>1</v></c></row>'),
    "a column that is none": data('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>'),
    "a text that is not there": data('<row r="1"><c r="A1" t="s"><v>999999</v></c></row>'),
    "half a file": data(FAR)[:-20],
    "entities that unfold": data(
        "<row><c><v>&b;</v></c></row>", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    ),
    "an outside entity": data("<row><c><v>&b;</v></c></row>", '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>'),
}


@pytest.mark.parametrize("what", HARMFUL)
def test_what_was_made_to_harm_is_refused_as_damaged(what):
    with pytest.raises(SheetUnreadable, match="damaged"):
        rows_of(sheet(HARMFUL[what]))


def test_a_cell_at_the_far_end_costs_nothing():
    far = '<row r="1048576"><c r="XFD1048576"><v>2</v></c><c r="A1048576"><v>3</v></c></row>'
    assert rows_of(sheet(data(FAR + far))) == [(1, ["1"]), (1048576, ["3"])]
