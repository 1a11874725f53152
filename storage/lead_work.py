"""What staff have to do next: leads past their due time first, and leads that may be double.

A due time is when a lead came into its state plus what the settings allow it there, so new settings hold at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any

from sqlalchemy import Select, func, select, text

from flows.contact import LeadState
from storage.repository import AnyRow, Repository
from storage.tables import LEAD

#: Written as the index `ix_lead_twins` says it, so that both databases use it.
_DOUBLE = text("duplicate_of IS NOT NULL AND state <> 'closed'")
#: How long a lead may stay in a state; a state without a limit is never late.
Limits = Mapping[LeadState, timedelta]


@dataclass(frozen=True, slots=True)
class Work:
    """Whose leads, and from where."""

    assigned_to: int | None = None
    nobodys: bool = False
    village: str | None = None


@dataclass(frozen=True, slots=True)
class Twins:
    """Two leads that may be the same person: the later one and the earlier one."""

    later: int
    earlier: int


class LeadWork(Repository):
    """What is late, and what may be double."""

    __slots__ = ()

    def late(self, limits: Limits, now: datetime, work: Work, limit: int = 50) -> list[int]:
        """Ids of leads past their due time, the longest overdue first."""
        piles = [self._late_in(state, allowed, now, work, limit) for state, allowed in limits.items()]
        return [lead_id for _, lead_id in islice(merge(*piles), limit)]

    def late_count(self, limits: Limits, now: datetime, work: Work) -> int:
        """How many there are."""
        counts = (
            self._db.execute(_narrowed(select(func.count()).select_from(LEAD), state, now - allowed, work)).scalar_one()
            for state, allowed in limits.items()
        )
        return sum(int(count) for count in counts)

    def twins(self, limit: int = 100, *, before: int | None = None) -> list[Twins]:
        """Open leads that look like an earlier one, newest first."""
        query = select(LEAD.c.id, LEAD.c.duplicate_of).where(_DOUBLE)
        if before is not None:
            query = query.where(LEAD.c.id < before)
        rows = self._db.execute(query.order_by(LEAD.c.id.desc()).limit(limit))
        return [Twins(row.id, row.duplicate_of) for row in rows]

    def twin_count(self) -> int:
        """How many there are."""
        return int(self._db.execute(select(func.count()).select_from(LEAD).where(_DOUBLE)).scalar_one())

    def _late_in(
        self, state: LeadState, allowed: timedelta, now: datetime, work: Work, limit: int
    ) -> Iterator[tuple[datetime, int]]:
        query = _narrowed(select(LEAD.c.id, LEAD.c.state_since), state, now - allowed, work)
        rows: list[AnyRow] = list(self._db.execute(query.order_by(LEAD.c.state_since, LEAD.c.id).limit(limit)))
        return ((row.state_since + allowed, row.id) for row in rows)


def _narrowed(query: Select[Any], state: LeadState, since: datetime, work: Work) -> Select[Any]:
    query = query.where(LEAD.c.state == state, LEAD.c.state_since < since)
    if work.village is not None:
        query = query.where(LEAD.c.village_code == work.village)
    if work.nobodys:
        return query.where(LEAD.c.assigned_to.is_(None))
    return query if work.assigned_to is None else query.where(LEAD.c.assigned_to == work.assigned_to)
