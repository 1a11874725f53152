"""The queue of updates: numbered, kept a day, taken by getUpdates or delivered to a webhook, confirmed either way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bot.clock import Clock
from bot.emulators.telegram_rules import Refusal

Json = dict[str, Any]

KEPT_SECONDS = 24 * 60 * 60
#: Without a wish, everything but these is delivered.
_ONLY_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}


@dataclass(slots=True)
class Webhook:
    """Where updates are to be delivered, and how that goes."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error_date: int | None = None
    last_error_message: str | None = None


@dataclass(slots=True)
class Updates:
    """Updates nobody has confirmed yet."""

    clock: Clock
    next_id: int = 100_001
    pending: dict[int, Json] = field(default_factory=dict)  # by id, oldest first
    allowed: list[str] = field(default_factory=list)
    webhook: Webhook = field(default_factory=Webhook)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _born: dict[int, float] = field(default_factory=dict)
    _polling: asyncio.Task[Any] | None = None
    _ousted: set[asyncio.Task[Any]] = field(default_factory=set)

    async def add(self, kind: str, body: Json) -> Json | None:
        """Queue an update; None when the bot does not want this kind."""
        if kind not in self.allowed and (self.allowed or kind in _ONLY_ON_REQUEST):
            return None
        number, self.next_id = self.next_id, self.next_id + 1
        update = {"update_id": number, kind: body}
        self.pending[number] = update
        self._born[number] = self.clock.now().timestamp()
        await self.wake()
        return update

    async def wake(self) -> None:
        """Let everybody who waits look again."""
        async with self.news:
            self.news.notify_all()

    def confirm(self, offset: int) -> None:
        """Forget what is below `offset`; a negative one keeps only that many at the end."""
        if offset < 0:
            offset = [*self.pending, self.next_id][max(-len(self.pending) - 1, offset - 1)]
        self._forget_while(lambda number: number < offset)

    def done(self, number: int) -> None:
        """Forget one that was delivered."""
        self.pending.pop(number, None)
        self._born.pop(number, None)

    def drop_all(self) -> None:
        """Forget everything that waits."""
        self.pending.clear()
        self._born.clear()

    def fresh(self, limit: int | None = None) -> list[Json]:
        """What waits, less what is older than a day."""
        oldest = self.clock.now().timestamp() - KEPT_SECONDS
        self._forget_while(lambda number: self._born[number] < oldest)
        return list(islice(self.pending.values(), limit))

    async def taken(self, offset: int, limit: int, timeout: float) -> list[Json]:
        """The next updates, waiting for some.

        Raises:
            Refusal: 409 while a webhook is set, or when another getUpdates takes over.
        """
        if self.webhook.url:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")
        me = _this_task()
        if self._polling is not None and self._polling is not me:
            self._ousted.add(self._polling)
            await self.wake()
        self._polling = me
        try:
            self.confirm(offset)
            await self._arrival(timeout, me)
        finally:
            if self._polling is me:
                self._polling = None
        return self.fresh(limit)

    async def _arrival(self, timeout: float, me: asyncio.Task[Any]) -> None:
        async with self.news:
            try:
                async with asyncio.timeout(timeout):
                    await self.news.wait_for(lambda: bool(self.pending) or me in self._ousted)
            except TimeoutError:
                pass
        if me in self._ousted:
            self._ousted.discard(me)
            raise Refusal(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )

    def _forget_while(self, past: Callable[[int], bool]) -> None:
        while self.pending and past(number := next(iter(self.pending))):
            self.done(number)


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("must run in a task")
    return task
