"""Counts bad sign-ins, so that passwords can't be guessed by trying. Kept in memory: each process counts its own."""

from __future__ import annotations

from datetime import datetime, timedelta

_MOST_KEYS = 10_000


class Throttle:
    """Allows so many tries per key within a window."""

    def __init__(self, tries: int, window: timedelta) -> None:
        self._tries = tries
        self._window = window
        self._noted: dict[str, list[datetime]] = {}

    def free(self, key: str, now: datetime) -> bool:
        """Whether this key may try now."""
        return len(self._recent(key, now)) < self._tries

    def note(self, key: str, now: datetime) -> None:
        """Count one bad try. When too many keys are known, the oldest are let go."""
        self._noted[key] = [*self._recent(key, now), now][-self._tries :]
        while len(self._noted) > _MOST_KEYS:
            self._noted.pop(next(iter(self._noted)))

    def forget(self, key: str) -> None:
        """The key is good again."""
        self._noted.pop(key, None)

    def _recent(self, key: str, now: datetime) -> list[datetime]:
        return [at for at in self._noted.get(key, ()) if now - at < self._window]
