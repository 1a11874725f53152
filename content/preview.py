"""Shows staff what a change to content does: replies before and after, and where each fact stands today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from content import Content, load
from content.cards import LEXICON
from content.model import Fact, FactValue, Kind, NotInForce, SlotDef
from content.render import write, write_date

#: What stands in a preview where a person's own answer will be.
_SAMPLES: Mapping[Kind, object] = {
    Kind.RUPIAH: 1_234_567,
    Kind.PERCENT: 12,
    Kind.NUMBER: 12,
    Kind.MONTHS: 12,
    Kind.YEARS: 12,
    Kind.DAYS: 12,
    Kind.HOURS: 12,
    Kind.DATE: date(2001, 2, 3),
    Kind.MONTH: date(2001, 2, 1),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A reply that reads differently from `day` on. None: it is not there, or a fact it names is not in force."""

    reply: str
    day: date
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact as staff look after it. `following` is the next value with its date, empty when none is entered."""

    key: str
    meaning: str
    now: str
    following: str
    source: str
    said_in: tuple[str, ...]
    recheck_by: date
    overdue: bool


def changes(old: Path, new: Path, day: date) -> list[Change]:
    """Every reply that the new files change, on `day` and on each later day a value begins or lapses.

    Raises:
        ContentBroken: one of the two cannot be loaded.
    """
    return compare(load(old), load(new), day)


def compare(old: Content, new: Content, day: date) -> list[Change]:
    """As `changes`, for content already loaded."""
    found: list[Change] = []
    for key in sorted({*old.replies, *new.replies}):
        shown: tuple[str | None, str | None] | None = None
        for turn in _turns(old, new, day):
            pair = (_said(old, key, turn), _said(new, key, turn))
            if pair[0] != pair[1] and pair != shown:
                found.append(Change(key, turn, *pair))
            shown = pair
    return found


def facts_table(content: Content, day: date) -> list[FactRow]:
    """Each fact: what is said now, what comes next, why, where, and whether it must be checked again."""
    where = _said_in(content)
    return [_row(content, fact, day, where.get(fact.key, ())) for _, fact in sorted(content.facts.items())]


def sample_slots(content: Content) -> dict[str, object]:
    """A stand-in for every slot, so that any reply can be rendered."""
    return {slot.name: _sample(slot) for slot in content.slots.values()}


def _sample(slot: SlotDef) -> object:
    return _SAMPLES.get(slot.kind, f"‹{slot.name}›")


def _said(content: Content, key: str, day: date) -> str | None:
    if key not in content.replies:
        return None
    try:
        rendered = content.render(key, day, sample_slots(content))
    except NotInForce:
        return None
    return "\n".join([rendered.text, *(f"[{button.label}]" for button in rendered.options)])


def _turns(old: Content, new: Content, day: date) -> list[date]:
    """`day` and every later day on which some value begins, or the day after it ends."""
    days = {day}
    for content in (old, new):
        for fact in content.facts.values():
            for value in fact.values:
                days.add(value.since)
                if value.until is not None and value.until < date.max:
                    days.add(date.fromordinal(value.until.toordinal() + 1))
    return sorted(turn for turn in days if turn >= day)


def _said_in(content: Content) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for key, template in content.templates.items():
        for name in dict.fromkeys(place.name for place in template.placeholders if place.area != "slot"):
            found.setdefault(name, []).append(key)
    for card in content.cards.values():
        for name in dict.fromkeys(place.name for place in card.placeholders if place.area != "slot"):
            found.setdefault(name, []).append(f"{LEXICON}.{card.name}")
    return {name: tuple(keys) for name, keys in found.items()}


def _row(content: Content, fact: Fact, day: date, said_in: tuple[str, ...]) -> FactRow:
    now = next((value for value in fact.values if value.covers(day)), None)
    later = next((value for value in fact.values if value.since > day), None)
    return FactRow(
        key=fact.key,
        meaning=fact.meaning,
        now=_with_end(fact, now) if now else "-",
        following=f"{_value(fact, later)} ({write_date(later.since, by_month=fact.by_month)})" if later else "",
        source=content.sources[now.source].cited if now else "",
        said_in=said_in,
        recheck_by=fact.recheck_by,
        overdue=fact.recheck_by < day,
    )


def _with_end(fact: Fact, value: FactValue) -> str:
    end = f" (s.d. {write_date(value.until, by_month=fact.by_month)})" if value.until else ""
    return f"{_value(fact, value)}{end}"


def _value(fact: Fact, value: FactValue) -> str:
    if isinstance(value.value, tuple):
        return "; ".join(_cells(fact, row) for row in value.value)
    return write(value.value, fact.kind)


def _cells(fact: Fact, row: tuple[object, ...]) -> str:
    return " · ".join(write(cell, kind) for cell, (_, kind) in zip(row, fact.columns, strict=True))
