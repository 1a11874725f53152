"""Searches files for planted personal values, in all the ways in which one could lie in a file.

Archives are unpacked, because an XLSX hides its text. Everything is compared in lower case.
"""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote
from zipfile import BadZipFile, ZipFile

from content.render import write_date

_LEAST_WORD = 6
_GZIP = 31
_DEEPEST = 3
_MOST_UNPACKED = 200_000_000
_DATES = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%d%m%Y", "%Y%m%d")


@dataclass(frozen=True, slots=True)
class Planted:
    """One invented person."""

    name: str
    nik: str
    phone: str  # E.164
    born: date
    income: int

    def values(self) -> Mapping[str, tuple[str, ...]]:
        """Each kind of value in the ways people and programs write it."""
        return {
            "name": (self.name, *(word for word in self.name.split() if len(word) >= _LEAST_WORD)),
            "nik": tuple(_grouped(self.nik, (4, 4, 4, 4), (6, 6, 4), (2, 2, 2, 6, 4))),
            "phone": tuple(_phones(self.phone)),
            "born": (*(self.born.strftime(pattern) for pattern in _DATES), write_date(self.born)),
            "income": tuple(f"{self.income:,}".replace(",", between) for between in ("", ",", ".", " ")),
        }


@dataclass(frozen=True, slots=True)
class Needle:
    """One value in one spelling and one encoding, as bytes."""

    kind: str
    form: str
    pattern: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """A planted value where none should be. The value itself is not repeated."""

    file: str
    kind: str
    form: str


def needles(people: Iterable[Planted], kinds: Iterable[str] | None = None) -> tuple[Needle, ...]:
    """Everything to look for."""
    wanted = set(kinds) if kinds is not None else None
    found = {
        Needle(kind, form, pattern)
        for person in people
        for kind, spellings in person.values().items()
        if wanted is None or kind in wanted
        for spelling in spellings
        for form, pattern in _encoded(spelling)
    }
    return tuple(sorted(found, key=lambda needle: (needle.kind, needle.form, needle.pattern)))


def search(data: bytes, name: str, wanted: Iterable[Needle]) -> Iterator[Finding]:
    """What is found in these bytes, or in what they unpack to."""
    wanted = tuple(wanted)
    for layer, unpacked in _layers(data, name, _DEEPEST):
        lowered = unpacked.lower()
        for needle in wanted:
            if needle.pattern in lowered:
                yield Finding(layer, needle.kind, needle.form)


def search_file(path: Path, wanted: Iterable[Needle]) -> Iterator[Finding]:
    """What is found in a file; its name counts too."""
    yield from search(path.name.encode() + b"\n" + path.read_bytes(), path.name, wanted)


def _encoded(text: str) -> Iterator[tuple[str, bytes]]:
    """In lower case, as `search` compares; base64 keeps its case through `_folded`."""
    for spelling in dict.fromkeys((text, text.upper(), text.lower(), text.title())):
        raw = spelling.encode()
        yield "utf-8", raw.lower()
        yield "utf-16-le", spelling.encode("utf-16-le").lower()
        yield "utf-16-be", spelling.encode("utf-16-be").lower()
        yield "json", json.dumps(spelling)[1:-1].lower().encode()
        yield "url", quote(spelling).lower().encode()
        yield "hex", raw.hex().encode()
        yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """The part of base64 that doesn't depend on what stands before and after, for each of three positions."""
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * shift + raw)
            start = -(-shift * 8 // 6)
            end = (shift + len(raw)) * 8 // 6
            if end - start >= 8:
                yield "base64", whole[start:end].lower()


def _layers(data: bytes, name: str, deeper: int) -> Iterator[tuple[str, bytes]]:
    """The bytes themselves, and whatever unpacks from them: a spreadsheet in an archive in a compressed backup."""
    yield name, data
    for inner, unpacked in _unpacked(data, name) if deeper else ():
        yield from _layers(unpacked, inner, deeper - 1)


def _unpacked(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    at = data.find(b"PK\x03\x04")
    if at >= 0:
        with suppress(BadZipFile, zlib.error, NotImplementedError, OSError), ZipFile(io.BytesIO(data[at:])) as archive:
            for part in archive.infolist():
                yield f"{name}!{part.filename}", part.comment + archive.read(part)
    at = data.find(b"\x1f\x8b\x08")
    while at >= 0:  # bytes that look like a header may stand before a real one
        with suppress(zlib.error):
            yield f"{name}!gzip", zlib.decompressobj(_GZIP).decompress(data[at:], _MOST_UNPACKED)
        at = data.find(b"\x1f\x8b\x08", at + 1)


def _grouped(digits: str, *groupings: tuple[int, ...]) -> Iterator[str]:
    yield digits
    for sizes in groupings:
        parts, start = [], 0
        for size in sizes:
            parts.append(digits[start : start + size])
            start += size
        for between in (" ", ".", "-"):
            yield between.join(parts)


def _phones(e164: str) -> Iterator[str]:
    """The part all spellings share, whole and in groups: 812…, whatever stands before it."""
    own = e164.removeprefix("+62")
    yield own
    for sizes in ((3, 4, len(own) - 7), (3, 3, len(own) - 6)):
        yield from list(_grouped(own, sizes))[1:]
