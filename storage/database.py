"""One database: its engine, its transactions and its schema. SQLite in WAL mode, or PostgreSQL; the same code on both.

A webhook is acknowledged once its message is stored, and nothing is sent that is not on record as leaving: both have to
survive a power cut, so a commit waits for the disk (0.2 to 5 ms, and on SQLite everybody else waits as well). A turn
between the two need not: whichever commit comes next and waits for the disk takes all earlier ones along, and without
it the message is still there and its turn is taken again. Writing transactions begin IMMEDIATE on SQLite, so that they
wait for each other instead of failing half-way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select, text

from flows.contact import Village
from storage.account_news import AccountNews
from storage.audit import Audit
from storage.broadcasts import Broadcasts
from storage.consents import Consents
from storage.contacts import Contacts
from storage.erasure import Erasure
from storage.gatherings import Gatherings
from storage.handoffs import Handoffs
from storage.inbox import Inbox
from storage.joining import Joining
from storage.lead_drafts import LeadDrafts
from storage.lead_work import LeadWork
from storage.leads import Leads
from storage.not_understood import NotUnderstood
from storage.notices import Notices
from storage.officials import Officials
from storage.outbox import Outbox
from storage.personal import Personal
from storage.pictures import Pictures
from storage.recipients import Recipients
from storage.reminders import Reminders
from storage.repository import VillageOf
from storage.retention import Retention
from storage.sealed import Sealer, bind_sealer
from storage.segments import Segments
from storage.sessions import Sessions
from storage.settings import Settings
from storage.slots import Slots
from storage.staff import Staff
from storage.tables import METADATA, SETTING
from storage.territories import Territories
from storage.uploads import Uploads
from storage.write_lock import WriteLock

#: The newest migration; a test holds it to `migrations/versions`.
HEAD = "0001"
_READING = "rangkul_reading"
_LATER = "rangkul_on_disk_later"
_SQLITE_BUSY_MS = 10_000
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    f"PRAGMA busy_timeout={_SQLITE_BUSY_MS}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=FAST",
    "PRAGMA cache_size=-32000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=67108864",
)
#: Any number all processes share: one of them changes the schema at a time.
_SCHEMA_LOCK = 7_265_617
#: Held for as long as a process is the clock.
_CLOCK_LOCK = 7_265_618


class WrongKeys(Exception):
    """The database was written with other keys than the ones given; restore the key file that belongs to it."""


class DatabaseTooNew(Exception):
    """The database was upgraded by a newer version of Rangkul; start that version."""


class Store:
    """All repositories inside one transaction."""

    def __init__(self, connection: Connection, sealer: Sealer, village_of: VillageOf) -> None:
        self.connection = connection
        parts = (connection, sealer, village_of)
        self.contacts = Contacts(*parts)
        self.sessions = Sessions(*parts)
        self.inbox = Inbox(*parts)
        self.outbox = Outbox(*parts)
        self.recipients = Recipients(*parts)
        self.slots = Slots(*parts)
        self.consents = Consents(*parts)
        self.leads = Leads(*parts)
        self.lead_drafts = LeadDrafts(*parts)
        self.lead_work = LeadWork(*parts)
        self.territories = Territories(*parts)
        self.uploads = Uploads(*parts)
        self.reminders = Reminders(*parts)
        self.broadcasts = Broadcasts(*parts)
        self.pictures = Pictures(*parts)
        self.segments = Segments(*parts)
        self.gatherings = Gatherings(*parts)
        self.officials = Officials(*parts)
        self.staff = Staff(*parts)
        self.audit = Audit(*parts)
        self.handoffs = Handoffs(*parts)
        self.not_understood = NotUnderstood(*parts)
        self.notices = Notices(*parts)
        self.joining = Joining(*parts)
        self.account_news = AccountNews(*parts)
        self.settings = Settings(*parts)
        self.erasure = Erasure(*parts)
        self.personal = Personal(*parts)
        self.retention = Retention(*parts)


def _no_village(code: str) -> Village | None:
    del code
    return None


class Database:
    """Opens transactions on one database.

    Args:
        url: "sqlite:///path/to/file.db" or "postgresql://user@host/name".
        sealer: opens and seals personal fields.
        village_of: finds a village by its code.
    """

    def __init__(self, url: str, sealer: Sealer, village_of: VillageOf = _no_village) -> None:
        self._sealer = sealer
        self._village_of = village_of
        self.engine = _engine(make_url(url))
        self._in_line: AbstractContextManager[None] = WriteLock() if self.is_sqlite else nullcontext()
        self._clock_connection: Connection | None = None
        bind_sealer(self.engine.dialect, sealer)
        #: For those who only read through SQLAlchemy itself (console lists): takes no write lock on SQLite.
        self.reading_engine = self.engine.execution_options(**{_READING: True})
        self._later_engine = self.engine.execution_options(**{_LATER: True})

    @property
    def is_sqlite(self) -> bool:
        """Whether this is one file on one machine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self, *, on_disk: bool = True) -> Iterator[Store]:
        """All or nothing: commits at the end, rolls everything back on an exception.

        Args:
            on_disk: come back only when it would survive a power cut. False is for what nobody outside is told of
                before a later commit that does wait; the end of the process it survives either way.
        """
        with self._in_line, (self.engine if on_disk else self._later_engine).begin() as connection:
            yield Store(connection, self._sealer, self._village_of)

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """One unchanging view for reading; never waits for writers. Anything written is rolled back."""
        with self.reading_engine.connect() as connection:
            yield Store(connection, self._sealer, self._village_of)

    def upgrade(self) -> None:
        """Bring the schema to the newest version and prove that the keys belong to this database.

        Raises:
            WrongKeys: the rows were sealed with other keys.
            DatabaseTooNew: a newer version of Rangkul was here.
        """
        with self.engine.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SCHEMA_LOCK})
            _bring_to_head(connection)
            self._check_keys(connection)

    def become_clock(self) -> bool:
        """Try to be the one process that ticks. On SQLite there is no other; on PostgreSQL a lock decides."""
        if self.is_sqlite or self._clock_connection is not None:
            return True
        connection = self.engine.connect()
        elected = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _CLOCK_LOCK}))
        connection.commit()
        if elected:
            self._clock_connection = connection
        else:
            connection.close()
        return elected

    def resign_as_clock(self) -> None:
        """Let another process tick. A process that dies resigns by losing its connection."""
        if self._clock_connection is not None:
            self._clock_connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _CLOCK_LOCK})
            self._clock_connection.close()
            self._clock_connection = None

    def close(self) -> None:
        """Give all connections back; on SQLite this folds the WAL into the file."""
        self.engine.dispose()

    def _check_keys(self, connection: Connection) -> None:
        mark = self._sealer.fingerprint("database", "rangkul").hex()
        known = connection.scalar(select(SETTING.c.value).where(SETTING.c.key == "keys"))
        if known is None:
            connection.execute(SETTING.insert().values(key="keys", value=mark))
        elif known != mark:
            raise WrongKeys


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url.set(drivername="sqlite+pysqlite"), connect_args={"check_same_thread": False}, hide_parameters=True
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
    )
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(_READING, False):
        connection.exec_driver_sql("BEGIN")
        return
    # in WAL mode NORMAL waits for no disk; it is said each time, because the pool hands connections to either kind
    connection.exec_driver_sql(f"PRAGMA synchronous={'NORMAL' if options.get(_LATER, False) else 'FULL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get(_LATER, False):
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")


def _bring_to_head(connection: Connection) -> None:
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables and not tables & set(METADATA.tables):
        _make_all(connection)
    elif connection.scalar(text("SELECT version_num FROM alembic_version")) != HEAD:
        migrate(connection)


def _make_all(connection: Connection) -> None:
    """A new database gets the newest schema at once; a test proves that migrating gives the same."""
    METADATA.create_all(connection)
    connection.execute(
        text(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY)"
        )
    )
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations inside this connection's transaction.

    Raises:
        DatabaseTooNew: the database names a revision that this version doesn't have.
    """
    from alembic import command  # noqa: PLC0415 (Alembic takes longer to import than all of us, and is rarely needed)
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise DatabaseTooNew from error
