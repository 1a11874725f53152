"""Other processes of a benchmark: started with this Python, told by their arguments, ended by closing their input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Child:
    """One process that writes lines of JSON."""

    def __init__(self, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        command = [sys.executable, "-m", module, *arguments]
        self._process = subprocess.Popen(  # noqa: S603  # our own modules
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
        )

    def line(self) -> dict[str, Any]:
        """The next line it writes.

        Raises:
            RuntimeError: it ended instead.
        """
        written = self._process.stdout.readline() if self._process.stdout else ""
        if not written:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        return dict(json.loads(written))

    def end(self) -> None:
        """Let it finish; its last lines can still be read."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()

    def wait(self) -> None:
        """Until it has ended; it is killed if that takes too long."""
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def child(module: str, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Child]:
    """A process for as long as the context lasts."""
    started = Child(module, *arguments, env=env)
    try:
        yield started
    finally:
        started.end()
        started.wait()


def tell(told: Mapping[str, Any]) -> None:
    """Write one line to the parent."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
