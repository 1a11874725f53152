"""Running a bot: a thread for turns, a loop for the network, ticks by APScheduler; all in one process or in parts.

`rangkul run` is all of it. For more than one machine the parts run as processes of their own on one PostgreSQL: any
number of `web` and `work`, and one `clock` at a time, elected by a lock in the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from enum import Flag, auto

import structlog
import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler

from bot.app import App
from bot.config import Secrets
from bot.due import tick
from bot.emulated import start as emulated_platforms
from bot.front_door import FrontDoor
from bot.inbox import give_way
from bot.platforms import Platforms
from bot.server import make_chat, make_server, web_config
from bot.turn import Wanted

log = structlog.get_logger()

#: (platform, address of the page where people are played)
Pages = tuple[tuple[str, str], ...]

#: How long an idle turn worker waits before it looks again; a new message wakes it at once.
_IDLE_SECONDS = 0.5
_ELECTION_SECONDS = 2.0
#: How long a turn lets requests go first that are being stored: turns still get on in the longest storm.
_GIVES_WAY_SECONDS = 0.05


class Part(Flag):
    """What a process does."""

    WEB = auto()  # web chat, console, health, webhooks
    WORK = auto()  # turns and sending
    CLOCK = auto()  # ticks, fetching from platforms that are polled
    ALL = WEB | WORK | CLOCK


class Runner:
    """Runs a bot until told to stop, and stops cleanly."""

    def __init__(
        self,
        app: App,
        secrets: Secrets | None = None,
        *,
        parts: Part = Part.ALL,
        emulate: tuple[str, ...] = (),
        announce: Callable[[Pages], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._secrets = secrets or Secrets()
        self._parts = parts
        self._emulate = emulate
        self._announce = announce
        self._stopping = threading.Event()
        self._wake_turns = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake_sender: asyncio.Event | None = None
        self._stop: asyncio.Event | None = None
        self._server: uvicorn.Server | None = None

    def wake(self) -> None:
        """A message has just been stored."""
        self._wake_turns.set()

    async def serve(self) -> None:
        """Serve until a signal arrives or `stop` is called. What is started first ends last."""
        self._loop = asyncio.get_running_loop()
        self._wake_sender, self._stop = asyncio.Event(), asyncio.Event()
        async with AsyncExitStack() as stack:
            await self._emulated(stack)
            if Part.CLOCK in self._parts:
                await self._elected(stack)
            chat = make_chat(self._app, wake=self.wake, stopping=self._is_stopping)
            asgi = FrontDoor(make_server(self._app, chat))
            asgi.include_router(chat)
            self._server = self._web(asgi)
            platforms = Platforms(self._app, self._secrets, self.wake, polls=Part.CLOCK in self._parts)
            await platforms.open(asgi)
            stack.push_async_callback(platforms.close)
            if Part.WORK in self._parts:
                self._start_work(stack)
            stack.callback(self._start_clock().shutdown, wait=False)
            # what is there by now stays: looking through it for garbage stops every thread for 0.3 s, again and again
            gc.collect()
            gc.freeze()
            stack.callback(gc.unfreeze)
            try:
                await self._until_stopped()
            finally:
                self._stopping.set()
                self._wake_turns.set()

    def stop(self) -> None:
        """Stop serving soon."""
        if self._server is not None:
            self._server.should_exit = True
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)

    async def _emulated(self, stack: AsyncExitStack) -> None:
        if self._emulate:
            emulated = await emulated_platforms(self._emulate, self._app, self._secrets, stack)
            self._app.settings, self._secrets = emulated.settings, emulated.secrets
            self._announce(emulated.pages)

    async def _elected(self, stack: AsyncExitStack) -> None:
        """Wait until this process is the only clock of the database; on SQLite it is at once."""
        while not await asyncio.to_thread(self._app.database.become_clock):
            log.info("clock_waits_for_election")
            await asyncio.sleep(_ELECTION_SECONDS)
        stack.callback(self._app.database.resign_as_clock)

    def _web(self, asgi: FrontDoor) -> uvicorn.Server:
        web = self._app.settings.web
        return uvicorn.Server(web_config(asgi, web.host, web.port))

    async def _until_stopped(self) -> None:
        if Part.WEB in self._parts and self._server is not None:
            await self._server.serve()
            return
        loop, stop = asyncio.get_running_loop(), self._stop or asyncio.Event()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop.set)
        await stop.wait()

    def _start_work(self, stack: AsyncExitStack) -> None:
        """Turns in a thread, sending in a task."""
        stop_sender, wake = asyncio.Event(), self._wake_sender or asyncio.Event()
        sender = asyncio.create_task(self._app.sender.run(stop_sender, wake))
        worker = threading.Thread(target=self._work_turns, name="turns", daemon=True)
        worker.start()

        async def end() -> None:
            stop_sender.set()
            wake.set()
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(sender, timeout=5)
            await asyncio.to_thread(worker.join, 5)

        stack.push_async_callback(end)

    def _is_stopping(self) -> bool:
        return self._stopping.is_set() or (self._server is not None and self._server.should_exit)

    def _work_turns(self) -> None:
        while not self._stopping.is_set():
            give_way(self._app.database, _GIVES_WAY_SECONDS)
            try:
                done = self._app.turns.take_next()
            except Exception:  # a database that is away for a moment must not end the bot
                log.exception("turns_failed")
                done = None
            if done is not None and done.wanted is not None:
                self._fetch(done.wanted)
            elif done is None:
                self._wake_turns.wait(_IDLE_SECONDS)
                self._wake_turns.clear()
            else:
                self._rouse_sender()

    def _fetch(self, wanted: Wanted) -> None:
        """Let the photo be fetched beside everything else; what is not finished when we stop is asked for again."""
        if self._loop is not None:
            fetching = self._fetch_and_wake(wanted)
            try:
                asyncio.run_coroutine_threadsafe(fetching, self._loop)
            except RuntimeError:  # the loop has just been closed
                fetching.close()

    async def _fetch_and_wake(self, wanted: Wanted) -> None:
        try:
            await self._app.photos.fetch(wanted)
        except Exception:  # a database that is away for a moment: the message has its turn again
            log.exception("photo_not_kept")
        self.wake()

    def _rouse_sender(self) -> None:
        if self._loop is not None and self._wake_sender is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self._wake_sender.set)

    def _start_clock(self) -> BackgroundScheduler:
        """Ticks only: what is due stands in rows, so a missed or doubled tick changes nothing."""
        settings = self._app.settings
        clock = BackgroundScheduler(timezone="UTC")
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick left out while a long one runs is no news
        once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        if Part.CLOCK in self._parts:
            clock.add_job(self._tick, "interval", seconds=settings.sending.tick_every, **once)
        clock.add_job(self._app.content.refresh, "interval", seconds=settings.content.reload_every, **once)
        clock.start()
        return clock

    def _tick(self) -> None:
        try:
            if tick(self._app.database, self._app.content, self._app.clock, self._app.settings.sending.rules):
                self._rouse_sender()
        except Exception:  # the next tick tries again; the rows are still there
            log.exception("tick_failed")
