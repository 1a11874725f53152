"""Audiences with a name, to be chosen again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from flows.outreach.audience import Target
from storage.repository import NotFound, Repository
from storage.tables import SEGMENT


@dataclass(frozen=True, slots=True)
class Segment:
    """One of them."""

    id: int
    name: str
    target: Target
    made_by: str


class Segments(Repository):
    """Keep, find, drop."""

    __slots__ = ()

    def save(self, name: str, target: Target, by: str, now: datetime) -> None:
        """Keep it under this name; what had the name before is replaced."""
        row = {"name": name, "target": target.to_json(), "made_by": by, "made_at": now}
        insert = self._insert(SEGMENT).values(row)
        new = {"target": insert.excluded.target, "made_by": insert.excluded.made_by, "made_at": insert.excluded.made_at}
        self._db.execute(insert.on_conflict_do_update(index_elements=["name"], set_=new))

    def everyone(self) -> list[Segment]:
        """All, by name."""
        rows = self._db.execute(select(SEGMENT).order_by(SEGMENT.c.name))
        return [Segment(row.id, row.name, Target.from_json(row.target), row.made_by) for row in rows]

    def named(self, name: str) -> Segment:
        """The one with that name.

        Raises:
            NotFound: there is none.
        """
        row = self._db.execute(select(SEGMENT).where(SEGMENT.c.name == name)).first()
        if row is None:
            raise NotFound
        return Segment(row.id, row.name, Target.from_json(row.target), row.made_by)

    def drop(self, segment_id: int) -> bool:
        """Forget it. False when there was none."""
        return self._db.execute(SEGMENT.delete().where(SEGMENT.c.id == segment_id)).rowcount > 0
