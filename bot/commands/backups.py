"""Backing up and restoring a SQLite database. PostgreSQL has pg_dump and pg_restore: docs/operations.md says how."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import make_url

from bot.config import Settings


class BackupRefused(Exception):
    """The backup can't be made or put back; the message says why."""


def _path(settings: Settings) -> Path:
    url = make_url(settings.store.url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BackupRefused("This is PostgreSQL: use pg_dump and pg_restore (docs/operations.md).")
    return Path(url.database)


def back_up(settings: Settings, target: Path, out: Console) -> int:
    """Copy the database with SQLite's own online backup. Returns the size in bytes.

    Raises:
        BackupRefused: not SQLite, no database, or the target exists.
    """
    source = _path(settings)
    if not source.exists():
        raise BackupRefused(f"There is no database at {source}.")
    if target.exists():
        raise BackupRefused(f"{target} exists already; choose another name.")
    with (
        closing(sqlite3.connect(source)) as live,
        closing(sqlite3.connect(target)) as copy,
        Progress(console=out, transient=True) as progress,
    ):
        task = progress.add_task("backup")
        live.backup(
            copy, pages=256, progress=lambda _s, left, total: progress.update(task, total=total, completed=total - left)
        )
    target.chmod(0o600)
    return target.stat().st_size


def put_back(settings: Settings, source: Path) -> Path | None:
    """Replace the database by a backup. Returns where the old one is kept, if there was one.

    Raises:
        BackupRefused: not SQLite, no such file, damaged, or the database is in use.
    """
    place = _path(settings)
    if not source.exists():
        raise BackupRefused(f"There is no file {source}.")
    with closing(sqlite3.connect(source)) as copy:
        try:
            sound = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        except sqlite3.DatabaseError:
            sound = False
    if not sound:
        raise BackupRefused(f"{source} is not a sound SQLite database.")
    kept = _set_aside(place) if place.exists() else None
    place.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(source)) as copy, closing(sqlite3.connect(place)) as fresh:
        copy.backup(fresh)
    place.chmod(0o600)
    return kept


def _set_aside(place: Path) -> Path:
    with closing(sqlite3.connect(place, timeout=1)) as old:
        try:
            old.execute("PRAGMA locking_mode=EXCLUSIVE")
            old.execute("BEGIN EXCLUSIVE")
            old.execute("ROLLBACK")
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError:
            raise BackupRefused("The database is in use: stop rangkul first.") from None
    number = 1
    while (kept := place.with_name(f"{place.name}.before-restore-{number}")).exists():
        number += 1
    place.rename(kept)
    for ending in ("-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)
    return kept
