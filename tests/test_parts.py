"""The parts as separate runners on one PostgreSQL: what one stores another answers, and only one is the clock."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from bot.app import build
from bot.clock import SystemClock
from bot.config import SendingSettings, Settings, StoreSettings, WebSettings
from bot.run import Part, Runner
from bot.web_chat import WebChat
from flows.message import HeardKind
from storage import KeyRing

KEYS = KeyRing.generate()
TOKEN = "p" * 32
PATIENCE = 1500


@pytest.fixture
def made(postgres_url, tmp_path):
    apps = []

    def make():
        settings = Settings(
            store=StoreSettings(url=postgres_url, keys=tmp_path / "k"),
            web=WebSettings(port=1),
            sending=SendingSettings(tick_every=0.2),
        )
        apps.append(build(settings, keys=KEYS))
        return apps[-1]

    yield make
    for app in apps:
        app.close()


def test_only_one_process_is_the_clock_until_it_resigns(made):
    first, second = made().database, made().database
    assert first.become_clock()
    assert not second.become_clock()
    first.resign_as_clock()
    assert second.become_clock()
    second.resign_as_clock()


def test_a_message_stored_by_the_web_part_is_answered_by_the_work_part(made):
    web, work = made(), made()
    work.engines.of(work.content.current)
    runner = Runner(work, parts=Part.WORK)
    thread = threading.Thread(target=lambda: asyncio.run(runner.serve()))
    thread.start()
    chat = WebChat(web.database, SystemClock(), lambda: None)
    asyncio.run(chat.receive(TOKEN, "one", HeardKind.TEXT, "jkm itu apa", None))
    waiting = threading.Event()
    try:
        for _ in range(PATIENCE):
            lines = [line for line in chat.history(TOKEN, 0) if line.sender == "bot"]
            if lines:
                break
            waiting.wait(0.02)
    finally:
        runner.stop()
        thread.join(20)
    assert "Jaminan Kematian" in lines[0].text
    assert lines[0].at <= datetime.now(tz=UTC)
