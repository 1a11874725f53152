"""Says which intent a normalised message has, how sure that is, and when to abstain.

A multinomial logistic regression over words, word pairs, pieces of words and (where the wheel is) a sentence vector.
Prediction is a few array look-ups; learning lives in `training.py`, files in `model_file.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nlu.features import Features
from nlu.vectors import Encoder, Matrix

Ranking = tuple[tuple[str, float], ...]
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Head:
    """Learnt weights: one row per gram (and per vector dimension), one column per intent."""

    grams: Matrix
    vector: Matrix | None
    bias: Matrix
    temperature: float


@dataclass(frozen=True, slots=True)
class Model:
    """Everything learnt. `plain` needs no vectors: for clauses, and where the wheel is missing."""

    labels: tuple[str, ...]
    features: Features
    plain: Head
    joint: Head | None
    threshold: float


class Classifier:
    """Ranks intents for the tokens of a message."""

    def __init__(self, model: Model, encoder: Encoder | None) -> None:
        self.model = model
        self._encoder = encoder if model.joint is not None else None

    @property
    def threshold(self) -> float:
        """Below this confidence the engine asks instead of answering."""
        return self.model.threshold

    def rank(self, tokens: Sequence[str], *, quick: bool = False) -> Ranking:
        """The likeliest intents with calibrated confidence; `quick` leaves the sentence vector out."""
        if not tokens:
            return ()
        columns, weights = self.model.features.of(tokens)
        head = self.model.plain
        scores: npt.NDArray[np.float32]
        if (
            self._encoder is not None
            and self.model.joint is not None
            and self.model.joint.vector is not None
            and not quick
        ):
            head = self.model.joint
            vector = self._encoder.encode([" ".join(tokens[:40])])[0]
            scores = head.bias + vector @ self.model.joint.vector
        else:
            scores = head.bias.copy()
        if columns:
            scores = scores + np.asarray(weights, dtype=np.float32) @ head.grams[columns]
        return self._ranking(softmax(scores / head.temperature))

    def _ranking(self, chances: npt.NDArray[Any]) -> Ranking:
        best = np.argsort(-chances, kind="stable")[:_SHOWN]
        return tuple((self.model.labels[i], round(float(chances[i]), 4)) for i in best)


def softmax(scores: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Scores as chances along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    chances: npt.NDArray[Any] = raised / raised.sum(axis=-1, keepdims=True)
    return chances
