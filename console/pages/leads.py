"""Leads: the list, one lead with its conversation, its moves, its hidden numbers, and the file to take along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette_admin.routing import route

from console.access import access_lead_by_number_for, access_lead_for, check_may
from console.desk import Place
from console.lists import LeadFilter, LeadLine, ListPage, lead_page
from console.pages.lead_card import CloseReason, Hidden, hidden_value, lead_card
from console.pages.page import Page, cursor_of, form_of, neighbours, staff_of
from console.permissions import Permission
from console.words import without_numbers
from flows.contact import LeadState
from storage import Store
from storage.lead_export import FORMATS, export
from storage.lead_export import Order as Taken
from storage.leads import Lead, MoveRefused
from storage.staff import StaffUser

#: A select with more villages than this helps nobody; then the code is typed.
_MOST_VILLAGES = 300
_SHORTEST_REASON = 5
_CODE = re.compile(r"[\d.]{2,13}")
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Order(StrEnum):
    """Which leads are shown; the words are leads_order_… in the lexicon."""

    ALL = "semua"
    LATE = "telat"
    MINE = "saya"
    NOBODYS = "kosong"


@dataclass(frozen=True, slots=True)
class _Move:
    """A move as the form asked for it."""

    seen: str
    to: LeadState | None
    note: str
    official_number: str
    close_reason: CloseReason | None


class Leads(Page):
    """The queue of pre-registrations."""

    path = "/calon"
    label = "leads_title"
    icon = "fa-solid fa-id-card"
    permission = Permission.SEE_LEADS

    @route("", name="leads")
    async def index(self, request: Request) -> Response:
        """The list, narrowed by village and state."""
        user, number = staff_of(request), _number_of(request)
        if number:
            found = await self.desk.read(lambda store: access_lead_by_number_for(user, number, store))
            if found is not None:
                return self.back(request, f"{self.path}/{found.id}")
        order = next((one for one in Order if one.value == request.query_params.get("urut")), Order.ALL)
        wanted = _filter_of(request.query_params.get("desa"), request.query_params.get("status"), order, user)
        cursor, pressing = cursor_of(request), self.desk.pressing()

        def work(store: Store) -> tuple[ListPage[LeadLine], dict[str, int], list[StaffUser]]:
            return lead_page(store, wanted, cursor, pressing), store.officials.villages(), store.staff.everyone()

        page, villages, staff = await self.desk.read(work)
        await self.note_view(request, "leads_listed", "leads", _asked_for(wanted))
        places = {line.village_code: self.desk.place(line.village_code) for line in page.lines}
        context = {
            **neighbours(request, self.path, page, desa=wanted.village, status=wanted.state, urut=order.value),
            "places": places,
            "zones": {code: self.desk.zone(code) for code in places},
            "wanted": wanted,
            "order": order,
            "orders": list(Order),
            "staff": {one.id: one.name for one in staff},
            "formats": FORMATS,
            "number": number,
            "villages": self._villages(villages),
            "many_villages": len(villages) > _MOST_VILLAGES,
            "states": list(LeadState),
            "subtitle": self.desk.words("leads_subtitle"),
        }
        return self.show(request, "pages/leads.html", context)

    @route("/{lead_id:int}", name="lead")
    async def one(self, request: Request) -> Response:
        """One lead."""
        answer = await self._one(request)
        await self.note_view(request, "lead_viewed", f"lead:{request.path_params['lead_id']}")
        return answer

    @route("/{lead_id:int}/pindah", methods=["POST"], name="lead-move")
    async def move(self, request: Request) -> Response:
        """Move it on; the worker's notice is queued by storage in the same transaction."""
        user, lead_id = staff_of(request), int(request.path_params["lead_id"])
        asked = await _move_of(request)
        here = f"{self.path}/{lead_id}"
        wrong = await self.desk.write(lambda store: self._move(store, user, lead_id, asked))
        if wrong is not None:
            return self.back(request, here, self.desk.words(wrong), "error")
        state = self.desk.words.of(asked.to or "", "lead_state")
        return self.back(request, here, self.desk.words("move_done", state=state))

    @route("/{lead_id:int}/petugas", methods=["POST"], name="lead-assign")
    async def assign(self, request: Request) -> Response:
        """Give it to somebody else, or to nobody."""
        user, lead_id = staff_of(request), int(request.path_params["lead_id"])
        chosen = (await form_of(request, "staff", longest=18))["staff"]
        name = await self.desk.write(lambda store: self._assign(store, user, lead_id, chosen))
        words = self.desk.words
        said = words("lead_assigned_done", who=name) if name else words("lead_assigned_none_done")
        return self.back(request, f"{self.path}/{lead_id}", said)

    @route("/{lead_id:int}/buka", methods=["POST"], name="lead-reveal")
    async def reveal(self, request: Request) -> Response:
        """Show a hidden number once, on this answer only, with the reason on record."""
        user, lead_id = staff_of(request), int(request.path_params["lead_id"])
        form = await form_of(request, "field", "reason", longest=200)
        which = next((hidden for hidden in Hidden if hidden.value == form["field"]), None)
        if which is None or len(form["reason"]) < _SHORTEST_REASON:
            return self.back(request, f"{self.path}/{lead_id}", self.desk.words("reveal_needs_reason"), "error")
        reason = without_numbers(form["reason"])
        value = await self.desk.write(lambda store: self._reveal(store, user, lead_id, which, reason))
        return await self._one(request, {which.value: value})

    @route("/unduh", methods=["POST"], name="leads-export")
    async def export(self, request: Request) -> Response:
        """The list as a file, by village and state; who took what, and why, is on record before the first line leaves.

        NIK and phone are masked, unless a reason is given: the official registration needs them whole.
        """
        user, now = staff_of(request), self.desk.now()
        form = await form_of(request, "desa", "status", "format", "full", "reason", longest=200)
        kind = form["format"] if form["format"] in FORMATS else FORMATS[0]
        wanted, full, reason = _filter_of(form["desa"], form["status"]), form["full"] == "ya", form["reason"]
        if full and len(reason) < _SHORTEST_REASON:
            return self.back(request, self.path, self.desk.words("leads_export_needs_reason"), "error")
        order = Taken(user.login, now, full, wanted.village, wanted.state)
        said = " ".join([_asked_for(wanted), kind, *([without_numbers(reason)] if full else [])])[:200]

        def record(store: Store) -> None:
            check_may(user, Permission.EXPORT_LEADS)
            check_may(user, Permission.REVEAL_NUMBERS)
            if full:
                store.audit.record(user.login, "leads_exported_full", "leads", now, said)
            else:
                store.audit.record(user.login, "leads_exported", "leads", now, said)

        await self.desk.write(record)
        name = f"calon-peserta-{now.astimezone(self.desk.settings.zone):%Y-%m-%d}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}

        def pieces() -> Iterator[bytes]:
            with self.desk.database.reading() as store:
                leads = store.leads.export(village=wanted.village, state=wanted.state)
                yield from export(leads, order, self.desk.content.current, kind)

        return StreamingResponse(pieces(), media_type=_TYPES[kind], headers=headers)

    async def _one(self, request: Request, shown: dict[str, str | None] | None = None) -> Response:
        user, lead_id = staff_of(request), int(request.path_params["lead_id"])
        card = await self.desk.read(lambda store: lead_card(self.desk, user, lead_id, store))
        context = {
            "card": card,
            "shown": shown or {},
            "close_reasons": list(CloseReason),
            "due": self.desk.pressing().due(card.lead.state, card.lead.state_since),
            "now": self.desk.now(),
            "title": card.form.name or card.lead.number,
        }
        return self.show(request, "pages/lead.html", context)

    def _villages(self, counts: dict[str, int]) -> list[tuple[Place, int]]:
        if len(counts) > _MOST_VILLAGES:
            return []
        found = [(place, count) for code, count in counts.items() if (place := self.desk.place(code))]
        return sorted(found, key=lambda pair: pair[0].name)

    def _move(self, store: Store, user: StaffUser, lead_id: int, asked: _Move) -> str | None:
        """Make the move. Returns the key of the sentence that says why not, or None."""
        check_may(user, Permission.MOVE_LEADS)
        lead = access_lead_for(user, lead_id, store)
        wrong = _wrong_with(lead, asked)
        if wrong is not None or asked.to is None:
            return wrong or "move_refused"
        now, closes = self.desk.now(), asked.to is LeadState.CLOSED
        try:
            store.leads.move(
                lead_id,
                asked.to,
                user.login,
                now,
                asked.note or None,
                official_number=asked.official_number if asked.to is LeadState.HANDED_OVER else None,
                close_reason=asked.close_reason.value if closes and asked.close_reason else None,
                tell=asked.close_reason is not CloseReason.DUPLICATE,  # their other registration goes on
            )
        except MoveRefused:
            return "move_refused"
        store.audit.record(user.login, "lead_moved", f"lead:{lead_id}", now, f"{lead.state.value} > {asked.to.value}")
        return None

    def _assign(self, store: Store, user: StaffUser, lead_id: int, chosen: str) -> str | None:
        """Returns the name of whose it is now."""
        check_may(user, Permission.MOVE_LEADS)
        access_lead_for(user, lead_id, store)
        found = next((one for one in store.staff.everyone() if str(one.id) == chosen and not one.disabled_at), None)
        store.leads.assign(lead_id, found.id if found else None)
        to = found.login if found else "-"
        store.audit.record(user.login, "lead_assigned", f"lead:{lead_id}", self.desk.now(), to)
        return found.name if found else None

    def _reveal(self, store: Store, user: StaffUser, lead_id: int, which: Hidden, reason: str) -> str | None:
        check_may(user, Permission.REVEAL_NUMBERS)
        lead = access_lead_for(user, lead_id, store)
        store.audit.record(user.login, f"{which.name.lower()}_shown", f"lead:{lead_id}", self.desk.now(), reason)
        return hidden_value(lead, which)


