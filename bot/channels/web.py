"""The web chat's door: one small page, messages in, lines out.

Decides who is talking (a cookie), what is a readable message and how fast one may write. Storing, answering and
remembering are the backend's; every word a person reads comes from `content/lexicon/web_chat.yaml`.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from bot.channels.channel import media_type
from bot.channels.web_message import (
    BODY_LIMIT,
    NO_IDENTITY,
    NOT_JSON,
    TOO_FAST,
    TOO_LONG,
    UNAVAILABLE,
    Posted,
    Refused,
    read_message,
)
from bot.channels.web_page import build_site
from flows.message import HeardKind

COOKIE = "rangkul_chat"
IMAGES = "/chat/images"  # and the number of the message
COOKIE_AGE = 365 * 24 * 60 * 60
BURST, BURST_SECONDS = 20, 10.0  # messages one person may send in that time
REMEMBERED_SENDERS = 10_000

TICK = 0.4  # seconds between two looks at the history while something is going on
IDLE_LOOK = 2.0  # the same once nothing has happened for QUIET_AFTER, to spare the database
WOKEN_LOOK = 5.0  # the same when `wake` tells of news: only a safety net
QUIET_AFTER = 30.0
HEARTBEAT = 15.0
MAX_STREAMS = 500  # beyond that pages ask every few seconds instead

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_SAFETY = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class ChatUnavailable(Exception):
    """The message could not be stored now; the page keeps it and tries again."""


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One bubble. Ids grow over both directions; `image` is a path on this host, beginning with "/"."""

    id: int
    sender: Literal["bot", "me", "staff"]
    text: str  # empty for what is not shown, such as the tap on "start"
    buttons: tuple[tuple[str, str], ...]  # (id, label)
    choices: tuple[tuple[str, str, str], ...]  # (id, label, hint); the hint may be empty
    image: str | None
    at: datetime
    message_id: str | None  # the page's own id of a message of "me"


class ChatBackend(Protocol):
    """What the web chat asks of storage. Reading is synchronous and called in worker threads."""

    async def receive(self, token: str, message_id: str, kind: HeardKind, text: str, label: str | None) -> None:
        """Stores the message durably before returning; the same `message_id` again changes nothing.

        Raises:
            ChatUnavailable: it could not be stored now.
        """
        ...

    def history(self, token: str, after: int) -> list[ChatLine]:
        """Lines of this person with an id above `after`, oldest first."""
        ...

    def waiting(self, token: str) -> bool:
        """Whether an answer is being prepared."""
        ...

    def picture(self, token: str, number: int) -> bytes | None:
        """The picture of the message with that number, if it was sent to this person and has one."""
        ...


