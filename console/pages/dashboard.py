"""The front page: what waits for staff, and how far each village has come."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.lists import village_table, waiting
from console.pages.facts import overdue
from console.pages.page import Page
from flows.contact import LeadState


class Dashboard(Page):
    """The numbers that matter, each a link to where the work is."""

    path = "/"
    label = "dashboard_title"
    icon = "fa-solid fa-house"
    route_name = "index"

    @route("", name="index")
    async def index(self, request: Request) -> Response:
        """The front page."""
        counts, villages = await self.desk.read(
            lambda store: (waiting(store, self.desk.pressing()), village_table(store))
        )
        today = self.desk.now().astimezone(self.desk.settings.zone).date()
        context = {
            "counts": counts,
            "villages": [(self.desk.place(line.code), line) for line in villages],
            "states": list(LeadState),
            "overdue": len(overdue(self.desk.content.current, today)),
            "today": today,
            "problems": len(self.desk.content.problems),
        }
        return self.show(request, "pages/dashboard.html", context)
