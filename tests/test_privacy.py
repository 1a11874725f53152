"""Planted personal values are found nowhere they must not be, and the search would find them."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select
from storage_fixtures import KEYS, NOW, VILLAGE
from world_fixtures import _SETTINGS, ROOT, content_in_force, engines

from bot.log import _FramesOnly
from bot.personal_copy import personal_copy
from bot.privacy_audit import PEOPLE, Scene, audit
from bot.privacy_search import Planted, needles, search
from flows.contact import Channel, LeadState, Purpose, ReminderPlan
from flows.conversation.session import Session
from flows.events import LeadSubmitted
from flows.outreach.sending_policy import Kind
from storage import Database, KeyRing, Sealer
from storage.leads import MERGED
from storage.outcomes import Sent
from storage.personal import ELSEWHERE, SECTIONS
from storage.tables import METADATA, UNREAD
from storage.words import OutboxState
from storage.xlsx import Mark, Sheet, xlsx_bytes

#: starlette-admin's check of the token leaves its own copy of an uploaded file, in memory, to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
_ERROR = "ValueError('Siti Rahasiawati 0000015208900417 1737400')"
SITI = Planted("Siti Rahasiawati", "0000015208900417", "+6281234567890", date(1990, 8, 12), 1_737_400)
WANTED = needles([SITI])
FIELDS = {"nama": SITI.name, "nik": SITI.nik, "hp": SITI.phone, "lahir": SITI.born.isoformat()}


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    return folder, audit(folder, _SETTINGS, content_in_force(), engines())


def test_nothing_planted_is_found_anywhere(audited):
    _, report = audited
    assert report.leaks == []


def test_everything_was_there_to_be_searched(audited):
    folder, report = audited
    sizes = {(file.place, file.file): file.size for file in report.files}
    places = {"database", "outbox", "wal", "log", "backup", "temp", "masked", "erased", "erased_backup"}
    assert {place for place, _ in sizes} == places
    assert sizes["wal", "rangkul.db-wal"] > 100_000
    log = (folder / "log" / "rangkul.log").read_text()
    assert log.count('"turn_failed"') == 3
    assert "Exception in ASGI application" in log  # the page of the console that broke
    assert "message_set_aside" in log
    assert "audit_failure" in log
    assert "bot/turn.py" in log  # the error report says where, and which kind
    assert "ValueError" in log
    given = {path.name for path in (folder / "given").iterdir()}
    assert given == {"leads.csv", "leads.xlsx", "people.xlsx", "errors.xlsx"}
    assert "Hasil" in (folder / "log" / "command.txt").read_text()
    assert any(place == "outbox" for place, _ in sizes)
    assert PEOPLE[0].nik in (folder / "given" / "leads.csv").read_text()  # and so were the people


def test_everyone_came_in_through_a_door_of_their_own(audited):
    """Chat, command line, village official and console: each person is a lead, and what was done is on record."""
    folder, _ = audited
    keys = KeyRing.read((folder / "keys" / "rangkul.keys").read_text("ascii"))
    database = Database(f"sqlite:///{folder / 'backup' / 'first.db'}", Sealer(keys))
    with database.reading() as store:
        marks = store.leads.marks_of(person.nik for person in PEOPLE)
        known = store.leads.numbers_by_mark(marks.values())
        waiting = store.outbox.counts()[OutboxState.DUE]
        acts = {line.action for line in store.audit.recent(500)}
    database.close()
    assert [person.name for person in PEOPLE if marks[person.nik] not in known] == []
    assert waiting > 0
    assert {"neighbour_registered", "leads_imported", "upload_returned", "nik_shown", "leads_exported_full"} <= acts


LEAKS = {
    "a line of our log": ("log", "name", lambda who: structlog.get_logger().info("hello", name=who.name)),
    "a line of a library": ("log", "name", lambda who: logging.getLogger("uvicorn.error").error("bad %s", who.name)),
    "standard error": ("log", "nik", lambda who: sys.stderr.write(who.nik)),
    "a number in a row": ("database", "income", None),
    "a file in a backup": ("backup", "nik", None),
    "a temporary file": ("temp", "born", lambda who: _write_and_remove(f"{who.born:%d-%m-%Y}")),
}


def _write_and_remove(text):
    handle, path = tempfile.mkstemp()
    os.write(handle, gzip.compress(as_xlsx(text)))
    os.close(handle)
    Path(path).unlink()


def test_a_leak_made_on_purpose_is_found_wherever_it_is(tmp_path):
    """Nobody acts here: only the leaks do, in places where a bug could put them."""
    scene, who = Scene(tmp_path / "scene", _SETTINGS, content_in_force(), engines()), PEOPLE[0]
    with scene.recorded():
        assert [file.place for file in scene.search() if file.found] == []
        for _, _, leak in LEAKS.values():
            if leak is not None:
                leak(who)
        with scene.database.transaction() as store:
            store.audit.record("ratna", "lead_viewed", "lead:1", NOW, f"gaji {who.income}")
        with ZipFile(scene.folder / "backup" / "old.zip", "w") as archive:
            archive.writestr("rangkul.db.gz", gzip.compress(f"…{who.nik}…".encode()))
        found = {(file.place, finding.kind) for file in scene.search() for finding in file.found}
    scene.close()
    wal = {("wal", kind) for place, kind in found if place == "wal"}
    assert {(place, kind) for place, kind, _ in LEAKS.values()} - {("database", "income")} <= found
    assert {("database", "income"), *wal} & found


@pytest.mark.parametrize("how", ["raise {}", "import threading\nt=threading.Thread(target=f)\nt.start()\nt.join()"])
def test_what_nobody_caught_ends_without_its_message(how):
    code = f"from bot.log import keep_words_out_of_crashes\nkeep_words_out_of_crashes()\ndef f(): raise {_ERROR}\n"
    done = subprocess.run(
        [sys.executable, "-c", code + how.format(_ERROR)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert "builtins.ValueError" in done.stderr
    assert list(search(done.stderr.encode(), "stderr", WANTED)) == []


def test_a_library_quotes_no_error_and_no_number(capsys):
    record = logging.LogRecord("asyncio", logging.ERROR, "x", 1, f"Task failed\nfuture: {_ERROR}", None, None)
    assert list(search(_FramesOnly().format(record).encode(), "log", WANTED)) == []
    number = logging.LogRecord("any", logging.ERROR, "x", 1, "number %s", (SITI.nik,), None)
    assert _FramesOnly().format(number) == "number …417"


def test_temporary_files_are_left_by_nobody(audited):
    assert list((audited[0] / "tmp").iterdir()) == []


def as_xlsx(text):
    return b"".join(xlsx_bytes([Sheet("x", ["y"], [[text]])], Mark("t", "b", NOW)))


HIDINGS = {
    "plain": str.encode,
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 in the middle": lambda text: base64.b64encode(b"{" + text.encode() + b"}"),
    "base64 further on": lambda text: base64.b64encode(b"ab" + text.encode() + b"cd"),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(b"?>" + text.encode()),
    "hex": lambda text: text.encode().hex().upper().encode(),
    "json": lambda text: json.dumps({"x": text}).encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "xlsx in gzip": lambda text: gzip.compress(as_xlsx(text)),
    "xlsx": as_xlsx,
}
SPELLINGS = {
    "name": ["Siti Rahasiawati", "SITI RAHASIAWATI", "rahasiawati"],
    "nik": ["0000015208900417", "0000 0152 0890 0417", "000001.520890.0417", "00-00-01-520890-0417"],
    "phone": ["+6281234567890", "081234567890", "0812-3456-7890", "812 3456 7890", "62812.3456.7890"],
    "born": ["1990-08-12", "12-08-1990", "12/08/1990", "12.08.1990", "12081990", "12 Agustus 1990"],
    "income": ["1737400", "1.737.400", "1,737,400", "Rp1.737.400"],
}


@pytest.mark.parametrize("hiding", HIDINGS)
@pytest.mark.parametrize(("kind", "spelling"), [(kind, each) for kind, all_ in SPELLINGS.items() for each in all_])
def test_the_search_finds_each_value_in_each_hiding(kind, spelling, hiding):
    data = b"\x00\xff before " + HIDINGS[hiding](spelling) + b" after \xfe"
    assert kind in {finding.kind for finding in search(data, "file", WANTED)}


@given(st.binary(max_size=2000))
def test_noise_is_not_a_finding(noise):
    assert list(search(noise, "noise", WANTED)) == []


@given(st.integers(0, 10**16 - 1), st.binary(max_size=7), st.sampled_from(sorted(HIDINGS)))
@example(0, b"\x1f\x8b\x08", "gzip")
def test_any_nik_is_found_anywhere(number, before, hiding):
    planted = Planted("Siti Rahasiawati", f"{number:016}", "+6281234567890", date(1990, 8, 12), 1_737_400)
    data = before + HIDINGS[hiding](planted.nik)
    assert {finding.kind for finding in search(data, "f", needles([planted], ["nik"]))} == {"nik"}


# -- what is held about one person -----------------------------------------------------------------------------------


def test_every_table_about_a_person_is_in_the_copy_or_left_out_with_a_reason():
    about = {table.name for table in METADATA.sorted_tables if {"contact_id", "lead_id"} & set(table.columns.keys())}
    listed = {table.name for table, _ in SECTIONS.values()}
    assert about - listed == set(ELSEWHERE)


def test_every_section_and_column_of_the_copy_has_a_word():
    words = content_in_force().current.lexicon["privacy"]
    assert set(words["sections"]) == {*SECTIONS, "messages"}
    columns = {column for _, columns in SECTIONS.values() for column in columns} - {"fields"}
    assert columns <= set(words["labels"])


def lived(db, who="sari"):
    """A person with a row in every table that knows people."""
    with db.transaction() as store:
        contact, address = store.contacts.find_or_make(Channel.WHATSAPP, "main", who + SITI.phone, NOW)
        store.contacts.learn(contact, name=SITI.name, village=VILLAGE.code, phone=SITI.phone)
        store.consents.give(contact, tuple(Purpose), "persetujuan-v1", NOW)
        store.inbox.record(Channel.WHATSAPP, "main", f"m-{who}", address, {"kind": "text", "text": "halo"}, NOW)
        store.inbox.done(store.inbox.claim(NOW, timedelta(seconds=15)))
        store.sessions.put(contact, Session(flow="pendaftaran", step="nik", slots={"nama": SITI.name}, updated_at=NOW))
        store.leads.submit(contact, LeadSubmitted(f"RK-{who.upper()}", FIELDS, "persetujuan-v1"), NOW)
        lead = store.leads.newest_of(contact)
        store.leads.move(lead.id, LeadState.CONTACTED, "ratna", NOW, f"menelepon {SITI.name}")
        store.audit.record("ratna", "lead_viewed", f"lead:{lead.id}", NOW, "menelepon pekerja")
        store.reminders.plan(contact, ReminderPlan(10, 8), NOW)
        store.handoffs.open(contact, "speak_to_human", NOW)
        store.not_understood.add(contact, f"qwrtz {SITI.nik}", [("x", 0.1)], NOW)
        store.inbox.keep_unread(Channel.WHATSAPP, "odd", json.dumps({"wa_id": SITI.phone[1:]}), NOW)
        queued = store.outbox.queue(
            contact, address, Kind.REPLY, f"Terima kasih, {SITI.name}", NOW, slots={"nama": SITI.name}
        )
    return contact, queued


def test_the_copy_has_everything_in_readable_words(db):
    contact, _ = lived(db)
    with db.reading() as store:
        assert store.personal.find("RK-SARI") == store.personal.find(str(contact)) == contact
        text = personal_copy(store.personal.held(contact), content_in_force().current, NOW)
    for said in (SITI.name, SITI.nik, SITI.phone, "12 Agustus 1990", "halo", "Terima kasih", "diberikan", "data dibuka",
                 "menelepon pekerja", "RK-SARI", "qwrtz", "dihubungi"):  # fmt: skip
        assert said in text
    assert not re.search(r"[{}]|None|<\w+\.", text)


def remains(db):
    """All rows of all tables as text, opened with the keys."""
    with db.reading() as store:
        rows = [str(tuple(row)) for table in METADATA.sorted_tables for row in store.connection.execute(select(table))]
    return "\n".join(rows).encode()


def test_after_erasing_nothing_but_the_receipt_ties_to_the_person(db):
    contact, queued = lived(db)
    with db.transaction() as store:
        assert store.erasure.erase(contact, NOW) == ["RK-SARI"]
        store.outbox.settle(queued, Sent("x-1", NOW))
        store.erasure.finish()
    left = remains(db)
    assert list(search(left, "db", WANTED)) == []
    assert b"RK-SARI" in left
    marks = [Sealer(KEYS).fingerprint(kind, value) for kind, value in (("nik", SITI.nik), ("phone", SITI.phone))]
    assert not any(repr(mark).encode() in left for mark in marks)


def test_who_writes_again_before_the_receipt_left_is_erased_all_the_same(db):
    contact, queued = lived(db)
    with db.transaction() as store:
        store.erasure.erase(contact, NOW)
        again, _ = store.contacts.find_or_make(Channel.WHATSAPP, "main", "sari" + SITI.phone, NOW)
        store.outbox.settle(queued, Sent("x-1", NOW))
        assert store.erasure.finish() == 1
        assert store.erasure.finish() == 0
        assert [line.text for line in store.outbox.conversation(contact)] == ["", ""]
    assert again != contact


def test_an_unreadable_payload_of_somebody_else_stays(db):
    contact, _ = lived(db)
    with db.transaction() as store:
        store.inbox.keep_unread(Channel.WHATSAPP, "odd", '{"wa_id": "6285711903844"}', NOW)
        store.erasure.erase(contact, NOW)
        assert store.connection.scalars(select(UNREAD.c.payload)).all() == ['{"wa_id": "6285711903844"}']


def test_erasing_takes_the_merged_lead_of_the_other_phone_along(db):
    first, _ = lived(db, "sari")
    second, _ = lived(db, "sari2")
    with db.transaction() as store:
        keep, other = store.leads.find("RK-SARI"), store.leads.find("RK-SARI2")
        store.leads.merge(keep.id, other.id, "ratna", NOW)
        assert store.leads.get(other.id).close_reason == MERGED
        assert store.erasure.erase(second, NOW) == ["RK-SARI", "RK-SARI2"]
        assert [store.leads.get(lead.id).fields for lead in (keep, other)] == [{}, {}]
    assert first != second


def test_the_commands_export_and_erase(tmp_path, rangkul):
    source = tmp_path / "in.csv"
    source.write_text(
        "NIK;Nama;Tanggal lahir;Desa;HP;Pekerjaan;Penghasilan;Program\n"
        f"{SITI.nik};{SITI.name};12-08-1990;Desa Contoh;081234567890;petani;1.737.400;3\n"
    )
    done = rangkul("leads", "import", str(source), "--by", "Ratna", "--paper-consent", "KP-1")
    assert done.exit_code == 0, done.stderr
    copy = tmp_path / "copy.txt"
    why = ("--reason", "diminta pekerja")
    assert rangkul("privacy", "export", "1", "--out", str(copy)).exit_code == 2
    assert rangkul("privacy", "export", "1", *why, "--out", str(copy)).exit_code == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    assert SITI.nik in copy.read_text("utf-8")
    assert rangkul("privacy", "export", "RK-TIDAKADA", *why).exit_code == 2
    assert rangkul("privacy", "erase", "1").exit_code == 1  # nobody confirmed it
    erased = rangkul("privacy", "erase", "1", "--yes", "--by", "Ratna")
    assert erased.exit_code == 0
    assert "RK-" in erased.stdout
    assert "UU 27/2022" in erased.stdout
    assert SITI.nik not in rangkul("privacy", "export", "1", *why).stdout
