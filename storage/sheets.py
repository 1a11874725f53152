"""Reads spreadsheets that people upload (XLSX or CSV), row by row, and never trusts them.

Limits come before reading: a small file can unfold into gigabytes. A number cell keeps whether it may have lost digits,
because Excel keeps fifteen of the sixteen of a NIK.

    SheetUnreadable     `why` is a key of the words for it
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile, is_zipfile

from storage.xlsx_cells import read_lines

#: What one upload may hold, unfolded.
_MOST_BYTES = 200_000_000
_MOST_ROWS = 200_000
_MOST_CELLS = 60
_LONGEST_CELL = 1_000
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_SHEET = re.compile(r"xl/worksheets/sheet\d+\.xml")
_MACHINE_EXACT = 999_999_999_999_999  # fifteen digits


class SheetUnreadable(Exception):
    """The file can't be used as a spreadsheet."""

    def __init__(self, why: str, **slots: str) -> None:
        super().__init__(why)
        self.why = why
        self.slots = slots


@dataclass(frozen=True, slots=True)
class Row:
    """One row that isn't empty: its number as the spreadsheet shows it, its cells as text."""

    number: int
    cells: tuple[str, ...]
    #: Columns whose digits a spreadsheet may have rounded.
    rounded: frozenset[int] = frozenset()


#: A spreadsheet in a file, or one that came through the console and never becomes a file.
Source = Path | bytes


def read_rows(source: Source) -> Iterator[Row]:
    """The rows of the first sheet.

    Raises:
        SheetUnreadable: it is no spreadsheet, damaged, locked, or too large.
    """
    try:
        with _opened(source) as file:
            start = file.read(4)
            if start == _OLD_EXCEL:
                raise SheetUnreadable("old_or_locked")
            zipped = is_zipfile(file)
            file.seek(0)
            yield from _limited(_xlsx(file) if zipped else _csv(file))
    except OSError as wrong:
        raise SheetUnreadable("no_file") from wrong


def _opened(source: Source) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def count_rows(source: Source) -> int | None:
    """About how many rows there are, for a progress bar; None when that can't be told."""
    try:
        with _opened(source) as file:
            if not is_zipfile(file):
                file.seek(0)
                return sum(piece.count(b"\n") for piece in _pieces(file))
            _prove_size(file)
            with ZipFile(file) as archive:
                sheets = sorted(name for name in archive.namelist() if _SHEET.fullmatch(name))
                with archive.open(sheets[0]) as sheet:
                    return sum(piece.count(b"<row ") for piece in _pieces(sheet))
    except (OSError, SheetUnreadable, BadZipFile, IndexError, zlib.error):
        return None


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(1 << 20):
        yield piece


def _limited(rows: Iterator[Row]) -> Iterator[Row]:
    for count, row in enumerate(rows):
        if count > _MOST_ROWS:
            raise SheetUnreadable("too_many_rows")
        yield row


def _xlsx(file: IO[bytes]) -> Iterator[Row]:
    _prove_size(file)
    try:
        with warnings.catch_warnings():  # about styles and validations that we don't read
            warnings.simplefilter("ignore")
            for line in read_lines(file, _MOST_CELLS):
                row = _row(line.number, line.cells)
                if row is not None:
                    yield row
    except (SheetUnreadable, GeneratorExit):
        raise
    except Exception as wrong:  # a file from a stranger can fail the parser in any way
        raise SheetUnreadable("damaged") from wrong


def _prove_size(file: IO[bytes]) -> None:
    try:
        with ZipFile(file) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except BadZipFile as wrong:
        raise SheetUnreadable("damaged") from wrong
    if size > _MOST_BYTES:
        raise SheetUnreadable("too_large")
    file.seek(0)


def _row(number: int, values: tuple[Any, ...]) -> Row | None:
    cells = tuple([_text(value) for value in values])
    if not any(cells):
        return None
    rounded = [i for i, value in enumerate(values) if isinstance(value, int | float) and abs(value) > _MACHINE_EXACT]
    return Row(number, cells, frozenset(rounded))


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value.strip()[:_LONGEST_CELL]
        case datetime() | date():
            return value.strftime("%Y-%m-%d") if value.year > 1000 else ""
        case bool():
            return str(int(value))
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
        case _:
            return str(value)[:_LONGEST_CELL]


def _csv(file: IO[bytes]) -> Iterator[Row]:
    start = file.read(64_000)
    if not start.strip():
        raise SheetUnreadable("empty")
    file.seek(0, io.SEEK_END)
    if file.tell() > _MOST_BYTES:
        raise SheetUnreadable("too_large")
    file.seek(0)
    encoding = _encoding(start)
    reader = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        lines = csv.reader(reader, delimiter=_delimiter(start.decode(encoding, "replace")))
        for number, line in enumerate(lines, 1):
            row = _row(number, tuple(line[:_MOST_CELLS]))
            if row is not None:
                yield row
    except csv.Error as wrong:
        raise SheetUnreadable("damaged") from wrong
    finally:
        reader.detach()


def _encoding(start: bytes) -> str:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in start:
        raise SheetUnreadable("not_a_sheet")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _delimiter(text: str) -> str:
    """The separator that the first lines use most; Excel in Indonesia writes semicolons."""
    head = "\n".join(text.splitlines()[:10])
    return max(";\t,", key=head.count)
