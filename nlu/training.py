"""Learns the classifier from examples: scikit-learn fits, a held-back third sets temperature and thresholds.

Imported only when something must be learnt: scikit-learn takes longer to import than the learnt model to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.svm import LinearSVC

from nlu.classify import Doubt, Head, Model, softmax
from nlu.features import Features, learn
from nlu.vectors import SIZE, Encoder

#: Inverse strength of regularisation, chosen by cross-validation on content/intents.
STRENGTH = 10.0
#: From this many examples on, support vectors are better than logistic regression: on MASSIVE's dev part equal with
#: 5,135, 0.7 points better with 11,514. On our own 5,264 they are 0.6 points worse.
MANY = 8_000
#: Likewise for support vectors, chosen on MASSIVE's dev part.
SVC_STRENGTH = 0.3
#: How much the sentence vector weighs beside the n-grams.
VECTOR_WEIGHT = 1.0
#: The share of examples held back once to set temperature and thresholds; folds would tell the same, slower.
_HELD = 1 / 3
#: Of the questions that would be answered rightly, at most this share may be asked back for low confidence …
TURNED_AWAY = 0.03
#: … and this share because they may belong elsewhere (BPJS Kesehatan, civil registry).
TAKEN_FOR_OUTSIDE = 0.02
OUT_OF_SCOPE = "out_of_scope"
_SEED = 7
#: Support vectors score close together: they need the lower ones.
_TEMPERATURES = np.exp(
    np.concatenate(
        [np.linspace(np.log(0.05), np.log(0.2), 30, endpoint=False), np.linspace(np.log(0.2), np.log(3.0), 60)]
    )
)

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Examples:
    """Normalised training messages with their intents."""

    tokens: Sequence[Sequence[str]]
    intents: Sequence[str]


def train(examples: Examples, encoder: Encoder | None, *, calibrate: bool = True) -> Model:
    """Everything the classifier needs."""
    labels, truth = np.unique(np.asarray(examples.intents), return_inverse=True)
    features = learn(examples.tokens)
    grams = matrix(features, examples.tokens)
    vectors = encoder.encode([" ".join(tokens[:40]) for tokens in examples.tokens]) if encoder else None
    joined = hstack([grams, csr_matrix(vectors * VECTOR_WEIGHT)]).tocsr() if vectors is not None else None
    threads = import_module("threadpoolctl")  # scikit-learn brings it; it has no types
    with threads.threadpool_limits(limits=1):  # many small products: more threads only wait for each other
        return _learnt(labels, truth, features, grams, joined, calibrate=calibrate)


def _learnt(
    labels: npt.NDArray[Any],
    truth: npt.NDArray[np.int64],
    features: Features,
    grams: Any,
    joined: Any,
    *,
    calibrate: bool,
) -> Model:
    names = tuple(str(label) for label in labels)
    doubt = Doubt()
    if calibrate:
        outside = names.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in names else None
        doubt = _calibrated(joined if joined is not None else grams, truth, outside)
    many = len(truth) > MANY
    plain = _head(_fitted(grams, truth, many=many), doubt.temperature, with_vector=False)
    joint = None
    if joined is not None:
        joint = _head(_fitted(joined, truth, many=many), doubt.temperature, with_vector=True)
    return Model(names, features, plain, joint, doubt)


def matrix(features: Features, messages: Sequence[Sequence[str]]) -> Any:
    """One sparse row per message."""
    columns: list[int] = []
    weights: list[float] = []
    starts = [0]
    for tokens in messages:
        found, weighed = features.of(tokens)
        columns += found
        weights += weighed
        starts.append(len(columns))
    return csr_matrix((weights, columns, starts), shape=(len(messages), len(features.telling)), dtype=np.float32)


def _fitted(rows: Any, truth: npt.NDArray[np.int64], *, many: bool) -> Any:
    if many and truth.max() > 1:  # of two intents, support vectors give one column
        return LinearSVC(C=SVC_STRENGTH, random_state=_SEED).fit(rows, truth)
    return LogisticRegression(C=STRENGTH, max_iter=300, tol=1e-3).fit(rows, truth)


def _head(fitted: Any, temperature: float, *, with_vector: bool) -> Head:
    weights = np.ascontiguousarray(fitted.coef_.T, dtype=np.float32)
    bias = fitted.intercept_.astype(np.float32)
    if not with_vector:
        return Head(weights, None, bias, temperature)
    return Head(weights[:-SIZE].copy(), weights[-SIZE:] * np.float32(VECTOR_WEIGHT), bias, temperature)


def _calibrated(rows: Any, truth: npt.NDArray[np.int64], outside: int | None) -> Doubt:
    """Temperature and thresholds from predictions on examples the fitted model had not seen."""
    learnt, held = train_test_split(np.arange(len(truth)), test_size=_HELD, random_state=_SEED, stratify=truth)
    scores = _fitted(rows[learnt], truth[learnt], many=len(truth) > MANY).decision_function(rows[held])
    temperature = best_temperature(scores, truth[held])
    chances = softmax(scores / temperature)
    good = truth[held]
    return Doubt(temperature, best_threshold(chances, good), rival_threshold(chances, good, outside))


def best_temperature(scores: Scores, truth: npt.NDArray[np.int64]) -> float:
    """The temperature under which the right intents were likeliest."""
    rows = np.arange(len(truth))

    def surprise(temperature: float) -> float:
        chances = softmax(scores / temperature)
        return float(-np.log(np.clip(chances[rows, truth], 1e-9, 1)).mean())

    return float(min(_TEMPERATURES, key=surprise))


def best_threshold(chances: Scores, truth: npt.NDArray[np.int64]) -> float:
    """The highest confidence that still lets all but a few of the right answers through."""
    confident = chances.max(axis=1)[chances.argmax(axis=1) == truth]
    return float(np.clip(np.quantile(confident, TURNED_AWAY), 0.15, 0.6)) if len(confident) else 0.4


def rival_threshold(chances: Scores, truth: npt.NDArray[np.int64], outside: int | None) -> float:
    """The chance of being out of scope from which the best other guess is asked about, not answered."""
    if outside is None:
        return 1.0
    good = chances[(chances.argmax(axis=1) == truth) & (truth != outside), outside]
    return float(np.clip(np.quantile(good, 1 - TAKEN_FOR_OUTSIDE), 0.1, 0.5)) if len(good) else 0.4
