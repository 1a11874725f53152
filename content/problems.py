"""Collects what is wrong instead of stopping at the first mistake, and remembers where each thing was written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from content.model import Problem


@dataclass(slots=True)
class Report:
    """The problems found so far."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, path: str, line: int, rule: str, sentence: str) -> None:
        """Note one problem."""
        self.problems.append(Problem(path, line, rule, sentence))

    def in_order(self) -> list[Problem]:
        """Every problem once, by file and line."""
        return sorted(
            set(self.problems), key=lambda problem: (problem.path, problem.line, problem.rule, problem.sentence)
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a content file."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


NOWHERE = Place("content", 1)


@dataclass(slots=True)
class Places:
    """Where things were written: ("reply", key, "text") -> file and line."""

    _places: dict[tuple[str, ...], Place] = field(default_factory=dict)

    def note(self, place: Place, *name: str) -> None:
        """Remember where this was written."""
        self._places[name] = place

    def at(self, *name: str) -> Place:
        """Where it was written, or where the nearest thing around it was."""
        for length in range(len(name), 0, -1):
            place = self._places.get(name[:length])
            if place is not None:
                return place
        return NOWHERE


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word: ' Mungkin maksudnya "x".' or nothing."""
    names = list(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    return f' Mungkin maksudnya "{close[0]}".' if close else ""


def closing(problems: int) -> str:
    """The last line of a check that found problems: how many, and what happens now."""
    return f"{problems} masalah. Isi lama tetap dipakai." if problems else "Tidak ada masalah."
