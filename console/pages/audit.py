"""The audit log: who did what, when and why. Read only."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.lists import audit_page
from console.pages.page import Page, cursor_of, neighbours
from console.permissions import Permission

#: Where the page of a target lies.
_PAGES = {"lead": "/calon", "contact": "/kontak"}


class AuditLog(Page):
    """Newest first."""

    path = "/catatan"
    label = "audit_title"
    icon = "fa-solid fa-clock-rotate-left"
    permission = Permission.SEE_AUDIT

    @route("", name="audit")
    async def index(self, request: Request) -> Response:
        """One page of it."""
        cursor = cursor_of(request)
        page = await self.desk.read(lambda store: audit_page(store, cursor))
        context = {
            **neighbours(request, self.path, page),
            "links": {line.id: _link(line.target) for line in page.lines},
            "subtitle": self.desk.words("audit_subtitle"),
        }
        return self.show(request, "pages/audit.html", context)


def _link(target: str) -> str | None:
    noun, _, number = target.partition(":")
    return f"{_PAGES[noun]}/{number}" if noun in _PAGES and number.isdigit() else None
