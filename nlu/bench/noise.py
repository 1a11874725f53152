"""Writes clean sentences the way people type: informal (chat forms, dropped vowels) or heavily misspelt. Seeded."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_VOWELS = re.compile(r"[aeiou]")
_INNER = re.compile(r"(?<=[a-z])[aeiou](?=[a-z])")
_SEED = 23


def informal(texts: Sequence[str]) -> list[str]:
    """Half of the words as in chat."""
    dice = random.Random(_SEED)  # noqa: S311 (a benchmark, no secret)
    return [" ".join(_chatted(word, dice) for word in text.lower().split()) for text in texts]


def heavy(texts: Sequence[str]) -> list[str]:
    """Informal, and then a slip of the finger in four of ten longer words."""
    dice = random.Random(_SEED + 1)  # noqa: S311 (as above)
    return [" ".join(_slipped(word, dice) for word in text.split()) for text in informal(texts)]


@lru_cache(maxsize=1)
def _forms() -> dict[str, Any]:
    read: dict[str, Any] = yaml.load(Path(__file__).with_name("noise.yaml").read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 (BaseLoader makes only text)
    return read


def _chatted(word: str, dice: random.Random) -> str:
    if dice.random() < 0.5 or not word.isalpha():
        return word
    if word in _forms()["short"]:
        return str(dice.choice(_forms()["short"][word]))
    if word.endswith("nya") and len(word) > 5:
        return word[:-3] + dice.choice(("ny", "x", "nya"))
    turn = dice.random()
    if len(word) > 4 and turn < 0.35:
        return word[0] + _VOWELS.sub("", word[1:-1]) + word[-1]
    if len(word) > 4 and turn < 0.8:
        places = [match.start() for match in _INNER.finditer(word)]
        return word if not places else _without(word, dice.choice(places))
    return word + word[-1] * 3 if turn > 0.95 else word


def _slipped(word: str, dice: random.Random) -> str:
    if len(word) < 4 or not word.isalpha() or dice.random() >= 0.4:
        return word
    place = dice.randrange(1, len(word) - 1)
    kind = dice.randrange(4)
    if kind == 0:
        return _without(word, place)
    if kind == 1:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 2:
        return word[:place] + word[place] + word[place:]
    near: str = _forms()["beside"].get(word[place], word[place])
    return word[:place] + dice.choice(near) + word[place + 1 :]


def _without(word: str, place: int) -> str:
    return word[:place] + word[place + 1 :]
