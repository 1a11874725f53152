"""One person on two platforms: a code shown on one and sent from the other proves it, then two contacts become one.

Histories move as they are; of two consents the stricter holds. The contact that was joined into the other stays behind
as an empty row, like an erased one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Index, PrimaryKeyConstraint, Table, UniqueConstraint, and_, exists, select, update

from flows.contact import ConsentState, Purpose, Role
from storage.consents import Consents
from storage.outbox import Outbox
from storage.reminders import Reminders
from storage.repository import AnyRow, Repository
from storage.tables import CONSENT_CURRENT, CONTACT, JOIN_CODE, METADATA, REMINDER, SESSION

VIA = "join"
#: Of two states the later in this list holds: what was said beats silence, and no beats yes.
_STRICTER = (ConsentState.UNKNOWN, ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.WITHDRAWN)


class Joining(Repository):
    """Show a code, find who was shown it, join."""

    __slots__ = ()

    def offer(self, contact_id: int, code: str, until: datetime) -> None:
        """The person was shown this code; one they were shown before is worth nothing now."""
        self._db.execute(JOIN_CODE.delete().where(JOIN_CODE.c.contact_id == contact_id))
        row = {"code_hash": self._mark(code), "contact_id": contact_id, "expires_at": until}
        self._db.execute(JOIN_CODE.insert().values(row))

    def shown_to(self, code: str, now: datetime) -> int | None:
        """Who was shown this code, while it is valid."""
        query = select(JOIN_CODE.c.contact_id).where(
            JOIN_CODE.c.code_hash == self._mark(code), JOIN_CODE.c.expires_at > now
        )
        return self._db.execute(query).scalar()

    def join(self, keep: int, other: int, now: datetime) -> bool:
        """Make `other` one with `keep`, who is there already. False when either is gone."""
        people = {row.id: row for row in self._people(keep, other)}
        if keep == other or len(people) != 2:
            return False
        consents = Consents(self._db, self._sealer, self._village_of)
        mine, theirs = consents.current(keep), consents.current(other)
        versions = self._versions(other)
        self._move_everything(keep, other)
        self._become_one(people[keep], people[other], now)
        for purpose in Purpose:
            self._settle(keep, purpose, (mine[purpose], theirs[purpose]), versions.get(purpose), now)
        return True

    def _people(self, *ids: int) -> list[AnyRow]:
        query = select(CONTACT).where(CONTACT.c.id.in_(ids), CONTACT.c.erased_at.is_(None)).order_by(CONTACT.c.id)
        return list(self._db.execute(query.with_for_update()))

    def _versions(self, contact_id: int) -> dict[Purpose, str | None]:
        query = select(CONSENT_CURRENT.c.purpose, CONSENT_CURRENT.c.version)
        rows = self._db.execute(query.where(CONSENT_CURRENT.c.contact_id == contact_id))
        return {row.purpose: row.version for row in rows}

    def _move_everything(self, keep: int, other: int) -> None:
        """Every row of every table, but where `keep` has one already of which there can be only one."""
        for table, column in _references():
            here, clash = table.alias("here"), []
            for names in _unique_with(table, column.name):
                same = [here.c[name] == table.c[name] for name in names]
                clash.append(exists().where(and_(here.c[column.name] == keep, *same)))
            self._db.execute(update(table).where(column == other, *(~one for one in clash)).values({column.name: keep}))
        for left in (SESSION, REMINDER, CONSENT_CURRENT, JOIN_CODE):
            self._db.execute(left.delete().where(left.c.contact_id == other))

    def _become_one(self, kept: AnyRow, gone: AnyRow, now: datetime) -> None:
        """What only one of them had told; an official stays one."""
        official = gone if gone.role is Role.OFFICIAL and kept.role is not Role.OFFICIAL else kept
        place = official if official.village_code else gone if not kept.village_code else kept
        told = {
            "role": official.role,
            "name": kept.name or gone.name,
            "village_code": place.village_code,
            "zone": place.zone,
            "rt": place.rt,
            "rw": place.rw,
            "language": kept.language or gone.language,
        }
        self._db.execute(update(CONTACT).where(CONTACT.c.id == kept.id).values(told))
        Reminders(self._db, self._sealer, self._village_of).follow_zone(kept.id)
        empty = {"role": Role.WORKER, "name": None, "village_code": None, "address_id": None, "erased_at": now}
        empty |= {"rt": None, "rw": None, "language": None}
        self._db.execute(update(CONTACT).where(CONTACT.c.id == gone.id).values(empty))

    def _settle(
        self,
        contact_id: int,
        purpose: Purpose,
        states: tuple[ConsentState, ConsentState],
        version: str | None,
        now: datetime,
    ) -> None:
        """Write down the stricter of both states as the newest line, so that history and present agree."""
        holds = max(states, key=_STRICTER.index)
        if holds is ConsentState.UNKNOWN or states[0] is states[1]:
            return
        consents = Consents(self._db, self._sealer, self._village_of)
        match holds:
            case ConsentState.GIVEN if version is not None and states[1] is holds:
                consents.give(contact_id, (purpose,), version, now, via=VIA)
            case ConsentState.REFUSED if version is not None and states[1] is holds:
                consents.refuse(contact_id, (purpose,), version, now, via=VIA)
            case ConsentState.WITHDRAWN:
                consents.withdraw(contact_id, (purpose,), now, via=VIA)
        if holds is not ConsentState.GIVEN:
            parts = (self._db, self._sealer, self._village_of)
            Outbox(*parts).skip_resting_on(contact_id, (purpose,), "opted_out")
            if purpose is Purpose.REMINDERS:
                Reminders(*parts).stop(contact_id, now)

    def _mark(self, code: str) -> bytes:
        return self._sealer.fingerprint("join", code)


def _references() -> Iterator[tuple[Table, ColumnElement[int]]]:
    """Every column that names a contact."""
    for table in METADATA.sorted_tables:
        for column in table.columns:
            named = column.name == "contact_id" or any(key.column.table is CONTACT for key in column.foreign_keys)
            if named and table is not CONTACT:
                yield table, column


def _unique_with(table: Table, name: str) -> Iterator[list[str]]:
    """The other columns of each rule by which a contact may stand only once."""
    rules: list[PrimaryKeyConstraint | UniqueConstraint | Index] = [
        rule for rule in table.constraints if isinstance(rule, PrimaryKeyConstraint | UniqueConstraint)
    ]
    rules += [index for index in table.indexes if index.unique]
    for rule in rules:
        columns = [column.name for column in rule.columns]
        if name in columns:
            yield [column for column in columns if column != name]
    if table.columns[name].unique:
        yield []
