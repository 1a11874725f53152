"""What all pages share: a permission, a label from the words, a way to answer, and how forms are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash, get_flashed_messages
from starlette_admin.views import CustomView

from console.access import NotFound
from console.desk import Desk
from console.lists import Cursor, L, ListPage
from console.login import ConsoleUser
from console.permissions import Permission, allows
from storage.staff import StaffUser


class Page(CustomView):
    """One page of the console. Without `permission` every signed-in user may open it."""

    label: ClassVar[str]
    permission: ClassVar[Permission | None] = None
    in_menu: ClassVar[bool] = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(menu_label=desk.words(self.label), add_to_menu=self.in_menu)
        self.desk = desk

    def title(self, request: Request) -> str:
        """The page's name, in the words in force."""
        del request
        return self.desk.words(self.label)

    def is_active(self, request: Request) -> bool:
        """Whether the request is for this page or one beneath it."""
        path = request.scope["path"].removeprefix(request.scope.get("root_path", "")) or "/"
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))

    def is_accessible(self, request: Request) -> bool:
        """Whether the signed-in user may open this page; the menu asks too."""
        user = getattr(request.state, "admin_user", None)
        if not isinstance(user, ConsoleUser):
            return False
        return self.permission is None or allows(user.staff.role, self.permission)

    def show(self, request: Request, template: str, context: Mapping[str, object], status: int = 200) -> Response:
        """Render a template inside the layout."""
        if self.templates is None:
            raise RuntimeError("the page was not added to a console")
        shared = {"title": self.title(request), "flashed_messages": get_flashed_messages(request), "can": _can(request)}
        return self.templates.TemplateResponse(request, template, {**shared, **context}, status_code=status)

    async def note_view(self, request: Request, action: str, target: str, reason: str | None = None) -> None:
        """Put on record that somebody looked at personal data. Called once it is sure that they may."""
        login, now = staff_of(request).login, self.desk.now()
        await self.desk.write(lambda store: store.audit.record(login, action, target, now, reason))

    def back(self, request: Request, path: str, message: str | None = None, kind: str = "success") -> Response:
        """After a form: go to a page of the console, which then says this."""
        if message:
            flash(request, message, kind)
        return RedirectResponse(request.scope.get("root_path", "") + path, status_code=303)


def staff_of(request: Request) -> StaffUser:
    """Who is asking.

    Raises:
        NotFound: nobody is signed in.
    """
    user = getattr(request.state, "admin_user", None)
    if not isinstance(user, ConsoleUser):
        raise NotFound
    return user.staff


def _can(request: Request) -> Mapping[str, bool]:
    """For templates: `can.MOVE_LEADS`. A button nobody may press is not drawn."""
    role = staff_of(request).role
    return {permission.name: allows(role, permission) for permission in Permission}


async def form_of(request: Request, *names: str, longest: int = 500) -> dict[str, str]:
    """The named fields of a form as trimmed text; missing ones are empty."""
    form = await request.form()
    return {name: str(form.get(name) or "").strip()[:longest] for name in names}


def cursor_of(request: Request) -> Cursor:
    """Which page of a list is asked for; nonsense means the first."""
    return Cursor(
        before=_number(request.query_params.get("sebelum")), after=_number(request.query_params.get("sesudah"))
    )


def link(path: str, **params: object) -> str:
    """A path with those parameters that say something."""
    said = {name: str(value) for name, value in params.items() if value not in (None, "")}
    return f"{path}?{urlencode(said)}" if said else path


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


def neighbours(request: Request, path: str, page: ListPage[L], **params: object) -> dict[str, object]:
    """The page and the addresses of the pages beside it, for a template."""
    root = request.scope.get("root_path", "")
    newer = root + link(path, **params, sesudah=page.newer) if page.newer is not None else None
    older = root + link(path, **params, sebelum=page.older) if page.older is not None else None
    return {"lines": page.lines, "newer": newer, "older": older}
