"""People who asked for a person. Grave matters first; whoever has dealt with one marks it as done."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.access import NotFound, check_may
from console.lists import closed_handoffs, contact_names, handoff_is_open
from console.pages.page import Page, staff_of
from console.permissions import Permission
from storage import Store
from storage.staff import StaffUser


class Handoffs(Page):
    """The open matters, and those closed last."""

    path = "/permintaan"
    label = "handoffs_title"
    icon = "fa-solid fa-headset"
    permission = Permission.SEE_HANDOFFS

    @route("", name="handoffs")
    async def index(self, request: Request) -> Response:
        """A hundred open ones, twenty closed ones."""
        open_ones, closed = await self.desk.read(lambda store: (store.handoffs.waiting(100), closed_handoffs(store)))
        people = [one.contact_id for one in (*open_ones, *closed)]
        names = await self.desk.read(lambda store: contact_names(store, people))
        context = {
            "open": open_ones,
            "closed": closed,
            "names": names,
            "reasons": {one.reason: self._reason(one.reason) for one in (*open_ones, *closed)},
            "subtitle": self.desk.words("handoffs_subtitle"),
        }
        return self.show(request, "pages/handoffs.html", context)

    @route("/{handoff_id:int}/selesai", methods=["POST"], name="handoff-close")
    async def close(self, request: Request) -> Response:
        """The matter is dealt with."""
        user, handoff_id = staff_of(request), int(request.path_params["handoff_id"])
        await self.desk.write(lambda store: self._close(store, user, handoff_id))
        return self.back(request, self.path, self.desk.words("handoff_closed"))

    def _close(self, store: Store, user: StaffUser, handoff_id: int) -> None:
        check_may(user, Permission.CLOSE_HANDOFFS)
        if not handoff_is_open(store, handoff_id):
            raise NotFound
        now = self.desk.now()
        store.handoffs.close(handoff_id, user.login, now)
        store.audit.record(user.login, "handoff_closed", f"handoff:{handoff_id}", now)

    def _reason(self, reason: str) -> str:
        """A grave topic, an intent, or the form and step where somebody gave up, in words."""
        if self.desk.words.has(reason, "handoff_reason"):
            return self.desk.words.of(reason, "handoff_reason")
        content = self.desk.content.current
        flow, _, step = reason.partition(":")
        if step and flow in content.flows:
            return self.desk.words("handoff_in_form", form=content.flows[flow].name)
        label: str | None = content.lexicon.get("intent_labels", {}).get("labels", {}).get(reason)
        return label or self.desk.words("handoff_reason_other")
