"""Fresh numbers that people read to each other: no letters that look alike, not guessable from the one before."""

from __future__ import annotations

import random
import secrets

#: No vowels, so that a code is never a word, and nothing that looks like a digit.
_CONSONANTS, _DIGITS = "BCDFGHJKLMNPQRSTVWXYZ", "23456789"
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class LeadNumbers:
    """Makes receipt numbers such as RK-7F3K9Q2. The row's unique index has the last word."""

    def __init__(self, dice: random.Random | None = None) -> None:
        self._dice = dice or secrets.SystemRandom()
        self._codes = random.Random(7) if dice else self._dice  # noqa: S311  # a world that can be played again

    def fresh(self) -> str:
        """A number that was most likely never used."""
        return "RK-" + "".join(self._dice.choice(_LETTERS) for _ in range(7))

    def join_code(self) -> str:
        """A code such as KTMB-4729, worth something for minutes."""
        letters, digits = self._codes.choices(_CONSONANTS, k=4), self._codes.choices(_DIGITS, k=4)
        return f"{''.join(letters)}-{''.join(digits)}"

    def door(self) -> int:
        """A number to begin looking for a free one at the door with."""
        return self._dice.randrange(9000)
