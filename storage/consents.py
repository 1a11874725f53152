"""Who agreed to what, in which words, when and how. History is only added to; the newest line is kept at hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from flows.contact import ConsentState, Purpose
from storage.repository import Repository
from storage.tables import CONSENT, CONSENT_CURRENT


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One line of the history."""

    purpose: Purpose
    state: ConsentState
    version: str | None
    at: datetime
    via: str


class Consents(Repository):
    """Give, refuse, withdraw, and ask what holds."""

    __slots__ = ()

    def give(self, contact_id: int, purposes: Iterable[Purpose], version: str, at: datetime, via: str = "chat") -> None:
        """The person agreed, having read this version of the text."""
        self._add(contact_id, [ConsentLine(purpose, ConsentState.GIVEN, version, at, via) for purpose in purposes])

    def refuse(
        self, contact_id: int, purposes: Iterable[Purpose], version: str, at: datetime, via: str = "chat"
    ) -> None:
        """The person was asked and said no."""
        self._add(contact_id, [ConsentLine(purpose, ConsentState.REFUSED, version, at, via) for purpose in purposes])

    def withdraw(self, contact_id: int, purposes: Iterable[Purpose], at: datetime, via: str = "chat") -> None:
        """The person takes it back. What is queued is skipped by `Outbox.skip_resting_on`."""
        self._add(contact_id, [ConsentLine(purpose, ConsentState.WITHDRAWN, None, at, via) for purpose in purposes])

    def current(self, contact_id: int) -> dict[Purpose, ConsentState]:
        """What holds for each purpose; UNKNOWN where the person was never asked."""
        query = select(CONSENT_CURRENT.c.purpose, CONSENT_CURRENT.c.state)
        rows = self._db.execute(query.where(CONSENT_CURRENT.c.contact_id == contact_id))
        known = {row.purpose: row.state for row in rows}
        return {purpose: known.get(purpose, ConsentState.UNKNOWN) for purpose in Purpose}

    def history(self, contact_id: int) -> list[ConsentLine]:
        """Every line, oldest first."""
        columns = (CONSENT.c.purpose, CONSENT.c.state, CONSENT.c.version, CONSENT.c.at, CONSENT.c.via)
        query = select(*columns).where(CONSENT.c.contact_id == contact_id).order_by(CONSENT.c.id)
        return [ConsentLine(*row) for row in self._db.execute(query)]

    def _add(self, contact_id: int, lines: Iterable[ConsentLine]) -> None:
        for line in lines:
            now = {
                "contact_id": contact_id,
                "purpose": line.purpose,
                "state": line.state,
                "version": line.version,
                "at": line.at,
            }
            self._db.execute(CONSENT.insert().values(**now, via=line.via))
            insert = self._insert(CONSENT_CURRENT).values(now)
            newer = {"state": insert.excluded.state, "version": insert.excluded.version, "at": insert.excluded.at}
            self._db.execute(insert.on_conflict_do_update(index_elements=["contact_id", "purpose"], set_=newer))
