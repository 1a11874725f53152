"""What every page works with: the database, the content in force, the words, and where villages lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import anyio.to_thread

from console.lists import Pressing
from console.settings import ConsoleSettings, ContentProvider
from console.words import Words
from flows.village import find_village
from storage import Database, Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """A village as staff read it: its name, and beneath it where it lies."""

    code: str
    name: str
    where: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Desk:
    """Handed to each page. Storage is synchronous, so it is asked in a worker thread."""

    database: Database
    content: ContentProvider
    settings: ConsoleSettings
    words: Words

    def now(self) -> datetime:
        """The moment it is."""
        return self.settings.now()

    def pressing(self) -> Pressing:
        """What decides which leads are late."""
        return Pressing(self.settings.limits, self.now())

    async def read(self, work: Callable[[Store], T]) -> T:
        """Run `work` on one unchanging view of the rows."""

        def run() -> T:
            with self.database.reading() as store:
                return work(store)

        return await anyio.to_thread.run_sync(run)

    async def write(self, work: Callable[[Store], T]) -> T:
        """Run `work` in one transaction: all of it or nothing."""

        def run() -> T:
            with self.database.transaction() as store:
                return work(store)

        return await anyio.to_thread.run_sync(run)

    def place(self, code: str | None) -> Place | None:
        """The village with that code; one that no list knows is shown by its code."""
        if not code:
            return None
        village = find_village(code, self.content.current)
        if village is None:
            return Place(code, code, "", self.settings.zone)
        return Place(code, village.name, village.path.removeprefix(f"{village.name}, "), village.zone)

    def zone(self, code: str | None) -> ZoneInfo:
        """The village's zone, or the branch's where there is no village."""
        place = self.place(code)
        return place.zone if place else self.settings.zone
