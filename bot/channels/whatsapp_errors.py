"""Which sending error a code of Meta's is. By code only: titles change, and details may hold phone numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.channels.errors import (
    AccountBroken,
    FloodWait,
    MediaRefused,
    OptedOut,
    PairLimit,
    PersonGone,
    Refused,
    SendError,
    TemplatePaused,
    TierUsedUp,
    Unknown,
    Unreachable,
    WindowClosed,
)

PAIR_PAUSE = 6.0  # seconds between two messages to the same person
SERVER_PAUSE = 5.0  # seconds before trying a service that says it is overloaded
LONGEST_PAUSE = 86_400.0

_CODES: Mapping[int, type[SendError]] = {
    # the request was refused before anything was done
    1: Unreachable,
    2: Unreachable,
    131000: Unreachable,
    131016: Unreachable,
    131057: Unreachable,  # the number is being moved to a higher rate
    133004: Unreachable,
    # too fast
    4: FloodWait,
    613: FloodWait,
    80007: FloodWait,
    130429: FloodWait,
    131056: PairLimit,
    131048: TierUsedUp,
    131064: TierUsedUp,
    # this person
    131026: PersonGone,
    131047: WindowClosed,
    131050: OptedOut,
    # this template, this picture
    132015: TemplatePaused,
    132016: TemplatePaused,
    131052: MediaRefused,
    131053: MediaRefused,
    # our token, number or account
    0: AccountBroken,
    3: AccountBroken,
    10: AccountBroken,
    33: AccountBroken,
    190: AccountBroken,
    368: AccountBroken,
    130497: AccountBroken,
    131005: AccountBroken,
    131031: AccountBroken,
    131037: AccountBroken,
    131042: AccountBroken,
    131044: AccountBroken,
    131045: AccountBroken,
    133010: AccountBroken,
}
_PAUSES: Mapping[type[SendError], float] = {PairLimit: PAIR_PAUSE, Unreachable: SERVER_PAUSE}


def error_class(code: int | None) -> type[SendError]:
    """The sending error that a code means; a code not yet known is a plain refusal."""
    if code is None:
        return Refused
    if 200 <= code <= 299:
        return AccountBroken
    return _CODES.get(code, Refused)


def refusal(status: int, body: Any, retry_after: str | None) -> SendError:
    """The error that an HTTP answer outside 2xx means."""
    error = body.get("error") if isinstance(body, dict) else None
    code = code_of(error)
    if code is None:
        return _without_code(status, retry_after)
    kind = error_class(code)
    if kind is Refused and isinstance(error, dict) and error.get("is_transient") is True:
        kind = Unreachable
    if kind is Refused and status in (401, 429):
        kind = AccountBroken if status == 401 else FloodWait
    return kind(retry_after=_seconds(retry_after) or _PAUSES.get(kind), detail=f"code {code}")


def code_of(error: Any) -> int | None:
    """The whole number under "code", which is sometimes written as text."""
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) < 10:
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _without_code(status: int, retry_after: str | None) -> SendError:
    """Not Graph's own answer. Behind a 5xx of some gateway the message may have been accepted."""
    detail = f"http {status}"
    if status == 429:
        return FloodWait(retry_after=_seconds(retry_after), detail=detail)
    if status in (401, 403):
        return AccountBroken(detail=detail)
    if status == 503:
        return Unreachable(retry_after=_seconds(retry_after) or SERVER_PAUSE, detail=detail)
    return Unknown(detail=detail) if status >= 500 else Refused(detail=detail)


def _seconds(retry_after: str | None) -> float | None:
    if retry_after is None or not retry_after.isascii() or not retry_after.isdigit() or len(retry_after) > 9:
        return None
    return min(float(retry_after), LONGEST_PAUSE)
