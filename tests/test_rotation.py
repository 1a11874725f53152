"""A new sealing key: every value sealed anew, interrupted anywhere and finished later, look-ups still found."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy import select
from storage_fixtures import KEYS, NOW, Broken, village_of

from flows.contact import Channel
from flows.conversation.session import Session
from flows.events import LeadSubmitted
from flows.outreach.sending_policy import Kind
from storage import Database, KeyRing, Sealer, rotation
from storage.rotation import left_to_seal, next_ring, others_connected, seal_again, sealed_places
from storage.sealed import CannotOpen, replace_keys
from storage.tables import CONTACT
from storage.words import DuplicateOf

PEOPLE = 7
RING = KEYS.rotated("k2")


def fill(database):
    """Something in sealed columns of many tables."""
    with database.transaction() as store:
        for number in range(PEOPLE):
            contact, address = store.contacts.find_or_make(Channel.WEB, "main", f"orang-{number}", NOW)
            store.contacts.learn(contact, name=f"Siti Contoh {number}", phone=f"+62812000{number:05}")
            store.sessions.put(contact, Session(flow="pendaftaran", step="nik", slots={"nama": "Siti"}, updated_at=NOW))
            store.inbox.record(Channel.WEB, "main", f"m{number}", address, {"kind": "text", "text": "halo"}, NOW)
            store.outbox.queue(contact, address, Kind.REPLY, f"Halo {number}", NOW, taps=[{"id": "ya", "label": "Ya"}])
            fields = {"nama": f"Siti {number}", "nik": f"{number:016}", "hp": f"+62812000{number:05}"}
            store.leads.submit(contact, LeadSubmitted(f"RK-{number}", fields, "persetujuan-v1"), NOW)
            store.not_understood.add(contact, "qwrtz", [("x", 0.1)], NOW)


def everything(database):
    """All rows, opened."""
    with database.reading() as store:
        tables = {place.column.table for place in sealed_places()}
        return {
            table.name: store.connection.execute(select(table).order_by(*table.primary_key)).all() for table in tables
        }


@pytest.fixture
def sealed(db, monkeypatch):
    """A database sealed with k1, opened with a ring whose newest key is k2; batches of three."""
    monkeypatch.setattr(rotation, "_BATCH", 3)
    fill(db)
    before = everything(db)
    database = Database(db.engine.url.render_as_string(hide_password=False), Sealer(RING), village_of)
    yield database, before
    database.close()


def only_new(url):
    return Database(url, Sealer(RING.newest_only()), village_of)


def test_every_sealed_column_is_known():
    names = {place.name for place in sealed_places()}
    assert {"lead.fields", "contact.name", "session.state", "outbox.body", "staff_user.totp_secret"} <= names
    assert all(place.name == f"{place.column.table.name}.{place.column.name}" for place in sealed_places())
    assert all(len(place.column.table.primary_key.columns) == 1 for place in sealed_places())


def test_all_values_open_with_the_new_key_alone_afterwards(sealed):
    database, before = sealed
    assert left_to_seal(database, Sealer(RING)) > PEOPLE * 5
    assert sum(seal_again(database, Sealer(RING))) > PEOPLE * 5
    assert left_to_seal(database, Sealer(RING)) == 0
    alone = only_new(database.engine.url.render_as_string(hide_password=False))
    assert everything(alone) == before
    alone.close()


@pytest.mark.parametrize("batches", [0, 1, 4, 9])
def test_interrupted_anywhere_it_can_be_finished_later(sealed, monkeypatch, batches):
    database, before = sealed
    work, done = rotation._seal_batch, []

    def broken(*args):
        if len(done) == batches:
            raise Broken
        done.append(1)
        work(*args)
        if len(done) == batches:
            raise Broken  # in the middle of a transaction: this batch is undone
        return work(*args)

    monkeypatch.setattr(rotation, "_seal_batch", broken)
    with suppress(Broken):
        list(seal_again(database, Sealer(RING)))
    monkeypatch.setattr(rotation, "_seal_batch", work)
    assert everything(database) == before  # half old, half new: everything opens
    assert left_to_seal(database, Sealer(RING)) > 0
    list(seal_again(database, Sealer(RING)))
    alone = only_new(database.engine.url.render_as_string(hide_password=False))
    assert everything(alone) == before
    alone.close()


def test_look_ups_stay_valid(sealed):
    database, _ = sealed
    list(seal_again(database, Sealer(RING)))
    alone = only_new(database.engine.url.render_as_string(hide_password=False))
    with alone.transaction() as store:
        assert store.contacts.find(Channel.WEB, "main", "orang-3") is not None
        contact, _ = store.contacts.find_or_make(Channel.WEB, "main", "lain", NOW)
        twin = store.leads.submit(contact, LeadSubmitted("RK-99", {"nik": f"{3:016}"}, "persetujuan-v1"), NOW)
    alone.close()
    assert (twin.number, twin.by) == ("RK-3", DuplicateOf.NIK)


def test_a_value_written_meanwhile_is_not_overwritten(sealed, monkeypatch):
    """Whatever happens between reading a value and writing it anew, what was written last stands."""
    database, _ = sealed
    work, place = rotation._sealed_anew, next(place for place in sealed_places() if place.name == "contact.name")

    def meanwhile(old, where, key, sealer):
        anew = work(old, where, key, sealer)
        if where == place and key == 1:
            changed.execute(CONTACT.update().where(CONTACT.c.id == 1).values(name="Nama Baru"))
        return anew

    monkeypatch.setattr(rotation, "_sealed_anew", meanwhile)
    with database.transaction() as store:
        changed = store.connection
        rotation._seal_batch(store.connection, place, Sealer(RING), None)
    with database.reading() as store:
        assert store.contacts.view(1).name == "Nama Baru"


def test_a_value_no_key_opens_stops_it_and_is_named_without_its_content(sealed):
    database, _ = sealed
    stranger = Database(
        database.engine.url.render_as_string(hide_password=False), Sealer(KeyRing.generate()), village_of
    )
    with stranger.engine.begin() as connection:
        connection.execute(CONTACT.update().where(CONTACT.c.id == 2).values(name="Rahasia"))
    stranger.close()
    with pytest.raises(CannotOpen, match=r"contact\.name, row 2"):
        list(seal_again(database, Sealer(RING)))


def test_the_next_ring_goes_on_with_an_interrupted_one():
    fresh, resumed = next_ring(KEYS)
    assert ([name for name, _ in fresh.sealing], resumed) == (["k2", "k1"], False)
    assert next_ring(fresh) == (fresh, True)
    assert next_ring(fresh.newest_only())[0].sealing[0][0] == "k3"
    assert fresh.lookup == fresh.newest_only().lookup == KEYS.lookup


def test_keys_are_replaced_whole_and_stay_private(tmp_path):
    path = tmp_path / "rangkul.keys"
    for ring in (KEYS, RING, RING.newest_only()):
        replace_keys(path, ring)
        assert KeyRing.read(path.read_text("ascii")) == ring
        assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["rangkul.keys"]


def test_the_command_rotates_refuses_while_in_use_and_resumes(tmp_path, rangkul):
    assert rangkul("db", "upgrade").exit_code == 0
    keys = tmp_path / "keys" / "r.keys"
    first = KeyRing.read(keys.read_text("ascii"))
    database = Database(f"sqlite:///{tmp_path / 'data' / 'r.db'}", Sealer(first), village_of)
    fill(database)
    refused = rangkul("privacy", "rotate-key", "--yes")
    assert (refused.exit_code, "in use" in refused.stderr) == (2, True)
    assert KeyRing.read(keys.read_text("ascii")) == first
    database.close()
    replace_keys(keys, first.rotated("k2"))  # as a rotation that was killed leaves it
    done = rangkul("privacy", "rotate-key", "--yes")
    assert done.exit_code == 0, done.stderr
    assert "Melanjutkan" in done.stdout
    ring = KeyRing.read(keys.read_text("ascii"))
    assert [name for name, _ in ring.sealing] == ["k2"]
    database = Database(f"sqlite:///{tmp_path / 'data' / 'r.db'}", Sealer(ring), village_of)
    with database.reading() as store:
        assert store.leads.find("RK-1").name == "Siti 1"
        assert store.audit.recent()[0].action == "keys_rotated"
    database.close()


def test_another_connection_is_seen(db):
    other = Database(db.engine.url.render_as_string(hide_password=False), Sealer(KEYS), village_of)
    with other.reading() as store:
        store.leads.count()
        assert others_connected(db)
    other.close()
