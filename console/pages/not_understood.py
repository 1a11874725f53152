"""What the bot could not understand, with its guesses: the raw material for better examples."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.lists import contact_names
from console.pages.page import Page
from console.permissions import Permission


class NotUnderstood(Page):
    """The newest sentences."""

    path = "/belum-dipahami"
    label = "not_understood_title"
    icon = "fa-solid fa-circle-question"
    permission = Permission.SEE_MESSAGES

    @route("", name="not-understood")
    async def index(self, request: Request) -> Response:
        """A hundred of them."""
        puzzles = await self.desk.read(lambda store: store.not_understood.recent(100))
        names = await self.desk.read(lambda store: contact_names(store, [puzzle.contact_id for puzzle in puzzles]))
        await self.note_view(request, "messages_listed", "messages")
        labels: Mapping[str, str] = self.desk.content.current.lexicon.get("intent_labels", {}).get("labels", {})
        context = {
            "puzzles": puzzles,
            "names": names,
            "labels": labels,
            "subtitle": self.desk.words("not_understood_subtitle"),
        }
        return self.show(request, "pages/not_understood.html", context)
