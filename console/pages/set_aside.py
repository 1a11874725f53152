"""Messages whose turn failed again and again. Staff read the conversation and may let the bot try once more."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.access import NotFound, check_may
from console.lists import contact_names, is_set_aside
from console.pages.page import Page, staff_of
from console.permissions import Permission
from storage import Store
from storage.staff import StaffUser


class SetAside(Page):
    """Oldest first, because somebody waits."""

    path = "/pesan-tertahan"
    label = "set_aside_title"
    icon = "fa-solid fa-triangle-exclamation"
    permission = Permission.SEE_MESSAGES

    @route("", name="set-aside")
    async def index(self, request: Request) -> Response:
        """A hundred of them."""
        messages = await self.desk.read(lambda store: store.inbox.aside(100))
        names = await self.desk.read(lambda store: contact_names(store, [one.contact_id for one in messages]))
        await self.note_view(request, "messages_listed", "messages")
        subtitle = self.desk.words("set_aside_subtitle")
        return self.show(request, "pages/set_aside.html", {"messages": messages, "names": names, "subtitle": subtitle})

    @route("/{inbound_id:int}/ulang", methods=["POST"], name="set-aside-retry")
    async def retry(self, request: Request) -> Response:
        """Let the message have another turn."""
        user, inbound_id = staff_of(request), int(request.path_params["inbound_id"])
        await self.desk.write(lambda store: self._retry(store, user, inbound_id))
        return self.back(request, self.path, self.desk.words("set_aside_retried"))

    def _retry(self, store: Store, user: StaffUser, inbound_id: int) -> None:
        check_may(user, Permission.RETRY_MESSAGES)
        if not is_set_aside(store, inbound_id):
            raise NotFound
        store.inbox.replay(inbound_id)
        store.audit.record(user.login, "message_retried", f"inbound:{inbound_id}", self.desk.now())
