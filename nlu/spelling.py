"""Corrects typing slips towards the words of the domain, and leaves every word that may be right alone.

A slip is a missing or doubled letter, two letters swapped, or a sound written by ear. One consonant for another is
usually a different word ("tenda", "denda"), so that counts only in long words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rapidfuzz import process
from rapidfuzz.distance import OSA, Levenshtein

_VOWELS = frozenset("aeiou")
_AFFIXED = re.compile(
    r"^(?:mem|men|meng|meny|me|ber|be|di|ter|te|pem|pen|peng|peny|per|pe|ke|se|ng|ny|n|m)?(.{3,}?)(?:kan|an|in|i|nya|ku|mu|kah|lah|pun)?$"
)
#: Letters that stand for each other when writing by ear.
_BY_EAR = frozenset(
    map(frozenset, ("fp", "vf", "vp", "zs", "zj", "td", "kg", "kq", "ie", "uo", "ae", "ao", "yi", "wu", "xs", "bp"))
)
_SHORTEST = 5
_LONG = 9


class Spelling:
    """The correct words (`known`), and how often the domain uses those worth correcting to (`rank`)."""

    def __init__(self, known: frozenset[str], rank: Mapping[str, int]) -> None:
        self._known = known
        self._rank = rank
        self._by_length = _by_length(word for word in rank if len(word) >= _SHORTEST)

    def correct(self, token: str) -> str | None:
        """The word meant, when only one slip (two in a long word) lies between."""
        if not _SHORTEST <= len(token) <= 20 or self.is_right(token):
            return None
        slips = 2 if len(token) > _LONG else 1
        near = [
            word for size in range(len(token) - slips, len(token) + slips + 1) for word in self._by_length.get(size, ())
        ]
        best: tuple[int, int, str] | None = None
        for word, distance, _ in process.extract(token, near, scorer=OSA.distance, score_cutoff=slips, limit=8):
            if not _is_slip(token, word, int(distance)):
                continue
            candidate = (int(distance), -self._rank[word], word)
            best = candidate if best is None or candidate < best else best
        return best[2] if best else None

    def is_right(self, token: str) -> bool:
        """Whether the token, or its stem without endings and beginnings, is a known word."""
        if token in self._known:
            return True
        match = _AFFIXED.match(token)
        return match is not None and len(match[1]) > 3 and match[1] in self._known


def _by_length(known: Iterable[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for word in sorted(known):
        found.setdefault(len(word), []).append(word)
    return found


def _is_slip(token: str, word: str, distance: int) -> bool:
    if token[0] != word[0]:
        return False
    if distance > 1:
        return all(kind != "replace" for kind, _, _ in _edits(token, word))
    if len(token) == len(word):
        differing = [(a, b) for a, b in zip(token, word, strict=True) if a != b]
        return len(differing) == 2 or len(word) > _LONG or frozenset(differing[0]) in _BY_EAR
    shorter, longer = sorted((token, word), key=len)
    place = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    letter = longer[place]
    if letter in longer[max(0, place - 1) : place] or len(word) >= 8:
        return True
    return longer is word and letter in _VOWELS and _clustered(token, place)


def _clustered(token: str, place: int) -> bool:
    """Whether a vowel is missing between consonants at `place` ("krja")."""
    around = token[max(0, place - 1) : place + 1]
    return len(around) == 2 and not set(around) & _VOWELS


def _edits(token: str, word: str) -> list[tuple[str, int, int]]:
    return [(edit.tag, edit.src_pos, edit.dest_pos) for edit in Levenshtein.editops(token, word)]
