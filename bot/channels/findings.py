"""What a check of one of our accounts found: a key of its sentence in `content/lexicon/`, and what fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `key` finds its sentence, `values` fill it."""

    key: str
    level: Level
    values: Mapping[str, str]

    def sentence(self, words: Mapping[str, str]) -> str:
        """The finding in Indonesian.

        Args:
            words: the sentences of the platform: `findings` of whatsapp.yaml, `setup` of telegram.yaml.
        """
        return words[self.key].format(**self.values)
