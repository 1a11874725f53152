"""Crowds to measure with: rows of people who exist only as bytes, made by the database itself, a million in seconds.

What is sealed is random bytes of the right length: such a person can be counted, chosen and queued for, but not
written to. People who write or are written to are made through storage, as in life. Who is reminded is something
between: readable, and in everything that a reminder depends on as different from others as people are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from flows.contact import ReminderPlan
from storage.database import Database, Store
from storage.reminders import plan_to_json
from storage.sealed import Sealer

#: One step of filling, so that a progress bar moves.
STEP = 50_000
MADE_AT = datetime(2026, 11, 1, tzinfo=UTC)
#: So many forms of people, each of another income.
_FORMS, _SECTORS, _PROGRAMS = 500, ("other", "transport"), ("2", "3")

_SQLITE = {
    "series": (
        "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT {what} FROM s"
    ),
    "bytes": "randomblob({length})",
    "counted": "CAST(printf('%016x', n) AS BLOB)",
    "moment": "'{at:%Y-%m-%d %H:%M:%S.%f}'",
}
_POSTGRES = {
    "series": "SELECT {what} FROM generate_series({first}, {last}) AS s(n)",
    "bytes": "substring(decode(repeat(replace(gen_random_uuid()::text, '-', ''), 20), 'hex') from 1 for {length})",
    "counted": "int8send(n) || int8send(n)",
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

    With `readable`, this database's sealer, names and ids can be opened (all the same), so that they can be written to;
    they are found by a number instead of a random hash and were never asked about announcements: ten million of them
    are stored in minutes.
    """
    with database.transaction() as store:
        start = _highest(store.connection)
    for first in range(start + 1, start + people + 1, STEP):
        last = min(first + STEP - 1, start + people)
        with database.transaction() as store:
            _in_no_doubt(store)
            steps = _Steps(store, first, last, sqlite=database.is_sqlite)
            _fill(steps, village, channel, sessions=sessions, readable=readable)
        told(last - first + 1)
    _settle(database, ("contact", "address"))


def remind(
    database: Database,
    people: int,
    sealer: Sealer,
    due_at: datetime,
    plans: Sequence[ReminderPlan],
    *,
    told: Callable[[int], None] = lambda _: None,
) -> None:
    """Remind the contacts 1 to `people`, each having agreed, by these plans in turn; all are due at that moment."""
    kept = [sealer.seal(json.dumps(plan_to_json(plan)).encode(), "reminder.plan") for plan in plans]
    for steps in _in_steps(database, people, told):
        moment, due = steps.moment(MADE_AT), steps.moment(due_at)
        agreed = f"n, 'pengingat', 'given', 'persetujuan-v1', {moment}"
        steps.add("consent_current", "contact_id, purpose, state, version, at", agreed)
        own = f"n, n, 'contribution', {plans[0].day}, {plans[0].hour}, 0, {steps.one_of(kept)}, {due}"
        steps.add("reminder", "id, contact_id, kind, day, hour, stage, plan, next_due_at", own)
    _settle(database, ("reminder",))


def register(
    database: Database, people: int, every: int, sealer: Sealer, *, told: Callable[[int], None] = lambda _: None
) -> None:
    """Every so manieth contact registered, so many in all, with a phone of their own and one of many forms."""
    forms = [sealer.seal(json.dumps(_form(number)).encode(), "lead.fields") for number in range(_FORMS)]
    for steps in _in_steps(database, people, told):
        moment = steps.moment(MADE_AT)
        own = f"n, 'RK-' || n, n * {every}, {steps.one_of(forms)}, 'handed_over', {moment}, {moment}, 'persetujuan-v1'"
        steps.add("lead", "id, number, contact_id, fields, state, submitted_at, state_since, consent_version", own)
        here = f"id BETWEEN {steps.first * every} AND {steps.last * every} AND id = id / {every} * {every}"
        phones = f"UPDATE address SET phone_hash = external_hash WHERE {here}"  # noqa: S608
        steps.store.connection.exec_driver_sql(phones)
    _settle(database, ("lead",))


