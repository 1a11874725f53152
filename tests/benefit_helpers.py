"""What the benefit tests share: the real content, and a reader of Indonesian numbers."""

from __future__ import annotations

from datetime import date
from functools import cache

import content
from content import Content

TODAY = date(2026, 11, 21)


@cache
def real() -> Content:
    """The content the bot ships with."""
    return content.load()


def number(text: str) -> int:
    """1.099.000 as people write it."""
    return int(text.replace(".", ""))
