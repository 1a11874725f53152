"""Finds where written conversations say what a change of content touches, and says how they would go then."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from content import Content
from content.model import NotInForce
from content.preview import sample_slots
from content.render import Placeholder, Shelf, Template, fill

_DAY = re.compile(r"^(?:- Mulai: |## )(\d{4}-\d{2}-\d{2})\b", re.MULTILINE)
#: A reply with fewer letters of its own could be anybody's words.
_ENOUGH_LETTERS = 12
_SLOT_AT_MOST = 400


@dataclass(frozen=True, slots=True)
class Passage:
    """What a conversation says now and would say after the change. `after` is None when the reply is gone or silent."""

    path: Path
    line: int
    reply: str
    before: str
    after: str | None


def passages(old: Content, new: Content, paths: Iterable[Path]) -> Iterator[Passage]:
    """Every passage of these conversations that the change touches, on the days on which it was said."""
    touched: dict[date, list[str]] = {}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for start, end, day in _days(text):
            if day not in touched:
                touched[day] = [key for key in old.replies if _differs(old, new, key, day)]
            for key in touched[day]:
                pattern = _pattern(old, old.templates[key], day)
                for found in pattern.finditer(text, start, end) if pattern else ():
                    line = text.count("\n", 0, found.start()) + 1
                    yield Passage(path, line, key, found[0], _after(new, key, day, found.groupdict()))


def _days(text: str) -> Iterator[tuple[int, int, date]]:
    """The stretches of a conversation and the day of each."""
    marks = [(found.start(), date.fromisoformat(found[1])) for found in _DAY.finditer(text)]
    for (start, day), (end, _) in pairwise([*marks, (len(text), date.max)]):
        yield start, end, day


def _differs(old: Content, new: Content, key: str, day: date) -> bool:
    return key not in new.replies or _sample(old, key, day) != _sample(new, key, day)


def _sample(content: Content, key: str, day: date) -> str | None:
    try:
        return content.render(key, day, sample_slots(content)).text
    except NotInForce:
        return None


def _pattern(content: Content, template: Template, day: date) -> re.Pattern[str] | None:
    """The reply as it was said that day, with anything where a person's own words were."""
    shelf = Shelf(content.facts, content.sources, content.slots)
    if sum(letter.isalpha() for part in template.literals for letter in part) < _ENOUGH_LETTERS:
        return None
    seen: set[str] = set()
    pieces: list[str] = []
    for part in template.parts:
        if isinstance(part, Placeholder) and part.area == "slot":
            named = f"(?P={part.name})" if part.name in seen else rf"(?P<{part.name}>[\s\S]{{0,{_SLOT_AT_MOST}}}?)"
            pieces.append(named)
            seen.add(part.name)
            continue
        try:
            pieces.append(re.escape(part if isinstance(part, str) else fill(Template((part,)), shelf, day, {})))
        except NotInForce:
            return None
    return re.compile("".join(pieces).strip() + r"$", re.MULTILINE)


def _after(new: Content, key: str, day: date, slots: dict[str, str]) -> str | None:
    if key not in new.replies:
        return None
    try:
        return new.render(key, day, {**sample_slots(new), **slots}).text
    except NotInForce:
        return None
