"""Where each conversation stands between two messages."""

from __future__ import annotations

from sqlalchemy import select

from flows.conversation.session import Session
from storage.repository import Repository
from storage.tables import SESSION


class Sessions(Repository):
    """One session per contact."""

    __slots__ = ()

    def get(self, contact_id: int) -> Session:
        """The contact's session; an empty one before the first turn."""
        state = self._db.scalar(select(SESSION.c.state).where(SESSION.c.contact_id == contact_id))
        return Session.from_json(state) if state else Session()

    def put(self, contact_id: int, session: Session) -> None:
        """Keep the session; `version` counts the turns."""
        insert = self._insert(SESSION).values(contact_id=contact_id, state=session.to_json(), version=1)
        self._db.execute(
            insert.on_conflict_do_update(
                index_elements=["contact_id"], set_={"state": insert.excluded.state, "version": SESSION.c.version + 1}
            )
        )

    def forget(self, contact_id: int) -> None:
        """Start over as if nothing had been said."""
        self._db.execute(SESSION.delete().where(SESSION.c.contact_id == contact_id))
