"""Where each conversation stands between two messages."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Executable, bindparam, select

from flows.conversation.session import Session
from storage.repository import Repository, insert_into
from storage.tables import SESSION

_STATE = select(SESSION.c.state).where(SESSION.c.contact_id == bindparam("contact"))


class Sessions(Repository):
    """One session per contact."""

    __slots__ = ()

    def get(self, contact_id: int) -> Session:
        """The contact's session; an empty one before the first turn."""
        state = self._db.scalar(_STATE, {"contact": contact_id})
        return Session.from_json(state) if state else Session()

    def put(self, contact_id: int, session: Session) -> None:
        """Keep the session; `version` counts the turns."""
        kept = {"state": session.to_json(), "touched_at": session.updated_at}
        self._db.execute(_put(self._db.dialect.name), {"contact_id": contact_id, "version": 1, **kept})

    def forget(self, contact_id: int) -> None:
        """Start over as if nothing had been said."""
        self._db.execute(SESSION.delete().where(SESSION.c.contact_id == contact_id))


@cache
def _put(dialect: str) -> Executable:
    """Built once: putting a statement together costs more than running it."""
    insert = insert_into(SESSION, dialect)
    newer = {"state": insert.excluded.state, "touched_at": insert.excluded.touched_at}
    counted = {**newer, "version": SESSION.c.version + 1}
    return insert.on_conflict_do_update(index_elements=["contact_id"], set_=counted)
