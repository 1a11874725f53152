"""What every answer of the console carries, and how a request from elsewhere is turned away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Everything comes from this server: no inline script or style, no frames, no other host.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: A browser that came by HTTPS once comes by nothing else for a year.
_HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class SecurityHeaders:
    """Adds the headers; pages are never kept by a browser or proxy, files may be."""

    def __init__(self, app: ASGIApp, *, https_only: bool = False) -> None:
        self._app = app
        self._headers = {**_HEADERS, **(_HTTPS_ONLY if https_only else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and dress the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_file = "/static/" in scope["path"]

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers["Cache-Control"] = "public, max-age=3600" if is_file else "no-store"
            await send(message)

        await self._app(scope, receive, dressed)


#: The largest request the console reads: a spreadsheet of tens of thousands of people fits.
LARGEST_REQUEST = 12 * 1024 * 1024


class SmallRequests:
    """Refuses what is larger than any form of ours, before a byte of it is read."""

    def __init__(self, app: ASGIApp, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what says it is small; a body without a length says nothing."""
        if scope["type"] == "http" and scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            headers = Headers(scope=scope)
            length = headers.get("content-length", "")
            chunked = "transfer-encoding" in headers
            if chunked or (length and not (length.isdecimal() and int(length) <= LARGEST_REQUEST)):
                await (await self._answer(Request(scope, receive)))(scope, receive, send)
                return
        await self._app(scope, receive, send)


class PlainRefusals:
    """The library refuses a form without a valid token in one line of English; staff get a page they can read."""

    def __init__(self, app: ASGIApp, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; swap a plain refusal for the page."""
        refused = False

        async def unless_refused(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] == 403:
                refused = Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain")
            if not refused:
                await send(message)

        await self._app(scope, receive, unless_refused)
        if refused:
            response = await self._answer(Request(scope))
            await response(scope, receive, send)
