"""Who writes to SQLite next, within one process: first come, first served.

SQLite lets one connection write at a time and makes the others look again after pauses that grow to a tenth of a
second, whoever came first. Under load that turns milliseconds into seconds. Here they stand in line and are woken.
"""

from __future__ import annotations

from collections import deque
from threading import Lock
from types import TracebackType


class WriteLock:
    """A lock that is handed to whoever has waited longest."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._line: deque[Lock] = deque()
        self._taken = False

    def __enter__(self) -> None:
        """Stand in line and come back with the lock."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            ticket = Lock()
            ticket.acquire()
            self._line.append(ticket)
        try:
            ticket.acquire()
        except BaseException:  # Ctrl-C while waiting: whoever comes next must not wait for us
            self._leave(ticket)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hand it on."""
        with self._guard:
            if self._line:
                self._line.popleft().release()
            else:
                self._taken = False

    def _leave(self, ticket: Lock) -> None:
        with self._guard:
            if ticket in self._line:
                self._line.remove(ticket)
                return
        self.__exit__(None, None, None)  # it had just been handed to us
