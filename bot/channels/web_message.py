"""What the web chat accepts as one message, and every reason for refusing one.

Reads bytes, knows no HTTP; the sentences behind the reasons are in `content/lexicon/web_chat.yaml`.
"""

from __future__ import annotations

import json
import unicodedata
import uuid
from dataclasses import dataclass

from flows.message import HeardKind

TEXT_LIMIT = 10_000  # characters a person may write in one message; the page knows it too
SHORT_LIMIT = 200  # button ids, labels and deep-link codes
BODY_LIMIT = 160_000  # bytes: 10,000 characters, each escaped as two \uXXXX, and room for the rest


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that may be stored."""

    message_id: str
    kind: HeardKind
    text: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a message is not taken; `word` names the sentence for the person."""

    status: int
    word: str
    retry_after: int | None = None


NO_IDENTITY = Refused(400, "error_no_identity")
BROKEN = Refused(400, "error_broken")
UNREADABLE = Refused(400, "error_unreadable")
EMPTY = Refused(400, "error_empty")
TOO_LONG = Refused(413, "error_too_long")
NOT_JSON = Refused(415, "error_not_json")
TOO_FAST = Refused(429, "error_too_fast", 5)
UNAVAILABLE = Refused(503, "error_unavailable", 5)
REFUSALS = (NO_IDENTITY, BROKEN, UNREADABLE, EMPTY, TOO_LONG, NOT_JSON, TOO_FAST, UNAVAILABLE)


def read_message(raw: bytes) -> Posted | Refused:
    """One posted message: {id, text | button (with label) | start}."""
    try:
        told = json.loads(raw)
        message_id = str(uuid.UUID(told["id"]))
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return BROKEN  # not JSON, not an object, no id, or an id that is no UUID
    given = [key for key in ("text", "button", "start") if key in told]
    if len(given) != 1 or not isinstance(told[given[0]], str):
        return BROKEN
    key, said = given[0], _readable(told[given[0]])
    if key == "text":
        return _read_text(message_id, told["text"], said)
    if len(said) > SHORT_LIMIT or (key == "button" and not said):
        return BROKEN
    if key == "start":
        return Posted(message_id, HeardKind.START, said, None)
    return Posted(message_id, HeardKind.BUTTON, said, _label(told.get("label")))


def _read_text(message_id: str, raw: str, said: str) -> Posted | Refused:
    if not said:
        return UNREADABLE if raw.strip() else EMPTY
    return TOO_LONG if len(said) > TEXT_LIMIT else Posted(message_id, HeardKind.TEXT, said, None)


def _label(raw: object) -> str | None:
    return _readable(raw)[:SHORT_LIMIT] or None if isinstance(raw, str) else None


def _readable(raw: str) -> str:
    """`raw` without control characters and lone surrogates, which databases and screens choke on."""
    lines = raw.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()
