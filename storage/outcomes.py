"""What became of trying to send a message. Expected situations are values; `Outbox.settle` records them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform took it and called it `external_id`."""

    external_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """It reached the person's phone."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """The person saw it."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be sent, for good. `reason` is the name of a sending error."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Skipped:
    """We may not send it. `reason` is a value of the sending policy."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not now: due again at `until`. Not `tried` when it never came to an attempt, which then doesn't count."""

    until: datetime
    reason: str | None = None
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have left."""

    reason: str


Outcome = Sent | Delivered | Read | Failed | Skipped | Postponed | Unknown
