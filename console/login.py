"""Staff sign in with a password and, where they set one up, a six-digit code. Whoever is disabled is out at once.

The session cookie holds the user's id and a mark of their password, is signed, and is checked against the row on each
request; a new password ends all older sessions.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.auth import AdminUser, AuthProvider
from starlette_admin.exceptions import FormValidationError, LoginFailed

from console.access import NotFound
from console.desk import Desk
from console.throttle import Throttle
from storage import Store
from storage.staff import StaffUser

SIGNED_IN = "signed_in"
SIGNED_OUT = "signed_out"
_CODE_STEP = timedelta(seconds=30)


@dataclass
class ConsoleUser(AdminUser):
    """Who is signed in, as pages and templates see them."""

    staff: StaffUser = None  # type: ignore[assignment]  # always given; the base class has defaults before it


@dataclass(frozen=True, slots=True)
class _Entry:
    user: StaffUser
    secret: str | None
    mark: str


class StaffLogin(AuthProvider):
    """Signs staff in and out, and says on each request who is asking."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        settings = desk.settings
        self._by_login = Throttle(settings.tries_per_login, settings.login_window)
        self._by_address = Throttle(settings.tries_per_address, settings.login_window)
        self._used_codes: dict[int, datetime] = {}

    async def login(self, username: str, password: str, remember_me: bool, request: Request) -> Response | None:  # noqa: ARG002, FBT001 (the library's signature)
        """Check the password and the code, and begin a session.

        Raises:
            LoginFailed: wrong, disabled, or tried too often.
            FormValidationError: the code is still needed, or is wrong.
        """
        login, now = username.strip().casefold()[:60], self._desk.now()
        request.state.typed_login = login
        keys = ((self._by_login, login), (self._by_address, request.client.host if request.client else ""))
        if not all(throttle.free(key, now) for throttle, key in keys):
            minutes = int(self._desk.settings.login_window.total_seconds() // 60)
            raise LoginFailed(self._desk.words("sign_in_wait", minutes=minutes))
        entry = await self._desk.read(lambda store: self._entry(store, login, password))
        if entry is None:
            for throttle, key in keys:
                throttle.note(key, now)
            raise LoginFailed(self._desk.words("sign_in_wrong"))
        if entry.secret is not None:
            code = str((await request.form()).get("code") or "")
            self._check_code(entry, code, login, now)
        self._by_login.forget(login)
        request.session.clear()
        request.session.update({"staff": entry.user.id, "mark": entry.mark})
        await self._desk.write(lambda store: _note(store, entry.user, SIGNED_IN, now))
        return None

    async def logout(self, request: Request) -> Response | None:
        """End the session."""
        user = getattr(request.state, "admin_user", None)
        request.session.clear()
        if isinstance(user, ConsoleUser):
            await self._desk.write(lambda store: _note(store, user.staff, SIGNED_OUT, self._desk.now()))
        return None

    async def authenticate(self, request: Request) -> ConsoleUser | None:
        """Who this request comes from. The row is asked each time, so disabling takes effect at once."""
        staff_id, mark = request.session.get("staff"), request.session.get("mark")
        if "/static/" in request.url.path or not isinstance(staff_id, int) or not isinstance(mark, str):
            return None
        user = await self._desk.read(lambda store: self._still_in(store, staff_id, mark))
        return ConsoleUser(username=user.name, staff=user) if user else None

    def mark(self, store: Store, staff_id: int) -> str:
        """Changes when the password does, or the user was disabled; tells nothing about either without our secret."""
        basis = store.staff.session_basis(staff_id)
        return hmac.digest(self._desk.settings.secret.encode(), f"session\0{basis}".encode(), "sha256").hex()[:32]

    def _entry(self, store: Store, login: str, password: str) -> _Entry | None:
        user = store.staff.verify(login, password)
        return _Entry(user, store.staff.totp_secret(user.id), self.mark(store, user.id)) if user else None

    def _still_in(self, store: Store, staff_id: int, mark: str) -> StaffUser | None:
        try:
            user = store.staff.get(staff_id)
        except NotFound:
            return None
        if user.disabled_at is not None:
            return None
        return user if hmac.compare_digest(self.mark(store, staff_id), mark) else None

    def _check_code(self, entry: _Entry, code: str, login: str, now: datetime) -> None:
        digits = "".join(filter(str.isdigit, code))
        if not digits:
            raise FormValidationError({"code": self._desk.words("sign_in_code_needed")})
        matched = matching_step(entry.secret or "", digits, now)
        if matched is None or self._used_codes.get(entry.user.id) == matched:
            self._by_login.note(login, now)
            raise FormValidationError({"code": self._desk.words("sign_in_code_wrong")})
        self._used_codes[entry.user.id] = matched


def matching_step(secret: str, code: str, now: datetime) -> datetime | None:
    """The start of the half minute this code belongs to: this one, the last or the next; None when it fits none."""
    totp = pyotp.TOTP(secret)
    for steps in (0, -1, 1):
        at = now + steps * _CODE_STEP
        if hmac.compare_digest(totp.at(at), code):
            return at - timedelta(seconds=at.timestamp() % _CODE_STEP.total_seconds())
    return None


def _note(store: Store, user: StaffUser, action: str, now: datetime) -> None:
    store.audit.record(user.login, action, f"staff:{user.id}", now)
