"""Whether the words and numbers on disk are the ones in force, and if not, what is wrong with them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.pages.page import Page
from console.permissions import Permission


class Health(Page):
    """The content in force and the problems that keep newer files out."""

    path = "/isi"
    label = "health_title"
    icon = "fa-solid fa-file-circle-check"
    permission = Permission.SEE_CONTENT

    @route("", name="health")
    async def index(self, request: Request) -> Response:
        """Version, sizes and problems."""
        content = self.desk.content.current
        context = {
            "content": content,
            "problems": self.desk.content.problems,
            "subtitle": self.desk.words("health_subtitle"),
        }
        return self.show(request, "pages/health.html", context)
