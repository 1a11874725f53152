"""A WhatsApp to test against: the emulator, our channel and our webhook, all over real HTTP on 127.0.0.1."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import uvicorn
import yaml
from fastapi import FastAPI
from pydantic import SecretStr

from bot.channels.channel import Arrived, Outgoing
from bot.channels.whatsapp import WhatsAppAccount, WhatsAppChannel
from bot.channels.whatsapp_limits import limits_on
from bot.channels.whatsapp_templates import Template, load_templates
from bot.channels.whatsapp_webhook import webhook_router
from bot.clock import SetClock
from bot.emulators.whatsapp import WhatsAppEmulator
from bot.emulators.whatsapp_stage import stage
from content.model import Button

T = TypeVar("T")
CONTENT = Path(__file__).parents[1] / "content"
START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
PERSON = Button("petugas", "Bicara petugas", command="person")
VERIFY_TOKEN = "kata-uji"
PNG = bytes.fromhex("89504e470d0a1a0a") + b"contoh"


def words(stem: str) -> Any:
    """A lexicon file, every scalar as text."""
    return yaml.load((CONTENT / "lexicon" / f"{stem}.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)


def templates() -> dict[str, Template]:
    return load_templates({"petugas": PERSON})


def platform_limits() -> Any:
    return limits_on(words("whatsapp_limits"), date(2026, 11, 21))


def run(main: Coroutine[Any, Any, T]) -> T:
    """The coroutine, with an end should something never come."""

    async def bounded() -> T:
        async with asyncio.timeout(30):
            return await main

    return asyncio.run(bounded())


@dataclass
class World:
    emulator: WhatsAppEmulator
    channel: WhatsAppChannel
    base: str
    clock: SetClock
    http: aiohttp.ClientSession
    webhook: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    storage_down: bool = False

    async def order(self, path: str, **order: Any) -> Any:
        """Pull a lever of the stage."""
        async with self.http.post(f"{self.base}/emulator/{path}", json=order) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def person(self, *, wrote: bool = True, **traits: Any) -> Mapping[str, Any]:
        """Somebody new, whose window is open unless `wrote` is false."""
        made = await self.order("people", name="Sari (orang contoh)", **traits)
        person = made["people"][0]
        if wrote:
            await self.order(f"people/{person['user_id']}/say", text="halo")
        return dict(person)

    async def seen(self, person: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the person got, without what they wrote."""
        async with self.http.get(f"{self.base}/emulator/people/{person['user_id']}/messages") as response:
            return [bubble for bubble in await response.json() if not bubble["mine"]]

    async def say(self, to: Mapping[str, Any], text: str = "halo", **what: Any) -> str:
        return await self.channel.send(Outgoing(to=to["user_id"], text=text, **what))

    async def settle(self) -> list[Arrived]:
        """Everything delivered so far, once the emulator has nothing due."""
        await self.order("flush")
        return self.arrived

    def advance(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))
        self.emulator.courier.nudge()

    async def _receive(self, parts: list[Arrived]) -> None:
        if self.storage_down:
            raise OSError("disk full")
        self.arrived += parts


@asynccontextmanager
async def whatsapp_world(*, webhooks: bool = True, timeout: float = 10.0) -> AsyncIterator[World]:
    clock, account = SetClock(START), None
    emulator = WhatsAppEmulator(clock, platform_limits(), templates().values())
    base = await emulator.start(stage=stage(emulator, words("emulator_whatsapp")["words"]))
    account = WhatsAppAccount(
        phone_id=emulator.account.phone_id,
        waba_id=emulator.account.waba_id,
        token=SecretStr(emulator.account.token),
        base=base,
        timeout=timeout,
    )
    channel = WhatsAppChannel(account, templates(), words("whatsapp")["words"])
    async with aiohttp.ClientSession() as http:
        world = World(emulator, channel, base, clock, http)
        server = serving = None
        if webhooks:
            server, serving, world.webhook = await _serve(world)
            emulator.courier.url = world.webhook
        try:
            yield world
        finally:
            await channel.close()
            await emulator.stop()
            if server is not None and serving is not None:
                server.should_exit = True
                await serving


async def _serve(world: World) -> tuple[uvicorn.Server, asyncio.Task[None], str]:
    app = FastAPI()
    secret = world.emulator.account.app_secret
    app.include_router(webhook_router(world.channel, VERIFY_TOKEN, secret, world._receive))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0)
    return server, serving, f"http://127.0.0.1:{listening.getsockname()[1]}/webhook/whatsapp"
