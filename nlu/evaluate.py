"""Measures understanding on labelled sentences: accuracy, macro-F1, per intent, confusions, coverage, calibration.

Works on JSONL rows {"text", "intent"}; intervals are bootstrap, seeded, so that two runs agree.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from nlu.understanding import Understander

_SAMPLES = 500
_SEED = 11
_BINS = 10
OUT_OF_SCOPE = "out_of_scope"
#: The style of sentences that sound like us but belong elsewhere (BPJS Kesehatan, civil registry).
NEAR = "near"


class RowBroken(Exception):
    """A line of the evaluation file is not a JSON object with "text" and "intent"."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


class Labelled(NamedTuple):
    """One sentence of an evaluation file, with the intent a person gave it."""

    text: str
    intent: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One sentence: what it was, what was guessed first, how surely, and whether the engine abstained."""

    text: str
    truth: str
    guess: str | None
    confidence: float
    abstained: bool
    ranking: tuple[tuple[str, float], ...] = ()
    style: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class IntentRow:
    """How one intent fares."""

    intent: str
    sentences: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything measured."""

    sentences: int
    accuracy: Interval
    macro_f1: Interval
    top_3: float
    ece: float
    coverage: float
    accuracy_when_answering: float
    good_turned_away: float
    good_asked_back: float
    out_of_scope_caught: float | None
    near_caught: float | None
    intents: tuple[IntentRow, ...]
    confusions: tuple[tuple[str, str, int], ...]
    curve: tuple[tuple[float, float, float], ...]

    def to_json(self) -> str:
        """The report as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False)


def rows(path: Path) -> list[Labelled]:
    """The sentences of a JSONL file.

    Raises:
        RowBroken: a line is not such an object.
    """
    found: list[Labelled] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
            found.append(Labelled(str(row["text"]), str(row["intent"]), str(row.get("style", ""))))
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            raise RowBroken(number) from wrong
    return found


def judge(engine: Understander, labelled: Iterable[Labelled], *, today: str | None = None) -> list[Judged]:
    """What the engine makes of each sentence. When it abstains, its best guess still counts for accuracy."""
    found = []
    for text, truth, style in labelled:
        heard = engine.understand(text, today=today)
        guess = heard.intent or (heard.ranking[0][0] if heard.ranking else None)
        found.append(Judged(text, truth, guess, heard.confidence, heard.intent is None, heard.ranking, style))
    return found


def report(judged: Sequence[Judged]) -> Report:
    """All figures; the sentences may be few but not none."""
    answered = [one for one in judged if not one.abstained]
    known = [one for one in judged if one.truth != OUT_OF_SCOPE]
    outside = [one for one in judged if one.truth == OUT_OF_SCOPE]
    near = [one for one in outside if one.style == NEAR]
    return Report(
        sentences=len(judged),
        accuracy=_interval(judged, _accuracy),
        macro_f1=_interval(judged, _macro_f1),
        top_3=_share(
            judged, lambda one: one.truth in [intent for intent, _ in one.ranking[:3]] or one.truth == one.guess
        ),
        ece=calibration_error(judged),
        coverage=len(answered) / max(1, len(judged)),
        accuracy_when_answering=_accuracy(answered),
        good_turned_away=_share(known, lambda one: one.guess == OUT_OF_SCOPE and not one.abstained),
        good_asked_back=_share(known, lambda one: one.guess == one.truth and one.abstained),
        out_of_scope_caught=_share(outside, _caught) if outside else None,
        near_caught=_share(near, _caught) if near else None,
        intents=_by_intent(judged),
        confusions=_confusions(judged),
        curve=coverage_curve(judged),
    )


def calibration_error(judged: Sequence[Judged]) -> float:
    """Expected calibration error over ten equal bins of confidence."""
    error = 0.0
    for place in range(_BINS):
        inside = [one for one in judged if min(int(one.confidence * _BINS), _BINS - 1) == place]
        if inside:
            sure = sum(one.confidence for one in inside) / len(inside)
            error += abs(sure - _accuracy(inside)) * len(inside) / len(judged)
    return error


def coverage_curve(judged: Sequence[Judged]) -> tuple[tuple[float, float, float], ...]:
    """(threshold, share answered, accuracy of those) at every tenth."""
    curve = []
    for step in range(_BINS):
        kept = [one for one in judged if one.confidence >= step / _BINS]
        curve.append((step / _BINS, len(kept) / max(1, len(judged)), _accuracy(kept)))
    return tuple(curve)


def _interval(judged: Sequence[Judged], figure: Callable[[Sequence[Judged]], float]) -> Interval:
    dice = random.Random(_SEED)  # noqa: S311 (sampling, no secret)
    found = sorted(figure(dice.choices(judged, k=len(judged))) for _ in range(_SAMPLES)) if judged else [0.0]
    return Interval(figure(judged), found[int(len(found) * 0.025)], found[min(len(found) - 1, int(len(found) * 0.975))])


def _caught(one: Judged) -> bool:
    return one.guess == OUT_OF_SCOPE or one.abstained


def _accuracy(judged: Sequence[Judged]) -> float:
    return _share(judged, lambda one: one.guess == one.truth)


def _share(judged: Sequence[Judged], holds: Callable[[Judged], bool]) -> float:
    return sum(map(holds, judged)) / len(judged) if judged else 0.0


def _by_intent(judged: Sequence[Judged]) -> tuple[IntentRow, ...]:
    right = Counter(one.truth for one in judged if one.guess == one.truth)
    said, guessed = Counter(one.truth for one in judged), Counter(one.guess for one in judged)
    found = []
    for intent in sorted(said):
        precision = right[intent] / guessed[intent] if guessed[intent] else 0.0
        recall = right[intent] / said[intent]
        both = precision + recall
        found.append(IntentRow(intent, said[intent], precision, recall, 2 * precision * recall / both if both else 0.0))
    return tuple(found)


def _macro_f1(judged: Sequence[Judged]) -> float:
    table = _by_intent(judged)
    return sum(row.f1 for row in table) / len(table) if table else 0.0


def _confusions(judged: Sequence[Judged]) -> tuple[tuple[str, str, int], ...]:
    wrong = Counter((one.truth, one.guess or "-") for one in judged if one.guess != one.truth)
    return tuple((truth, guess, count) for (truth, guess), count in wrong.most_common(20))
