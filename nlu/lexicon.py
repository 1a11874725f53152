"""Reads the loosely typed lexicon of `content/` once into typed look-ups; nothing else in nlu touches raw lexicon."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RawLexicon = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Occupation:
    """One kind of work: what it is called, transport or other, and the membership segment it points to."""

    id: str
    name: str
    sector: str
    segment: str
    words: tuple[str, ...]


def part(lexicon: RawLexicon, *path: str) -> Any:
    """The node at `path`, or an empty mapping where the lexicon has none."""
    node: Any = lexicon
    for key in path:
        if not isinstance(node, Mapping) or key not in node:
            return {}
        node = node[key]
    return node


def words(node: Any) -> tuple[str, ...]:
    """All texts of a list, of a mapping's lists, or one text; lower case."""
    if isinstance(node, str):
        return (node.lower(),)
    if isinstance(node, Mapping):
        return tuple(word for value in node.values() for word in words(value))
    if isinstance(node, Iterable):
        return tuple(word for value in node for word in words(value))
    return ()


def pairs(node: Any) -> dict[str, str]:
    """A flat mapping of text to text; other shapes give nothing."""
    if not isinstance(node, Mapping):
        return {}
    return {str(key).lower(): value for key, value in node.items() if isinstance(value, str)}


def any_of(forms: Iterable[str]) -> str:
    """A regular expression for any of the forms, longest first; spaces match any run of spaces."""
    ordered = sorted({form.lower().strip() for form in forms if form.strip()}, key=lambda form: (-len(form), form))
    if not ordered:
        return r"(?!)"
    return "(?:" + "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in ordered) + ")"


def whole_words(forms: Iterable[str]) -> re.Pattern[str]:
    """Any of the forms, not inside a longer word."""
    return re.compile(rf"(?<![a-z0-9]){any_of(forms)}(?![a-z0-9])")


def occupations(lexicon: RawLexicon) -> tuple[Occupation, ...]:
    """All occupations of `occupations.yaml`."""
    rows = part(lexicon, "occupations", "occupations")
    return tuple(
        Occupation(row["id"], row["name"], row["sector"], row["segment"], words(row.get("words", ())))
        for row in (rows if isinstance(rows, Iterable) and not isinstance(rows, Mapping) else ())
    )
