"""Storms: how fast updates are acknowledged, durable and deduplicated, while the same process also takes the turns.

A whole `rangkul run` is one process, this client another. Requests leave at their times whether or not earlier ones
were answered, so that a slow answer is measured and not waited for. What falls on which door is in `storm.py`.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
from rich.progress import Progress
from sqlalchemy import Engine, create_engine, func, make_url, select

from bot.bench.child import child
from bot.bench.databases import both, working_folder
from bot.bench.machine import Row, percentile
from bot.bench.storm import PEOPLE, PHONE_ID, WABA_ID, Post, telegram, web_chat, whatsapp
from bot.bench.storm import storm as make_storm
from bot.content_watch import ContentInForce
from storage.tables import INBOUND, OUTBOX, UNREAD
from storage.words import InboundState

_STARTS_WITHIN = 180.0
_DRAINED_WITHIN = 1800.0
#: What a log line holds that nobody has handled.
_UNHANDLED = ("Traceback", "Exception in ASGI", "turn_failed", "turns_failed", "sender_failed", "channel_failed")


def run(rate: int, total: int, progress: Progress, *, only: str | None = None) -> tuple[list[Row], str | None]:
    """Measure; returns the rows of the table and PostgreSQL's version."""
    sentences = [i.examples[0] for i in ContentInForce().current.intents.values() if i.examples]
    rows: list[Row] = []
    with working_folder() as folder, both(folder, 1, only=only) as found:
        for kind, (url,) in found.by_kind.items():
            secret = secrets.token_hex(16)
            tokens = [secrets.token_urlsafe(24) for _ in range(PEOPLE)]
            doors = (web_chat(sentences, tokens), whatsapp(sentences, secret), telegram(sentences, secret))
            with _bot(folder, url, secret) as bot:
                task = progress.add_task(f"storm on {kind}", total=total)
                storm = asyncio.run(
                    _storm(bot.address, make_storm(doors, total), rate, partial(progress.advance, task))
                )
                taken = _until_drained(url)
            rows += _rows(kind, rate, storm, taken, _unhandled(bot.log))
        return rows, found.version


@dataclass(frozen=True, slots=True)
class _Answer:
    """How one request was answered."""

    post: Post
    wait: float
    status: int


async def _storm(address: str, posts: list[Post], rate: int, answered: Callable[[], None]) -> list[_Answer]:
    answers: list[_Answer] = []
    connector = aiohttp.TCPConnector(limit=200)
    async with aiohttp.ClientSession(address, connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def post(one: Post) -> None:
            begun = time.perf_counter()
            async with session.post(one.path, data=one.body, headers=one.headers) as response:
                await response.read()
            answers.append(_Answer(one, time.perf_counter() - begun, response.status))
            answered()

        begun = time.perf_counter()
        async with asyncio.TaskGroup() as under_way:
            for place, one in enumerate(posts):
                await asyncio.sleep(max(0.0, begun + place / rate - time.perf_counter()))
                under_way.create_task(post(one))
    return answers


@dataclass(frozen=True, slots=True)
class _Taken:
    """What the database holds in the end."""

    stored: int
    done: int
    answered_twice: int
    unread: int


def _rows(kind: str, rate: int, storm: list[_Answer], taken: _Taken, unhandled: int) -> list[Row]:
    """One row a door, and one for all with what became of it."""
    doors = list(dict.fromkeys(answer.post.door for answer in storm))
    rows = [_row(kind, door, [a for a in storm if a.post.door == door]) for door in doors]
    messages = len({(a.post.door, a.post.body) for a in storm if a.post.message})
    together: Row = {
        **_row(kind, "all", storm),
        "rate /s": rate,
        "each stored once": taken.stored == messages,
        "each handled once": taken.done == messages and not taken.answered_twice,
        "kept unread": taken.unread,
        "unhandled in the log": unhandled,
    }
    return [together, *rows]


def _row(kind: str, door: str, answers: list[_Answer]) -> Row:
    waits = [answer.wait for answer in answers]
    sorts = Counter((str(answer.post.sort), answer.status) for answer in answers)
    return {
        "database": kind,
        "door": door,
        "requests": len(answers),
        "p50 ms": round(percentile(waits, 0.5) * 1000, 1),
        "p99 ms": round(percentile(waits, 0.99) * 1000, 1),
        "max ms": round(max(waits) * 1000, 1),
        "answers": ", ".join(f"{sort} {status}: {number}" for (sort, status), number in sorted(sorts.items())),
        "wrong answers": sum(answer.status != answer.post.expected for answer in answers),
    }


@dataclass(frozen=True, slots=True)
class _Bot:
    """A running bot."""

    address: str
    log: Path


@contextmanager
def _bot(folder: Path, url: str, secret: str) -> Iterator[_Bot]:
    """A whole bot in a process of its own, on an emulated Telegram; what it would send to WhatsApp reaches nobody."""
    port = _free_port()
    config, log = folder / f"{port}.yaml", folder / f"{port}.log"
    with child("bot.bench.pacing_emulator", "telegram", "0") as platform:
        told = platform.line()
        settings = {
            "store": {"url": url, "keys": str(folder / f"{port}.keys")},
            "web": {"port": port},
            "telegram": {"api": told["address"], "public_address": "https://bench.invalid"},
            "whatsapp": {"api": "http://127.0.0.1:9", "phone_id": PHONE_ID, "waba_id": WABA_ID},
            "log": {"level": "warning"},
        }
        config.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML as well
        known = {
            "RANGKUL_WHATSAPP_TOKEN": "bench",
            "RANGKUL_WHATSAPP_APP_SECRET": secret,
            "RANGKUL_TELEGRAM_TOKEN": told["token"],
            "RANGKUL_TELEGRAM_WEBHOOK_SECRET": secret,
        }
        with log.open("wb") as out:
            command = [sys.executable, "-m", "bot", "run", "--config", str(config)]
            process = subprocess.Popen(  # noqa: S603  # ourselves
                command, stdout=out, stderr=out, env={**os.environ, **known}
            )
        address = f"http://127.0.0.1:{port}"
        try:
            asyncio.run(_healthy(address))
            yield _Bot(address, log)
        finally:
            process.terminate()
            process.wait(60)


def _unhandled(log: Path) -> int:
    """Lines of the log that tell of something nobody expected."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        return sum(any(sign in line for sign in _UNHANDLED) for line in lines)


async def _healthy(address: str) -> None:
    begun = time.monotonic()
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{address}/health") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            if time.monotonic() - begun > _STARTS_WITHIN:
                raise TimeoutError("the bot did not start")
            await asyncio.sleep(0.2)


def _until_drained(url: str) -> _Taken:
    """Wait until every stored message has had its turn, and count."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    ends_at = time.monotonic() + _DRAINED_WITHIN
    try:
        while (taken := _look(engine)).done < taken.stored and time.monotonic() < ends_at:
            time.sleep(1)
    finally:
        engine.dispose()
    return taken


def _look(engine: Engine) -> _Taken:
    replies = select(OUTBOX.c.inbound_id).where(OUTBOX.c.inbound_id.is_not(None))
    twice = replies.group_by(OUTBOX.c.inbound_id).having(func.count() > 1).subquery()
    done = select(func.count()).where(INBOUND.c.state == InboundState.DONE)
    with engine.connect() as connection:
        return _Taken(
            stored=connection.execute(select(func.count()).select_from(INBOUND)).scalar_one(),
            done=connection.execute(done).scalar_one(),
            answered_twice=connection.execute(select(func.count()).select_from(twice)).scalar_one(),
            unread=connection.execute(select(func.count()).select_from(UNREAD)).scalar_one(),
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
