"""Compares an evaluation with the figures committed before: what fell, and what rose, by more than chance explains.

The file is small YAML (`tests/nlu/baseline.yaml`), written by `rangkul nlu evaluate FILE --write-baseline PATH`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nlu.evaluate import Report

#: Of one intent, this many sentences may change sides between two equally good models.
_SENTENCES = 2
_OVERALL = 0.012
_HEAD = "# Written by `make nlu-baseline`, compared by tests/test_nlu_held_out.py. Commit a change with its reason.\n"


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that moved further than chance explains."""

    figure: str
    before: float
    now: float

    @property
    def worse(self) -> bool:
        """Whether it fell."""
        return self.now < self.before

    def __str__(self) -> str:
        """For a person: which figure, from what to what."""
        return f"{self.figure}: {self.before:.3f} -> {self.now:.3f}"


def write(report: Report, path: Path) -> None:
    """Keep the figures of a report."""
    figures = {"overall": _overall(report), "f1": {row.intent: round(row.f1, 3) for row in report.intents}}
    path.write_text(_HEAD + yaml.safe_dump(figures, sort_keys=True), encoding="utf-8")


def changes(report: Report, path: Path) -> list[Change]:
    """What moved since the figures were kept; an intent that is new is not compared."""
    before: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = _moved(before["overall"], _overall(report), dict.fromkeys(before["overall"], _OVERALL))
    slack = {row.intent: max(0.08, _SENTENCES / row.sentences) for row in report.intents}
    return found + _moved(before["f1"], {row.intent: row.f1 for row in report.intents}, slack)


def _overall(report: Report) -> dict[str, float]:
    return {"accuracy": round(report.accuracy.value, 4), "macro_f1": round(report.macro_f1.value, 4)}


def _moved(before: Mapping[str, float], now: Mapping[str, float], slack: Mapping[str, float]) -> list[Change]:
    return [
        Change(figure, value, now[figure])
        for figure, value in before.items()
        if figure in now and abs(now[figure] - value) > slack[figure]
    ]
