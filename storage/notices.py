"""What happened outside the chat and still has to be told: the console cannot send, so it leaves a notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, update

from nlu.understanding import JsonValue
from storage.repository import Repository
from storage.tables import NOTICE
from storage.words import NoticeKind


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one person."""

    id: int
    contact_id: int
    kind: NoticeKind
    payload: dict[str, JsonValue]
    made_at: datetime


class Notices(Repository):
    """Add, take, finish."""

    __slots__ = ()

    def add(
        self,
        contact_id: int,
        kind: NoticeKind,
        payload: Mapping[str, JsonValue],
        now: datetime,
        *,
        due_at: datetime | None = None,
    ) -> None:
        """Leave a notice for the bot, to be told at once or from `due_at` on."""
        row = {"contact_id": contact_id, "kind": kind, "payload": dict(payload), "made_at": now, "due_at": due_at}
        self._db.execute(NOTICE.insert().values(row))

    def drop(self, contact_id: int, kind: NoticeKind, now: datetime) -> None:
        """Whatever of this kind still waits for the person is not told any more."""
        waiting = update(NOTICE).where(
            NOTICE.c.contact_id == contact_id, NOTICE.c.kind == kind, NOTICE.c.done_at.is_(None)
        )
        self._db.execute(waiting.values(done_at=now))

    def next_due_at(self) -> datetime | None:
        """When the next notice that waits for its moment is due."""
        query = select(func.min(NOTICE.c.due_at)).where(NOTICE.c.done_at.is_(None), NOTICE.c.due_at.is_not(None))
        due: datetime | None = self._db.scalar(query)
        return due

    def pending(self, now: datetime | None = None, limit: int = 100) -> list[Notice]:
        """Notices whose moment has come, locked for this transaction; finish them in it with `done`.

        Without `now` only those that wait for no moment.
        """
        due = or_(NOTICE.c.due_at.is_(None), NOTICE.c.due_at <= now) if now else NOTICE.c.due_at.is_(None)
        query = select(NOTICE).where(NOTICE.c.done_at.is_(None), due).order_by(NOTICE.c.id).limit(limit)
        rows = self._db.execute(query.with_for_update(skip_locked=True))
        return [Notice(row.id, row.contact_id, row.kind, row.payload or {}, row.made_at) for row in rows]

    def done(self, notice_id: int, now: datetime) -> None:
        """The notice became a message (or was rightly dropped)."""
        self._db.execute(update(NOTICE).where(NOTICE.c.id == notice_id).values(done_at=now))
