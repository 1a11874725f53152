"""Reads the cells of an XLSX as a stream, from a file that nobody trusts.

openpyxl tells what is in the workbook; the cells themselves come from expat, because it builds an object tree for each
of them (four fifths of the time of a long sheet) and counts empty rows one by one up to whatever number a file names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import IO, Any
from xml.parsers import expat
from zipfile import ZipFile

_CHUNK = 1 << 16
#: What Excel allows; a file that names a later row is none of its own.
_LAST_ROW = 1_048_576
_MOST_STRINGS = 2_000_000
_LONGEST = 2_000
#: Parts that are read as a stream; of the others those that end so are read whole.
_STREAMED = ("xl/worksheets/sheet", "xl/sharedStrings")
_READ_WHOLE = (".xml", ".rels")
_LARGEST_WHOLE = 8_000_000
_REF = re.compile(r"([A-Z]{1,3})[1-9]\d*")
_SHEET_TYPE = "worksheet"

#: What a cell holds; a number keeps whether it is one, because a spreadsheet may have rounded it.
Value = str | int | float | bool | date | time | timedelta | None


class CellsBroken(Exception):
    """The sheet is not what an XLSX holds."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the sheet: its number as shown, and its cells up to the last that holds something."""

    number: int
    cells: tuple[Value, ...]


def read_lines(file: IO[bytes], most_cells: int) -> Iterator[Line]:
    """The rows of the first worksheet that hold anything. Cells past `most_cells` are left out.

    Raises:
        CellsBroken: it is no worksheet. Other exceptions of openpyxl, zipfile and expat mean damage as well.
    """
    from openpyxl.reader.excel import ExcelReader  # noqa: PLC0415 (a fifth of a second that few commands need)
    from openpyxl.styles.stylesheet import apply_stylesheet  # noqa: PLC0415

    _small_parts(file)
    reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    with reader.archive as archive:
        reader.read_manifest()
        reader.read_workbook()
        apply_stylesheet(archive, reader.wb)
        sheets = [rel.target for _, rel in reader.parser.find_sheets() if rel.Type.endswith(_SHEET_TYPE)]
        if not sheets:
            raise CellsBroken
        book = _Book(_strings(archive), _dates(reader.wb), most_cells)
        yield from _stream(archive, sheets[0], _Cells(book))


def _small_parts(file: IO[bytes]) -> None:
    """Refuse a workbook whose lists and styles unfold into what no office makes: openpyxl reads those whole."""
    with ZipFile(file) as archive:
        whole = [part for part in archive.infolist() if not part.filename.startswith(_STREAMED)]
        if any(part.file_size > _LARGEST_WHOLE and part.filename.endswith(_READ_WHOLE) for part in whole):
            raise CellsBroken
    file.seek(0)


def _dates(book: Any) -> Callable[[float, int], Value]:
    """Turns a number into what its style says it is."""
    from openpyxl.utils.datetime import from_excel  # noqa: PLC0415

    dates, spans, epoch = book._date_formats, book._timedelta_formats, book.epoch  # noqa: SLF001 (not public anywhere)

    def read(number: float, style: int) -> Value:
        if style not in dates:
            return number
        try:
            value: Value = from_excel(number, epoch, timedelta=style in spans)
        except (OverflowError, ValueError):
            return None
        return value

    return read


@dataclass(frozen=True, slots=True)
class _Book:
    strings: Sequence[str]
    dated: Callable[[float, int], Value]
    most_cells: int


def _strings(archive: ZipFile) -> list[str]:
    name = next((name for name in archive.namelist() if name.lower() == "xl/sharedstrings.xml"), None)
    return list(_stream(archive, name, _Strings())) if name else []


