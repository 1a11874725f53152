"""Crowds to measure with: rows of people who exist only as bytes, made by the database itself, a million in seconds.

What is sealed is random bytes of the right length: such a person can be counted, chosen and queued for, but not
written to. People who write or are written to are made through storage, as in life.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from flows.contact import Occurrence, ReminderPlan
from storage.database import Database, Store
from storage.reminders import plan_to_json
from storage.sealed import Sealer

#: One step of filling, so that a progress bar moves.
STEP = 50_000
MADE_AT = datetime(2026, 11, 1, tzinfo=UTC)

_SQLITE = {
    "series": (
        "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT {what} FROM s"
    ),
    "bytes": "randomblob({length})",
    "moment": "'{at:%Y-%m-%d %H:%M:%S.%f}'",
}
_POSTGRES = {
    "series": "SELECT {what} FROM generate_series({first}, {last}) AS s(n)",
    "bytes": "substring(decode(repeat(replace(gen_random_uuid()::text, '-', ''), 20), 'hex') from 1 for {length})",
    "moment": "timestamptz '{at:%Y-%m-%d %H:%M:%S.%f}Z'",
}


def fill(
    database: Database,
    people: int,
    village: str,
    told: Callable[[int], None] = lambda _: None,
    *,
    channel: str = "telegram",
    sessions: bool = False,
    readable: Sealer | None = None,
) -> None:
    """Add that many people of one village, seven of ten of whom agreed to announcements, some of whom blocked us.

    With `readable`, this database's sealer, names and ids can be opened (all the same), so that they can be written to.
    """
    with database.transaction() as store:
        start = _highest(store.connection)
    for first in range(start + 1, start + people + 1, STEP):
        last = min(first + STEP - 1, start + people)
        with database.transaction() as store:
            steps = _Steps(store, first, last, sqlite=database.is_sqlite)
            _fill(steps, village, channel, sessions=sessions, readable=readable)
        told(last - first + 1)
    with database.transaction() as store:
        if not database.is_sqlite:
            _set_sequences(store.connection)
        store.connection.execute(text("ANALYZE"))


def remind(
    database: Database, people: int, sealer: Sealer, due_at: datetime, told: Callable[[int], None] = lambda _: None
) -> None:
    """Remind the contacts 1 to `people` monthly, each having agreed; all are due next at that moment."""
    on = due_at.date()
    plan = ReminderPlan(min(on.day, 28), due_at.hour, next=Occurrence(on, on.replace(day=1), on))
    kept = sealer.seal(json.dumps(plan_to_json(plan)).encode(), "reminder.plan")
    for first in range(1, people + 1, STEP):
        last = min(first + STEP - 1, people)
        with database.transaction() as store:
            steps = _Steps(store, first, last, sqlite=database.is_sqlite)
            moment, due = steps.moment(MADE_AT), steps.moment(due_at)
            agreed = f"n, 'pengingat', 'given', 'persetujuan-v1', {moment}"
            steps.add("consent_current", "contact_id, purpose, state, version, at", agreed)
            steps.add(
                "reminder",
                "id, contact_id, kind, day, hour, stage, plan, next_due_at",
                f"n, n, 'contribution', {plan.day}, {plan.hour}, 0, {steps.literal(kept)}, {due}",
            )
        told(last - first + 1)
    with database.transaction() as store:
        if not database.is_sqlite:
            _set_sequences(store.connection, ("reminder",))
        store.connection.execute(text("ANALYZE"))


def register(database: Database, people: int, sealer: Sealer, told: Callable[[int], None] = lambda _: None) -> None:
    """The contacts 1 to `people` registered, each with a phone of their own and the same form."""
    form = {
        "nama": "Sari Contoh",
        "nik": "0000014203900001",
        "pekerjaan": {"id": "pedagang", "name": "Pedagang", "sector": "other", "segment": "bpu"},
        "penghasilan": {"amount": 1_200_000, "period": "month"},
        "program": "2",
    }
    fields = sealer.seal(json.dumps(form).encode(), "lead.fields")
    for first in range(1, people + 1, STEP):
        last = min(first + STEP - 1, people)
        with database.transaction() as store:
            steps = _Steps(store, first, last, sqlite=database.is_sqlite)
            moment = steps.moment(MADE_AT)
            steps.add(
                "lead",
                "id, number, contact_id, fields, state, submitted_at, state_since, consent_version",
                f"n, 'RK-' || n, n, {steps.literal(fields)}, 'handed_over', {moment}, {moment}, 'persetujuan-v1'",
            )
            phones = f"UPDATE address SET phone_hash = external_hash WHERE id BETWEEN {first} AND {last}"  # noqa: S608
            store.connection.exec_driver_sql(phones)
        told(last - first + 1)
    with database.transaction() as store:
        if not database.is_sqlite:
            _set_sequences(store.connection, ("lead",))
        store.connection.execute(text("ANALYZE"))


@dataclass(frozen=True, slots=True)
class _Steps:
    """Rows for the numbers `first` to `last`, in either database's own SQL."""

    store: Store
    first: int
    last: int
    sqlite: bool

    @property
    def _own(self) -> dict[str, str]:
        return _SQLITE if self.sqlite else _POSTGRES

    def add(self, table: str, columns: str, what: str) -> None:
        """One row a number, which `what` calls n."""
        rows = self._own["series"].format(first=self.first, last=self.last, what=what)
        self.store.connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) {rows}")

    def random(self, length: int) -> str:
        """So many random bytes."""
        return self._own["bytes"].format(length=length)

    def literal(self, value: bytes) -> str:
        """These bytes."""
        return f"x'{value.hex()}'" if self.sqlite else f"'\\x{value.hex()}'::bytea"

    def moment(self, at: datetime) -> str:
        """A moment, as the database writes it."""
        return self._own["moment"].format(at=at.astimezone(UTC).replace(tzinfo=None))


