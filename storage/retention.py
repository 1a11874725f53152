"""How long what people told us stays readable, by class of field. The rows remain as counts; their words do not.

Each sweep goes on where the last one stopped (a cursor in `setting`), so it costs what became old since then, however
much history there is. Sweeping twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, delete, select, update

from flows.contact import LeadState
from storage.columns import UtcDateTime
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
    SETTING,
    UNREAD,
)
from storage.words import BroadcastState, InboundState, OutboxState

_BATCH = 500
#: The names in `setting` of where each sweep stopped.
_PLACE = "retention."
#: Where the sweep of leads stopped is written down anew only after so long, so that an idle tick writes nothing.
_NOTED_EVERY = timedelta(hours=1)


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
    """Forget what is old. Asked at every tick: where nothing is, one row of each class is read and none written."""

    __slots__ = ()

    def sweep(self, limits: Limits, now: datetime) -> int:
        """Blank one batch of each class that is past its time. Returns how many rows; 0 when nothing is left."""
        places = {row.key: row.value for row in self._db.execute(_PLACES)}
        swept = sum(self._sweep_rows(kept, now - limits.talk, places) for kept in _TALK)
        swept += sum(self._sweep_rows(kept, now - limits.puzzles, places) for kept in _PUZZLES)
        swept += self._sweep_broadcasts(now - limits.talk, now)
        return swept + self._sweep_leads(now - limits.closed_leads, places)

    def _sweep_rows(self, kept: _Kept, before: datetime, places: Mapping[str, str]) -> int:
        table, place = kept.table, f"{_PLACE}{kept.table.name}"
        here = {"last": int(places.get(place) or 0)}
        query = _after(table, kept.made, with_state=bool(kept.busy))
        if not _while_old(self._db.execute(query, {**here, "most": 1}), kept.made, before, kept.busy):
            return 0
        old = _while_old(self._db.execute(query, {**here, "most": _BATCH}), kept.made, before, kept.busy)
        self._db.execute(update(table).where(table.c.id.in_(old)).values(dict(kept.blank)))
        self._settings.put(place, str(old[-1]))
        return len(old)

    def _sweep_broadcasts(self, before: datetime, now: datetime) -> int:
        """Announcements made so long ago lose their words and their picture, unless they are still on their way."""
        rows = self._db.execute(_BROADCASTS, {"before": before}).all()
        if rows:
            ids = [row.id for row in rows]
            gone = {"text": "", "slots": None, "picture_id": None, "forgotten_at": now}
            self._db.execute(update(BROADCAST).where(BROADCAST.c.id.in_(ids)).values(gone))
            pictures = [row.picture_id for row in rows if row.picture_id is not None]
            self._db.execute(delete(PICTURE).where(PICTURE.c.id.in_(pictures)))
        return len(rows)

    def _sweep_leads(self, before: datetime, places: Mapping[str, str]) -> int:
        """Leads that were closed for so long lose their form and whatever could tie them to a person."""
        place = f"{_PLACE}lead"
        since = datetime.fromisoformat(places[place]) if place in places else datetime.min.replace(tzinfo=UTC)
        ids = self._ids(_LEADS, {"since": since, "before": before})
        if ids:
            blank = {"fields": None, "nik_hash": None, "phone_hash": None, "official_number": None}
            gone = update(LEAD).where(LEAD.c.id.in_(ids)).values(**blank, assigned_to=None)
            self._db.execute(gone)
            self._db.execute(update(LEAD_MOVE).where(LEAD_MOVE.c.lead_id.in_(ids)).values(note=None))
        elif before - since >= _NOTED_EVERY:
            self._settings.put(place, before.isoformat())
        return len(ids)

    @property
    def _settings(self) -> Settings:
        return Settings(self._db, self._sealer, self._village_of)


@cache
def _after(table: Table, made: str, *, with_state: bool) -> Select[Any]:
    """The rows that come after the last one that was blanked."""
    columns = [table.c.id, table.c[made], *([table.c.state] if with_state else [])]
    return select(*columns).where(table.c.id > bindparam("last")).order_by(table.c.id).limit(bindparam("most"))


def _moment(name: str) -> ColumnElement[datetime]:
    return bindparam(name, type_=UtcDateTime)


#: Built once: putting a statement together costs more than running it.
_PLACES = select(SETTING.c.key, SETTING.c.value).where(SETTING.c.key.like(f"{_PLACE}%"))
_BROADCASTS = (
    select(BROADCAST.c.id, BROADCAST.c.picture_id)
    .where(BROADCAST.c.forgotten_at.is_(None), BROADCAST.c.created_at < _moment("before"))
    .where(BROADCAST.c.state.not_in(_ON_THE_WAY))
    .order_by(BROADCAST.c.created_at)
    .limit(_BATCH)
)
_LEADS = (
    select(LEAD.c.id)
    .where(LEAD.c.state == LeadState.CLOSED, LEAD.c.fields.is_not(None))
    .where(LEAD.c.state_since >= _moment("since"), LEAD.c.state_since < _moment("before"))
    .order_by(LEAD.c.state_since)
    .limit(_BATCH)
)


def _while_old(rows: Iterable[AnyRow], made: str, before: datetime, busy: tuple[Any, ...]) -> list[int]:
    """Ids from the beginning up to the first that is too young, or still on its way."""
    old: list[int] = []
    for row in rows:
        if getattr(row, made) >= before or (busy and row.state in busy):
            break
        old.append(row.id)
    return old
