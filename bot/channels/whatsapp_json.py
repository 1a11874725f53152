"""Careful hands for JSON that strangers wrote: each function takes anything and gives a clean value or None."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

_ID = re.compile(r"[\x21-\x7e]{1,256}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PHONE = re.compile(r"[0-9]{4,15}")
_DIGITS = re.compile(r"[0-9]{1,13}")
_NOT_IN_PHONES = re.compile(r"[^0-9]")


def items(value: Any) -> list[Any] | None:
    """The value if it is a list."""
    return value if isinstance(value, list) else None


def text(value: Any) -> str | None:
    """Text that any database can hold (no NUL, no half characters), or None when it is no text or blank."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip() or None


def identifier(value: Any) -> str | None:
    """An id of the platform: printable ASCII without blanks, of a sensible length."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**40:
        value = str(value)
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def word(value: Any) -> str:
    """A platform's word that may be logged; anything else is "other"."""
    lowered = value.lower() if isinstance(value, str) else ""
    return lowered if _WORD.fullmatch(lowered) else "other"


def phone(value: Any) -> str | None:
    """E.164 from digits as WhatsApp writes them ("62812…")."""
    return f"+{value}" if isinstance(value, str) and _PHONE.fullmatch(value) else None


def typed_phone(value: Any) -> str | None:
    """E.164 from a phone number as people keep it ("+62 812-…"); one without country code is left as digits."""
    digits = _NOT_IN_PHONES.sub("", value) if isinstance(value, str) else ""
    if not _PHONE.fullmatch(digits):
        return None
    return f"+{digits}" if isinstance(value, str) and value.strip().startswith("+") else digits


def moment(value: Any) -> datetime | None:
    """The time of a Unix timestamp, which comes as text or number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if 0 <= value < 10**13 else ""
    if not isinstance(value, str) or not value.isascii() or not _DIGITS.fullmatch(value):
        return None
    seconds = int(value)
    try:
        return datetime.fromtimestamp(seconds / 1000 if seconds >= 10**11 else seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def piece(value: Any) -> bytes:
    """A part of the payload as it is kept when unread."""
    return json.dumps(value, ensure_ascii=True).encode()
