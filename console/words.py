"""The console's own words, from content/lexicon/console.yaml, and how moments and amounts are written in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from console.settings import ContentProvider
from content.model import Kind
from content.render import MONTHS, write

#: Ten or more digits in a row are a person's number (NIK, phone, card), unless they are rupiah.
_LONG_NUMBER = re.compile(r"(?<!Rp)(?<!Rp )(?<![\d.])\+?\d(?:[\s.-]?\d){9,}")


class Words:
    """Looks words up in the content in force. A word lost from newer content stays as it was at the start."""

    def __init__(self, content: ContentProvider) -> None:
        self._content = content
        self._first = _words(content)

    def __call__(self, key: str, **slots: object) -> str:
        """The word or sentence of that key, with its {slots} filled.

        Raises:
            KeyError: there is no such word (a test proves that there is).
        """
        words = _words(self._content)
        return (words[key] if key in words else self._first[key]).format_map(slots)

    def of(self, value: StrEnum | str, group: str) -> str:
        """The word for a state, kind or reason; one nobody has named yet is shown as it is."""
        key = f"{group}_{value}".replace(".", "_")
        words = _words(self._content)
        return words.get(key, self._first.get(key, str(value)))

    def has(self, value: str, group: str) -> bool:
        """Whether that state, kind or reason has a word of its own."""
        return f"{group}_{value}" in _words(self._content)


def _words(content: ContentProvider) -> Mapping[str, str]:
    words: Mapping[str, str] = content.current.lexicon.get("console", {}).get("words", {})
    return words


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """21 Nov 2026, 09.05 WIB; a dash for never."""
    if at is None:
        return "–"
    local = at.astimezone(zone)
    return f"{short_date(local.date())}, {local:%H.%M} {local.tzname()}"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """09.05 in that zone."""
    return f"{at.astimezone(zone):%H.%M}"


def short_date(day: date) -> str:
    """21 Nov 2026."""
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"


def day(at: datetime | date | None, zone: ZoneInfo) -> str:
    """21 November 2026, in that zone; a dash for never."""
    if at is None:
        return "–"
    return write(at.astimezone(zone).date() if isinstance(at, datetime) else at, Kind.DATE)


def rupiah(amount: object) -> str:
    """Rp1.500.000, or a dash."""
    return write(amount, Kind.RUPIAH)


def masked(number: object) -> str:
    """Only the last four digits of a NIK or phone number."""
    digits = re.sub(r"\D", "", str(number)) if number is not None else ""
    return f"•••• {digits[-4:]}" if digits else "–"


def without_numbers(text: str) -> str:
    """A message with every long number masked, so that a NIK written in the chat is not shown by the way."""
    return _LONG_NUMBER.sub(lambda found: masked(found.group()), text)
