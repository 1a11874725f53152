"""Scholarships for members' children by level and years (facts.md section 1.5, PP 82/2019).

Sums are always "up to": the money is paid year by year on application, for at most two children under 23.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from content import Content
from flows.benefits.law import Rupiah, count, rupiah


class Level(StrEnum):
    """School levels in order; the value names the facts."""

    KINDERGARTEN = "tk"
    PRIMARY = "sd"
    JUNIOR = "smp"
    SENIOR = "sma"
    COLLEGE = "kuliah"


@dataclass(frozen=True, slots=True)
class Stage:
    """Years at one level, never more than the law pays."""

    level: Level
    yearly: Rupiah
    years: int

    @property
    def total(self) -> Rupiah:
        """All these years."""
        return self.yearly * self.years


@dataclass(frozen=True, slots=True)
class ChildScholarship:
    """One child, from the level it is at to the end of college at most."""

    stages: tuple[Stage, ...]

    @property
    def yearly(self) -> Rupiah:
        """What this school year brings."""
        return self.stages[0].yearly

    @property
    def total(self) -> Rupiah:
        """The most this child can still get."""
        return sum(stage.total for stage in self.stages)


@dataclass(frozen=True, slots=True)
class FamilyScholarship:
    """The children that count: of more than the law allows, those who can get most."""

    children: tuple[ChildScholarship, ...]
    left_out: int

    @property
    def yearly(self) -> Rupiah:
        """What this school year brings."""
        return sum(child.yearly for child in self.children)

    @property
    def total(self) -> Rupiah:
        """The most these children can still get."""
        return sum(child.total for child in self.children)


def stage(content: Content, level: Level, years: int, day: date) -> Stage:
    """So many years at one level, cut at the most the law pays.

    Raises:
        NotInForce: the amounts of that day are not known.
        ValueError: the years are negative.
    """
    if years < 0:
        raise ValueError("years are negative")
    most = count(content, f"beasiswa.{level.value}_lama", day)
    return Stage(level, rupiah(content, f"beasiswa.{level.value}", day), min(years, most))


def for_child(content: Content, level: Level, day: date, years_left: int | None = None) -> ChildScholarship:
    """From that level on; `years_left` at that level when known, else all its years. Raises as `stage` does."""
    levels = list(Level)
    here = _whole(content, level, day) if years_left is None else stage(content, level, years_left, day)
    return ChildScholarship((here, *(_whole(content, later, day) for later in levels[levels.index(level) + 1 :])))


def for_family(content: Content, levels: Sequence[Level], day: date) -> FamilyScholarship:
    """Several children by their level now; raises as `stage` does."""
    most = count(content, "beasiswa.anak", day)
    each = sorted((for_child(content, level, day) for level in levels), key=lambda child: child.total, reverse=True)
    return FamilyScholarship(tuple(each[:most]), max(0, len(each) - most))


def young_enough(content: Content, age: int, day: date) -> bool:
    """Whether a child of that age may still get it."""
    return age < count(content, "beasiswa.usia", day)


def _whole(content: Content, level: Level, day: date) -> Stage:
    return stage(content, level, count(content, f"beasiswa.{level.value}_lama", day), day)