def chat_router(
    backend: ChatBackend,
    words: Mapping[str, str],
    *,
    wake: Callable[[str], AsyncIterator[None]] | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> APIRouter:
    """The page at "/", its files and its message routes.

    Args:
        backend: where messages are stored and lines read.
        words: `words` of content/lexicon/web_chat.yaml.
        wake: yields whenever there may be news for a token; without it the history is looked at on a timer.
        stopping: whether the server is shutting down, so that open streams end (`lambda: server.should_exit`).

    Raises:
        WordsMissing: `words` lacks some that the page needs.
    """
    chat = _WebChat(backend, words, wake, stopping)
    router = APIRouter()
    routes: list[tuple[str, str, Any]] = [
        ("/", "GET", chat.page),
        ("/static/{name}", "GET", chat.asset),
        ("/chat/messages", "GET", chat.listed),
        ("/chat/messages", "POST", chat.posted),
        ("/chat/stream", "GET", chat.stream),
        (IMAGES + "/{number}", "GET", chat.picture),
    ]
    for path, method, endpoint in routes:
        router.add_route(path, endpoint, methods=[method], include_in_schema=False)
    return router


class _Pacing:
    """How fast one person may write: BURST messages in BURST_SECONDS, counted in this process."""

    def __init__(self) -> None:
        self._sent: dict[str, deque[float]] = {}

    def allows(self, token: str, now: float) -> bool:
        if len(self._sent) > REMEMBERED_SENDERS:
            self._sent = {t: sent for t, sent in self._sent.items() if now - sent[-1] < BURST_SECONDS}
        sent = self._sent.setdefault(token, deque([now - BURST_SECONDS], maxlen=BURST))
        if len(sent) == BURST and now - sent[0] < BURST_SECONDS:
            return False
        sent.append(now)
        return True


class _Bells:
    """Which open streams to wake when their person has just written."""

    def __init__(self) -> None:
        self._by_token: dict[str, set[asyncio.Event]] = {}
        self.count = 0

    def ring(self, token: str) -> None:
        for bell in self._by_token.get(token, ()):
            bell.set()

    @contextmanager
    def hung(self, token: str) -> Iterator[asyncio.Event]:
        bell = asyncio.Event()
        self._by_token.setdefault(token, set()).add(bell)
        self.count += 1
        try:
            yield bell
        finally:
            self.count -= 1
            self._by_token[token].discard(bell)
            if not self._by_token[token]:
                del self._by_token[token]


class _WebChat:
    def __init__(
        self,
        backend: ChatBackend,
        words: Mapping[str, str],
        wake: Callable[[str], AsyncIterator[None]] | None,
        stopping: Callable[[], bool],
    ) -> None:
        self._backend = backend
        self._wake = wake
        self._stopping = stopping
        self._site = build_site(words)
        self._pacing = _Pacing()
        self._bells = _Bells()

    async def page(self, request: Request) -> Response:
        response = self._site.page.response(request, {**_SAFETY, "Cache-Control": "private, no-cache"})
        response.set_cookie(
            COOKIE,
            _token(request) or secrets.token_urlsafe(24),
            max_age=COOKIE_AGE,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    async def asset(self, request: Request) -> Response:
        file = self._site.assets.get(request.path_params["name"])
        if file is None:
            return Response(status_code=404)
        named = request.query_params.get("v") == file.version
        return file.response(
            request, {**_SAFETY, "Cache-Control": "public, max-age=31536000, immutable" if named else "no-cache"}
        )

    async def posted(self, request: Request) -> Response:
        outcome = await self._take(request)
        if isinstance(outcome, Posted):
            return JSONResponse({"accepted": True}, 202, _PRIVATE)
        return self._refusal(outcome)

    async def listed(self, request: Request) -> Response:
        token, after = _token(request), _number(request.query_params.get("after"))
        if token is None:
            return JSONResponse({"messages": [], "waiting": False}, headers=_PRIVATE)
        try:
            lines, waiting = await run_in_threadpool(self._look, token, after)
        except (ChatUnavailable, OSError):
            return self._refusal(UNAVAILABLE)
        return JSONResponse(_told(lines, waiting=waiting), headers=_PRIVATE)

    async def stream(self, request: Request) -> Response:
        token = _token(request)
        if token is None:
            return Response(status_code=204)  # tells EventSource not to come back
        if self._bells.count >= MAX_STREAMS:
            return self._refusal(UNAVAILABLE)
        after = _number(request.headers.get("last-event-id") or request.query_params.get("after"))
        return StreamingResponse(
            self._news(token, after),
            media_type="text/event-stream",
            headers={**_PRIVATE, "X-Accel-Buffering": "no"},
        )

    async def picture(self, request: Request) -> Response:
        token, number = _token(request), _number(request.path_params["number"])
        found = await run_in_threadpool(self._backend.picture, token, number) if token else None
        if found is None:
            return Response(status_code=404, headers=_PRIVATE)
        return Response(
            found, media_type=media_type(found), headers={**_PRIVATE, "Cache-Control": "private, max-age=86400"}
        )

    async def _take(self, request: Request) -> Posted | Refused:
        token = _token(request)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return NOT_JSON
        if token is None:
            return NO_IDENTITY
        if not self._pacing.allows(token, asyncio.get_running_loop().time()):
            return TOO_FAST
        raw = await _body(request)
        posted = TOO_LONG if raw is None else read_message(raw)
        if isinstance(posted, Refused):
            return posted
        try:
            await self._backend.receive(token, posted.message_id, posted.kind, posted.text, posted.label)
        except (ChatUnavailable, OSError):
            return UNAVAILABLE
        self._bells.ring(token)
        return posted

    def _refusal(self, why: Refused) -> Response:
        headers = _PRIVATE if why.retry_after is None else {**_PRIVATE, "Retry-After": str(why.retry_after)}
        told = {"accepted": False, "error": why.word.removeprefix("error_"), "sentence": self._site.words[why.word]}
        return JSONResponse(told, why.status, headers)

    def _look(self, token: str, after: int) -> tuple[list[ChatLine], bool]:
        waiting = self._backend.waiting(token)  # asked first: "not waiting" then means the answer is in the history
        lines = self._backend.history(token, after)
        return lines, self._backend.waiting(token) if waiting and lines else waiting

    async def _news(self, token: str, after: int) -> AsyncIterator[bytes]:
        with self._bells.hung(token) as bell:
            pump = None if self._wake is None else asyncio.create_task(_pump(self._wake(token), bell))
            try:
                async for event in self._looks(token, after, bell):
                    yield event
            finally:
                if pump is not None:
                    pump.cancel()

    async def _looks(self, token: str, after: int, bell: asyncio.Event) -> AsyncIterator[bytes]:
        """Server-sent events: `lines` on news or a change of `waiting`, `beat` when nothing was said for a while."""
        clock = asyncio.get_running_loop().time
        told: bool | None = None
        looked, spoke = float("-inf"), clock()
        stirred = spoke  # when something last happened to this conversation
        yield b"retry: 2000\n\n"
        while not self._stopping():
            now = clock()
            if bell.is_set() or now - looked >= self._pause(now - stirred, waiting=bool(told)):
                bell.clear()
                lines, waiting = await run_in_threadpool(self._look, token, after)
                looked = now
                if lines or waiting != told:
                    after, told = max([after, *(line.id for line in lines)]), waiting
                    stirred = spoke = now
                    yield _event("lines", _told(lines, waiting=waiting), after)
            if now - spoke >= HEARTBEAT:
                spoke = now
                yield _event("beat", {}, None)
            await asyncio.sleep(TICK)

    def _pause(self, idle: float, *, waiting: bool) -> float:
        if self._wake is not None:
            return WOKEN_LOOK
        return TICK if waiting or idle < QUIET_AFTER else IDLE_LOOK


async def _pump(news: AsyncIterator[None], bell: asyncio.Event) -> None:
    async for _ in news:
        bell.set()


async def _body(request: Request) -> bytes | None:
    """The request's body, or None as soon as it is too big."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > BODY_LIMIT:
            return None
    return bytes(raw)


def _token(request: Request) -> str | None:
    cookie = request.cookies.get(COOKIE, "")
    return cookie if _TOKEN.fullmatch(cookie) else None


def _number(raw: str | None) -> int:
    return int(raw) if raw and re.fullmatch(r"[0-9]{1,18}", raw) else 0


def _told(lines: list[ChatLine], *, waiting: bool) -> dict[str, Any]:
    return {"messages": [_line(line) for line in lines], "waiting": waiting}


def _line(line: ChatLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "sender": line.sender,
        "text": line.text,
        "buttons": [{"id": i, "label": label} for i, label in line.buttons],
        "choices": [{"id": i, "label": label, "hint": hint} for i, label, hint in line.choices],
        "image": line.image,
        "at": line.at.isoformat(),
        "message_id": line.message_id,
    }


def _event(name: str, told: Mapping[str, Any], event_id: int | None) -> bytes:
    numbered = "" if event_id is None else f"id: {event_id}\n"
    return f"event: {name}\n{numbered}data: {json.dumps(told, ensure_ascii=False)}\n\n".encode()
