"""The first thing a request meets: messages go straight to their door, everything else takes FastAPI's longer way.

A message has to be acknowledged within a fraction of a second however many come. Its door reads the raw body and
answers in three lines; FastAPI's middleware around it cost more than storing the message.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send


class FrontDoor:
    """An ASGI application in front of another."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._doors: dict[str, Router] = {}

    def include_router(self, router: APIRouter) -> None:
        """Answer the fixed paths of this router at once."""
        routes = [route for route in router.routes if isinstance(route, Route)]
        door = Router(routes, redirect_slashes=False)
        self._doors |= {route.path: door for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request (or the start and end of the server, which are the application's)."""
        door = self._doors.get(scope["path"]) if scope["type"] == "http" else None
        await (door or self._app)(scope, receive, send)
