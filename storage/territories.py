"""Which staff member looks after which piece of the village tree. The smallest piece that holds a village decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import or_, select, update

from flows.contact import LeadState
from storage.columns import literal_word
from storage.repository import Repository
from storage.tables import LEAD, STAFF_USER, TERRITORY

#: Lengths of Kemendagri codes: province 32, kabupaten 32.01, kecamatan 32.01.01, desa 32.01.01.2001.
_LEVELS = (2, 5, 8, 13)


@dataclass(frozen=True, slots=True)
class Territory:
    """A piece of the village tree, and who looks after it."""

    code: str
    staff_id: int


@dataclass(frozen=True, slots=True)
class Freed:
    """Open leads that somebody left behind, and how many of them went to somebody else."""

    leads: int
    taken_over: int


class Territories(Repository):
    """Give, take away, and find whose a village is."""

    __slots__ = ()

    def all(self) -> list[Territory]:
        """Every piece that somebody looks after, by code."""
        return [
            Territory(row.code, row.staff_id) for row in self._db.execute(select(TERRITORY).order_by(TERRITORY.c.code))
        ]

    def owner_of(self, village: str | None) -> int | None:
        """The staff user for that village; nobody where no piece holds it or its person may no longer sign in."""
        if not village:
            return None
        active = select(TERRITORY.c.code, TERRITORY.c.staff_id).join(
            STAFF_USER, STAFF_USER.c.id == TERRITORY.c.staff_id
        )
        query = active.where(TERRITORY.c.code.in_(list(_above(village))), STAFF_USER.c.disabled_at.is_(None))
        rows = self._db.execute(query).all()
        return max(rows, key=lambda row: len(row.code)).staff_id if rows else None

    def give(self, code: str, staff_id: int) -> int:
        """Let this staff user look after it; open leads there that are nobody's go to them. Returns how many."""
        insert = self._insert(TERRITORY).values(code=code, staff_id=staff_id)
        self._db.execute(insert.on_conflict_do_update(index_elements=["code"], set_={"staff_id": staff_id}))
        return self.share_out(code)

    def take(self, code: str) -> None:
        """Nobody in particular looks after it; leads stay with whom they are."""
        self._db.execute(TERRITORY.delete().where(TERRITORY.c.code == code))

    def share_out(self, code: str) -> int:
        """Give the open leads beneath a piece that are nobody's to whom their village belongs. Returns how many."""
        beneath = or_(LEAD.c.village_code == code, LEAD.c.village_code.like(f"{code}.%"))
        orphan = (LEAD.c.assigned_to.is_(None), LEAD.c.state != literal_word(LeadState.CLOSED))
        villages = self._db.scalars(select(LEAD.c.village_code).where(beneath, *orphan).distinct()).all()
        given = 0
        for village in villages:
            owner = self.owner_of(village)
            if owner is not None:
                mine = update(LEAD).where(LEAD.c.village_code == village, *orphan)
                given += self._db.execute(mine.values(assigned_to=owner)).rowcount
        return given

    def release(self, staff_id: int) -> Freed:
        """Somebody leaves: their territory is nobody's, and each open lead goes to whose its village is now.

        Where no larger piece of the tree belongs to anybody, it stays nobody's and is found under that heading.
        """
        self._db.execute(TERRITORY.delete().where(TERRITORY.c.staff_id == staff_id))
        mine = (LEAD.c.assigned_to == staff_id, LEAD.c.state != literal_word(LeadState.CLOSED))
        villages = self._db.scalars(select(LEAD.c.village_code).where(*mine).distinct()).all()
        leads = taken_over = 0
        for village in villages:
            owner = self.owner_of(village)
            here = LEAD.c.village_code.is_(None) if village is None else LEAD.c.village_code == village
            freed = self._db.execute(update(LEAD).where(here, *mine).values(assigned_to=owner)).rowcount
            leads += freed
            taken_over += freed if owner is not None else 0
        return Freed(leads, taken_over)


def _above(code: str) -> Iterator[str]:
    return (code[:length] for length in _LEVELS if len(code) >= length)
