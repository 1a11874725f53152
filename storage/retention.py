"""How long what people told us stays readable, by class of field. The rows remain as counts; their words do not.

Each sweep goes on where the last one stopped (a cursor in `setting`), so it costs what became old since then, however
much history there is. Sweeping twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, delete, select, update

from flows.contact import LeadState
from storage.repository import AnyRow, Repository
from storage.settings import Settings
from storage.tables import (
    BROADCAST,
    GATHERING_INPUT,
    INBOUND,
    LEAD,
    LEAD_MOVE,
    NOT_UNDERSTOOD,
    NOTICE,
    OUTBOX,
    PICTURE,
    UNREAD,
)
from storage.words import BroadcastState, InboundState, OutboxState

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each class stays."""

    talk: timedelta
    closed_leads: timedelta
    puzzles: timedelta


@dataclass(frozen=True, slots=True)
class _Kept:
    """A class of rows that grow in the order of their ids: when each was made, what is blanked, what is left alone."""

    table: Table
    made: str
    blank: Mapping[str, Any]
    busy: tuple[Any, ...] = ()


_TALK = (
    _Kept(INBOUND, "received_at", {"body": None}, (InboundState.WAITING,)),
    _Kept(OUTBOX, "made_at", {"body": None, "taps": None, "slots": None, "external_id": None},
          (OutboxState.DUE, OutboxState.SENDING)),
    _Kept(NOTICE, "made_at", {"payload": None}),
    _Kept(GATHERING_INPUT, "at", {"answer": None}),
)  # fmt: skip
_ON_THE_WAY = (
    BroadcastState.WAITING,
    BroadcastState.SCHEDULED,
    BroadcastState.SENDING,
    BroadcastState.PAUSED,
)
_PUZZLES = (_Kept(NOT_UNDERSTOOD, "at", {"text": None}), _Kept(UNREAD, "at", {"payload": ""}))


class Retention(Repository):
    """Forget what is old."""

    __slots__ = ()

    def sweep(self, limits: Limits, now: datetime) -> int:
        """Blank one batch of each class that is past its time. Returns how many rows; 0 when nothing is left."""
        swept = sum(self._sweep_rows(kept, now - limits.talk) for kept in _TALK)
        swept += sum(self._sweep_rows(kept, now - limits.puzzles) for kept in _PUZZLES)
        swept += self._sweep_broadcasts(now - limits.talk, now)
        return swept + self._sweep_leads(now - limits.closed_leads)

    def _sweep_rows(self, kept: _Kept, before: datetime) -> int:
        table, place = kept.table, f"retention.{kept.table.name}"
        last = int(self._settings.get(place) or 0)
        columns = [table.c.id, table.c[kept.made], *([table.c.state] if kept.busy else [])]
        rows = self._db.execute(select(*columns).where(table.c.id > last).order_by(table.c.id).limit(_BATCH)).all()
        old = _while_old(rows, kept.made, before, kept.busy)
        if old:
            self._db.execute(update(table).where(table.c.id.in_(old)).values(dict(kept.blank)))
            self._settings.put(place, str(old[-1]))
        return len(old)

    def _sweep_broadcasts(self, before: datetime, now: datetime) -> int:
        """Announcements made so long ago lose their words and their picture, unless they are still on their way."""
        kept = (BROADCAST.c.forgotten_at.is_(None), BROADCAST.c.created_at < before)
        query = select(BROADCAST.c.id, BROADCAST.c.picture_id).where(*kept, BROADCAST.c.state.not_in(_ON_THE_WAY))
        rows = self._db.execute(query.order_by(BROADCAST.c.created_at).limit(_BATCH)).all()
        if rows:
            ids = [row.id for row in rows]
            gone = {"text": "", "slots": None, "picture_id": None, "forgotten_at": now}
            self._db.execute(update(BROADCAST).where(BROADCAST.c.id.in_(ids)).values(gone))
            pictures = [row.picture_id for row in rows if row.picture_id is not None]
            self._db.execute(delete(PICTURE).where(PICTURE.c.id.in_(pictures)))
        return len(rows)

    def _sweep_leads(self, before: datetime) -> int:
        """Leads that were closed for so long lose their form and whatever could tie them to a person."""
        query = select(LEAD.c.id).where(LEAD.c.state == LeadState.CLOSED, LEAD.c.state_since < before)
        since = self._settings.get("retention.lead")
        if since is not None:
            query = query.where(LEAD.c.state_since >= datetime.fromisoformat(since))
        ids = self._ids(query.where(LEAD.c.fields.is_not(None)).order_by(LEAD.c.state_since).limit(_BATCH))
        if ids:
            blank = {"fields": None, "nik_hash": None, "phone_hash": None, "official_number": None}
            gone = update(LEAD).where(LEAD.c.id.in_(ids)).values(**blank, assigned_to=None)
            self._db.execute(gone)
            self._db.execute(update(LEAD_MOVE).where(LEAD_MOVE.c.lead_id.in_(ids)).values(note=None))
        else:
            self._settings.put("retention.lead", before.isoformat())
        return len(ids)

    @property
    def _settings(self) -> Settings:
        return Settings(self._db, self._sealer, self._village_of)


def _while_old(rows: list[AnyRow] | Any, made: str, before: datetime, busy: tuple[Any, ...]) -> list[int]:
    """Ids from the beginning up to the first that is too young, or still on its way."""
    old: list[int] = []
    for row in rows:
        if getattr(row, made) >= before or (busy and row.state in busy):
            break
        old.append(row.id)
    return old
