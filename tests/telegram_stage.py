"""What the Telegram tests share: words, a clock that stands still, the emulator and a channel that talks to it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

from bot.channels.channel import Arrived, Incoming
from bot.channels.telegram import TelegramChannel
from bot.clock import SetClock
from bot.emulators.telegram import Emulator, serve
from bot.emulators.telegram_rules import Rates
from bot.emulators.telegram_world import Person

T = TypeVar("T")
ROOT = Path(__file__).parents[1]
PAYLOADS = ROOT / "tests" / "payloads" / "telegram"
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
TOKEN = "700000001:contoh-contoh-contoh"


def lexicon(name: str) -> Any:
    return yaml.load((ROOT / "content" / "lexicon" / f"{name}.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)


WORDS = lexicon("telegram")
EMULATOR_WORDS = lexicon("emulator_telegram")["telegram"]


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Runs an async test; nothing here takes longer than a moment unless it hangs."""

    async def limited() -> T:
        async with asyncio.timeout(30):
            return await work()

    return asyncio.run(limited())


@dataclass
class Stage:
    emulator: Emulator
    channel: TelegramChannel
    clock: SetClock
    person: Person
    received: list[Arrived] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def receive(self, arrived: list[Arrived]) -> None:
        async with self.came:
            self.received += arrived
            self.came.notify_all()

    async def until(self, count: int) -> list[Arrived]:
        """Waits until that many have been received."""
        async with self.came:
            await self.came.wait_for(lambda: len(self.received) >= count)
        return self.received

    def texts(self) -> list[str]:
        return [item.text for item in self.received if isinstance(item, Incoming)]

    def chat(self) -> list[dict[str, Any]]:
        return self.emulator.world.said[self.person.id]

    def from_bot(self) -> list[dict[str, Any]]:
        return [message for message in self.chat() if message["from"]["is_bot"]]


@asynccontextmanager
async def stage(rates: Rates | None = None, timeout: float = 30.0) -> AsyncIterator[Stage]:
    clock = SetClock(NOW)
    async with serve("127.0.0.1", 0, clock, EMULATOR_WORDS, token=TOKEN, rates=rates) as emulator:
        channel = TelegramChannel(TOKEN, WORDS, api=emulator.address, timeout=timeout)
        person = emulator.world.join("Orang Contoh", "orang_contoh", "+6281200000001", started=True)
        try:
            yield Stage(emulator, channel, clock, person)
        finally:
            await channel.close()


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def expectations() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((PAYLOADS / "expected.yaml").read_text(encoding="utf-8"))


def update(name: str) -> dict[str, Any]:
    return json.loads(payload(name))


async def until(condition: Callable[[], bool]) -> None:
    """Gives everybody else a turn until it is so."""
    started = time.monotonic()
    while not condition():
        await asyncio.sleep(0)
        if time.monotonic() - started > 10:
            raise TimeoutError
