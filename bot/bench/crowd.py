"""Crowds to measure with: rows of people who exist only as bytes, made by the database itself, a million in seconds.

What is sealed is random bytes of the right length: such a person can be counted, chosen and queued for, but not
written to. People who write or are written to are made through storage, as in life.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from storage.database import Database, Store

#: One step of filling, so that a progress bar moves.
STEP = 50_000
MADE_AT = datetime(2026, 11, 1, tzinfo=UTC)

_SQLITE = {
    "series": (
        "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT {what} FROM s"
    ),
    "bytes": "randomblob({length})",
    "moment": "'2026-11-01 00:00:00.000000'",
}
_POSTGRES = {
    "series": "SELECT {what} FROM generate_series({first}, {last}) AS s(n)",
    "bytes": "substring(decode(repeat(replace(gen_random_uuid()::text, '-', ''), 20), 'hex') from 1 for {length})",
    "moment": "timestamptz '2026-11-01 00:00:00Z'",
}


def fill(
    database: Database,
    people: int,
    village: str,
    told: Callable[[int], None] = lambda _: None,
    *,
    channel: str = "telegram",
    sessions: bool = False,
) -> None:
    """Add that many people of one village, seven of ten of whom agreed to announcements, some of whom blocked us."""
    with database.transaction() as store:
        start = _highest(store.connection)
    for first in range(start + 1, start + people + 1, STEP):
        last = min(first + STEP - 1, start + people)
        with database.transaction() as store:
            _fill(store, first, last, village, channel, sqlite=database.is_sqlite, sessions=sessions)
        told(last - first + 1)
    with database.transaction() as store:
        if not database.is_sqlite:
            _set_sequences(store.connection)
        store.connection.execute(text("ANALYZE"))


def _fill(store: Store, first: int, last: int, village: str, channel: str, *, sqlite: bool, sessions: bool) -> None:
    own = _SQLITE if sqlite else _POSTGRES

    def add(table: str, columns: str, what: str) -> None:
        rows = own["series"].format(first=first, last=last, what=what)
        store.connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) {rows}")

    def blob(length: int) -> str:
        return own["bytes"].format(length=length)

    moment = own["moment"]
    blocked = f"CASE WHEN n = n / 50 * 50 THEN {moment} END"
    state = "CASE n - n / 10 * 10 WHEN 7 THEN 'withdrawn' WHEN 8 THEN 'refused' WHEN 9 THEN 'refused' ELSE 'given' END"
    add(
        "contact",
        "id, role, name, village_code, zone, address_id, created_at",
        f"n, 'worker', {blob(44)}, '{village}', 'Asia/Jakarta', n, {moment}",
    )
    add(
        "address",
        "id, channel, account, external_id, external_hash, contact_id, blocked_at, last_inbound_at, burst",
        f"n, '{channel}', 'bench', {blob(42)}, {blob(16)}, n, {blocked}, {moment}, 0",
    )
    add(
        "consent_current",
        "contact_id, purpose, state, version, at",
        f"n, 'siaran', {state}, 'persetujuan-v1', {moment}",
    )
    if sessions:
        add("session", "contact_id, state, version, touched_at", f"n, {blob(300)}, 1, {moment}")


def _highest(connection: Connection) -> int:
    return int(connection.execute(text("SELECT coalesce(max(id), 0) FROM contact")).scalar_one())


def _set_sequences(connection: Connection) -> None:
    """PostgreSQL counts on from where rows with ids of their own ended."""
    for table in ("contact", "address"):
        top = f"(SELECT coalesce(max(id), 1) FROM {table})"  # noqa: S608  # our own names
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {top})"))
