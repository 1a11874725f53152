"""The content in force. When files change it is read and checked anew; with any problem the old content stays."""

from __future__ import annotations

import threading
from pathlib import Path

import structlog

import content
from content import Content, ContentBroken, load
from content.model import Problem

log = structlog.get_logger()


class ContentInForce:
    """Holds the content that answers are made from, and the problems that keep newer files out."""

    def __init__(self, root: Path | None = None, current: Content | None = None) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._stamp = _stamp(root)
        self.current: Content = current or load(root)
        self.problems: tuple[Problem, ...] = ()

    def refresh(self) -> bool:
        """Read the files again if any changed. Returns whether new content came into force."""
        stamp = _stamp(self._root)
        with self._lock:
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            try:
                fresh = load(self._root)
            except ContentBroken as broken:
                self.problems = broken.problems
                log.warning("content_refused", problems=len(broken.problems), kept=self.current.version)
                return False
            self.problems = ()
            changed = fresh.version != self.current.version
            self.current = fresh
            if changed:
                log.info("content_loaded", version=fresh.version)
            return changed


def _stamp(root: Path | None) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of all content files: cheap enough to ask every few seconds."""
    folder = root or Path(content.__file__).parent
    files = (path for pattern in ("**/*.yaml", "**/*.yml", "**/*.md") for path in folder.glob(pattern))
    return tuple(sorted((str(path), *_size_and_time(path)) for path in files))


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:  # removed between listing and asking
        return (0, 0)
    return (stat.st_size, stat.st_mtime_ns)
