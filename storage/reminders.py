"""Monthly promises. The row with its `next_due_at` is the truth; after an outage everything due is still due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from storage.repository import Repository
from storage.tables import REMINDER

_ACTIVE = REMINDER.c.stopped_at.is_(None)


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A reminder whose moment has come."""

    id: int
    contact_id: int
    day: int
    hour: int
    due_at: datetime

    @property
    def once_key(self) -> str:
        """The outbox key under which this very reminder is queued at most once."""
        return f"reminder:{self.id}:{self.due_at.date().isoformat()}"


class Reminders(Repository):
    """Plan, stop, find what is due, move on. The caller knows the calendar and hands in the next moment."""

    __slots__ = ()

    def plan(self, contact_id: int, day: int, hour: int, next_due_at: datetime) -> None:
        """Remind monthly; replaces an earlier plan of the same person."""
        plan = {"day": day, "hour": hour, "next_due_at": next_due_at, "stopped_at": None}
        insert = self._insert(REMINDER).values(contact_id=contact_id, **plan)
        self._db.execute(insert.on_conflict_do_update(index_elements=["contact_id"], set_=plan))

    def stop(self, contact_id: int, now: datetime) -> bool:
        """No more reminders. False when there was none."""
        mine = (REMINDER.c.contact_id == contact_id, _ACTIVE)
        return self._db.execute(update(REMINDER).where(*mine).values(stopped_at=now)).rowcount > 0

    def due(self, now: datetime, limit: int) -> list[DueReminder]:
        """Reminders that are due, oldest first, locked for this transaction; move each on in it with `advance`."""
        query = (
            select(REMINDER)
            .where(_ACTIVE, REMINDER.c.next_due_at <= now)
            .order_by(REMINDER.c.next_due_at, REMINDER.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self._db.execute(query)
        return [DueReminder(row.id, row.contact_id, row.day, row.hour, row.next_due_at) for row in rows]

    def advance(self, reminder_id: int, next_due_at: datetime) -> None:
        """The reminder due was dealt with; wait for the next."""
        self._db.execute(update(REMINDER).where(REMINDER.c.id == reminder_id).values(next_due_at=next_due_at))

    def next_due_at(self) -> datetime | None:
        """When the earliest reminder is due; scripts that move the clock ask."""
        query = select(REMINDER.c.next_due_at).where(_ACTIVE).order_by(REMINDER.c.next_due_at).limit(1)
        return self._db.scalar(query)
