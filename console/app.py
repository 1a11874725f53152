"""The staff console as one mountable part: starlette-admin with our pages, our layout and our words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.base import BaseAdmin
from starlette_admin.theme import DefaultTheme, TablerSettings

from console import words as writing
from console.access import NotFound
from console.desk import Desk
from console.login import StaffLogin
from console.pages import all_pages
from console.pages.dashboard import Dashboard
from console.security import PlainRefusals, SecurityHeaders, SmallRequests
from console.settings import ConsoleSettings, ContentProvider
from console.words import Words
from storage import Database

_HERE = Path(__file__).parent
_COOKIE = "rangkul_console"
#: Statuses that have words of their own; all others share "error_other".
_WORDED = frozenset({400, 403, 404, 413, 500})


def console_app(database: Database, content_provider: ContentProvider, settings: ConsoleSettings) -> Console:
    """The console, ready for `.mount_to(fastapi_app)`; it then answers under `settings.base_url`."""
    desk = Desk(database, content_provider, settings, Words(content_provider))
    return Console(desk)


class Console(BaseAdmin):
    """starlette-admin under our own roof: nothing inline, nothing from other hosts, errors in Indonesian."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._login = StaffLogin(desk)
        settings = desk.settings
        super().__init__(
            title=desk.words("app_title"),
            base_url=settings.base_url,
            route_name="console",
            templates_dir=str(_HERE / "templates"),
            static_dir=str(_HERE / "static"),
            index_view=Dashboard(desk),
            theme=DefaultTheme(TablerSettings(base="slate", primary="teal")),
            auth_provider=self._login,
            secret_key=settings.secret,
            timezone_config=None,
            middlewares=[
                Middleware(SecurityHeaders, https_only=settings.https_only),
                Middleware(SmallRequests, answer=self._refused_large),
                Middleware(PlainRefusals, answer=self._refused_plainly),
                Middleware(
                    SessionMiddleware,
                    secret_key=settings.secret,
                    session_cookie=_COOKIE,
                    max_age=int(settings.session_length.total_seconds()),
                    path=settings.base_url,
                    https_only=settings.https_only,
                ),
            ],
        )
        self._teach_templates()
        for page in all_pages(desk, self._login):
            self.add_view(page)

    def mount_to(self, app: Starlette) -> None:
        """Mount onto the application and answer every refusal with a page of our own."""
        super().mount_to(app)
        self.app.add_exception_handler(HTTPException, self._refused)
        self.app.add_exception_handler(NotFound, self._not_found)
        self.app.add_exception_handler(Exception, self._failed)

    def _teach_templates(self) -> None:
        words, content = self._desk.words, self._desk.content
        environment = self.templates.env
        names: dict[str, Any] = environment.globals
        names.update(
            t=words,
            word=words.of,
            url=_url,
            content_problems=lambda: content.problems,
            content_version=lambda: content.current.version[:12],
            branch_zone=self._desk.settings.zone,
        )
        filters: Mapping[str, Callable[..., str]] = {
            "moment": writing.moment,
            "clock": writing.clock,
            "day": writing.day,
            "rupiah": writing.rupiah,
            "masked": writing.masked,
            "without_numbers": writing.without_numbers,
        }
        environment.filters.update(filters)

    async def _refused(self, request: Request, wrong: Exception) -> Response:
        status = wrong.status_code if isinstance(wrong, HTTPException) else 500
        if status == 405 and request.method == "GET":  # came back by sign-in to a form's address
            return RedirectResponse(request.url.path.rsplit("/", 1)[0], status_code=303)
        # What is forbidden looks like what is not there.
        return self._error_page(request, 404 if status == 403 else status)

    async def _not_found(self, request: Request, wrong: Exception) -> Response:
        del wrong
        return self._error_page(request, 404)

    async def _failed(self, request: Request, wrong: Exception) -> Response:
        del wrong  # the server logs it; the page says nothing about it
        return self._error_page(request, 500)

    async def _refused_large(self, request: Request) -> Response:
        return self._error_page(request, 413)

    async def _refused_plainly(self, request: Request) -> Response:
        return self._error_page(request, 403)

    def _error_page(self, request: Request, status: int) -> Response:
        known = f"error_{status}" if status in _WORDED else "error_other"
        context = {"status": status, "error_words": known, "title": self._desk.words(f"{known}_title")}
        return self.templates.TemplateResponse(request, "error.html", context, status_code=status)


@pass_context
def _url(context: Context, path: str = "") -> str:
    """The address of a page of the console, wherever the console is mounted."""
    root: str = context["request"].scope.get("root_path", "")
    return root + (path or "/")
