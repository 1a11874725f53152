"""`rangkul run`: everything in one process. A thread for turns, a loop for the network, ticks by APScheduler."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog
import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler

from bot.app import App
from bot.config import Secrets
from bot.due import tick
from bot.emulated import start as emulated_platforms
from bot.platforms import Platforms
from bot.server import make_server

log = structlog.get_logger()

#: (platform, address of the page where people are played)
Pages = tuple[tuple[str, str], ...]

#: How long an idle turn worker waits before it looks again; a new message wakes it at once.
_IDLE_SECONDS = 0.5


class Runner:
    """Runs a bot until told to stop, and stops cleanly."""

    def __init__(
        self,
        app: App,
        secrets: Secrets | None = None,
        *,
        emulate: tuple[str, ...] = (),
        announce: Callable[[Pages], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._secrets = secrets or Secrets()
        self._emulate = emulate
        self._announce = announce
        self._stopping = threading.Event()
        self._wake_turns = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake_sender: asyncio.Event | None = None
        self._server: uvicorn.Server | None = None

    def wake(self) -> None:
        """A message has just been stored."""
        self._wake_turns.set()

    async def serve(self) -> None:
        """Serve until a signal arrives or `stop` is called."""
        settings = self._app.settings
        self._loop = asyncio.get_running_loop()
        self._wake_sender = asyncio.Event()
        stop_sender = asyncio.Event()
        asgi = make_server(self._app, wake=self.wake, stopping=self._is_stopping)
        emulators = AsyncExitStack()
        if self._emulate:
            emulated = await emulated_platforms(self._emulate, self._app, self._secrets, emulators)
            self._app.settings, self._secrets = emulated.settings, emulated.secrets
            self._announce(emulated.pages)
        platforms = Platforms(self._app, self._secrets, self.wake)
        await platforms.open(asgi)
        config = uvicorn.Config(
            asgi,
            host=settings.web.host,
            port=settings.web.port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=3,
        )
        self._server = uvicorn.Server(config)
        worker = threading.Thread(target=self._work_turns, name="turns", daemon=True)
        clock = self._start_clock()
        sender = asyncio.create_task(self._app.sender.run(stop_sender, self._wake_sender))
        worker.start()
        try:
            await self._server.serve()
        finally:
            self._stopping.set()
            self._wake_turns.set()
            clock.shutdown(wait=False)
            stop_sender.set()
            self._wake_sender.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait_for(sender, timeout=5)
            await platforms.close()
            await emulators.aclose()
            await asyncio.to_thread(worker.join, 5)

    def stop(self) -> None:
        """Stop serving soon."""
        if self._server is not None:
            self._server.should_exit = True

    def _is_stopping(self) -> bool:
        return self._stopping.is_set() or (self._server is not None and self._server.should_exit)

    def _work_turns(self) -> None:
        while not self._stopping.is_set():
            try:
                done = self._app.turns.take_next()
            except Exception:  # a database that is away for a moment must not end the bot
                log.exception("turns_failed")
                done = None
            if done is None:
                self._wake_turns.wait(_IDLE_SECONDS)
                self._wake_turns.clear()
            else:
                self._rouse_sender()

    def _rouse_sender(self) -> None:
        if self._loop is not None and self._wake_sender is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self._wake_sender.set)

    def _start_clock(self) -> BackgroundScheduler:
        """Ticks only: what is due stands in rows, so a missed or doubled tick changes nothing."""
        settings = self._app.settings
        clock = BackgroundScheduler(timezone="UTC")
        once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        clock.add_job(self._tick, "interval", seconds=settings.sending.tick_every, **once)
        clock.add_job(self._app.content.refresh, "interval", seconds=settings.content.reload_every, **once)
        clock.start()
        return clock

    def _tick(self) -> None:
        try:
            if tick(self._app.database, self._app.content, self._app.clock):
                self._rouse_sender()
        except Exception:  # the next tick tries again; the rows are still there
            log.exception("tick_failed")
