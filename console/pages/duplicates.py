"""Leads that may be the same person: why, side by side, and one action that makes them one and keeps both histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.access import NotFound, access_lead_for, check_may
from console.desk import Desk, Place
from console.pages.lead_card import Form, lead_form
from console.pages.page import Page, form_of, staff_of
from console.permissions import Permission
from flows.contact import LeadState
from storage import Store
from storage.leads import Lead, MergeRefused
from storage.staff import StaffUser

_SURE = "ya"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two as staff compare them. Long numbers are masked; `same_nik` and `same_phone` say if they match."""

    lead: Lead
    form: Form
    place: Place | None
    moves: int


@dataclass(frozen=True, slots=True)
class Pair:
    """The later one and the earlier one it looks like."""

    later: Side
    earlier: Side
    same_nik: bool
    same_phone: bool


class Duplicates(Page):
    """What waits to be compared, newest first."""

    path = "/ganda"
    label = "duplicates_title"
    icon = "fa-solid fa-clone"
    permission = Permission.SEE_LEADS

    @route("", name="duplicates")
    async def index(self, request: Request) -> Response:
        """A hundred pairs."""
        user = staff_of(request)

        def work(store: Store) -> Sequence[Pair]:
            return [self._pair(store, user, twins.later) for twins in store.lead_work.twins(100)]

        pairs = await self.desk.read(work)
        await self.note_view(request, "leads_listed", "twins")
        context = {"pairs": pairs, "subtitle": self.desk.words("duplicates_subtitle"), "zone": self.desk.settings.zone}
        return self.show(request, "pages/duplicates.html", context)

    @route("/{lead_id:int}", name="duplicate")
    async def one(self, request: Request) -> Response:
        """Two leads side by side."""
        user, lead_id = staff_of(request), int(request.path_params["lead_id"])
        pair = await self.desk.read(lambda store: self._pair(store, user, lead_id))
        seen = f"{pair.later.lead.number} {pair.earlier.lead.number}"
        await self.note_view(request, "leads_compared", f"lead:{lead_id}", seen)
        title = self.desk.words("duplicates_pair", later=pair.later.lead.number, earlier=pair.earlier.lead.number)
        return self.show(
            request, "pages/duplicate.html", {"pair": pair, "title": title, "zone": self.desk.settings.zone}
        )

    @route("/{lead_id:int}/gabung", methods=["POST"], name="duplicate-merge")
    async def merge(self, request: Request) -> Response:
        """Make them one; staff say which goes on, and that they compared them."""
        user, lead_id = staff_of(request), int(request.path_params["lead_id"])
        form = await form_of(request, "keep", "sure", longest=18)
        if form["sure"] != _SURE:
            return self.back(request, f"{self.path}/{lead_id}", self.desk.words("duplicates_not_sure"), "error")
        kept = await self.desk.write(lambda store: self._merge(store, user, lead_id, form["keep"]))
        if kept is None:
            return self.back(request, f"{self.path}/{lead_id}", self.desk.words("duplicates_refused"), "error")
        return self.back(request, f"/calon/{kept.id}", self.desk.words("duplicates_merged", number=kept.number))

    @route("/{lead_id:int}/beda", methods=["POST"], name="duplicate-apart")
    async def apart(self, request: Request) -> Response:
        """They are two people after all."""
        user, lead_id = staff_of(request), int(request.path_params["lead_id"])

        def work(store: Store) -> None:
            check_may(user, Permission.MOVE_LEADS)
            pair = self._pair(store, user, lead_id)
            store.leads.tell_apart(lead_id)
            other = pair.earlier.lead.number
            store.audit.record(user.login, "leads_told_apart", f"lead:{lead_id}", self.desk.now(), other)

        await self.desk.write(work)
        return self.back(request, self.path, self.desk.words("duplicates_apart_done"))

    def _merge(self, store: Store, user: StaffUser, lead_id: int, keep: str) -> Lead | None:
        check_may(user, Permission.MOVE_LEADS)
        pair = self._pair(store, user, lead_id)
        sides = (pair.earlier.lead, pair.later.lead)
        kept = next((lead for lead in sides if str(lead.id) == keep), None)
        if kept is None:
            return None
        gone, now = next(lead for lead in sides if lead.id != kept.id), self.desk.now()
        try:
            store.leads.merge(kept.id, gone.id, user.login, now)
        except MergeRefused:
            return None
        store.audit.record(user.login, "leads_merged", f"lead:{kept.id}", now, gone.number)
        return kept

    def _pair(self, store: Store, user: StaffUser, lead_id: int) -> Pair:
        """The pair whose later lead has this id.

        Raises:
            NotFound: it looks like nobody, or that was settled.
        """
        later = access_lead_for(user, lead_id, store)
        if later.duplicate_of is None or later.state is LeadState.CLOSED:
            raise NotFound
        earlier = access_lead_for(user, later.duplicate_of, store)
        return Pair(
            later=_side(self.desk, later, store),
            earlier=_side(self.desk, earlier, store),
            same_nik=_same(later.fields.get("nik"), earlier.fields.get("nik")),
            same_phone=_same(later.fields.get("hp"), earlier.fields.get("hp")),
        )


def _side(desk: Desk, lead: Lead, store: Store) -> Side:
    moves = len(store.leads.moves(lead.id))
    return Side(lead, lead_form(lead, desk.content.current), desk.place(lead.village_code), moves)


def _same(one: object, other: object) -> bool:
    return one is not None and one == other
