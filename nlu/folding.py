"""Makes any text safe to read: bounded, lower case, without control or invisible characters.

Every folded character remembers where it stood in the raw text, so that what is found keeps its place there.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: Nobody types more than this in one chat message; the rest is not read.
LONGEST = 1000

_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "`": "'", "\u00b4": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"',  # noqa: E501 (one pattern or table)
                         "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-"})  # fmt: skip  # noqa: E501 (one pattern or table)
_ASCII_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and, for each of its characters, the index in the raw text (`None`: the same index)."""

    raw: str
    text: str
    places: tuple[int, ...] | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where folded `start:end` stands in the raw text."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1

    def cut(self, start: int, end: int) -> str:
        """The raw text of folded `start:end`."""
        first, last = self.place(start, end)
        return self.raw[first:last]


def fold(raw: str, longest: int = LONGEST) -> Folded:
    """NFKC, lower case, plain quotes and dashes, spaces for control characters, nothing invisible."""
    if raw.isascii():
        head = raw[:longest]
        return Folded(raw, _ASCII_CONTROL.sub(" ", head).lower())
    text: list[str] = []
    places: list[int] = []
    for place, char in enumerate(raw[:longest]):
        folded = _fold_char(char)
        text.append(folded)
        places.extend([place] * len(folded))
    return Folded(raw, "".join(text), tuple(places))


def _fold_char(char: str) -> str:
    if char.isascii():
        return " " if char < " " or char == "\x7f" else char.lower()
    plain = char.translate(_QUOTES)
    if plain.isascii():
        return plain
    if char.isspace():
        return " "
    if unicodedata.category(char) in _INVISIBLE:
        return ""
    folded = unicodedata.normalize("NFKC", char).translate(_QUOTES).lower()
    return "".join(part for part in folded if not unicodedata.combining(part)) if len(folded) < 5 else ""


def squeeze(raw: str, longest: int = LONGEST) -> str:
    """The folded text with single spaces, for reading short form answers."""
    return " ".join(fold(raw, longest).text.split())
