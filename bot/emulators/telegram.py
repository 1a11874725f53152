"""A Telegram to run beside the bot: the Bot API over HTTP with its limits, and a page where a person can be played.

This file decides what goes over the wire: routes, answers, faults. The world behind it is telegram_world.py's, what
Telegram refuses telegram_rules.py's. Nothing is kept when it stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from bot.clock import Clock
from bot.emulators.telegram_delivery import Delivery, Manners
from bot.emulators.telegram_methods import METHODS
from bot.emulators.telegram_page import page_routes, told
from bot.emulators.telegram_people import People
from bot.emulators.telegram_rules import Rates, Refusal
from bot.emulators.telegram_updates import Json
from bot.emulators.telegram_world import World

BOT_ID = 700_000_001
TOKEN = f"{BOT_ID}:emulator-needs-no-secret-00000000000"  # accepted when no other is asked for
USERNAME = "rangkul_contoh_bot"
_BIGGEST = 50 * 1024 * 1024
_TOKEN = re.compile(r"\d+:[\w-]{8,}")

FaultKind = Literal["drop_before", "drop_after", "slow_before", "slow_after", "error"]


@dataclass(slots=True)
class Fault:
    """Something that goes wrong with the next calls of a method ("*": any)."""

    method: str
    kind: FaultKind
    times: int = 1
    seconds: float = 0.0
    status: int = 500
    description: str = "Internal Server Error"
    retry_after: int = 0

    def refusal(self) -> Refusal:
        """The answer of an "error" fault."""
        parameters = {"retry_after": self.retry_after} if self.retry_after else {}
        return Refusal(self.status, self.description, **parameters)


@dataclass(slots=True)
class Emulator:
    """A running emulator."""

    world: World
    words: Mapping[str, str]
    token: str = TOKEN
    faults: list[Fault] = field(default_factory=list)
    manners: Manners = field(default_factory=Manners)
    address: str = ""  # known once it runs
    people: People = field(init=False)

    def __post_init__(self) -> None:
        self.people = People(self.world)

    def routes(self) -> list[web.RouteDef]:
        """The Bot API; the page and its routes are telegram_page.py's."""
        return [
            web.route("*", "/bot{token}/{method}", self._called),
            web.get("/file/bot{token}/photos/{name}.jpg", self._handed_out),
            web.post("/emulator/faults", self._set_fault),
            web.delete("/emulator/faults", self._no_faults),
            web.post("/emulator/manners", self._set_manners),
            web.get("/emulator/counts", self._show_counts),
        ]

    async def carry_out(self, method: str, given: Json) -> Json:
        """Call a method of the Bot API; returns the answer, whatever it is."""
        work = METHODS.get(method.casefold())
        self._count(method)
        if work is None:
            return _refused(Refusal(404, "Not Found"))
        try:
            return {"ok": True, "result": await work(self.world, given)}
        except Refusal as refusal:
            self._count(f"{refusal.status} {method}")
            return _refused(refusal)

    async def _called(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        refusal = self._stranger(request.match_info["token"])
        if refusal is not None:
            return _answer(_refused(refusal))
        given = await _parameters(request)
        fault = self._next_fault(method)
        if fault is None:
            return _answer(await self.carry_out(method, given))
        return await self._badly(fault, request, method, given)

    async def _handed_out(self, request: web.Request) -> web.StreamResponse:
        """A file, at the path that getFile told. Faults of the method "file" concern it."""
        refusal, photo = self._stranger(request.match_info["token"]), self.world.photos.get(request.match_info["name"])
        fault = self._next_fault("file")
        if fault is not None and fault.kind == "error":
            refusal = fault.refusal()
        elif fault is not None:
            return _dropped(request)
        if refusal is None and photo is not None:
            self._count("file")
            return web.Response(body=photo.content, content_type="image/jpeg")
        return _answer(_refused(refusal or Refusal(404, "Not Found")))

    async def _badly(self, fault: Fault, request: web.Request, method: str, given: Json) -> web.StreamResponse:
        if fault.kind == "error":
            self._count(f"{fault.status} {method}")
            return _answer(_refused(fault.refusal()))
        if fault.kind == "drop_before":
            return _dropped(request)
        if fault.kind == "slow_before":
            await asyncio.sleep(fault.seconds)
        answer = await self.carry_out(method, given)
        if fault.kind == "drop_after":
            return _dropped(request)
        if fault.kind == "slow_after":
            await asyncio.sleep(fault.seconds)
        return _answer(answer)

    def _stranger(self, token: str) -> Refusal | None:
        if not _TOKEN.fullmatch(token):
            return Refusal(404, "Not Found")
        return None if token == self.token else Refusal(401, "Unauthorized")

    def _next_fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method in {"*", method}:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def _count(self, name: str) -> None:
        self.world.counts[name] = self.world.counts.get(name, 0) + 1

    async def _set_fault(self, request: web.Request) -> web.StreamResponse:
        try:
            self.faults.append(Fault(**await told(request)))
        except (TypeError, ValueError):
            return web.json_response({"ok": False}, status=400)
        return web.json_response({"ok": True})

    async def _no_faults(self, _: web.Request) -> web.StreamResponse:
        self.faults.clear()
        return web.json_response({"ok": True})

    async def _set_manners(self, request: web.Request) -> web.StreamResponse:
        try:
            wished = Manners(**await told(request))
        except (TypeError, ValueError):
            return web.json_response({"ok": False}, status=400)
        for name in ("late", "twice", "shuffled", "retry"):
            setattr(self.manners, name, getattr(wished, name))
        return web.json_response({"ok": True})

    async def _show_counts(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self.world.counts)


@asynccontextmanager
async def serve(
    host: str,
    port: int,
    clock: Clock,
    words: Mapping[str, str],
    *,
    token: str = TOKEN,
    rates: Rates | None = None,
) -> AsyncIterator[Emulator]:
    """Run it for as long as the context lasts.

    Args:
        host: address to listen on; keep it on this machine, since anybody who reaches it can play anybody.
        port: 0 picks a free one; `Emulator.address` tells.
        clock: dates messages and measures sending rates.
        words: `telegram` of content/lexicon/emulator_telegram.yaml.
        token: the bot's token; any other is refused.
        rates: Telegram's sending limits unless told otherwise.
    """
    bot: Json = {
        "id": int(token.partition(":")[0]),
        "is_bot": True,
        "first_name": words["bot_name"],
        "username": USERNAME,
    }
    emulator = Emulator(World(clock, bot, rates or Rates()), words, token)
    app = web.Application(client_max_size=_BIGGEST)
    app.add_routes([*emulator.routes(), *page_routes(emulator.world, emulator.people, words)])
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    delivering = None
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        emulator.address = f"http://{host}:{runner.addresses[0][1]}"
        delivering = asyncio.create_task(Delivery(emulator.world.updates, emulator.manners, emulator.carry_out).run())
        yield emulator
    finally:
        if delivering is not None:
            delivering.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await delivering
        await runner.cleanup()


async def _parameters(request: web.Request) -> Json:
    """What was given, in any of the four ways the Bot API takes: query, form, multipart or JSON."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        with contextlib.suppress(json.JSONDecodeError, UnicodeDecodeError):
            told = await request.json()
            given |= told if isinstance(told, dict) else {}
        return given
    for name, value in (await request.post()).items():
        given[name] = value.file.read() if isinstance(value, web.FileField) else value
    return given


def _refused(refusal: Refusal) -> Json:
    answer: Json = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    return answer | ({"parameters": refusal.parameters} if refusal.parameters else {})


def _answer(answer: Json) -> web.Response:
    return web.json_response(answer, status=int(answer.get("error_code", 200)))


def _dropped(request: web.Request) -> web.Response:
    """Nobody hears this answer: the line is cut."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
