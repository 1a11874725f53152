"""Pre-registrations and their life, in the hands of staff. A lead is not a member.

LeadError
├── MoveRefused    a lead can't go from where it is to there
└── NotFound       there is no such lead (from `storage.repository`)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update

from flows.contact import LEAD_MOVES, LeadState
from flows.events import LeadSubmitted
from nlu.understanding import JsonValue
from storage.notices import Notices
from storage.private import Nik, Phone
from storage.repository import AnyRow, NotFound, Repository
from storage.tables import LEAD, LEAD_MOVE
from storage.words import DuplicateOf, NoticeKind

#: The slots of content/flows/pendaftaran.yaml that storage itself looks at.
NAME_SLOT, NIK_SLOT, PHONE_SLOT, VILLAGE_SLOT = "nama", "nik", "hp", "desa"
_EXPORT_BATCH = 500


class MoveRefused(Exception):
    """A lead can't go from where it is to there."""

    def __init__(self, now_in: LeadState, to: LeadState) -> None:
        super().__init__(f"{now_in.value} -> {to.value}")
        self.now_in = now_in
        self.to = to


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another lead that looks like the same person, and by what."""

    lead_id: int
    number: str
    by: DuplicateOf


@dataclass(frozen=True, slots=True, repr=False)
class Lead:
    """One pre-registration. NIK and phone mask themselves; `fields` is the whole form and is never logged."""

    id: int
    number: str
    contact_id: int
    fields: dict[str, JsonValue]
    village_code: str | None
    state: LeadState
    submitted_at: datetime
    consent_version: str
    duplicate_of: int | None
    duplicate_by: DuplicateOf | None
    assigned_to: int | None
    official_number: str | None
    close_reason: str | None

    @property
    def name(self) -> str:
        """The name as given; empty once erased."""
        return str(self.fields.get(NAME_SLOT, ""))

    @property
    def nik(self) -> Nik | None:
        """The NIK, masked unless revealed."""
        value = self.fields.get(NIK_SLOT)
        return Nik(value) if isinstance(value, str) else None

    @property
    def phone(self) -> Phone | None:
        """The phone number, masked unless revealed."""
        value = self.fields.get(PHONE_SLOT)
        return Phone(value) if isinstance(value, str) else None

    def __repr__(self) -> str:
        return f"Lead({self.number}, {self.state.value})"


@dataclass(frozen=True, slots=True)
class Move:
    """One move of a lead."""

    from_state: LeadState
    to_state: LeadState
    by: str
    at: datetime
    note: str | None


class Leads(Repository):
    """Submit, look at, move, export."""

    __slots__ = ()

    def submit(self, contact_id: int, event: LeadSubmitted, now: datetime) -> Duplicate | None:
        """Store a lead; the same number twice is one lead. Returns the earlier lead that looks like the same person."""
        nik, phone = self._mark("nik", event.fields.get(NIK_SLOT)), self._mark("phone", event.fields.get(PHONE_SLOT))
        twin = self._twin("nik_hash", nik, DuplicateOf.NIK) or self._twin("phone_hash", phone, DuplicateOf.PHONE)
        insert = self._insert(LEAD).values(
            number=event.number,
            contact_id=contact_id,
            fields=dict(event.fields),
            nik_hash=nik,
            phone_hash=phone,
            village_code=_village_code(event.fields.get(VILLAGE_SLOT)),
            submitted_at=now,
            consent_version=event.consent_version,
            duplicate_of=twin.lead_id if twin else None,
            duplicate_by=twin.by if twin else None,
        )
        self._db.execute(insert.on_conflict_do_nothing(index_elements=["number"]))
        return twin

    def get(self, lead_id: int) -> Lead:
        """The lead.

        Raises:
            NotFound: there is none.
        """
        row = self._db.execute(select(LEAD).where(LEAD.c.id == lead_id)).first()
        if row is None:
            raise NotFound
        return _lead(row)

    def find(self, number: str) -> Lead | None:
        """The lead with this receipt number, if any."""
        row = self._db.execute(select(LEAD).where(LEAD.c.number == number)).first()
        return _lead(row) if row else None

    def newest_of(self, contact_id: int) -> Lead | None:
        """The contact's newest lead, if any."""
        query = select(LEAD).where(LEAD.c.contact_id == contact_id).order_by(LEAD.c.id.desc()).limit(1)
        row = self._db.execute(query).first()
        return _lead(row) if row else None

    def list(
        self, *, village: str | None = None, state: LeadState | None = None, limit: int = 50, offset: int = 0
    ) -> list[Lead]:
        """Leads, newest first."""
        query = _filtered(select(LEAD), village, state).order_by(LEAD.c.id.desc()).limit(limit).offset(offset)
        return [_lead(row) for row in self._db.execute(query)]

    def count(self, *, village: str | None = None, state: LeadState | None = None) -> int:
        """How many leads that would be."""
        return int(self._db.execute(_filtered(select(func.count()).select_from(LEAD), village, state)).scalar_one())

    def move(
        self,
        lead_id: int,
        to: LeadState,
        by: str,
        now: datetime,
        note: str | None = None,
        *,
        official_number: str | None = None,
        close_reason: str | None = None,
    ) -> None:
        """Move a lead on and record it; a lead contacted leaves a notice, so the worker is told.

        Raises:
            NotFound: there is no such lead.
            MoveRefused: a lead can't go from where it is to there.
        """
        lead = self._locked(lead_id)
        if to not in LEAD_MOVES[lead.state]:
            raise MoveRefused(lead.state, to)
        values: dict[str, object] = {"state": to, "close_reason": close_reason if to is LeadState.CLOSED else None}
        if official_number is not None:
            values["official_number"] = official_number
        self._db.execute(update(LEAD).where(LEAD.c.id == lead_id).values(values))
        move = {"lead_id": lead_id, "from_state": lead.state, "to_state": to, "by": by, "at": now, "note": note}
        self._db.execute(LEAD_MOVE.insert().values(move))
        if to is LeadState.CONTACTED:
            notices = Notices(self._db, self._sealer, self._village_of)
            notices.add(lead.contact_id, NoticeKind.LEAD_CONTACTED, {"lead": lead_id, "number": lead.number}, now)

    def moves(self, lead_id: int) -> tuple[Move, ...]:
        """A lead's history, oldest first."""
        query = select(LEAD_MOVE).where(LEAD_MOVE.c.lead_id == lead_id).order_by(LEAD_MOVE.c.id)
        rows = self._db.execute(query)
        return tuple(Move(row.from_state, row.to_state, row.by, row.at, row.note) for row in rows)

    def assign(self, lead_id: int, staff_id: int | None) -> None:
        """Give a lead to someone, or to nobody."""
        self._db.execute(update(LEAD).where(LEAD.c.id == lead_id).values(assigned_to=staff_id))

    def export(self, *, village: str | None = None, state: LeadState | None = None) -> Iterator[Lead]:
        """All matching leads, oldest first, a few hundred in memory at a time."""
        last = 0
        while True:
            query = _filtered(select(LEAD), village, state).where(LEAD.c.id > last)
            rows = self._db.execute(query.order_by(LEAD.c.id).limit(_EXPORT_BATCH)).all()
            yield from map(_lead, rows)
            if len(rows) < _EXPORT_BATCH:
                return
            last = rows[-1].id

    def _mark(self, kind: str, value: JsonValue) -> bytes | None:
        return self._sealer.fingerprint(kind, value) if isinstance(value, str) else None

    def _twin(self, column: str, mark: bytes | None, by: DuplicateOf) -> Duplicate | None:
        if mark is None:
            return None
        query = select(LEAD.c.id, LEAD.c.number).where(LEAD.c[column] == mark, LEAD.c[column].is_not(None))
        row = self._db.execute(query.order_by(LEAD.c.id).limit(1)).first()
        return Duplicate(row.id, row.number, by) if row else None

    def _locked(self, lead_id: int) -> AnyRow:
        query = select(LEAD.c.state, LEAD.c.contact_id, LEAD.c.number).where(LEAD.c.id == lead_id).with_for_update()
        row = self._db.execute(query).first()
        if row is None:
            raise NotFound
        return row


def _filtered(query: Select[Any], village: str | None, state: LeadState | None) -> Select[Any]:
    if village is not None:
        query = query.where(LEAD.c.village_code == village)
    return query if state is None else query.where(LEAD.c.state == state)


def _village_code(village: JsonValue) -> str | None:
    return str(village["code"]) if isinstance(village, dict) and "code" in village else None


def _lead(row: AnyRow) -> Lead:
    return Lead(
        id=row.id,
        number=row.number,
        contact_id=row.contact_id,
        fields=row.fields or {},
        village_code=row.village_code,
        state=row.state,
        submitted_at=row.submitted_at,
        consent_version=row.consent_version,
        duplicate_of=row.duplicate_of,
        duplicate_by=row.duplicate_by,
        assigned_to=row.assigned_to,
        official_number=row.official_number,
        close_reason=row.close_reason,
    )