class _Reading:
    """One part of the archive on its way through expat; whole items lie in `items` until they are fetched."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._text: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._first
        self.parser.EntityDeclHandler = _no_entities

    def _first(self, name: str, attributes: dict[str, str]) -> None:
        """The root tells by which prefix the names of this file begin: "x:worksheet"; mostly there is none."""
        del attributes
        before, colon, _ = name.rpartition(":")
        self._begin(before + colon)

    def _begin(self, prefix: str) -> None:
        raise NotImplementedError

    def _hear(self, text: str) -> None:
        self._text.append(text)


class _Strings(_Reading):
    """The shared strings, rich text joined, readings for Japanese (rPh) left out."""

    def _begin(self, prefix: str) -> None:
        item, text, reading = (prefix + name for name in ("si", "t", "rPh"))
        parser, collected, items = self.parser, self._text, self.items
        silent = False

        def start(name: str, attributes: dict[str, str]) -> None:  # noqa: ARG001 (expat's signature)
            nonlocal silent
            if name == text:
                parser.CharacterDataHandler = None if silent else self._hear
            elif name == item:
                collected.clear()
            elif name == reading:
                silent = True

        def end(name: str) -> None:
            nonlocal silent
            if name == text:
                parser.CharacterDataHandler = None
            elif name == item:
                items.append("".join(collected)[:_LONGEST])
            elif name == reading:
                silent = False

        parser.StartElementHandler, parser.EndElementHandler = start, end


class _Cells(_Reading):
    """The rows of a worksheet."""

    def __init__(self, book: _Book) -> None:
        super().__init__()
        self._book = book
        self._columns: dict[str, int] = {}

    def _begin(self, prefix: str) -> None:
        row_tag, cell_tag, value_tag, text_tag = (prefix + name for name in ("row", "c", "v", "t"))
        parser, collected, items, most = self.parser, self._text, self.items, self._book.most_cells
        number, column, kind, style = 0, -1, "n", "0"
        cells: list[Value] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal number, column, kind, style
            if name == cell_tag:
                ref = attributes.get("r")
                column = self._column(ref) if ref else column + 1
                kind, style = attributes.get("t", "n"), attributes.get("s", "0")
                collected.clear()
            elif name in (value_tag, text_tag):
                parser.CharacterDataHandler = self._hear
            elif name == row_tag:
                number, column = _row_number(attributes.get("r"), number), -1
                cells.clear()

        def end(name: str) -> None:
            if name in (value_tag, text_tag):
                parser.CharacterDataHandler = None
            elif name == cell_tag:
                if collected and column < most:
                    cells.extend([None] * (column + 1 - len(cells)))
                    cells[column] = self._value(kind, style, "".join(collected))
            elif name == row_tag and cells:
                items.append(Line(number, tuple(cells)))

        parser.StartElementHandler, parser.EndElementHandler = start, end

    def _column(self, ref: str) -> int:
        """From "AB12", counted from 0; known letters are looked up."""
        letters = ref.rstrip("0123456789")
        known = self._columns.get(letters)
        if known is None:
            if not _REF.fullmatch(ref):
                raise CellsBroken
            known = self._columns[letters] = _place(letters)
        return known

    def _value(self, kind: str, style: str, text: str) -> Value:
        match kind:
            case "n":
                number = float(text) if any(sign in text for sign in ".Ee") else int(text[:400])
                return number if style == "0" else self._book.dated(number, int(style))
            case "s":
                return self._book.strings[int(text)]
            case "b":
                return bool(int(text))
            case "d":
                return datetime.fromisoformat(text)
            case _:  # typed here, the result of a formula, or an error such as #N/A
                return text[:_LONGEST]


def _row_number(said: str | None, before: int) -> int:
    number = int(said) if said and said.isdecimal() and len(said) < 8 else (before + 1 if said is None else 0)
    if not before < number <= _LAST_ROW:
        raise CellsBroken
    return number


def _place(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _no_entities(*_: object) -> None:
    """No spreadsheet declares an entity; a file made to unfold in memory does."""
    raise CellsBroken


def _stream(archive: ZipFile, name: str, reading: _Reading) -> Iterator[Any]:
    """The items of one part of the archive, while it is read."""
    items, count = reading.items, 0
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            reading.parser.Parse(chunk)
            count += len(items)
            if count > _MOST_STRINGS:
                raise CellsBroken
            yield from items
            items.clear()
        reading.parser.Parse(b"", True)
        yield from items
