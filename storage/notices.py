"""What happened outside the chat and still has to be told: the console cannot send, so it leaves a notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

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

    def add(self, contact_id: int, kind: NoticeKind, payload: Mapping[str, JsonValue], now: datetime) -> None:
        """Leave a notice for the bot."""
        row = {"contact_id": contact_id, "kind": kind, "payload": dict(payload), "made_at": now}
        self._db.execute(NOTICE.insert().values(row))

    def pending(self, limit: int = 100) -> list[Notice]:
        """Notices not yet turned into messages, locked for this transaction; finish them in it with `done`."""
        query = select(NOTICE).where(NOTICE.c.done_at.is_(None)).order_by(NOTICE.c.id).limit(limit)
        rows = self._db.execute(query.with_for_update(skip_locked=True))
        return [Notice(row.id, row.contact_id, row.kind, row.payload or {}, row.made_at) for row in rows]

    def done(self, notice_id: int, now: datetime) -> None:
        """The notice became a message (or was rightly dropped)."""
        self._db.execute(update(NOTICE).where(NOTICE.c.id == notice_id).values(done_at=now))
