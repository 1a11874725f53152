"""Fresh numbers that people read to each other: no letters that look alike, not guessable from the one before."""

from __future__ import annotations

import random
import secrets

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class LeadNumbers:
    """Makes receipt numbers such as RK-7F3K9Q2. The row's unique index has the last word."""

    def __init__(self, dice: random.Random | None = None) -> None:
        self._dice = dice or secrets.SystemRandom()

    def fresh(self) -> str:
        """A number that was most likely never used."""
        return "RK-" + "".join(self._dice.choice(_LETTERS) for _ in range(7))
