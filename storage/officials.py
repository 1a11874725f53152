"""Villages as our rows know them, and the officials who speak for them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from flows.contact import Role
from storage.columns import literal_word
from storage.repository import Repository
from storage.tables import CONTACT, LEAD


@dataclass(frozen=True, slots=True)
class Official:
    """An official and their village."""

    contact_id: int
    name: str | None
    village_code: str | None


class Officials(Repository):
    """Who the officials are and what they may know of their village."""

    __slots__ = ()

    def everyone(self, village_code: str | None = None) -> list[Official]:
        """All officials, or those of one village."""
        query = select(CONTACT.c.id, CONTACT.c.name, CONTACT.c.village_code)
        query = query.where(CONTACT.c.role == literal_word(Role.OFFICIAL), CONTACT.c.erased_at.is_(None)).order_by(
            CONTACT.c.id
        )
        rows = self._db.execute(query if village_code is None else query.where(CONTACT.c.village_code == village_code))
        return [Official(*row) for row in rows]

    def villages(self) -> dict[str, int]:
        """The codes of all villages that have leads, with how many; what the console filters by."""
        query = select(LEAD.c.village_code, func.count()).where(LEAD.c.village_code.is_not(None))
        rows = self._db.execute(query.group_by(LEAD.c.village_code).order_by(LEAD.c.village_code))
        return {row[0]: row[1] for row in rows}