def _fill(steps: _Steps, village: str, channel: str, *, sessions: bool, readable: Sealer | None) -> None:
    moment = steps.moment(MADE_AT)
    blocked = f"CASE WHEN n = n / 50 * 50 THEN {moment} END"
    state = "CASE n - n / 10 * 10 WHEN 7 THEN 'withdrawn' WHEN 8 THEN 'refused' WHEN 9 THEN 'refused' ELSE 'given' END"
    name, external = steps.random(44), steps.random(42)
    if readable is not None:
        name = steps.literal(readable.seal(b"Sari Contoh", "contact.name"))
        external = steps.literal(readable.seal(b"contoh", "address.external_id"))
    steps.add(
        "contact",
        "id, role, name, village_code, zone, address_id, created_at",
        f"n, 'worker', {name}, '{village}', 'Asia/Jakarta', n, {moment}",
    )
    steps.add(
        "address",
        "id, channel, account, external_id, external_hash, contact_id, blocked_at, last_inbound_at, burst",
        f"n, '{channel}', 'bench', {external}, {steps.random(16)}, n, {blocked}, {moment}, 0",
    )
    steps.add(
        "consent_current",
        "contact_id, purpose, state, version, at",
        f"n, 'siaran', {state}, 'persetujuan-v1', {moment}",
    )
    if sessions:
        steps.add("session", "contact_id, state, version, touched_at", f"n, {steps.random(300)}, 1, {moment}")


def _highest(connection: Connection) -> int:
    return int(connection.execute(text("SELECT coalesce(max(id), 0) FROM contact")).scalar_one())


def _set_sequences(connection: Connection, tables: Sequence[str] = ("contact", "address")) -> None:
    """PostgreSQL counts on from where rows with ids of their own ended."""
    for table in tables:
        top = f"(SELECT coalesce(max(id), 1) FROM {table})"  # noqa: S608  # our own names
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {top})"))
