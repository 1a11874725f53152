"""People who asked for a person. Grave matters first; whoever has dealt with one marks it as done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.access import NotFound, access_contact_for, check_may
from console.answers import LONGEST, Reach, Speaker, queue_answer, queue_invitation, reach_of
from console.lists import closed_handoffs, contact_names, handoff_is_open
from console.pages.page import Page, form_of, staff_of
from console.permissions import Permission
from flows.contact import Contact
from storage import Store
from storage.conversation import Line
from storage.handoffs import Handoff
from storage.staff import StaffUser

_LINES = 100


@dataclass(frozen=True, slots=True)
class Card:
    """One matter, the person, and how an answer can reach them."""

    matter: Handoff
    contact: Contact
    reach: Reach
    lines: Sequence[Line]


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
        await self.note_view(request, "handoffs_listed", "handoffs")
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

    @route("/{handoff_id:int}", name="handoff")
    async def one(self, request: Request) -> Response:
        """The conversation, and where an answer is written."""
        user, handoff_id = staff_of(request), int(request.path_params["handoff_id"])
        now, content = self.desk.now(), self.desk.content.current

        def work(store: Store) -> Card:
            matter = store.handoffs.get(handoff_id)
            contact = store.contacts.view(access_contact_for(user, matter.contact_id, store))
            address = store.contacts.current_address(contact.id)
            reach = reach_of(contact, content, has_address=address is not None, now=now)
            return Card(matter, contact, reach, store.outbox.conversation(contact.id, _LINES))

        card = await self.desk.read(work)
        await self.note_view(request, "contact_viewed", f"contact:{card.contact.id}", f"handoff:{handoff_id}")
        context = {
            "card": card,
            "reason": self._reason(card.matter.reason),
            "zone": card.contact.zone,
            "longest": LONGEST,
            "me": user.name,
            "title": card.contact.name or self.desk.words("contact_nameless", id=card.contact.id),
        }
        return self.show(request, "pages/handoff.html", context)

    @route("/{handoff_id:int}/balas", methods=["POST"], name="handoff-answer")
    async def answer(self, request: Request) -> Response:
        """Queue an answer; the sender brings it to the chat. With `done` the matter closes as well."""
        user, handoff_id = staff_of(request), int(request.path_params["handoff_id"])
        form = await form_of(request, "text", "invite", "done", longest=LONGEST + 1)
        text = form["text"].replace("\r\n", "\n")
        here = f"{self.path}/{handoff_id}"
        if not form["invite"] and not 0 < len(text) <= LONGEST:
            return self.back(request, here, self.desk.words("answer_length", count=LONGEST), "error")
        wrong = await self.desk.write(lambda store: self._answer(store, user, handoff_id, form["invite"], text))
        if wrong is not None:
            return self.back(request, here, self.desk.words(wrong), "error")
        if form["done"]:
            await self.desk.write(lambda store: self._close(store, user, handoff_id))
            return self.back(request, self.path, self.desk.words("answer_done"))
        return self.back(request, here, self.desk.words("answer_queued"))

    @route("/{handoff_id:int}/selesai", methods=["POST"], name="handoff-close")
    async def close(self, request: Request) -> Response:
        """The matter is dealt with."""
        user, handoff_id = staff_of(request), int(request.path_params["handoff_id"])
        await self.desk.write(lambda store: self._close(store, user, handoff_id))
        return self.back(request, self.path, self.desk.words("handoff_closed"))

    def _answer(self, store: Store, user: StaffUser, handoff_id: int, invite: str, text: str) -> str | None:
        """Returns the key of the sentence that says why not, or None."""
        check_may(user, Permission.CLOSE_HANDOFFS)
        matter, content, by = (
            store.handoffs.get(handoff_id),
            self.desk.content.current,
            Speaker(user.name, self.desk.now()),
        )
        contact = store.contacts.view(access_contact_for(user, matter.contact_id, store))
        has_address = store.contacts.current_address(contact.id) is not None
        reach = reach_of(contact, content, has_address=has_address, now=by.now)
        if not reach.reachable:
            return "answer_unreachable"
        if reach.closed != bool(invite):
            return "answer_window_changed"
        if invite:
            queue_invitation(store, content, contact.id, by)
            store.audit.record(user.login, "person_invited", f"contact:{contact.id}", by.now, f"handoff:{handoff_id}")
        else:
            queue_answer(store, content, contact.id, by, text)
            store.audit.record(user.login, "person_answered", f"contact:{contact.id}", by.now, f"handoff:{handoff_id}")
        return None

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
