"""Training sentences out of content: Rasa's entity marks removed, counted into a vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from nlu.folding import fold

if TYPE_CHECKING:
    from content.model import IntentDef

_MARK = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def plain(example: str) -> str:
    """An example as a person wrote it: "[petani](occupation)" is "petani"."""
    return _MARK.sub(r"\1", example)


def sentences(intents: Mapping[str, IntentDef]) -> list[tuple[str, str]]:
    """All (sentence, intent) pairs, in order of the intents' names."""
    return [(plain(example), name) for name in sorted(intents) for example in intents[name].examples]


def vocabulary(texts: Iterable[str]) -> Counter[str]:
    """How many sentences use each word."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(_WORD.findall(fold(text).text)))
    return counts
