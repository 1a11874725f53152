"""Telegram's two doors: asking for updates again and again (no public address needed), or being called (webhook).

Either way an update is confirmed to Telegram only after `receive` has returned, so what was not stored comes again.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from aiogram.methods import DeleteWebhook, GetUpdates, SetWebhook
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.channel import Arrived
from bot.channels.errors import SendError
from bot.channels.telegram import WANTED_UPDATES, TelegramChannel, command_words
from bot.channels.telegram_read import read_update
from bot.clock import Clock

T = TypeVar("T")
Receive = Callable[[list[Arrived]], Awaitable[None]]

WEBHOOK_PATH = "/webhook/telegram"
_BATCH = 100
_LONGEST_WAIT = 30.0
_BODY_LIMIT = 1_000_000
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the name of a header
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_log: Any = structlog.get_logger()


class RawUpdates(GetUpdates):
    """getUpdates without reading the updates: one that the library cannot read must not hold up the others."""

    __returning__ = list[dict[str, Any]]


async def poll(
    channel: TelegramChannel,
    receive: Receive,
    stop: asyncio.Event,
    clock: Clock,
    *,
    long_poll: int = 50,
    first_wait: float = 1.0,
) -> None:
    """Fetch updates until `stop` is set.

    When `receive` fails the same updates are asked for again, then one by one, so that one bad update does not keep
    back those before it.

    Args:
        channel: the account; its webhook, if any, is taken away first (its waiting updates stay).
        receive: stores them durably before returning.
        stop: ends the polling at once; what was not stored comes again next time.
        clock: dates taps.
        long_poll: seconds Telegram holds the line while nothing happens.
        first_wait: seconds to wait after a failure; doubled with each further one.
    """
    fetching = _Fetching(channel, receive, clock, long_poll)
    failures = 0
    while not stop.is_set():
        failed = await _unless_stopped(fetching.once(), stop)
        failures = failures + 1 if failed is not None else 0
        fetching.one_by_one = failures > 0
        if failed is not None:
            wait = failed.retry_after or min(first_wait * 2 ** min(failures - 1, 10), _LONGEST_WAIT)
            await _unless_stopped(asyncio.sleep(wait), stop)


@dataclass(frozen=True, slots=True)
class _Failed:
    """One round of fetching did not work out."""

    retry_after: float | None = None


class _Fetching:
    def __init__(self, channel: TelegramChannel, receive: Receive, clock: Clock, long_poll: int) -> None:
        self._channel = channel
        self._receive = receive
        self._clock = clock
        self._long_poll = long_poll
        self._commands = command_words(channel.words)
        self._offset: int | None = None
        self._webhook_gone = False
        self.one_by_one = False

    async def once(self) -> _Failed | None:
        """Fetch, store, and only then move on. Returns what went wrong, if anything."""
        try:
            await self._without_webhook()
            raws = await self._fetch()
        except SendError as error:
            _log.warning("telegram_poll_failed", code=error.code)
            return _Failed(error.retry_after)
        if not raws:
            return None
        arrived = [item for raw in raws for item in read_update(raw, self._clock.now(), self._commands)]
        try:
            await self._receive(arrived)
        except Exception as error:  # noqa: BLE001  # whatever storage raises, the updates stay with Telegram
            _log.error("telegram_updates_not_stored", error=type(error).__name__, count=len(arrived))
            return _Failed()
        self._offset = max(raw["update_id"] for raw in raws) + 1
        self._channel.follow_up(arrived)
        return None

    async def _without_webhook(self) -> None:
        if not self._webhook_gone:
            await self._channel.call(DeleteWebhook())
            self._webhook_gone = True

    async def _fetch(self) -> list[dict[str, Any]]:
        request = RawUpdates(
            offset=self._offset,
            limit=1 if self.one_by_one else _BATCH,
            timeout=self._long_poll,
            allowed_updates=WANTED_UPDATES,
        )
        raws: list[dict[str, Any]] = await self._channel.call(request, timeout=self._long_poll + 10)
        return raws


async def _unless_stopped(work: Awaitable[T], stop: asyncio.Event) -> T | None:
    """Do the work, or give it up when `stop` is set."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
    return None if working.cancelled() else working.result()


def webhook_router(channel: TelegramChannel, secret: str, receive: Receive, clock: Clock) -> APIRouter:
    """The route Telegram calls: 401 without the secret, 503 while nothing can be stored, else 200.

    Raises:
        ValueError: the secret is empty or holds what Telegram does not allow.
    """
    if not _SECRET.fullmatch(secret):
        raise ValueError("the webhook secret must be 1 to 256 letters, digits, _ or -")
    door = _Door(channel, secret.encode(), receive, clock)
    router = APIRouter()
    router.add_route(WEBHOOK_PATH, door.called, methods=["POST"], include_in_schema=False)
    return router


async def set_webhook(channel: TelegramChannel, public_address: str, secret: str) -> None:
    """Have Telegram call `public_address` from now on.

    Raises:
        SendError: what went wrong.
    """
    url = public_address.rstrip("/") + WEBHOOK_PATH
    await channel.call(SetWebhook(url=url, secret_token=secret, allowed_updates=WANTED_UPDATES))


class _Door:
    def __init__(self, channel: TelegramChannel, secret: bytes, receive: Receive, clock: Clock) -> None:
        self._channel = channel
        self._secret = secret
        self._receive = receive
        self._clock = clock
        self._commands = command_words(channel.words)

    async def called(self, request: Request) -> Response:
        if not self._knows_secret(request.headers):
            return Response(status_code=401)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        arrived = read_update(body, self._clock.now(), self._commands)
        try:
            await self._receive(arrived)
        except Exception as error:  # noqa: BLE001  # not stored, for whatever reason: Telegram must come again
            _log.error("telegram_updates_not_stored", error=type(error).__name__, count=len(arrived))
            return Response(status_code=503, headers={"Retry-After": "5"})
        self._channel.follow_up(arrived)
        return Response(status_code=200)

    def _knows_secret(self, headers: Mapping[str, str]) -> bool:
        return hmac.compare_digest(headers.get(_SECRET_HEADER, "").encode(), self._secret)


async def _body(request: Request) -> bytes | None:
    """The body, or None when it is longer than any update."""
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > _BODY_LIMIT:
            return None
        parts.append(part)
    return b"".join(parts)
