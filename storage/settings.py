"""Small values that the parts of one installation share. Nothing personal and no secret."""

from __future__ import annotations

from sqlalchemy import select

from storage.repository import Repository
from storage.tables import SETTING


class Settings(Repository):
    """Get and put."""

    __slots__ = ()

    def get(self, key: str) -> str | None:
        """The value, if it was ever put."""
        return self._db.scalar(select(SETTING.c.value).where(SETTING.c.key == key))

    def put(self, key: str, value: str) -> None:
        """Keep the value, whatever was there."""
        insert = self._insert(SETTING).values(key=key, value=value)
        self._db.execute(insert.on_conflict_do_update(index_elements=["key"], set_={"value": insert.excluded.value}))
