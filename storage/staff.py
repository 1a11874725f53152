"""Staff users of the console. Passwords are kept as argon2 hashes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select, update

from storage.repository import AnyRow, NotFound, Repository
from storage.tables import STAFF_USER
from storage.words import StaffRole


class LoginTaken(Exception):
    """Another staff user signs in with this name."""


@dataclass(frozen=True, slots=True)
class StaffUser:
    """Someone who signs in to the console."""

    id: int
    name: str
    login: str
    role: StaffRole
    disabled_at: datetime | None


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _decoy() -> str:
    """A hash to check against when the login is unknown, so that both cases take as long."""
    return _hasher().hash("nobody")


class Staff(Repository):
    """Add, verify, disable."""

    __slots__ = ()

    def add(self, name: str, login: str, password: str, now: datetime, role: StaffRole = StaffRole.STAFF) -> int:
        """Make a staff user.

        Raises:
            LoginTaken: another user has this login.
        """
        user = {"name": name, "login": login, "password_hash": _hasher().hash(password), "role": role, "made_at": now}
        insert = self._insert(STAFF_USER).values(user).on_conflict_do_nothing(index_elements=["login"])
        made = self._db.execute(insert.returning(STAFF_USER.c.id)).scalar()
        if made is None:
            raise LoginTaken
        return int(made)

    def verify(self, login: str, password: str) -> StaffUser | None:
        """The user, if the password is right and the user isn't disabled."""
        row = self._db.execute(select(STAFF_USER).where(STAFF_USER.c.login == login)).first()
        right = _matches(row.password_hash if row else _decoy(), password)
        return _user(row) if row is not None and right and row.disabled_at is None else None

    def get(self, staff_id: int) -> StaffUser:
        """The user, disabled or not.

        Raises:
            NotFound: there is none.
        """
        row = self._db.execute(select(STAFF_USER).where(STAFF_USER.c.id == staff_id)).first()
        if row is None:
            raise NotFound
        return _user(row)

    def everyone(self) -> list[StaffUser]:
        """All users by name."""
        return [_user(row) for row in self._db.execute(select(STAFF_USER).order_by(STAFF_USER.c.name))]

    def session_basis(self, staff_id: int) -> str:
        """Changes whenever open sessions must end: with a new password, and each time the user is disabled."""
        columns = (STAFF_USER.c.password_hash, STAFF_USER.c.sessions_ended)
        row = self._db.execute(select(*columns).where(STAFF_USER.c.id == staff_id)).first()
        return f"{row.sessions_ended}\0{row.password_hash}" if row else ""

    def count(self) -> int:
        """How many users there are; with none, the first start makes one."""
        return self._db.execute(select(func.count()).select_from(STAFF_USER)).scalar_one()

    def set_password(self, staff_id: int, password: str) -> None:
        """Replace the password."""
        self._change(staff_id, password_hash=_hasher().hash(password))

    def disable(self, login: str, now: datetime) -> bool:
        """Let this user in no more; sessions end for good. False: no such user, or they were disabled before."""
        where = (STAFF_USER.c.login == login, STAFF_USER.c.disabled_at.is_(None))
        ended = {"disabled_at": now, "sessions_ended": STAFF_USER.c.sessions_ended + 1}
        return self._db.execute(update(STAFF_USER).where(*where).values(ended)).rowcount > 0

    def enable(self, login: str) -> None:
        """Let this user in again."""
        self._db.execute(update(STAFF_USER).where(STAFF_USER.c.login == login).values(disabled_at=None))

    def totp_secret(self, staff_id: int) -> str | None:
        """The secret of the second factor, if set up."""
        return self._db.scalar(select(STAFF_USER.c.totp_secret).where(STAFF_USER.c.id == staff_id))

    def set_totp_secret(self, staff_id: int, secret: str | None) -> None:
        """Set up the second factor, or take it away."""
        self._change(staff_id, totp_secret=secret)

    def _change(self, staff_id: int, **values: object) -> None:
        self._db.execute(update(STAFF_USER).where(STAFF_USER.c.id == staff_id).values(values))


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _user(row: AnyRow) -> StaffUser:
    return StaffUser(row.id, row.name, row.login, row.role, row.disabled_at)
