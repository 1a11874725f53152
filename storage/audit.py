"""Who did what to what, when and why. Rows are only added; they hold names of staff and ids, never personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.repository import Repository
from storage.tables import AUDIT


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One act."""

    id: int
    who: str
    action: str
    target: str
    at: datetime
    reason: str | None


class Audit(Repository):
    """Record and read acts."""

    __slots__ = ()

    def record(self, who: str, action: str, target: str, at: datetime, reason: str | None = None) -> None:
        """Note an act, for example ("ratna", "lead_viewed", "lead:12", now, "menelepon pekerja")."""
        self._db.execute(AUDIT.insert().values(who=who, action=action, target=target, at=at, reason=reason))

    def recent(self, limit: int = 100, *, target: str | None = None) -> list[AuditLine]:
        """The newest acts, all or on one target."""
        query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        rows = self._db.execute(query if target is None else query.where(AUDIT.c.target == target))
        return [AuditLine(row.id, row.who, row.action, row.target, row.at, row.reason) for row in rows]
