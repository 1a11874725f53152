"""What the bot could not understand, for staff to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.repository import Repository
from storage.tables import NOT_UNDERSTOOD


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A sentence and the guesses made about it."""

    id: int
    contact_id: int
    text: str | None
    ranking: tuple[tuple[str, float], ...]
    at: datetime


class NotUnderstood(Repository):
    """Add and read."""

    __slots__ = ()

    def add(self, contact_id: int, text: str, ranking: Sequence[tuple[str, float]], at: datetime) -> None:
        """Keep a sentence with its guesses."""
        guesses = [[intent, score] for intent, score in ranking]
        self._db.execute(NOT_UNDERSTOOD.insert().values(contact_id=contact_id, text=text, ranking=guesses, at=at))

    def recent(self, limit: int = 100) -> list[Puzzle]:
        """The newest ones."""
        query = select(NOT_UNDERSTOOD).order_by(NOT_UNDERSTOOD.c.id.desc()).limit(limit)
        return [
            Puzzle(row.id, row.contact_id, row.text, tuple((intent, score) for intent, score in row.ranking), row.at)
            for row in self._db.execute(query)
        ]
