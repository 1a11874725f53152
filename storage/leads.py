"""Pre-registrations and their life, in the hands of staff. A lead is not a member.

LeadError
├── MoveRefused    a lead can't go from where it is to there
├── MergeRefused   two leads can't be one
└── NotFound       there is no such lead (from `storage.repository`)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update

from flows.contact import LEAD_MOVES, LeadState
from flows.conversation.registration_talk import LEAD_FIELDS
from flows.events import LeadChanged, LeadSubmitted
from nlu.understanding import JsonValue
from storage.notices import Notices
from storage.private import Nik, Phone
from storage.repository import AnyRow, NotFound, Repository
from storage.tables import CONTACT, LEAD, LEAD_MOVE
from storage.territories import Territories
from storage.words import DuplicateOf, EndReason, NoticeKind

#: The slots of content/flows/pendaftaran.yaml that storage itself looks at.
NAME_SLOT, NIK_SLOT, PHONE_SLOT, VILLAGE_SLOT = "nama", "nik", "hp", "desa"
_EXPORT_BATCH = 500
#: The moves a worker is told of, where they agreed to be.
_TOLD = {
    LeadState.CONTACTED: NoticeKind.LEAD_CONTACTED,
    LeadState.WAITING: NoticeKind.LEAD_WAITING,
    LeadState.HANDED_OVER: NoticeKind.LEAD_HANDED_OVER,
    LeadState.ACTIVE: NoticeKind.LEAD_ACTIVE,
    LeadState.CLOSED: NoticeKind.LEAD_CLOSED,
}
#: A lead closed for this reason goes on in the one that `duplicate_of` names.
MERGED = "merged"


class MoveRefused(Exception):
    """A lead can't go from where it is to there."""

    def __init__(self, now_in: LeadState, to: LeadState) -> None:
        super().__init__(f"{now_in.value} -> {to.value}")
        self.now_in = now_in
        self.to = to


