"""The only place that reads the time. Everything else is handed a `Clock` or a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(tz=UTC)


class SetClock:
    """A clock that stands still until it is moved: for transcripts, scripts and simulations."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it stands at."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move it on."""
        self._now += by

    def move_to(self, moment: datetime) -> None:
        """Set it to a moment."""
        self._now = moment.astimezone(UTC)
