"""People who wrote to the bot: what they agreed to, their conversation, and who speaks for a village."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.access import access_contact_for, check_may
from console.desk import Place
from console.lists import contact_page
from console.pages.page import Page, cursor_of, form_of, neighbours, staff_of
from console.pages.reminders import Line as ReminderLine
from console.pages.reminders import reasons, reminders_of
from console.permissions import Permission
from console.words import without_numbers
from flows.contact import Contact, Role
from flows.village import practice_villages
from nlu import places
from storage import Store
from storage.consents import ConsentLine
from storage.contacts import Corner
from storage.conversation import Line
from storage.staff import StaffUser

_LINES = 100
_MOST_MATCHES = 12
_SHORTEST_REASON = 5


@dataclass(frozen=True, slots=True)
class ContactCard:
    """Everything the page of one contact shows."""

    contact: Contact
    lead_id: int | None
    history: list[ConsentLine]
    lines: list[Line]
    corner: Corner
    reminders: list[ReminderLine]


class Contacts(Page):
    """The list and one person."""

    path = "/kontak"
    label = "contacts_title"
    icon = "fa-solid fa-address-book"
    permission = Permission.SEE_CONTACTS

    @route("", name="contacts")
    async def index(self, request: Request) -> Response:
        """The list, narrowed by role."""
        role = next((one for one in Role if one.value == request.query_params.get("peran")), None)
        village = request.query_params.get("desa", "").strip()[:13] or None
        cursor = cursor_of(request)
        page = await self.desk.read(lambda store: contact_page(store, role, village, cursor))
        await self.note_view(request, "contacts_listed", "contacts")
        context = {
            **neighbours(request, self.path, page, peran=role, desa=village),
            "places": {line.village_code: self.desk.place(line.village_code) for line in page.lines},
            "zones": {line.village_code: self.desk.zone(line.village_code) for line in page.lines},
            "role": role,
            "roles": list(Role),
            "village": self.desk.place(village),
            "subtitle": self.desk.words("contacts_subtitle"),
        }
        return self.show(request, "pages/contacts.html", context)

    @route("/{contact_id:int}", name="contact")
    async def one(self, request: Request) -> Response:
        """One person; with ?cari= the villages of that name, to choose from."""
        answer = await self._one(request)
        await self.note_view(request, "contact_viewed", f"contact:{request.path_params['contact_id']}")
        return answer

    @route("/{contact_id:int}/peran", methods=["POST"], name="contact-role")
    async def set_role(self, request: Request) -> Response:
        """Make somebody the official of a village, or a worker again."""
        user, contact_id = staff_of(request), int(request.path_params["contact_id"])
        form = await form_of(request, "role", "village", longest=20)
        role = next((one for one in Role if one.value == form["role"]), None)
        village = self.desk.place(form["village"]) if form["village"] else None
        here = f"{self.path}/{contact_id}"
        wrong = await self.desk.write(lambda store: self._set_role(store, user, contact_id, role, village))
        if wrong is not None:
            return self.back(request, here, self.desk.words(wrong), "error")
        return self.back(
            request, here, self.desk.words("contact_role_set", role=self.desk.words.of(role or "", "contact_role"))
        )

    @route("/{contact_id:int}/tempat", methods=["POST"], name="contact-corner")
    async def note_corner(self, request: Request) -> Response:
        """Note RT, RW and language; empty means unknown."""
        user, contact_id = staff_of(request), int(request.path_params["contact_id"])
        form = await form_of(request, "rt", "rw", "bahasa", longest=3)
        known = self.desk.content.current.lexicon["siaran"]["languages"]
        here, spoken = f"{self.path}/{contact_id}", form["bahasa"] if form["bahasa"] in known else None
        if any(part and not (part.isascii() and part.isdigit()) for part in (form["rt"], form["rw"])):
            return self.back(request, here, self.desk.words("contact_corner_wrong"), "error")
        corner = Corner(form["rt"].lstrip("0") or None, form["rw"].lstrip("0") or None, spoken)

        def work(store: Store) -> None:
            check_may(user, Permission.CHANGE_CONTACTS)
            store.contacts.note_corner(access_contact_for(user, contact_id, store), corner)
            store.audit.record(user.login, "corner_noted", f"contact:{contact_id}", self.desk.now())

        await self.desk.write(work)
        return self.back(request, here, self.desk.words("contact_corner_set"))

    @route("/{contact_id:int}/buka", methods=["POST"], name="contact-reveal")
    async def reveal(self, request: Request) -> Response:
        """Show the phone number once, with the reason on record."""
        user, contact_id = staff_of(request), int(request.path_params["contact_id"])
        reason = without_numbers((await form_of(request, "reason", longest=200))["reason"])
        if len(reason) < _SHORTEST_REASON:
            return self.back(request, f"{self.path}/{contact_id}", self.desk.words("reveal_needs_reason"), "error")
        phone = await self.desk.write(lambda store: self._reveal(store, user, contact_id, reason))
        return await self._one(request, phone)

    async def _one(self, request: Request, phone: str | None = None) -> Response:
        user, contact_id = staff_of(request), int(request.path_params["contact_id"])
        card = await self.desk.read(lambda store: self._card(store, user, contact_id))
        wanted = request.query_params.get("cari", "").strip()[:80]
        village = card.contact.village
        context = {
            "card": card,
            "corner": card.corner,
            "languages": self.desk.content.current.lexicon["siaran"]["languages"],
            "place": self.desk.place(village.code) if village else None,
            "zone": card.contact.zone,
            "phone": phone,
            "now": self.desk.now(),
            "reasons": reasons(self.desk),
            "wanted": wanted,
            "matches": await self.desk.read(lambda _: self._matches(wanted)) if wanted else [],
            "title": card.contact.name or self.desk.words("contact_nameless", id=contact_id),
        }
        return self.show(request, "pages/contact.html", context)

    def _card(self, store: Store, user: StaffUser, contact_id: int) -> ContactCard:
        contact = store.contacts.view(access_contact_for(user, contact_id, store))
        lead = store.leads.newest_of(contact_id)
        return ContactCard(
            contact=contact,
            lead_id=lead.id if lead else None,
            history=store.consents.history(contact_id)[::-1],
            lines=store.outbox.conversation(contact_id, _LINES),
            corner=store.contacts.corner(contact_id),
            reminders=reminders_of(store, contact_id),
        )

    def _matches(self, wanted: str) -> list[Place]:
        practice = practice_villages(self.desk.content.current)
        extra = [places.Place(village.code, village.name, village.path) for village in practice]
        found = places.find(wanted, extra)[:_MOST_MATCHES]
        return [place for one in found if (place := self.desk.place(one.code))]

    def _set_role(
        self, store: Store, user: StaffUser, contact_id: int, role: Role | None, village: Place | None
    ) -> str | None:
        """Returns the key of the sentence that says why not, or None."""
        check_may(user, Permission.CHANGE_CONTACTS)
        contact = store.contacts.view(access_contact_for(user, contact_id, store))
        if role is None:
            return "contact_role_unknown"
        if role is Role.OFFICIAL and village is None and contact.village is None:
            return "contact_needs_village"
        if village is not None:
            if not village.where:  # no list knows this code
                return "contact_village_unknown"
            store.contacts.learn(contact_id, village=village.code)
        store.contacts.set_role(contact_id, role)
        where = village.code if village else contact.village.code if contact.village else "-"
        store.audit.record(user.login, "role_set", f"contact:{contact_id}", self.desk.now(), f"{role.value} {where}")
        return None

    def _reveal(self, store: Store, user: StaffUser, contact_id: int, reason: str) -> str | None:
        check_may(user, Permission.REVEAL_NUMBERS)
        contact = store.contacts.view(access_contact_for(user, contact_id, store))
        store.audit.record(user.login, "phone_shown", f"contact:{contact_id}", self.desk.now(), reason)
        return contact.phone