def _form(number: int) -> dict[str, object]:
    return {
        "nama": f"Orang Contoh {number}",
        "nik": f"000001420390{number:04}",
        "pekerjaan": {"id": "pedagang", "name": "Pedagang", "sector": _SECTORS[number % 2], "segment": "bpu"},
        "penghasilan": {"amount": 600_000 + number * 40_000, "period": "month"},
        "program": _PROGRAMS[number // 2 % 2],
    }


def _in_steps(database: Database, people: int, told: Callable[[int], None]) -> Iterator[_Steps]:
    for first in range(1, people + 1, STEP):
        last = min(first + STEP - 1, people)
        with database.transaction() as store:
            _in_no_doubt(store)
            yield _Steps(store, first, last, sqlite=database.is_sqlite)
        told(last - first + 1)


def _in_no_doubt(store: Store) -> None:
    """PostgreSQL looks up what each row refers to, one by one; here it was counted out a moment ago."""
    if store.connection.dialect.name == "postgresql":
        store.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")


def _settle(database: Database, tables: Sequence[str]) -> None:
    """Let the database look at what it was given."""
    with database.transaction() as store:
        if not database.is_sqlite:
            _set_sequences(store.connection, tables)
        analyse(store)


def analyse(store: Store) -> None:
    """Count samples, as PostgreSQL does by itself: reading ten million rows to the end takes minutes."""
    if store.connection.dialect.name == "sqlite":
        store.connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
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

    def counted(self) -> str:
        """Sixteen bytes that no other number has."""
        return self._own["counted"]

    def one_of(self, values: Sequence[bytes]) -> str:
        """One of these, in turn."""
        if len(values) == 1:
            return self.literal(values[0])
        run, name = self.store.connection.exec_driver_sql, "one_of"
        run(f"DROP TABLE IF EXISTS {name}")
        run(f"CREATE TEMPORARY TABLE {name} (k INTEGER PRIMARY KEY, sealed {'BLOB' if self.sqlite else 'BYTEA'})")
        rows = ", ".join(f"({place}, {self.literal(value)})" for place, value in enumerate(values))
        run(f"INSERT INTO {name} (k, sealed) VALUES {rows}")  # noqa: S608  # our own bytes
        return f"(SELECT sealed FROM {name} WHERE k = n - n / {len(values)} * {len(values)})"  # noqa: S608

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
    name, external, mark = steps.random(44), steps.random(42), steps.random(16)
    if readable is not None:
        name = steps.literal(readable.seal(b"Sari Contoh", "contact.name"))
        external, mark = steps.literal(readable.seal(b"contoh", "address.external_id")), steps.counted()
    steps.add(
        "contact",
        "id, role, name, village_code, zone, address_id, created_at",
        f"n, 'worker', {name}, '{village}', 'Asia/Jakarta', n, {moment}",
    )
    steps.add(
        "address",
        "id, channel, account, external_id, external_hash, contact_id, blocked_at, last_inbound_at, burst",
        f"n, '{channel}', 'bench', {external}, {mark}, n, {blocked}, {moment}, 0",
    )
    if readable is None:
        own = f"n, 'siaran', {state}, 'persetujuan-v1', {moment}"
        steps.add("consent_current", "contact_id, purpose, state, version, at", own)
    if sessions:
        steps.add("session", "contact_id, state, version, touched_at", f"n, {steps.random(300)}, 1, {moment}")


def _highest(connection: Connection) -> int:
    return int(connection.execute(text("SELECT coalesce(max(id), 0) FROM contact")).scalar_one())


def _set_sequences(connection: Connection, tables: Sequence[str]) -> None:
    """PostgreSQL counts on from where rows with ids of their own ended."""
    for table in tables:
        top = f"(SELECT coalesce(max(id), 1) FROM {table})"  # noqa: S608  # our own names
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {top})"))
