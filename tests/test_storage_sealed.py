"""Personal values can't be read, moved or confused in the file; keys are kept and can be rotated."""

from __future__ import annotations

import base64
import stat
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update
from storage_fixtures import KEYS, NOW, village_of

from flows.conversation.session import Session
from flows.events import LeadSubmitted
from flows.outreach.sending_policy import Kind
from storage import Database, KeyRing, Sealer, load_or_make_keys
from storage.private import Nik, Phone
from storage.sealed import CannotOpen, KeysExposed, KeysUnreadable
from storage.tables import CONTACT

SEALER = Sealer(KEYS)
NAME, NIK, PHONE = "Siti Rahasia Contoh", "0000014203900001", "+6281200001111"


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_opens_in_its_own_place_only(value, place):
    sealed = SEALER.seal(value, place)
    assert SEALER.open(sealed, place) == value
    with pytest.raises(CannotOpen):
        SEALER.open(sealed, place + "x")


@given(st.data())
def test_a_changed_value_never_opens(data):
    sealed = bytearray(SEALER.seal(b"rahasia", "contact.name"))
    where = data.draw(st.integers(0, len(sealed) - 1))
    sealed[where] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CannotOpen):
        SEALER.open(bytes(sealed), "contact.name")


@given(st.binary(max_size=60))
def test_noise_never_opens(noise):
    with pytest.raises(CannotOpen):
        SEALER.open(noise, "contact.name")


def test_sealing_twice_looks_different_and_fingerprints_look_the_same():
    assert SEALER.seal(b"a", "p") != SEALER.seal(b"a", "p")
    assert SEALER.fingerprint("nik", NIK) == Sealer(KEYS).fingerprint("nik", NIK)
    assert SEALER.fingerprint("nik", NIK) != SEALER.fingerprint("phone", NIK)
    assert SEALER.fingerprint("nik", NIK) != Sealer(KeyRing.generate()).fingerprint("nik", NIK)


def test_rotation_opens_the_old_seals_with_the_new_and_keeps_the_fingerprints():
    old = SEALER.seal(b"rahasia", "contact.name")
    rotated = Sealer(KEYS.rotated("k2"))
    new = rotated.seal(b"rahasia", "contact.name")
    assert rotated.open(old, "contact.name") == b"rahasia"
    assert (rotated.is_current(old), rotated.is_current(new)) == (False, True)
    assert rotated.fingerprint("nik", NIK) == SEALER.fingerprint("nik", NIK)
    with pytest.raises(CannotOpen):
        SEALER.open(new, "contact.name")


def test_keys_are_made_once_closed_to_others_and_read_again(tmp_path):
    path = tmp_path / "kunci" / "rangkul.keys"
    made = load_or_make_keys(path, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["rangkul.keys"]
    assert load_or_make_keys(path, {}) == made
    path.chmod(0o640)
    with pytest.raises(KeysExposed):
        load_or_make_keys(path, {})


def test_keys_of_the_environment_win_and_make_no_file(tmp_path):
    ring = KeyRing.generate().rotated("k2")
    text = ",".join(ring.write().split())
    assert load_or_make_keys(tmp_path / "rangkul.keys", {"RANGKUL_KEYS": text}) == ring
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "k1:abc", "k1", f"k1:{'A' * 44}", "lookup:" + base64.b64encode(b"0" * 32).decode(), "K 1:x", "k1:é"]
)
def test_malformed_keys_are_refused_without_showing_them(text):
    with pytest.raises(KeysUnreadable) as caught:
        KeyRing.read(text)
    assert "abc" not in str(caught.value)


def test_keys_and_private_values_never_show_themselves():
    assert repr(KEYS) == "KeyRing(k1)"
    assert (str(Nik(NIK)), repr(Nik(NIK)), f"{Phone(PHONE)}") == ("NIK …0001", "NIK …0001", "…1111")
    assert Nik(NIK).reveal() == NIK
    with pytest.raises(TypeError):
        "".join([Nik(NIK)])


def plant(db, people):
    """Put a person into every table that holds personal fields, and leave some of it in the WAL."""
    people.write(PHONE, f"saya {NAME} nik {NIK}", f"wamid.{PHONE}")
    contact, address = people.make(PHONE)
    fields = {"nama": NAME, "nik": NIK, "hp": PHONE}
    with db.transaction() as store:
        store.contacts.learn(contact, name=NAME, phone=PHONE)
        store.sessions.put(contact, Session(slots=fields))
        store.leads.submit(contact, LeadSubmitted("RK-1", fields, "v1"), NOW)
        store.not_understood.add(contact, NAME, (("greet", 0.1),), NOW)
        store.inbox.keep_unread("web", "not_json", f"{NAME} {NIK} {PHONE}", NOW)
        store.outbox.queue(contact, address, Kind.REPLY, f"Halo {NAME}, {NIK}", NOW, taps=[{"id": "x", "label": NAME}])
        store.broadcasts.freeze("00.01.01.2001", f"Kabar dari {NAME} {PHONE}", contact, NOW)
    with suppress(RuntimeError), db.transaction() as store:
        store.contacts.learn(contact, name=NAME)
        raise RuntimeError
    return contact


def test_planted_values_are_nowhere_in_the_files(db, people, tmp_path):
    contact = plant(db, people)
    planted = [NAME.encode(), NIK.encode(), PHONE.encode(), PHONE[1:].encode(), b"Rahasia"]
    planted += [word.hex().encode() for word in planted]  # as PostgreSQL prints bytes
    if db.is_sqlite:
        files = [file.read_bytes() for file in tmp_path.iterdir()]
        assert len(files) == 3  # database, WAL and its index
    else:
        with db.engine.connect() as connection:
            tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
            files = [
                str(row).encode()
                for name in tables
                for row in connection.execute(text(f"SELECT t::text FROM {name} t"))
            ]
            files += [
                bytes(value)
                for row in connection.execute(CONTACT.select())
                for value in row
                if isinstance(value, bytes)
            ]
    assert not [word for word in planted if any(word in file for file in files)]
    with db.reading() as store:
        assert store.contacts.view(contact).name == NAME


def test_a_value_copied_to_another_column_does_not_open(db, people):
    contact = plant(db, people)
    with db.transaction() as store:
        store.connection.execute(text("UPDATE contact SET name = (SELECT phone FROM address)"))
    with pytest.raises(CannotOpen), db.reading() as store:
        store.contacts.view(contact)
    with db.transaction() as store:
        store.connection.execute(update(CONTACT).values(name="ulang"))
        assert store.contacts.view(contact).name == "ulang"


def test_two_databases_with_different_keys_live_in_one_process(db, people, tmp_path):
    contact, _ = people.make("sari")
    other = Database(f"sqlite:///{tmp_path / 'lain.db'}", Sealer(KeyRing.generate()), village_of)
    other.upgrade()
    with other.transaction() as store:
        theirs, _ = store.contacts.find_or_make("web", "main", "sari", NOW)
        store.contacts.learn(theirs, name="Lain")
    with db.transaction() as store:
        store.contacts.learn(contact, name="Sari")
        assert store.contacts.view(contact).name == "Sari"
    with other.reading() as store:
        assert store.contacts.view(theirs).name == "Lain"
    other.close()
