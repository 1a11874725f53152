"""`rangkul broadcast`: from a draft to its report, in JSON, as a script would do it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from PIL import Image
from storage_fixtures import WHEN
from typer.testing import CliRunner

from bot.__main__ import app
from bot.clock import SystemClock
from bot.commands.options import settings_from
from bot.commands.staff_commands import opened
from flows.contact import Channel, Purpose, Role
from storage.outcomes import Sent

HERE = "00.00.00.0001"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("RANGKUL_STORE__KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("RANGKUL_STORE__URL", f"sqlite:///{tmp_path / 'rangkul.db'}")

    def command(*words: str, code: int = 0):
        done = CliRunner().invoke(app, [*words], env={"COLUMNS": "200"}, input="kata sandi contoh\n" * 2)
        assert done.exit_code == code, done.output
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    for login in ("ratna", "dewi"):
        command("staff", "add", login)
    return command


@pytest.fixture
def village(run):
    now = SystemClock().now()
    with opened(settings_from(None)) as database:
        with database.transaction() as store:
            for name, agrees in (("sari", True), ("budi", True), ("joko", False)):
                who, _ = store.contacts.find_or_make(Channel.WEB, "local", name, now)
                store.contacts.learn(who, village=HERE)
                if agrees:
                    store.consents.give(who, [Purpose.ANNOUNCEMENTS], "v1", now)
        yield database


def test_reviewed_words_to_one_village_are_scheduled_at_once_and_steered(run, village):
    (draft,) = run("broadcast", "new", "--as", "ratna", "--area", HERE, "--wording", "sosialisasi",
                   "--when", "Senin jam 9", "--place", "balai desa", "--json")  # fmt: skip
    assert (draft["will"], draft["wont"], draft["needs_approval"]) == (2, {"belum memberi izin": 1}, False)
    assert "Senin jam 9 di balai desa" in draft["text"]
    number = str(draft["id"])
    assert run("broadcast", "forecast", number, "--json")[0]["will"] == 2
    assert run("broadcast", "send", number, "--as", "ratna", "--json")[0]["state"] == "scheduled"
    with village.transaction() as store:
        assert store.broadcasts.start(draft["id"], WHEN)
    assert run("broadcast", "pause", number, "--as", "dewi", "--json")[0]["state"] == "paused"
    assert run("broadcast", "resume", number, "--as", "dewi", "--json")[0]["state"] == "sending"
    with village.transaction() as store:
        now = SystemClock().now()
        (one, _) = store.outbox.claim(now, 9, timedelta(seconds=9), "w")
        store.outbox.settle(one.id, Sent("x", now))
    assert run("broadcast", "cancel", number, "--as", "dewi", "--json")[0]["state"] == "cancelled"
    run("broadcast", "cancel", number, "--as", "dewi", code=2)
    rows = run("broadcast", "report", number, "--people", "--json")
    assert rows[0]["people"]["sent"] == 1
    assert [row["reason"] for row in rows[1:]].count("belum memberi izin") == 1
    assert [one["state"] for one in run("broadcast", "list", "--json")] == ["cancelled"]


def test_own_words_wait_for_somebody_else_and_nonsense_is_refused(run, village):
    (draft,) = run("broadcast", "new", "--as", "ratna", "--area", HERE, "--text", "Kantor tutup Jumat.", "--json")
    number = str(draft["id"])
    assert draft["needs_approval"]
    assert run("broadcast", "send", number, "--as", "ratna", "--json")[0]["state"] == "waiting"
    run("broadcast", "approve", number, "--as", "ratna", code=2)
    assert run("broadcast", "approve", number, "--as", "dewi", "--json")[0]["state"] == "scheduled"
    run("broadcast", "new", "--as", "siapa", "--area", HERE, "--text", "Halo", code=2)
    run("broadcast", "new", "--as", "ratna", "--area", "99.99", "--text", "Halo", code=2)
    run("broadcast", "new", "--as", "ratna", "--area", HERE, "--wording", "sosialisasi", code=2)
    run("broadcast", "send", number, "--as", "ratna", "--at", "besok", code=2)
    run("broadcast", "report", "99", code=2)


def test_all_that_the_console_does_with_an_audience_a_picture_a_test_and_a_report(run, village, tmp_path):
    photo, bad = tmp_path / "foto.png", tmp_path / "surat.png"
    Image.new("RGB", (200, 100), "teal").save(photo)
    bad.write_text("bukan gambar")
    kept = ("broadcast", "new", "--as", "ratna", "--area", HERE, "--wording", "ingat_iuran", "--save-as", "Warga aktif",
            "--heard", "30", "--json")  # fmt: skip
    assert run(*kept)[0]["needs_approval"] is False
    assert run("broadcast", "segments", "list", "--json")[0]["target"] == {"areas": [HERE], "heard_within_days": 30}
    run(*kept, "--picture", str(bad), code=2)
    (draft,) = run("broadcast", "new", "--as", "ratna", "--segment", "Warga aktif", "--wording", "ingat_iuran",
                   "--picture", str(photo), "--json")  # fmt: skip
    assert draft["needs_approval"], "a picture can say anything"
    number = str(draft["id"])
    run("broadcast", "test", number, "--as", "ratna", "--to", "1", code=2)
    with village.transaction() as store:
        store.contacts.set_role(1, Role.OFFICIAL)
    run("broadcast", "test", number, "--as", "ratna", "--to", "1")
    assert run("broadcast", "send", number, "--as", "ratna", "--json")[0]["state"] == "waiting"
    assert run("broadcast", "refuse", number, "--as", "dewi", "--json")[0]["state"] == "cancelled"
    with village.reading() as store:
        assert [notice.kind.value for notice in store.notices.pending(SystemClock().now(), 9)] == ["broadcast_test"]

    (sent,) = run("broadcast", "new", "--as", "ratna", "--area", HERE, "--wording", "ingat_iuran", "--json")
    run("broadcast", "send", str(sent["id"]), "--as", "ratna")
    with village.transaction() as store:
        assert store.broadcasts.start(sent["id"], WHEN)
    for name in ("laporan.csv", "laporan.xlsx"):
        run("broadcast", "report", str(sent["id"]), "--as", "dewi", "--file", str(tmp_path / name))
    assert "belum memberi izin" in (tmp_path / "laporan.csv").read_text(encoding="utf-8-sig")
    assert load_workbook(tmp_path / "laporan.xlsx").active.max_row == 4
    run("broadcast", "report", str(sent["id"]), "--file", str(tmp_path / "x.csv"), code=2)
    run("broadcast", "report", str(sent["id"]), "--as", "dewi", "--file", str(tmp_path / "x.pdf"), code=2)
    run("broadcast", "segments", "drop", "Warga aktif", "--as", "ratna")
    run("broadcast", "new", "--as", "ratna", "--segment", "Warga aktif", "--wording", "ingat_iuran", code=2)
    run("broadcast", "new", "--as", "ratna", "--wording", "ingat_iuran", code=2)
