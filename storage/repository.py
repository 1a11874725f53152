"""What all repositories share: one connection inside one transaction, the sealer, and the village look-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from sqlalchemy import Connection, Row, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

from flows.contact import Village
from storage.sealed import Sealer

#: Finds a village by its code; `flows.village` has the real one, tests bring their own.
VillageOf = Callable[[str], Village | None]

#: A row of whatever columns were asked for.
AnyRow = Row[*tuple[Any, ...]]


class NotFound(LookupError):
    """There is no such row."""


class Repository:
    """Reads and writes the rows of one noun. Lives as long as its transaction."""

    __slots__ = ("_db", "_sealer", "_village_of")

    def __init__(self, connection: Connection, sealer: Sealer, village_of: VillageOf) -> None:
        self._db = connection
        self._sealer = sealer
        self._village_of = village_of

    def _ids(self, query: Select[Any], values: Mapping[str, object] | None = None) -> list[int]:
        """The one column of this query, which is an id."""
        return [row[0] for row in self._db.execute(query, values)]

    def _insert(self, table: Table) -> postgresql.Insert:
        """An INSERT that knows ON CONFLICT; the two dialects spell it alike."""
        return insert_into(table, self._db.dialect.name)


def insert_into(table: Table, dialect: str) -> postgresql.Insert:
    """The same, for statements that are built once."""
    return cast(postgresql.Insert, sqlite.insert(table)) if dialect == "sqlite" else postgresql.insert(table)
