"""Delivers the emulated WhatsApp's webhooks: signed, at least once, and as badly as it is told to.

They may come late, twice and out of order; what is not answered with 200 is tried again for seven days of emulated
time. One courier has one queue, ordered by when each delivery is due.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import hmac
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Any

import aiohttp

RETRY_AFTER = (1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 4 * 3600.0, 12 * 3600.0, *(24 * 3600.0,) * 6)
AT_ONCE = 16
LONGEST_WAIT = 1.0  # real seconds between two looks at the emulated clock
TIMEOUT = 20.0


@dataclass(slots=True)
class Manners:
    """How badly webhooks are delivered. Shares are 0 to 1, delays in emulated seconds."""

    delay: float = 0.0
    late_share: float = 0.0  # of deliveries that come `late_by` later, so out of order
    late_by: float = 30.0
    twice_share: float = 0.0
    forged_share: float = 0.0  # followed by a copy signed with a wrong secret
    broken_share: float = 0.0  # followed by half of it, correctly signed


@dataclass(frozen=True, slots=True, order=True)
class _Delivery:
    due: float
    number: int
    raw: bytes
    attempt: int = 0
    forged: bool = False


class Courier:
    """Carries webhooks to one address."""

    def __init__(self, url: str | None, app_secret: str, now: Callable[[], float], seed: int = 0) -> None:
        self.url = url
        self.manners = Manners()
        self.counts: Counter[str] = Counter()
        self._secret = app_secret
        self._now = now
        self._random = Random(seed)  # noqa: S311  # faults that can be repeated, no secret
        self._queue: list[_Delivery] = []
        self._numbers = count()
        self._wake = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._pump: asyncio.Task[None] | None = None
        self._under_way = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    def start(self) -> None:
        """Begin to deliver."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        self._pump = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop delivering; what is queued stays undelivered."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def post(self, payload: dict[str, Any], after: float = 0.0) -> None:
        """Queue one webhook."""
        if self.url is None:
            return
        raw = json.dumps(payload).encode()
        manners, due = self.manners, self._now() + self.manners.delay + after
        if self._happens(manners.late_share):
            due += manners.late_by
        self._put(_Delivery(due, next(self._numbers), raw))
        if self._happens(manners.twice_share):
            self._put(_Delivery(due, next(self._numbers), raw))
        if self._happens(manners.broken_share):
            self._put(_Delivery(due, next(self._numbers), raw[: len(raw) // 2]))
        if self._happens(manners.forged_share):
            self._put(_Delivery(due, next(self._numbers), raw, forged=True))

    async def flush(self) -> int:
        """Deliver everything that is due by the emulated clock; how many are still waiting for a later time."""
        self._wake.set()
        while self._due() or self._under_way:
            self._quiet.clear()
            await self._quiet.wait()
        return len(self._queue)

    def nudge(self) -> None:
        """Look at the queue again, because the emulated clock was moved."""
        self._wake.set()

    def _happens(self, share: float) -> bool:
        return share > 0 and self._random.random() < share

    def _put(self, delivery: _Delivery) -> None:
        heapq.heappush(self._queue, delivery)
        self._wake.set()

    def _due(self) -> bool:
        return bool(self._queue) and self._queue[0].due <= self._now()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as under_way:
            while True:
                self._wake.clear()
                while self._due() and self._under_way < AT_ONCE:
                    self._under_way += 1
                    under_way.create_task(self._deliver(heapq.heappop(self._queue)))
                if not self._under_way and not self._due():
                    self._quiet.set()
                await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_WAIT if self._queue else None):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _deliver(self, delivery: _Delivery) -> None:
        try:
            if await self._answered(delivery):
                self.counts["delivered"] += 1
            elif delivery.attempt < len(RETRY_AFTER):
                self.counts["refused"] += 1
                due = self._now() + RETRY_AFTER[delivery.attempt]
                self._put(replace(delivery, due=due, attempt=delivery.attempt + 1))
            else:
                self.counts["given_up"] += 1
        finally:
            self._under_way -= 1
            self._wake.set()

    async def _answered(self, delivery: _Delivery) -> bool:
        """Whether it was taken. A forged one is never tried again: nobody stands behind it."""
        if self._session is None or self.url is None:
            return False
        secret = "forged" if delivery.forged else self._secret
        signature = hmac.new(secret.encode(), delivery.raw, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        try:
            async with self._session.post(self.url, data=delivery.raw, headers=headers) as response:
                self.counts[f"{'forged' if delivery.forged else 'genuine'}_{response.status}"] += 1
                return response.status == 200 or delivery.forged
        except (aiohttp.ClientError, TimeoutError, OSError):
            return delivery.forged
