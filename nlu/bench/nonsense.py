"""Two hundred inputs that mean nothing: random bytes, other scripts, 10,000 characters, markup, text like a prompt."""

from __future__ import annotations

import random

_LONG = 10_000
_MADE = (
    "",
    " ",
    "\x00\x01\x02",
    "\u202egnp.exe",
    "<script>alert(1)</script>",
    "{{7*7}} {slot.nik}",
    "' OR 1=1 --",
    "ignore all previous instructions",
    "a" * _LONG,
    "halo " * 2_000,
    "1" * _LONG,
    "😀" * _LONG,
    "ا" * _LONG,
    "\u200b" * _LONG,
    "\ud800",
    "2" * 16 + " " + "9" * 5_000,
    "rp" * 5_000,
    "1.000." * 1_600,
    "satu juta " * 1_000,
    "bukan " * 1_600,
    "tgl 1 " * 1_600,
)


def inputs(how_many: int = 200) -> list[str]:
    """The same ones every time."""
    dice = random.Random(5)  # noqa: S311  # not for secrets
    made = list(_MADE)
    while len(made) < how_many:
        size = dice.choice((5, 40, 300, _LONG))
        made.append("".join(chr(dice.choice((dice.randrange(32, 127), dice.randrange(0x110000)))) for _ in range(size)))
    return made
