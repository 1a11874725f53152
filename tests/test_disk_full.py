"""No disk space: the chat page is told to keep the message, nothing is half written, and later everything goes on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import event

from bot.channels.web import ChatUnavailable
from bot.clock import SetClock
from bot.web_chat import WebChat
from flows.contact import Channel
from flows.message import HeardKind
from storage import Database, KeyRing, Sealer

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
TOKEN = "t" * 32


class Disk:
    """A disk whose room for the database can be taken away and given back: SQLite refuses just as when it is full."""

    def __init__(self, database: Database) -> None:
        self.pages = 0  # 0: as many as there are
        event.listen(database.engine, "checkout", self._limit)

    def _limit(self, connection, _record, _proxy) -> None:
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={used if self.pages else 1_000_000}")


@pytest.fixture
def chat(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'full.db'}", Sealer(KeyRing.generate()))
    database.upgrade()
    disk = Disk(database)
    yield WebChat(database, SetClock(NOW), lambda: None), disk, database
    database.close()


def test_a_full_disk_refuses_the_message_and_a_later_try_stores_it_once(chat):
    page, disk, database = chat
    disk.pages = 1
    message = str(uuid4())
    with pytest.raises(ChatUnavailable):
        asyncio.run(page.receive(TOKEN, message, HeardKind.TEXT, "halo " * 1900, None))
    assert page.history(TOKEN, 0) == []
    disk.pages = 0
    for _ in range(2):
        asyncio.run(page.receive(TOKEN, message, HeardKind.TEXT, "halo " * 1900, None))
    with database.reading() as store:
        assert store.contacts.find(Channel.WEB, "local", TOKEN) is not None
    assert [line.message_id for line in page.history(TOKEN, 0)] == [message]
