"""Seals every value again with the newest key.

Each value names its key, so stopping half-way loses nothing: the next run goes on with what the newest key has not
sealed yet. A value is replaced only if it is still what was read, so whoever writes meanwhile loses nothing either.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    bindparam,
    func,
    select,
    text,
    type_coerce,
    update,
)

from storage.database import Database
from storage.sealed import CannotOpen, KeyRing, SealedJson, SealedText, Sealer
from storage.tables import METADATA

_BATCH = 500
#: A key's name ends in its number.
_PREFIX = "k"


@dataclass(frozen=True, slots=True)
class Place:
    """One sealed column, as bytes."""

    column: Column[object]
    name: str

    @property
    def key(self) -> Column[object]:
        """The row's primary key."""
        return next(iter(self.column.table.primary_key.columns))

    @property
    def sealed(self) -> ColumnElement[bytes]:
        """The value as it lies there, not opened."""
        return type_coerce(self.column, LargeBinary)


def sealed_places() -> tuple[Place, ...]:
    """Every sealed column of every table."""
    columns = (column for table in METADATA.sorted_tables for column in table.columns)
    return tuple(
        Place(column, column.type.place) for column in columns if isinstance(column.type, SealedText | SealedJson)
    )


def next_ring(keys: KeyRing) -> tuple[KeyRing, bool]:
    """The ring to rotate with, and whether a rotation was interrupted: then its key is there already."""
    if len(keys.sealing) > 1:
        return keys, True
    numbers = [int(name[1:]) for name, _ in keys.sealing if name[:1] == _PREFIX and name[1:].isdecimal()]
    return keys.rotated(f"{_PREFIX}{max(numbers, default=0) + 1}"), False


def left_to_seal(database: Database, sealer: Sealer) -> int:
    """How many values the newest key has not sealed."""
    with database.reading() as store:
        counts = (
            store.connection.scalar(select(func.count()).select_from(place.column.table).where(_old(place, sealer)))
            for place in sealed_places()
        )
        return sum(int(count or 0) for count in counts)


def seal_again(database: Database, sealer: Sealer) -> Iterator[int]:
    """Seal everything again, a few hundred values at a time; yields how many each time.

    Raises:
        CannotOpen: a value opens with no key of the ring; what was done before stays done.
    """
    for place in sealed_places():
        last: object = None
        while True:
            with database.transaction() as store:
                done, last = _seal_batch(store.connection, place, sealer, last)
            if not done:
                break
            yield done


def others_connected(database: Database) -> bool:
    """Whether another process has this database open.

    An open SQLite file in WAL mode is locked against an exclusive opener, even while nothing happens.
    """
    database.close()  # our own connections would look like another's
    if database.is_sqlite:
        return _locked_elsewhere(str(database.engine.url.database))
    with database.reading() as store:
        query = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return bool(store.connection.scalar(query))


def _locked_elsewhere(path: str) -> bool:
    with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as probe:
        try:
            probe.execute("PRAGMA locking_mode=EXCLUSIVE")
            probe.execute("BEGIN EXCLUSIVE")
            probe.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
    return False


def _seal_batch(db: Connection, place: Place, sealer: Sealer, after: object) -> tuple[int, object]:
    query = select(place.key, place.sealed).where(_old(place, sealer)).order_by(place.key).limit(_BATCH)
    if after is not None:
        query = query.where(place.key > after)
    rows = [(row[0], bytes(row[1])) for row in db.execute(query)]
    if rows:
        here = update(place.column.table).where(place.key == bindparam("row"), place.sealed == bindparam("old"))
        changes = [{"row": key, "old": old, "new": _sealed_anew(old, place, key, sealer)} for key, old in rows]
        db.execute(here.values({place.column: type_coerce(bindparam("new"), LargeBinary)}), changes)
    return len(rows), rows[-1][0] if rows else after


def _sealed_anew(old: bytes, place: Place, key: object, sealer: Sealer) -> bytes:
    try:
        return sealer.seal(sealer.open(old, place.name), place.name)
    except CannotOpen:
        raise CannotOpen(f"{place.name}, row {key}: no key of the ring opens it.") from None


def _old(place: Place, sealer: Sealer) -> ColumnElement[bool]:
    header = sealer.header
    return func.substr(place.sealed, 1, len(header), type_=LargeBinary) != header
