"""From an engine's answers to the figures of the table: accuracy, macro-F1, AUROC of what is out of scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nlu.bench.data import Row, Task
from nlu.evaluate import OUT_OF_SCOPE


def figures(task: Task, told: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of one engine on one task; a set that the task lacks is left out."""
    answers = told["answers"]
    found = {name: value for name, value in told.items() if name != "answers"}
    for name in ("clean", "informal", "heavy"):
        if name in answers:
            found[name] = _accuracy(task.ask, answers[name])
    found["macro_f1"] = _macro_f1(task.ask, answers["clean"])
    within = [
        score for (_, score), (_, intent) in zip(answers["clean"], task.ask, strict=True) if intent != OUT_OF_SCOPE
    ]
    for name in ("near", "far"):
        if answers.get(name):
            found[f"auroc_{name}"] = auroc(within, [score for _, score in answers[name]])
    return found


def auroc(within: Sequence[float], outside: Sequence[float]) -> float:
    """The chance that a sentence within scope scores higher than one outside; ties count half."""
    ordered = np.sort(np.asarray(outside))
    below = np.searchsorted(ordered, within, side="left")
    level = np.searchsorted(ordered, within, side="right") - below
    return float((below + level / 2).sum() / (len(within) * len(outside)))


def _accuracy(asked: Sequence[Row], answers: Sequence[Sequence[Any]]) -> float:
    return sum(bool(guess == intent) for (guess, _), (_, intent) in zip(answers, asked, strict=True)) / len(asked)


def _macro_f1(asked: Sequence[Row], answers: Sequence[Sequence[Any]]) -> float:
    truths, guesses = [intent for _, intent in asked], [guess for guess, _ in answers]
    right = Counter(truth for truth, guess in zip(truths, guesses, strict=True) if truth == guess)
    said, guessed = Counter(truths), Counter(guesses)
    return sum(2 * right[intent] / (said[intent] + guessed[intent]) for intent in said) / len(said)
