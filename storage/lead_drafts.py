"""Registrations written for somebody else: sealed, for hours, until that person agrees from their own phone or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from nlu.understanding import JsonValue
from storage.repository import Repository
from storage.tables import LEAD_DRAFT


@dataclass(frozen=True, slots=True, repr=False)
class LeadDraft:
    """What was written, and by whom. Never logged."""

    by: int
    fields: Mapping[str, JsonValue]


class LeadDrafts(Repository):
    """Hold, look at, drop."""

    __slots__ = ()

    def hold(self, contact_id: int, code: str, fields: Mapping[str, JsonValue], until: datetime) -> None:
        """Keep what this contact wrote for somebody else under a code that was just shown."""
        row = {"code_hash": self._mark(code), "contact_id": contact_id, "fields": dict(fields), "expires_at": until}
        self._db.execute(LEAD_DRAFT.insert().values(row))

    def get(self, code: str, now: datetime) -> LeadDraft | None:
        """What this code opens, while it is valid."""
        query = select(LEAD_DRAFT.c.contact_id, LEAD_DRAFT.c.fields).where(
            LEAD_DRAFT.c.code_hash == self._mark(code), LEAD_DRAFT.c.expires_at > now
        )
        row = self._db.execute(query).first()
        return LeadDraft(row.contact_id, row.fields) if row else None

    def drop(self, code: str) -> int | None:
        """It was agreed to or refused: the code is worth nothing now. Returns who had written it, None if nobody."""
        gone = LEAD_DRAFT.delete().where(LEAD_DRAFT.c.code_hash == self._mark(code)).returning(LEAD_DRAFT.c.contact_id)
        return self._db.execute(gone).scalar()

    def forget(self, now: datetime) -> int:
        """Delete what nobody answered in time. Returns how many."""
        return self._db.execute(LEAD_DRAFT.delete().where(LEAD_DRAFT.c.expires_at <= now)).rowcount

    def _mark(self, code: str) -> bytes:
        return self._sealer.fingerprint("draft", code)
