"""Who may sign in: add, disable, let in again, give a new password. For administrators only."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.access import access_staff_for, check_may
from console.pages.page import Page, form_of, staff_of
from console.permissions import Permission
from storage import Store
from storage.staff import LoginTaken, StaffUser
from storage.territories import Freed
from storage.words import StaffRole

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")


class StaffAccounts(Page):
    """The accounts."""

    path = "/petugas"
    label = "staff_title"
    icon = "fa-solid fa-user-shield"
    permission = Permission.MANAGE_STAFF

    @route("", name="staff")
    async def index(self, request: Request) -> Response:
        """All accounts and the form for a new one."""
        return await self._index(request)

    async def _index(
        self, request: Request, said: Mapping[str, str] | None = None, problem: str | None = None
    ) -> Response:
        """The page; a refused form comes back with what was typed into it, but for the password."""
        everyone = await self.desk.read(lambda store: store.staff.everyone())
        context = {
            "people": everyone,
            "me": staff_of(request),
            "roles": list(StaffRole)[::-1],
            "shortest": SHORTEST_PASSWORD,
            "subtitle": self.desk.words("staff_subtitle"),
            "said": said or {},
            "problem": problem,
        }
        return self.show(request, "pages/staff.html", context, 400 if problem else 200)

    @route("/tambah", methods=["POST"], name="staff-add")
    async def add(self, request: Request) -> Response:
        """Make an account."""
        user = staff_of(request)
        form = await form_of(request, "name", "login", "role", longest=80)
        password = await password_of(request, "password")
        wrong = await self.desk.write(lambda store: self._add(store, user, form, password))
        if wrong is not None:
            return await self._index(request, form, self.desk.words(wrong, count=SHORTEST_PASSWORD))
        return self.back(request, self.path, self.desk.words("staff_added", name=form["name"]))

    @route("/{staff_id:int}/nonaktif", methods=["POST"], name="staff-disable")
    async def disable(self, request: Request) -> Response:
        """Let somebody in no more; their open session ends with their next click."""
        user, staff_id = staff_of(request), int(request.path_params["staff_id"])
        freed = await self.desk.write(lambda store: self._disable(store, user, staff_id))
        if freed is None:
            return self.back(request, self.path, self.desk.words("staff_not_yourself"), "error")
        said = self.desk.words("staff_disabled", count=freed.leads, taken=freed.taken_over)
        return self.back(request, self.path, said)

    @route("/{staff_id:int}/aktif", methods=["POST"], name="staff-enable")
    async def enable(self, request: Request) -> Response:
        """Let somebody in again."""
        user, staff_id = staff_of(request), int(request.path_params["staff_id"])

        def work(store: Store) -> None:
            store.staff.enable(access_staff_for(user, staff_id, store).login)
            store.audit.record(user.login, "staff_enabled", f"staff:{staff_id}", self.desk.now())

        await self.desk.write(work)
        return self.back(request, self.path, self.desk.words("staff_enabled"))

    @route("/{staff_id:int}/sandi", methods=["POST"], name="staff-password")
    async def reset_password(self, request: Request) -> Response:
        """Give a new password and take the second factor away: for somebody who lost theirs."""
        user, staff_id = staff_of(request), int(request.path_params["staff_id"])
        password = await password_of(request, "password")
        if not password_fits(password):
            return self.back(request, self.path, self.desk.words("password_short", count=SHORTEST_PASSWORD), "error")

        def work(store: Store) -> None:
            access_staff_for(user, staff_id, store)
            store.staff.set_password(staff_id, password)
            store.staff.set_totp_secret(staff_id, None)
            store.audit.record(user.login, "password_reset", f"staff:{staff_id}", self.desk.now())

        await self.desk.write(work)
        return self.back(request, self.path, self.desk.words("staff_password_reset"))

    def _add(self, store: Store, user: StaffUser, form: dict[str, str], password: str) -> str | None:
        """Returns the key of the sentence that says why not, or None."""
        check_may(user, Permission.MANAGE_STAFF)
        login, role = form["login"].casefold(), next((one for one in StaffRole if one.value == form["role"]), None)
        if not form["name"] or role is None:
            return "staff_incomplete"
        if not _LOGIN.fullmatch(login):
            return "staff_login_invalid"
        if not password_fits(password):
            return "password_short"
        try:
            made = store.staff.add(form["name"], login, password, self.desk.now(), role)
        except LoginTaken:
            return "staff_login_taken"
        store.audit.record(user.login, "staff_added", f"staff:{made}", self.desk.now(), role.value)
        return None

    def _disable(self, store: Store, user: StaffUser, staff_id: int) -> Freed | None:
        """None for oneself: nobody shuts themselves out, so there is always an administrator left."""
        other = access_staff_for(user, staff_id, store)
        if other.id == user.id:
            return None
        if not store.staff.disable(other.login, self.desk.now()):
            return Freed(0, 0)
        freed = store.territories.release(staff_id)
        said = f"{freed.leads} > {freed.taken_over}"
        store.audit.record(user.login, "staff_disabled", f"staff:{staff_id}", self.desk.now(), said)
        return freed


def password_fits(password: str) -> bool:
    """Long enough to be hard to guess, short enough to hash."""
    return SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD


async def password_of(request: Request, name: str) -> str:
    """A password as typed: spaces at its ends belong to it."""
    return str((await request.form()).get(name) or "")
