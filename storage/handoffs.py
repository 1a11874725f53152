"""People who asked for a person, until staff close the matter. Grave topics come first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from storage.repository import NotFound, Repository
from storage.tables import HANDOFF


@dataclass(frozen=True, slots=True)
class Handoff:
    """One open or closed matter."""

    id: int
    contact_id: int
    reason: str
    grave: bool
    opened_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    closed_at: datetime | None
    closed_by: str | None


class Handoffs(Repository):
    """Open, list, close."""

    __slots__ = ()

    def open(self, contact_id: int, reason: str, now: datetime, *, grave: bool = False) -> int:
        """Ask staff to take over. An open matter with the same reason is kept, not doubled."""
        same = (HANDOFF.c.contact_id == contact_id, HANDOFF.c.reason == reason, HANDOFF.c.closed_at.is_(None))
        known: int | None = self._db.scalar(select(HANDOFF.c.id).where(*same))
        if known is not None:
            return known
        row = {"contact_id": contact_id, "reason": reason, "grave": grave, "opened_at": now}
        return int(self._db.execute(HANDOFF.insert().values(row).returning(HANDOFF.c.id)).scalar_one())

    def waiting(self, limit: int = 100) -> list[Handoff]:
        """Open matters: grave ones first, then the oldest."""
        query = select(HANDOFF).where(HANDOFF.c.closed_at.is_(None))
        query = query.order_by(HANDOFF.c.grave.desc(), HANDOFF.c.id).limit(limit)
        return [Handoff(**row._mapping) for row in self._db.execute(query)]  # noqa: SLF001 (SQLAlchemy's public name)

    def is_open(self, contact_id: int) -> bool:
        """Whether staff have something open with this contact."""
        query = select(HANDOFF.c.id).where(HANDOFF.c.contact_id == contact_id, HANDOFF.c.closed_at.is_(None))
        return self._db.execute(query.limit(1)).first() is not None

    def get(self, handoff_id: int) -> Handoff:
        """One matter, open or closed.

        Raises:
            NotFound: there is none.
        """
        row = self._db.execute(select(HANDOFF).where(HANDOFF.c.id == handoff_id)).first()
        if row is None:
            raise NotFound
        return Handoff(**row._mapping)  # noqa: SLF001 (SQLAlchemy's public name)

    def answered(self, contact_id: int, by: str, now: datetime) -> None:
        """Staff wrote to the person: note it on everything open with them."""
        where = (HANDOFF.c.contact_id == contact_id, HANDOFF.c.closed_at.is_(None))
        self._db.execute(update(HANDOFF).where(*where).values(answered_at=now, answered_by=by))

    def close(self, handoff_id: int, by: str, now: datetime) -> None:
        """The matter is dealt with."""
        where = (HANDOFF.c.id == handoff_id, HANDOFF.c.closed_at.is_(None))
        self._db.execute(update(HANDOFF).where(*where).values(closed_at=now, closed_by=by))
