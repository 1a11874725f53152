"""Whole bots for tests: real content, real engine, real SQLite; the database is made once and copied for each."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import transcript
from click.testing import Result
from photos import TOLD_SIZE, sample
from stage import Seen, Stage
from typer.testing import CliRunner

from bot.__main__ import app
from bot.app import App, build
from bot.channels.errors import MediaRefused, Unreachable
from bot.channels.local import LocalChannel
from bot.clock import SetClock
from bot.config import NluSettings, Settings, StoreSettings, TelegramSettings, WhatsAppSettings
from bot.content_watch import ContentInForce
from bot.ids import LeadNumbers
from bot.understanding import Engines
from bot.world import World
from flows.contact import Channel
from storage.sealed import KeyRing

ROOT = Path(__file__).parent.parent
CONVERSATIONS = ROOT / "tests" / "conversations"
KEYS = KeyRing(sealing=(("k1", b"1" * 32),), lookup=b"0" * 32)
SATURDAY = datetime(2026, 11, 21, 9, tzinfo=transcript.ZONES["WIB"])
_SETTINGS = Settings(
    nlu=NluSettings(cache=ROOT / "var" / "nlu"),
    telegram=TelegramSettings(username="RangkulContohBot"),
    whatsapp=WhatsAppSettings(number="6281200000000"),
)
_databases = count(1)


@cache
def content_in_force() -> ContentInForce:
    """The real content, read once."""
    return ContentInForce()


@cache
def engines() -> Engines:
    """One engine for the whole run; trained or read from var/nlu at its first sentence."""
    return Engines(_SETTINGS.nlu)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    memory = Path("/dev/shm")  # the same files and calls, without waiting for a disk
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="rangkul-tests-", dir=place)


@cache
def _template() -> Path:
    """An empty database with the newest schema and these keys."""
    path = Path(_folder().name) / "template.db"
    build_app(path, SetClock(SATURDAY)).close()
    return path


class PhotoChannel(LocalChannel):
    """A channel on which people also send photos."""

    async def download(self, file: str, most: int) -> bytes:
        found = sample(file)
        if TOLD_SIZE.get(file, 0) > most:
            raise MediaRefused(detail="too_large")
        if found is None:
            raise Unreachable
        return found


def build_app(path: Path, clock: SetClock, **parts: Any) -> App:
    """A bot on this SQLite file, sending on every channel without a platform behind it."""
    settings = _SETTINGS.model_copy(update={"store": StoreSettings(url=f"sqlite:///{path}")})
    made = {"content": content_in_force(), "engines": engines(), "keys": KEYS, "numbers": LeadNumbers(random.Random(7))}
    app = build(settings, clock=clock, **{**made, **parts})
    for name in Channel:
        app.channels[name, "local"] = PhotoChannel(name)
    return app


@contextmanager
def open_world(at: datetime = SATURDAY, kind: type[World] = World, **parts: Any) -> Iterator[World]:
    """A world that starts at this moment with an empty database."""
    path = Path(_folder().name) / f"world-{next(_databases)}.db"
    shutil.copyfile(_template(), path)
    clock = SetClock(at)
    app = build_app(path, clock, **parts)
    try:
        yield kind(app, clock)
    finally:
        app.close()
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()


@dataclass(frozen=True)
class Played:
    """A conversation as it went, and what it showed."""

    script: transcript.Script
    seen: Seen


@cache
def play(path: Path) -> Played:
    """Play the conversation of a file, once per run."""
    script = transcript.read(path)
    with open_world(Stage.start_of(script)) as world:
        stage = Stage(world, script)
        return Played(stage.play(), stage.seen)


def conversations() -> list[Path]:
    """All conversations."""
    return sorted(path for path in CONVERSATIONS.glob("*.md") if path.name != "README.md")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether the bot's lines are written anew; never in CI, where a person couldn't read the diff."""
    wanted = bool(request.config.getoption("--rewrite"))
    if wanted and os.environ.get("CI"):
        pytest.fail("--rewrite is for people: read the diff, then commit it. CI does not rewrite expectations.")
    return wanted


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    """Makes worlds that are closed when the test ends."""
    opened: list[Any] = []

    def make(at: datetime = SATURDAY, **parts: Any) -> World:
        opened.append(open_world(at, **parts))
        return opened[-1].__enter__()

    yield make
    for context in opened:
        context.__exit__(None, None, None)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A bot on a Saturday morning in November 2026."""
    return make_world()


@pytest.fixture
def rangkul(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line, with a database and keys of its own in `data/r.db` and `keys/r.keys`."""
    monkeypatch.setenv("RANGKUL_STORE__URL", f"sqlite:///{tmp_path / 'data' / 'r.db'}")
    monkeypatch.setenv("RANGKUL_STORE__KEYS", str(tmp_path / "keys" / "r.keys"))
    return lambda *words: CliRunner().invoke(app, list(words))
