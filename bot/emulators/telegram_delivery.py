"""Delivers updates to the bot's webhook: with the secret, again after failures, and as badly as one wishes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.emulators.telegram_updates import Json, Updates

#: Carries out the method a webhook answered with: (method, parameters).
CarryOut = Callable[[str, Json], Awaitable[object]]

_ANSWER_SECONDS = 60.0
_LONGEST_WAIT = 60.0


@dataclass(slots=True)
class Manners:
    """How webhooks are delivered. Telegram promises neither order nor "once"."""

    late: float = 0.0  # seconds each waits before it is delivered
    twice: bool = False
    shuffled: bool = False  # newest first
    retry: float = 1.0  # seconds after a failure; doubled with each further one


class Delivery:
    """Takes what waits and delivers it while a webhook is set."""

    def __init__(self, updates: Updates, manners: Manners, carry_out: CarryOut) -> None:
        self._updates = updates
        self._manners = manners
        self._carry_out = carry_out
        self._failures = 0

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with ClientSession(timeout=ClientTimeout(total=_ANSWER_SECONDS)) as session:
            while True:
                await self._work(session)

    async def _work(self, session: ClientSession) -> None:
        async with self._updates.news:
            await self._updates.news.wait_for(lambda: bool(self._updates.webhook.url and self._updates.pending))
        batch = self._updates.fresh(self._updates.webhook.max_connections)
        if self._manners.late:
            await asyncio.sleep(self._manners.late)
        delivered = await asyncio.gather(*(self._in_turn(session, line) for line in self._lines(batch)))
        self._failures = 0 if all(delivered) else self._failures + 1
        if self._failures:
            await asyncio.sleep(min(self._manners.retry * 2 ** min(self._failures - 1, 10), _LONGEST_WAIT))

    def _lines(self, batch: list[Json]) -> list[list[Json]]:
        """What is delivered side by side: each chat in order, or everything one by one and backwards."""
        if self._manners.shuffled:
            return [batch[::-1]]
        lines: dict[int, list[Json]] = {}
        for update in batch:
            lines.setdefault(_chat(update), []).append(update)
        return list(lines.values())

    async def _in_turn(self, session: ClientSession, line: Sequence[Json]) -> bool:
        for update in line:
            for _ in range(2 if self._manners.twice else 1):
                if not await self._deliver(session, update):
                    return False
            self._updates.done(update["update_id"])
        return True

    async def _deliver(self, session: ClientSession, update: Json) -> bool:
        hook = self._updates.webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        body = b""
        try:
            async with session.post(hook.url, json=update, headers=headers, allow_redirects=False) as answer:
                body = await answer.read()
                problem = None if answer.ok else f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (ClientError, TimeoutError, ValueError) as error:
            problem = f"Connection failed: {type(error).__name__}"
        if problem is not None:
            hook.last_error_date, hook.last_error_message = int(self._updates.clock.now().timestamp()), problem
            return False
        await self._answered(body)
        return True

    async def _answered(self, body: bytes) -> None:
        """A webhook may answer with a method to carry out."""
        try:
            wish: Any = json.loads(body) if body else None
        except ValueError:
            return
        if isinstance(wish, dict) and "method" in wish:
            await self._carry_out(str(wish.pop("method")), wish)


def _chat(update: Json) -> int:
    body: Json = next((value for key, value in update.items() if key != "update_id"), {})
    chat = body.get("chat") or body.get("message", {}).get("chat") or {}
    return int(chat.get("id", 0))
