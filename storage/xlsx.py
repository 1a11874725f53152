"""Writes XLSX as it goes: bytes leave while rows come in, so a million rows need no more memory than one.

No temporary file is made, because what lies in one would be personal data in the clear. Text cells are inline strings
in Excel's text format: no spreadsheet takes one for a formula, and a NIK keeps all its digits.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import RawIOBase
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

Cell = str | int | date | None

#: Excel has 1,048,576 rows; beyond this, a sheet goes on in another of the same name.
_MOST_ROWS = 1_000_000
#: A zip entry of 2 GiB needs Zip64, at which Excel offers to repair the file.
_MOST_BYTES = 1_900_000_000
_LONGEST_CELL = 32_767
_EPOCH = date(1899, 12, 30)
_TEXT, _GUARDED, _DATE, _HEADING = 1, 2, 3, 4
#: What a spreadsheet takes for a formula when it comes from a file or is typed again.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ROOT = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, bold headings in the first row, and the rows below, read once."""

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Who made the file and when, kept in the document's properties."""

    title: str
    by: str
    at: datetime


@dataclass(slots=True)
class _Pipe(RawIOBase):
    """What the zip writer writes to: keeps bytes until they are taken; it can't go back, so nothing is held."""

    parts: list[bytes] = field(default_factory=list)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self.parts)
        self.parts.clear()
        return taken


def xlsx_bytes(sheets: Iterable[Sheet], mark: Mark) -> Iterator[bytes]:
    """The file, piece by piece."""
    pipe, titles = _Pipe(), list[str]()
    with ZipFile(pipe, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for sheet in sheets:
            rows = iter(sheet.rows)
            number, more = 1, True
            while more:
                titles.append(sheet.title if number == 1 else f"{sheet.title} {number}")
                more = yield from _sheet(archive, pipe, sheet, rows, len(titles))
                number += 1
        for name, text in _frame(titles, mark):
            archive.writestr(name, _ROOT + text)
    yield pipe.take()


def _sheet(
    archive: ZipFile, pipe: _Pipe, sheet: Sheet, rows: Iterator[Sequence[Cell]], number: int
) -> Generator[bytes, None, bool]:
    """One sheet; returns whether rows are left for another."""
    size, row = 0, 1
    with archive.open(f"xl/worksheets/sheet{number}.xml", "w") as file:
        file.write((_ROOT + _opening(sheet) + _row(1, sheet.headings, heading=True)).encode())
        for cells in rows:
            row += 1
            line = _row(row, cells).encode()
            size += len(line)
            file.write(line)
            if len(pipe.parts) > 1:
                yield pipe.take()
            if row > _MOST_ROWS or size > _MOST_BYTES:
                break
        file.write(b"</sheetData></worksheet>")
    yield pipe.take()
    return row > _MOST_ROWS or size > _MOST_BYTES


def _opening(sheet: Sheet) -> str:
    widths = [*sheet.widths, *[18] * (len(sheet.headings) - len(sheet.widths))]
    columns = "".join(
        f'<col min="{i}" max="{i}" width="{width}" style="{_TEXT}" customWidth="1"/>'
        for i, width in enumerate(widths, 1)
    )
    frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    view = f'<sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>'
    return f'<worksheet xmlns="{_MAIN}">{view}<cols>{columns}</cols><sheetData>'


def _row(number: int, cells: Sequence[Cell], *, heading: bool = False) -> str:
    return f'<row r="{number}">{"".join([_cell(cell, heading) for cell in cells])}</row>'


def _cell(cell: Cell, heading: bool) -> str:  # noqa: FBT001 (called millions of times, by position)
    match cell:
        case None | "":
            return "<c/>"
        case bool():
            return f'<c t="b"><v>{int(cell)}</v></c>'
        case int():
            return f"<c><v>{cell}</v></c>"
        case date():
            return f'<c s="{_DATE}"><v>{(date(cell.year, cell.month, cell.day) - _EPOCH).days}</v></c>'
        case _:
            style = _HEADING if heading else _GUARDED if cell.startswith(FORMULA) else _TEXT
            return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{_escaped(cell)}</t></is></c>'


def _escaped(text: str) -> str:
    text = _UNREADABLE.sub("", text[:_LONGEST_CELL])
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def column_name(index: int) -> str:
    """0 is A, 26 is AA."""
    name, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def _frame(titles: Sequence[str], mark: Mark) -> Iterator[tuple[str, str]]:
    """Everything around the sheets."""
    numbers = range(1, len(titles) + 1)
    yield "[Content_Types].xml", _content_types(numbers)
    yield "_rels/.rels", _RELATED
    listed = "".join(f'<sheet name="{_title(titles[n - 1])}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
    yield "xl/_rels/workbook.xml.rels", _sheets_related(numbers)
    yield "xl/styles.xml", _STYLES
    yield "docProps/core.xml", _properties(mark)


def _content_types(numbers: Iterable[int]) -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/>' for n in numbers
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET_TYPE}.styles+xml"/>'
        '<Override PartName="/docProps/core.xml"'
        f' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>{sheets}</Types>'
    )


def _sheets_related(numbers: Iterable[int]) -> str:
    sheets = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    styles = f'<Relationship Id="rIdS" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{sheets}{styles}</Relationships>'


def _properties(mark: Mark) -> str:
    made = mark.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{_escaped(mark.title)}</dc:title><dc:creator>{_escaped(mark.by)}</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{made}</dcterms:created></cp:coreProperties>'
    )


def _title(text: str) -> str:
    return _escaped(re.sub(r"[\[\]:*?/\\]", " ", text)[:31])


_RELATED = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    "</Relationships>"
)
#: Cell styles in the order of the numbers above: plain, text, text that looks like a formula, date, heading.
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" quotePrefix="1"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
