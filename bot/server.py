"""One FastAPI application: web chat, console, health, metrics. Platforms add their own webhooks."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping

import uvicorn
from fastapi import APIRouter, FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from bot.app import App
from bot.calendar_file import calendar_file
from bot.channels.web import chat_router
from bot.ids import LeadNumbers
from bot.kit import kit_files
from bot.links import Links
from bot.web_chat import WebChat
from console import ConsoleSettings, console_app
from flows.village import find_village
from storage.repository import NotFound
from storage.words import OutboxState


def make_chat(app: App, *, wake: Callable[[], None], stopping: Callable[[], bool]) -> APIRouter:
    """The web chat of a bot."""
    words = app.content.current.lexicon["web_chat"]["words"]
    return chat_router(WebChat(app.database, app.clock, wake), words, stopping=stopping)


def make_server(app: App, chat: APIRouter) -> FastAPI:
    """The HTTP side of a bot."""
    server = FastAPI(title="Rangkul", docs_url=None, redoc_url=None, openapi_url=None)
    server.include_router(chat)

    console = console_app(app.database, app.content, console_settings(app))
    console.mount_to(server)

    @server.get("/acara/{token}.ics", include_in_schema=False)
    async def calendar(token: str) -> Response:
        file = await run_in_threadpool(_calendar, app, token)
        return Response(file, media_type="text/calendar; charset=utf-8") if file else Response(status_code=404)

    @server.get("/health", include_in_schema=False)
    async def health() -> JSONResponse:
        state = await run_in_threadpool(_health, app)
        return JSONResponse(state, status_code=200 if state["ok"] else 503)

    @server.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return server


def web_config(asgi: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """How the server is run: no line per request, and errors through our own logging.

    Uvicorn's own would write the whole message of an error, and with it what a person typed.
    """
    return uvicorn.Config(
        asgi, host=host, port=port, log_config=None, log_level="warning", access_log=False, timeout_graceful_shutdown=3
    )


def _calendar(app: App, token: str) -> bytes | None:
    """The calendar file of the gathering that this address names."""
    with app.database.reading() as store:
        try:
            return calendar_file(store.gatherings.by_token(token), token, app.clock.now())
        except NotFound:
            return None


def console_settings(app: App) -> ConsoleSettings:
    """The console's cookies are signed with a key of their own, made from the sealing keys."""
    secret = hmac.digest(app.keys.lookup, b"rangkul console cookies", hashlib.sha256).hex()
    settings = app.settings
    return ConsoleSettings(
        secret=secret,
        now=app.clock.now,
        https_only=settings.web.https,
        limits=settings.leads.limits,
        rules=settings.sending.rules,
        fresh_number=LeadNumbers().fresh,
        kit=lambda code: _kit(app, code),
        door_links=Links.of(settings).to_door,
    )


def _kit(app: App, code: str) -> Mapping[str, bytes]:
    """A village's poster and script, with the addresses of the settings.

    Raises:
        ValueError: no such village, or no address is set.
    """
    content, settings = app.content.current, app.settings
    village = find_village(code, content)
    if village is None:
        raise ValueError(code)
    day = app.clock.now().astimezone(village.zone).date()
    known = Links.of(settings)
    return kit_files(content, village, day, known)


def _health(app: App) -> dict[str, object]:
    """What an operator wants to know at a glance; counts and versions only."""
    try:
        with app.database.reading() as store:
            store.connection.execute(text("SELECT 1"))
            queued = store.outbox.counts()
            waiting = store.inbox.waiting()
            set_aside = len(store.inbox.aside(1000))
    except Exception as wrong:  # noqa: BLE001  # whatever it is, the answer is "not well"
        return {"ok": False, "database": type(wrong).__name__}
    return {
        "ok": True,
        "database": "sqlite" if app.database.is_sqlite else "postgresql",
        "content": app.content.current.version,
        "content_problems": len(app.content.problems),
        "waiting": waiting,
        "set_aside": set_aside,
        "due": queued.get(OutboxState.DUE, 0),
        "sending": queued.get(OutboxState.SENDING, 0),
    }
