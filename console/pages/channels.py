"""How sending goes: what could not be sent in the last days and why, and what platforms told about our accounts."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.lists import sending_trouble
from console.pages.page import Page
from console.permissions import Permission

_DAYS = 7


class Channels(Page):
    """For the person who keeps the accounts: nothing here is about anybody in particular."""

    path = "/saluran"
    label = "channels_title"
    icon = "fa-solid fa-tower-broadcast"
    permission = Permission.SEE_CONTENT

    @route("", name="channels")
    async def index(self, request: Request) -> Response:
        """Failures counted by kind with a sentence each, and the newest news."""
        since = self.desk.now() - timedelta(days=_DAYS)
        trouble = await self.desk.read(lambda store: sending_trouble(store, since))
        news = await self.desk.read(lambda store: store.account_news.newest())
        words = self.desk.content.current.lexicon.get("send_errors", {})
        context = {
            "trouble": trouble,
            "news": news,
            "sentences": words.get("errors", {}),
            "kinds": words.get("news", {}),
            "subtitle": self.desk.words("channels_subtitle", days=_DAYS),
        }
        return self.show(request, "pages/channels.html", context)
