"""Acknowledging messages under load: durable and deduplicated, while the same process also takes the turns.

A whole `rangkul run` is one process, this client another. Messages leave at their times whether or not earlier ones
were answered, so that a slow answer is measured and not waited for. A fifth of them are repeats.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import random
import secrets
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
from rich.progress import Progress
from sqlalchemy import create_engine, func, make_url, select

from bot.bench.databases import both, working_folder
from bot.bench.machine import Row, percentile
from bot.channels.web import COOKIE
from bot.channels.whatsapp_webhook import PATH
from bot.clock import SystemClock
from bot.content_watch import ContentInForce
from bot.emulators.whatsapp_payloads import Sender as Payloads
from bot.emulators.whatsapp_state import Person
from storage.tables import INBOUND

PEOPLE = 500
REPEATED = 0.2
_STARTS_WITHIN = 180.0
_PHONE_ID, _WABA_ID = "100000000000001", "200000000000002"


@dataclass(frozen=True, slots=True)
class Post:
    """One request."""

    path: str
    body: bytes
    headers: dict[str, str]


def run(rate: int, seconds: int, progress: Progress, *, only: str | None = None) -> tuple[list[Row], str | None]:
    """Measure; returns the rows of the table and PostgreSQL's version."""
    sentences = [i.examples[0] for i in ContentInForce().current.intents.values() if i.examples]
    secret = secrets.token_hex(16)
    rows: list[Row] = []
    with working_folder() as folder, both(folder, 2, only=only) as found:
        for kind, urls in found.by_kind.items():
            makers = (("web chat", web_chat(sentences)), ("whatsapp", whatsapp(sentences, secret)))
            for (door, make), url in zip(makers, urls, strict=True):
                with _bot(folder, url, secret) as address:
                    task = progress.add_task(f"{door} on {kind}", total=rate * seconds)
                    posts = with_repeats(make, rate * seconds)
                    storm = asyncio.run(_storm(address, posts, rate, partial(progress.advance, task)))
                rows.append(_row(kind, door, rate, storm, _stored(url)))
        return rows, found.version


def with_repeats(make: Callable[[], Post], total: int) -> list[Post]:
    """That many requests, a fifth of them the same as one shortly before."""
    dice = random.Random(20261121)  # noqa: S311  # a storm that can be repeated, no secret
    posts: list[Post] = []
    for _ in range(total):
        again = posts and dice.random() < REPEATED
        posts.append(dice.choice(posts[-200:]) if again else make())
    return posts


def web_chat(sentences: list[str]) -> Callable[[], Post]:
    """Messages of the web chat's page."""
    tokens = [secrets.token_urlsafe(24) for _ in range(PEOPLE)]
    number = iter(range(10**9))

    def make() -> Post:
        place = next(number)
        body = json.dumps({"id": str(uuid.uuid4()), "text": sentences[place % len(sentences)]}).encode()
        cookie = f"{COOKIE}={tokens[place % PEOPLE]}"
        return Post("/chat/messages", body, {"Content-Type": "application/json", "Cookie": cookie})

    return make


def whatsapp(sentences: list[str], secret: str) -> Callable[[], Post]:
    """WhatsApp's webhooks, signed."""
    payloads, clock = Payloads(_PHONE_ID, _WABA_ID, "62800000001"), SystemClock()
    people = [Person(f"62800{number:06d}", f"ID.{10**9 + number}", "Orang contoh") for number in range(PEOPLE)]
    number = iter(range(10**9))

    def make() -> Post:
        place = next(number)
        said = {"type": "text", "text": {"body": sentences[place % len(sentences)]}}
        payload = payloads.message(people[place % PEOPLE], f"wamid.{uuid.uuid4().hex}", clock.now().timestamp(), said)
        body = json.dumps(payload).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        return Post(PATH, body, headers)

    return make


@dataclass(frozen=True, slots=True)
class _Storm:
    """What was posted and how it was answered."""

    posts: list[Post]
    waits: list[float]
    answers: Counter[int]


async def _storm(address: str, posts: list[Post], rate: int, answered: Callable[[], None]) -> _Storm:
    waits: list[float] = []
    answers: Counter[int] = Counter()
    connector = aiohttp.TCPConnector(limit=200)
    async with aiohttp.ClientSession(address, connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def post(one: Post) -> None:
            begun = time.perf_counter()
            async with session.post(one.path, data=one.body, headers=one.headers) as response:
                await response.read()
            waits.append(time.perf_counter() - begun)
            answers[response.status] += 1
            answered()

        begun = time.perf_counter()
        async with asyncio.TaskGroup() as under_way:
            for place, one in enumerate(posts):
                await asyncio.sleep(max(0.0, begun + place / rate - time.perf_counter()))
                under_way.create_task(post(one))
    return _Storm(posts, waits, answers)


def _row(kind: str, door: str, rate: int, storm: _Storm, stored: int) -> Row:
    posts, waits, answers = storm.posts, storm.waits, storm.answers
    once = len({post.body for post in posts})
    return {
        "database": kind,
        "door": door,
        "rate /s": rate,
        "messages": len(posts),
        "p50 ms": round(percentile(waits, 0.5) * 1000, 1),
        "p99 ms": round(percentile(waits, 0.99) * 1000, 1),
        "max ms": round(max(waits) * 1000, 1),
        "answers": ", ".join(f"{status}: {number}" for status, number in sorted(answers.items())),
        "each stored once": stored == once,
    }


@contextmanager
def _bot(folder: Path, url: str, secret: str) -> Iterator[str]:
    """A whole bot in a process of its own; what it would send to WhatsApp reaches nobody."""
    port = _free_port()
    config = folder / f"{port}.yaml"
    settings = {
        "store": {"url": url, "keys": str(folder / f"{port}.keys")},
        "web": {"port": port},
        "whatsapp": {"api": "http://127.0.0.1:9", "phone_id": _PHONE_ID, "waba_id": _WABA_ID},
        "log": {"level": "warning"},
    }
    config.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML as well
    known = {"RANGKUL_WHATSAPP_TOKEN": "bench", "RANGKUL_WHATSAPP_APP_SECRET": secret}
    with (folder / f"{port}.log").open("wb") as log:
        command = [sys.executable, "-m", "bot", "run", "--config", str(config)]
        process = subprocess.Popen(  # noqa: S603  # ourselves
            command, stdout=log, stderr=log, env={**os.environ, **known}
        )
    address = f"http://127.0.0.1:{port}"
    try:
        asyncio.run(_healthy(address))
        yield address
    finally:
        process.terminate()
        process.wait(60)


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


def _stored(url: str) -> int:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    with engine.connect() as connection:
        stored: int = connection.execute(select(func.count()).select_from(INBOUND)).scalar_one()
    engine.dispose()
    return stored


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
