"""`rangkul leads list|show`, `rangkul staff disable`: who looked, and why, is on record; who leaves leaves nothing."""

from __future__ import annotations

import getpass
import json
import re
from pathlib import Path

import pytest
from storage_fixtures import NOW, VILLAGE
from typer.testing import CliRunner

from bot.__main__ import app
from bot.commands.options import out, settings_from
from bot.commands.staff_commands import opened
from console.login import SIGNED_IN, SIGNED_OUT
from content import load
from flows.contact import Channel, LeadState
from flows.events import LeadSubmitted
from storage.database import Database

_ROOT = Path(__file__).parent.parent
NIK, PHONE = "0000015203859904", "+6281234567890"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("RANGKUL_STORE__KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("RANGKUL_STORE__URL", f"sqlite:///{tmp_path / 'rangkul.db'}")
    monkeypatch.setattr(out, "width", 200)  # read once, when it was made: a narrow terminal would break names

    def command(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*words], env={"COLUMNS": "200"}, input="kata sandi contoh\n" * 2)
        assert done.exit_code == code, done.output
        return done.output

    return command


@pytest.fixture
def db(run):
    with opened(settings_from(None)) as database:
        yield database


@pytest.fixture
def lead(db: Database) -> int:
    """A lead that staff have called, of the practice village."""
    form = {"nama": "Siti Contoh", "nik": NIK, "hp": PHONE, "lahir": "1985-03-12", "desa": {"code": VILLAGE.code}}
    with db.transaction() as store:
        contact, _ = store.contacts.find_or_make(Channel.WEB, "main", "siti", NOW)
        store.leads.submit(contact, LeadSubmitted("RK-SITI", form, "persetujuan-v1"), NOW)
        made = store.leads.find("RK-SITI")
        store.leads.move(made.id, LeadState.CONTACTED, "ratna", NOW)
    return made.id


def record(db: Database) -> list[tuple[str, str, str, str | None]]:
    with db.reading() as store:
        return [(line.who, line.action, line.target, line.reason) for line in store.audit.recent()]


def test_a_list_is_masked_and_on_record(run, db, lead):
    shown = run("leads", "list", "--village", VILLAGE.code)
    assert "Siti Contoh" in shown
    assert NIK not in shown
    run("leads", "list", "--json", "--staff", "Ratna", "--state", "new")
    assert record(db) == [
        ("Ratna", "leads_listed", "leads", "desa=* status=new"),
        (getpass.getuser(), "leads_listed", "leads", f"desa={VILLAGE.code} status=*"),
    ]


def test_one_lead_is_masked_unless_a_reason_is_on_record(run, db, lead):
    shown = run("leads", "show", "rk-siti")
    assert "Siti Contoh" in shown
    assert "Baru -> Dihubungi · ratna" in shown
    assert NIK not in shown
    assert PHONE[3:] not in shown
    run("leads", "show", "RK-SITI", "--full", code=2)
    run("leads", "show", "RK-SITI", "--full", "--reason", "   .   ", code=2)
    assert [line[1] for line in record(db)] == ["lead_viewed"]
    told = run("leads", "show", "RK-SITI", "--full", "--reason", f"cocokkan KTP {NIK}", "--staff", "Ratna", "--json")
    assert NIK in json.loads(told).values()
    assert record(db)[0] == ("Ratna", "lead_shown_full", f"lead:{lead}", "cocokkan KTP •••• 9904")
    run("leads", "show", "RK-TIDAKADA", code=2)
    assert len(record(db)) == 2


def test_a_file_with_whole_numbers_needs_a_reason(run, db, lead, tmp_path):
    out = tmp_path / "leads.csv"
    run("leads", "export", str(out), "--by", "Ratna", "--full", code=2)
    assert not out.exists()
    run("leads", "export", str(out), "--by", "Ratna", "--full", "--reason", "pendaftaran kolektif")
    assert record(db)[0] == ("Ratna", "leads_exported_full", "leads", "desa=* status=* csv pendaftaran kolektif")


def test_who_is_disabled_leaves_their_leads_and_says_so(run, db, lead):
    for login, name in (("ratna", "Ratna"), ("budi", "Budi")):
        run("staff", "add", login, "--name", name)
    with db.transaction() as store:
        store.territories.give(VILLAGE.code[:8], 2)
        store.territories.give(VILLAGE.code, 1)
        store.leads.assign(lead, 1)
    said = run("staff", "disable", "ratna", "--by", "kepala")
    assert "Ratna (ratna) tidak bisa masuk lagi" in said
    assert "dilepas: 1; langsung ke petugas wilayahnya: 1" in said
    with db.reading() as store:
        assert store.leads.get(lead).assigned_to == 2
        assert [territory.code for territory in store.territories.all()] == [VILLAGE.code[:8]]
    assert record(db)[0] == ("kepala", "staff_disabled", "staff:1", "1 > 1")
    run("staff", "disable", "ratna", code=2)
    run("staff", "disable", "tidakada", code=2)


def test_every_act_that_is_recorded_has_a_word_on_the_page_of_the_record():
    words = load().lexicon["console"]["words"]
    sources = [path.read_text() for folder in ("bot", "console", "storage") for path in (_ROOT / folder).rglob("*.py")]
    acts = {act for text in sources for act in re.findall(r'audit\.record\(\s*[^,]+,\s*"([a-z_]+)"', text)}
    acts |= {"lead_shown_full", "leads_exported_full", "lead_viewed", SIGNED_IN, SIGNED_OUT}
    assert {"data_exported", "neighbour_registered", "leads_listed"} <= acts
    assert {act for act in acts if f"audit_{act}" not in words} == set()
