"""Says which intent a normalised message has, how sure that is, and when to abstain.

A multinomial logistic regression over words, word pairs, pieces of words and (where the wheel is) a sentence vector.
Prediction is a few array look-ups; learning lives in `training.py`, files in `model_file.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nlu.features import Features
from nlu.nearest import Nearest
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
class Doubt:
    """When not to believe a score, learnt from examples held back."""

    temperature: float = 1.0
    #: Below this confidence the engine asks instead of answering …
    threshold: float = 0.4
    #: … and where the message is this likely out of scope, whatever else is likelier.
    rival: float = 0.5


@dataclass(frozen=True, slots=True)
class Model:
    """Everything learnt. `plain` needs no vectors: for clauses, and where the wheel is missing."""

    labels: tuple[str, ...]
    features: Features
    plain: Head
    joint: Head | None
    doubt: Doubt


class Classifier:
    """Ranks intents for the tokens of a message; `right` words are correct though no example has them."""

    def __init__(
        self, model: Model, encoder: Callable[[], Encoder | None], right: Collection[str] = frozenset()
    ) -> None:
        self.model = model
        self._encoder = encoder
        self._nearest = Nearest(model.features.words(), right)

    @property
    def doubt(self) -> Doubt:
        """When the engine asks instead of answering."""
        return self.model.doubt

    def knows(self, word: str) -> bool:
        """Whether the word stood in an example."""
        return f"w {word}" in self.model.features.columns

    def rank(self, tokens: Sequence[str], *, quick: bool = False) -> Ranking:
        """The likeliest intents with calibrated confidence; `quick` leaves the sentence vector out."""
        if not tokens:
            return ()
        head, vector = self._head(tokens, quick=quick)
        scores = head.bias.copy() if vector is None else head.bias + vector
        columns, weights = self.model.features.of(self._nearest(tokens))
        if columns:
            scores = scores + np.asarray(weights, dtype=np.float32) @ head.grams[columns]
        return self._ranking(softmax(scores / head.temperature))

    def _head(self, tokens: Sequence[str], *, quick: bool) -> tuple[Head, Matrix | None]:
        joint = self.model.joint
        encoder = self._encoder() if joint is not None and not quick else None
        if joint is None or joint.vector is None or encoder is None:
            return self.model.plain, None
        return joint, encoder.encode([" ".join(tokens[:40])])[0] @ joint.vector

    def _ranking(self, chances: npt.NDArray[Any]) -> Ranking:
        best = np.argsort(-chances, kind="stable")[:_SHOWN]
        return tuple((self.model.labels[i], round(float(chances[i]), 4)) for i in best)


def softmax(scores: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Scores as chances along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    chances: npt.NDArray[Any] = raised / raised.sum(axis=-1, keepdims=True)
    return chances