class MergeRefused(Exception):
    """Two leads can't be one: they are the same already, one is merged, or each has its own official number."""


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
    state_since: datetime
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
        """Store a lead; the same number twice is one lead. Returns the earlier lead that looks like the same person.

        It goes to the staff member whose territory its village lies in.
        """
        nik, phone = self._mark("nik", event.fields.get(NIK_SLOT)), self._mark("phone", event.fields.get(PHONE_SLOT))
        twin = self._twin("nik_hash", nik, DuplicateOf.NIK) or self._twin("phone_hash", phone, DuplicateOf.PHONE)
        if twin is not None and twin.by is DuplicateOf.PHONE and self._on_one_phone(twin.lead_id, contact_id):
            twin = None  # a family that is known to share its phone
        village = _village_code(event.fields.get(VILLAGE_SLOT))
        territories = Territories(self._db, self._sealer, self._village_of)
        insert = self._insert(LEAD).values(
            number=event.number,
            contact_id=contact_id,
            fields=dict(event.fields),
            nik_hash=nik,
            phone_hash=phone,
            village_code=village,
            assigned_to=territories.owner_of(village),
            **_in_the_open(event.fields),
            submitted_at=now,
            state_since=now,
            consent_version=event.consent_version,
            duplicate_of=twin.lead_id if twin else None,
            duplicate_by=twin.by if twin else None,
        )
        self._db.execute(insert.on_conflict_do_nothing(index_elements=["number"]))
        return twin

    def change(self, contact_id: int, event: LeadChanged, now: datetime) -> bool:
        """The person corrected what they registered. What changed is in the lead's history, without the values.

        False when it is not theirs any more, or was closed or forgotten meanwhile.
        """
        query = select(LEAD).where(LEAD.c.number == event.number, LEAD.c.contact_id == contact_id).with_for_update()
        row = self._db.execute(query).first()
        if (
            row is None
            or row.fields is None
            or row.state not in {LeadState.NEW, LeadState.CONTACTED, LeadState.WAITING}
        ):
            return False
        before = dict(row.fields)
        kept = {name: value for name, value in before.items() if name not in LEAD_FIELDS}
        names = [name for name in LEAD_FIELDS if before.get(name) != event.fields.get(name)]
        if not names:
            return True
        village = _village_code(event.fields.get(VILLAGE_SLOT))
        values: dict[str, object] = {
            "fields": {**kept, **event.fields},
            "nik_hash": self._mark("nik", event.fields.get(NIK_SLOT)),
            "phone_hash": self._mark("phone", event.fields.get(PHONE_SLOT)),
            **_in_the_open(event.fields),
        }
        if village != row.village_code:
            owner = Territories(self._db, self._sealer, self._village_of).owner_of(village)
            values |= {"village_code": village, "assigned_to": owner}
        self._db.execute(update(LEAD).where(LEAD.c.id == row.id).values(values))
        same = {"lead_id": row.id, "from_state": row.state, "to_state": row.state, "at": now}
        self._db.execute(LEAD_MOVE.insert().values(**same, by=f"contact:{contact_id}", note=", ".join(names)))
        return True

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
        tell: bool = True,
    ) -> None:
        """Move a lead on and record it. Moves that matter to the worker leave a notice, unless `tell` is False.

        Raises:
            NotFound: there is no such lead.
            MoveRefused: a lead can't go from where it is to there.
        """
        lead = self._locked(lead_id)
        if to not in LEAD_MOVES[lead.state]:
            raise MoveRefused(lead.state, to)
        values: dict[str, object] = {"state": to, "state_since": now}
        values |= {"close_reason": close_reason if to is LeadState.CLOSED else None}
        if official_number is not None:
            values["official_number"] = official_number
        self._db.execute(update(LEAD).where(LEAD.c.id == lead_id).values(values))
        move = {"lead_id": lead_id, "from_state": lead.state, "to_state": to, "by": by, "at": now, "note": note}
        self._db.execute(LEAD_MOVE.insert().values(move))
        if tell and to in _TOLD:
            notices = Notices(self._db, self._sealer, self._village_of)
            said = {"lead": lead_id, "number": lead.number, "official_number": official_number}
            notices.add(lead.contact_id, _TOLD[to], said, now)

    def moves(self, lead_id: int) -> tuple[Move, ...]:
        """A lead's history, oldest first, with that of every lead merged into it."""
        whose = [lead_id, *(lead.id for lead in self.merged_into(lead_id))]
        query = select(LEAD_MOVE).where(LEAD_MOVE.c.lead_id.in_(whose)).order_by(LEAD_MOVE.c.at, LEAD_MOVE.c.id)
        rows = self._db.execute(query)
        return tuple(Move(row.from_state, row.to_state, row.by, row.at, row.note) for row in rows)

    def merge(self, keep: int, other: int, by: str, now: datetime) -> None:
        """Make two leads one. `other` closes and points to `keep`, which takes over what it lacks itself.

        Both receipt numbers stay good, both histories and conversations stay readable (`moves`, `contacts_of`), and
        the two people behind them stay two contacts: each keeps their own chat, consents and rights.

        Raises:
            NotFound: there is no such lead.
            MergeRefused: they are one already, `keep` is closed, `other` was merged or erased, or each has an official
                number of its own.
        """
        rows = {row.id: row for row in self._both(keep, other)}
        kept, gone = rows.get(keep), rows.get(other)
        if kept is None or gone is None:
            raise NotFound
        numbers = {row.official_number for row in (kept, gone) if row.official_number}
        over = gone.close_reason in {MERGED, EndReason.ERASED.value}
        if over or kept.state is LeadState.CLOSED or len(numbers) > 1:
            raise MergeRefused
        self._take_over(kept, gone)
        if gone.official_number and not kept.official_number and kept.state is not gone.state:
            self._note_move(kept, gone.state, by, now, gone.number)
        closed = {"state": LeadState.CLOSED, "state_since": now, "close_reason": MERGED, "duplicate_of": keep}
        self._db.execute(update(LEAD).where(LEAD.c.id == other).values(closed))
        pointing = update(LEAD).where(LEAD.c.duplicate_of == other, LEAD.c.id != keep)
        self._db.execute(pointing.values(duplicate_of=keep))
        self._note_move(gone, LeadState.CLOSED, by, now, kept.number)

    def merged_into(self, lead_id: int) -> tuple[Lead, ...]:
        """The leads that were merged into this one."""
        query = select(LEAD).where(LEAD.c.duplicate_of == lead_id, LEAD.c.close_reason == MERGED).order_by(LEAD.c.id)
        return tuple(_lead(row) for row in self._db.execute(query))

    def looking_like(self, lead_id: int) -> tuple[Lead, ...]:
        """Open leads that came later and look like this one."""
        query = select(LEAD).where(LEAD.c.duplicate_of == lead_id, LEAD.c.state != LeadState.CLOSED)
        return tuple(_lead(row) for row in self._db.execute(query.order_by(LEAD.c.id).limit(20)))

    def contacts_of(self, lead_id: int) -> tuple[int, ...]:
        """Whose conversations belong to a lead: its own contact's first, then those of merged leads."""
        own = self.get(lead_id).contact_id
        return tuple(dict.fromkeys([own, *(lead.contact_id for lead in self.merged_into(lead_id))]))

    def marks_of(self, niks: Iterable[str]) -> dict[str, bytes]:
        """The keyed hash of each NIK, for `numbers_by_mark`."""
        return {nik: self._sealer.fingerprint("nik", nik) for nik in niks}

    def numbers_by_mark(self, marks: Collection[bytes]) -> dict[bytes, str]:
        """Which of these hashes are known, each with the receipt number of the first lead that has it."""
        query = select(LEAD.c.nik_hash, LEAD.c.number).where(LEAD.c.nik_hash.in_(list(marks)))
        rows = self._db.execute(query.where(LEAD.c.nik_hash.is_not(None)).order_by(LEAD.c.id.desc()))
        return {bytes(row.nik_hash): row.number for row in rows}

    def assign(self, lead_id: int, staff_id: int | None) -> None:
        """Give a lead to someone, or to nobody."""
        self._db.execute(update(LEAD).where(LEAD.c.id == lead_id).values(assigned_to=staff_id))

    def tell_apart(self, lead_id: int) -> None:
        """Staff looked: this lead is somebody else than the one it was taken for."""
        self._db.execute(update(LEAD).where(LEAD.c.id == lead_id).values(duplicate_of=None, duplicate_by=None))

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
        columns = (LEAD.c.id, LEAD.c.number, LEAD.c.close_reason, LEAD.c.duplicate_of)
        query = select(*columns).where(LEAD.c[column] == mark, LEAD.c[column].is_not(None))
        row = self._db.execute(query.order_by(LEAD.c.id).limit(1)).first()
        if row is not None and row.close_reason == MERGED:
            row = self._db.execute(select(*columns).where(LEAD.c.id == row.duplicate_of)).first()
        return Duplicate(row.id, row.number, by) if row else None

    def _on_one_phone(self, lead_id: int, contact_id: int) -> bool:
        own, theirs = CONTACT.alias("own"), CONTACT.alias("theirs")
        query = (
            select(LEAD.c.id)
            .join(theirs, theirs.c.id == LEAD.c.contact_id)
            .join(own, own.c.address_id == theirs.c.address_id)
            .where(LEAD.c.id == lead_id, own.c.id == contact_id, theirs.c.id != contact_id)
        )
        return self._db.execute(query).first() is not None

    def _both(self, keep: int, other: int) -> Iterable[AnyRow]:
        """Locked in the order of their ids, so that two merges the other way round don't wait for each other."""
        if keep == other:
            raise MergeRefused
        query = select(LEAD).where(LEAD.c.id.in_([keep, other])).order_by(LEAD.c.id)
        return self._db.execute(query.with_for_update()).all()

    def _take_over(self, kept: AnyRow, gone: AnyRow) -> None:
        """What the kept lead says itself stands; what it lacks comes from the other."""
        values: dict[str, object] = {
            "fields": {**(gone.fields or {}), **(kept.fields or {})},
            "nik_hash": kept.nik_hash or gone.nik_hash,
            "phone_hash": kept.phone_hash or gone.phone_hash,
            "village_code": kept.village_code or gone.village_code,
            "official_number": kept.official_number or gone.official_number,
            "assigned_to": kept.assigned_to or gone.assigned_to,
        }
        if kept.duplicate_of == gone.id:
            values |= {"duplicate_of": None, "duplicate_by": None}
        if gone.official_number and not kept.official_number:
            values["state"] = gone.state
        self._db.execute(update(LEAD).where(LEAD.c.id == kept.id).values(values))

    def _note_move(self, row: AnyRow, to: LeadState, by: str, now: datetime, because_of: str) -> None:
        move = {"lead_id": row.id, "from_state": row.state, "to_state": to, "by": by, "at": now}
        self._db.execute(LEAD_MOVE.insert().values(**move, note=f"{MERGED}: {because_of}"))

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


def _in_the_open(fields: Mapping[str, JsonValue]) -> dict[str, str | None]:
    """What an announcement's audience may be chosen by."""
    work, program = fields.get("pekerjaan"), fields.get("program")
    work = work if isinstance(work, dict) else {}
    return {
        "occupation": str(work["id"])[:40] if work.get("id") else None,
        "sector": str(work["sector"])[:20] if work.get("sector") else None,
        "program": program[:10] if isinstance(program, str) else None,
    }


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
        state_since=row.state_since,
        consent_version=row.consent_version,
        duplicate_of=row.duplicate_of,
        duplicate_by=row.duplicate_by,
        assigned_to=row.assigned_to,
        official_number=row.official_number,
        close_reason=row.close_reason,
    )
