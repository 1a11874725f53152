"""The schema: migrations and tables agree on both databases, keys belong to their database, times keep their zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from storage_fixtures import KEYS, NOW, Broken, fail, postgres

from storage import Database, KeyRing, Sealer, WrongKeys
from storage.database import HEAD, DatabaseTooNew, migrate
from storage.sealed import SealedJson, SealedText
from storage.tables import CONTACT, METADATA


def schema(database: Database) -> dict[str, object]:
    """Everything about the schema, read back from the database itself."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            rows = connection.execute(text("SELECT name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
            names = sorted(tuple(row) for row in rows)
            wheres = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''"))
        else:
            names = sorted(inspect(connection).get_table_names())
            wheres = connection.execute(text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"))
        found = inspect(connection)
        return {
            "names": names,
            "indexes": {name: " ".join(sql.replace('"', "").split()).lower() for name, sql in wheres},
            "tables": {
                table: (
                    [{**column, "type": str(column["type"])} for column in found.get_columns(table)],
                    found.get_pk_constraint(table),
                    sorted(map(str, found.get_foreign_keys(table))),
                    sorted(map(str, found.get_unique_constraints(table))),
                )
                for table in found.get_table_names()
            },
        }


def test_migrating_from_nothing_gives_the_schema_that_new_databases_get(empty_url, request, tmp_path):
    migrated = Database(empty_url, Sealer(KEYS))
    with migrated.engine.begin() as connection:
        migrate(connection)
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA)
    assert differences == []
    migrated.upgrade()
    made = Database(
        f"sqlite:///{tmp_path / 'made.db'}" if migrated.is_sqlite else other_postgres(request), Sealer(KEYS)
    )
    made.upgrade()
    assert schema(migrated) == schema(made)
    migrated.close()
    made.close()


def other_postgres(request) -> str:
    postgres().admin("DROP DATABASE IF EXISTS made WITH (FORCE)")
    postgres().admin("CREATE DATABASE made")
    return postgres().url("made")


def test_head_is_the_newest_migration():
    assert ScriptDirectory("storage/migrations").get_current_head() == HEAD


def test_upgrading_twice_changes_nothing(empty_url):
    database = Database(empty_url, Sealer(KEYS))
    database.upgrade()
    before = schema(database)
    database.upgrade()
    assert schema(database) == before
    database.close()


def test_other_keys_are_refused_and_rotated_keys_are_not(empty_url):
    first = Database(empty_url, Sealer(KEYS))
    first.upgrade()
    first.close()
    other = Database(empty_url, Sealer(KeyRing.generate()))
    with pytest.raises(WrongKeys):
        other.upgrade()
    other.close()
    rotated = Database(empty_url, Sealer(KEYS.rotated("k2")))
    rotated.upgrade()
    rotated.close()


def test_a_database_of_a_newer_version_is_refused(empty_url):
    database = Database(empty_url, Sealer(KEYS))
    database.upgrade()
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew):
        database.upgrade()
    database.close()


def test_every_sealed_column_is_sealed_for_its_own_place():
    sealed = [c for table in METADATA.tables.values() for c in table.c if isinstance(c.type, SealedText | SealedJson)]
    assert len(sealed) > 10
    assert [column.type.place for column in sealed] == [str(column) for column in sealed]


def test_times_come_back_aware_and_naive_ones_are_refused(db):
    wit = datetime(2026, 3, 2, 11, 15, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    with db.transaction() as store:
        store.connection.execute(CONTACT.insert().values(created_at=wit))
        back = store.connection.scalar(CONTACT.select().with_only_columns(CONTACT.c.created_at))
    assert back == wit
    assert back.utcoffset() == timedelta(0)
    with pytest.raises(Exception, match="NaiveTime"), db.transaction() as store:
        store.connection.execute(CONTACT.insert().values(created_at=NOW.replace(tzinfo=None)))


def test_a_failed_transaction_leaves_nothing_and_reading_writes_nothing(db):
    with pytest.raises(Broken), db.transaction() as store:
        fail(lambda: store.settings.put("a", "1"))
    with db.reading() as store:
        assert store.settings.get("a") is None
        store.settings.put("a", "1")
    with db.transaction() as store:
        assert store.settings.get("a") is None
        store.settings.put("a", "1")
        store.settings.put("a", "2")
        assert store.settings.get("a") == "2"


def test_readers_do_not_wait_for_a_writer(db):
    with db.transaction() as writer:
        writer.settings.put("a", "1")
        with db.reading() as reader:
            assert reader.settings.get("a") is None


def test_sqlite_is_as_durable_as_we_promise(db):
    if not db.is_sqlite:
        return
    with db.engine.connect() as connection:
        pragmas = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
    assert pragmas == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000, "secure_delete": 2}


def test_on_sqlite_only_what_asks_for_it_does_not_wait_for_the_disk(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'rangkul.db'}", Sealer(KEYS))
    told = []
    for on_disk in (True, False, True):  # the pool hands out one connection again and again
        with database.transaction(on_disk=on_disk) as store:
            told.append(store.connection.scalar(text("PRAGMA synchronous")))
    database.close()
    assert told == [2, 1, 2]