def _wrong_with(lead: Lead, asked: _Move) -> str | None:
    """Why a move can't be made as asked, as the key of a sentence."""
    if lead.state.value != asked.seen:
        return "move_stale"
    if asked.to is LeadState.HANDED_OVER and not asked.official_number:
        return "move_needs_number"
    if asked.to is LeadState.CLOSED and asked.close_reason is None:
        return "move_needs_reason"
    return None


async def _move_of(request: Request) -> _Move:
    form = await form_of(request, "seen", "to", "note", "official_number", "close_reason")
    return _Move(
        seen=form["seen"],
        to=_state_of(form["to"]),
        note=without_numbers(form["note"]),
        official_number=form["official_number"][:40],
        close_reason=next((reason for reason in CloseReason if reason.value == form["close_reason"]), None),
    )


def _filter_of(
    village: str | None, state: str | None, order: Order = Order.ALL, user: StaffUser | None = None
) -> LeadFilter:
    code = (village or "").strip()
    return LeadFilter(
        village=code if _CODE.fullmatch(code) else None,  # what else is typed there could be anybody's name
        state=_state_of(state),
        assigned_to=user.id if user and order is Order.MINE else None,
        nobodys=order is Order.NOBODYS,
        late=order is Order.LATE,
    )


def _asked_for(wanted: LeadFilter) -> str:
    return f"desa={wanted.village or '*'} status={wanted.state.value if wanted.state else '*'}"


def _state_of(value: str | None) -> LeadState | None:
    return next((state for state in LeadState if state.value == value), None)


def _number_of(request: Request) -> str:
    return request.query_params.get("nomor", "").strip().upper()[:30]
