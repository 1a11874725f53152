"""One's own account: a new password, and a second factor by an authenticator app."""

from __future__ import annotations

from typing import ClassVar

import pyotp
import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.desk import Desk
from console.login import StaffLogin, matching_step
from console.pages.page import Page, form_of, staff_of
from console.pages.staff import SHORTEST_PASSWORD, password_fits, password_of
from storage import Store
from storage.staff import StaffUser


class Account(Page):
    """Open to everyone who is signed in; reached through the user menu."""

    path = "/akun"
    label = "account_title"
    in_menu: ClassVar[bool] = False

    def __init__(self, desk: Desk, login: StaffLogin) -> None:
        super().__init__(desk)
        self._login = login

    @route("", name="account")
    async def index(self, request: Request) -> Response:
        """The forms."""
        user = staff_of(request)
        has_code = await self.desk.read(lambda store: store.staff.totp_secret(user.id) is not None)
        secret = pyotp.random_base32()
        context = {
            "me": user,
            "has_code": has_code,
            "secret": secret,
            "picture": _picture(user, secret, self.desk.words("app_name")),
            "shortest": SHORTEST_PASSWORD,
        }
        return self.show(request, "pages/account.html", context)

    @route("/sandi", methods=["POST"], name="account-password")
    async def change_password(self, request: Request) -> Response:
        """Change one's own password; other sessions of the same user end."""
        user = staff_of(request)
        old, new = await password_of(request, "old"), await password_of(request, "new")
        if not password_fits(new):
            return self._back(request, "password_short")

        def work(store: Store) -> str | None:
            if store.staff.verify(user.login, old) is None:
                return None
            store.staff.set_password(user.id, new)
            store.audit.record(user.login, "password_changed", f"staff:{user.id}", self.desk.now())
            return self._login.mark(store, user.id)

        mark = await self.desk.write(work)
        if mark is None:
            return self._back(request, "password_old_wrong")
        request.session["mark"] = mark
        return self.back(request, self.path, self.desk.words("password_changed"))

    @route("/kode", methods=["POST"], name="account-code")
    async def set_up_code(self, request: Request) -> Response:
        """Begin to use codes, once the app has shown a right one."""
        user, form = staff_of(request), await form_of(request, "secret", "code", longest=64)
        digits = "".join(filter(str.isdigit, form["code"]))
        if not _is_secret(form["secret"]) or matching_step(form["secret"], digits, self.desk.now()) is None:
            return self._back(request, "code_wrong")
        await self.desk.write(lambda store: self._set_secret(store, user, form["secret"]))
        return self.back(request, self.path, self.desk.words("code_on"))

    @route("/kode/lepas", methods=["POST"], name="account-code-off")
    async def drop_code(self, request: Request) -> Response:
        """Sign in with the password alone again; it is asked for, so that nobody else does this."""
        user, password = staff_of(request), await password_of(request, "password")

        def work(store: Store) -> bool:
            if store.staff.verify(user.login, password) is None:
                return False
            self._set_secret(store, user, None)
            return True

        if not await self.desk.write(work):
            return self._back(request, "password_old_wrong")
        return self.back(request, self.path, self.desk.words("code_off"))

    def _set_secret(self, store: Store, user: StaffUser, secret: str | None) -> None:
        store.staff.set_totp_secret(user.id, secret)
        action = "second_factor_on" if secret else "second_factor_off"
        store.audit.record(user.login, action, f"staff:{user.id}", self.desk.now())

    def _back(self, request: Request, sentence: str) -> Response:
        return self.back(request, self.path, self.desk.words(sentence, count=SHORTEST_PASSWORD), "error")


def _picture(user: StaffUser, secret: str, issuer: str) -> str:
    """The secret as a QR code that an authenticator app can read, as an address for an image."""
    address = pyotp.TOTP(secret).provisioning_uri(name=user.login, issuer_name=issuer)
    return segno.make_qr(address).svg_data_uri(scale=5, border=2)


def _is_secret(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
