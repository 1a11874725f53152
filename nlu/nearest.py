"""Finds, for a word never learnt, the learnt word it was most likely meant to be ("prkrn", "perkrian": "perkiraan").

Bolder than `spelling.py`, because nothing is rewritten: only the classifier's n-grams see the word found. What the
person wrote, the entities and the sentence vector stay as they were.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

_VOWELS = re.compile(r"[aeiou]")
_DOUBLED = re.compile(r"(.)\1+")
_SHORTEST = 3
_LONGEST = 20
_SHORTEST_MEANT = 4
#: Slips for each letter up to which a word is taken for another; half of them counted among the consonants alone.
#: Chosen on MASSIVE's dev part, 20 and 50 an intent: at 0.2 heavy misspelling loses 3 points, above 0.4 none is won.
_FURTHEST = 0.33
#: Hardly anyone misspells the first letter.
_OTHER_START = 0.15
_RARITY = 1e-3
#: A message with more unknown words than this is in another language; each costs about a fifth of a millisecond.
_MOST = 12
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Nearest:
    """Looks among the learnt words (`rarity`: word to TF-IDF weight); `right` words are never taken for others."""

    def __init__(self, rarity: Mapping[str, float], right: Collection[str]) -> None:
        self._learnt = rarity
        self._right = right
        self._words = [word for word in rarity if len(word) >= _SHORTEST_MEANT and word.isalpha()]
        self._skeletons = [_skeleton(word) for word in self._words]
        self._sizes = _sizes(self._words)
        self._skeleton_sizes = _sizes(self._skeletons)
        self._letters = np.array([_letters(word) for word in self._words], dtype=np.int8).reshape(-1, len(_LETTERS)).T
        self._starts = np.array([ord(word[0]) for word in self._words], dtype=np.int32)
        self._rarity = _RARITY * np.array([rarity[word] for word in self._words], dtype=np.float32)
        self._meant = lru_cache(maxsize=20_000)(self._look)

    def __call__(self, tokens: Sequence[str]) -> list[str]:
        """The tokens, the unknown ones replaced where a learnt word is near."""
        left = _MOST
        found = []
        for token in tokens:
            if left and self._is_unknown(token):
                left -= 1
                found.append(self._meant(token))
            else:
                found.append(token)
        return found

    def _is_unknown(self, token: str) -> bool:
        return (
            _SHORTEST <= len(token) <= _LONGEST
            and token not in self._learnt
            and token not in self._right
            and token.isascii()
            and token.isalpha()
            and bool(self._words)
        )

    def _look(self, token: str) -> str:
        skeleton = _skeleton(token)
        longest = np.maximum(self._sizes, len(token))
        apart = _OTHER_START * (self._starts != ord(token[0])) + self._rarity
        near = self._near(token, skeleton, 2 * longest * (_FURTHEST - apart))
        if not near.size:
            return token
        slips = _distances(token, [self._words[place] for place in near])
        slips += _distances(skeleton, [self._skeletons[place] for place in near])
        far = 0.5 * slips / longest[near] + apart[near]
        best = int(far.argmin())
        return self._words[near[best]] if far[best] < _FURTHEST else token

    def _near(self, token: str, skeleton: str, room: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
        """Where words stand that may have fewer slips than there is room for: most differ too much in size or letters.

        Counting slips costs most, and each letter too many or too few is at least half a slip, each letter's
        difference in size a whole one; swapped letters don't change the counts. So no near word is missed.
        """
        longer = np.abs(self._sizes - len(token))
        consonants = np.abs(self._skeleton_sizes - len(skeleton))
        near = np.flatnonzero(longer + consonants < room)
        other = np.abs(self._letters[:, near] - _letters(token)[:, None]).sum(axis=0)
        kept: npt.NDArray[np.intp] = near[(other + longer[near]) / 2 + consonants[near] < room[near]]
        return kept


def _distances(token: str, words: Sequence[str]) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = process.cdist([token], words, scorer=OSA.distance, dtype=np.float32)[0]
    return found


def _skeleton(word: str) -> str:
    """Its first letter and its consonants, none doubled."""
    once = _DOUBLED.sub(r"\1", word)
    return once[0] + _VOWELS.sub("", once[1:])


def _sizes(words: Sequence[str]) -> npt.NDArray[np.float32]:
    return np.array([len(word) for word in words], dtype=np.float32)


def _letters(word: str) -> npt.NDArray[np.int8]:
    return np.array([word.count(letter) for letter in _LETTERS], dtype=np.int8)
