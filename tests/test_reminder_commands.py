"""`rangkul reminders`: what a script sees and does, without names."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.clock import SystemClock
from bot.commands.options import settings_from
from bot.commands.staff_commands import opened
from flows.contact import Channel, Purpose, ReminderPlan
from flows.outreach.sending_policy import Kind

HERE, ELSEWHERE = "00.00.00.0001", "00.00.00.0003"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("RANGKUL_STORE__KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("RANGKUL_STORE__URL", f"sqlite:///{tmp_path / 'rangkul.db'}")

    def command(*words: str, code: int = 0):
        done = CliRunner().invoke(app, ["reminders", *words], env={"COLUMNS": "200"})
        assert done.exit_code == code, done.output
        rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return rows if "--json" in words else done.output

    return command


@pytest.fixture
def people(run):
    """Sari and Budi of one village, Joko of another, who never agreed."""
    now = SystemClock().now()
    with opened(settings_from(None)) as database:
        with database.transaction() as store:
            for name, village, hours in (("sari", HERE, 2), ("budi", HERE, 48), ("joko", ELSEWHERE, None)):
                who, address = store.contacts.find_or_make(Channel.WEB, "local", name, now)
                store.contacts.learn(who, village=village, name=f"{name.title()} Contoh")
                if hours is not None:
                    store.consents.give(who, [Purpose.REMINDERS], "v1", now)
                    store.reminders.plan(who, ReminderPlan(10, 8), now + timedelta(hours=hours), address)
        yield database


def test_lists_tell_numbers_in_the_order_of_their_moments_and_no_names(run, people):
    rows = run("list", "--json")
    assert [(row["id"], row["state"], row["village"]) for row in rows] == [(1, "waiting", HERE), (2, "waiting", HERE)]
    assert [row["id"] for row in run("due", "--hours", "24", "--json")] == [1]
    assert run("list", "--village", ELSEWHERE, "--json") == []
    shown = run("list")
    assert "Menunggu" in shown
    assert "Contoh" not in shown
    run("list", "--state", "apa", code=2)


def test_a_plan_is_shown_on_record_and_made_only_for_who_agreed(run, people):
    run("plan", "3", "--day", "5", "--by", "ratna", code=2)
    (made,) = run(
        "plan", "1", "--day", "5", "--hour", "9", "--every", "6", "--harvest", "2027-04", "--by", "ratna", "--json"
    )
    assert made["plan"] == {"day": 5, "hour": 9, "every": 6, "employer": False, "harvest": "2027-04-01"}
    (shown,) = run("show", "1", "--by", "ratna", "--reason", "warga bertanya di balai desa", "--json")
    assert (shown["next"], shown["sent"]) == (made["next"], [])
    run("show", "9", "--by", "ratna", "--reason", "salah ketik", code=2)
    run("show", "1", "--by", "ratna", code=2)
    with people.reading() as store:
        acts = [(line.action, line.target, line.reason) for line in store.audit.recent()]
    assert acts == [
        ("reminder_viewed", "contact:1", "warga bertanya di balai desa"),
        ("reminder_planned", "contact:1", None),
    ]


def test_reminders_are_held_back_go_on_and_stop_one_by_one_or_by_village(run, people):
    now = SystemClock().now()
    with people.transaction() as store:
        store.outbox.queue(1, 1, Kind.REMINDER, "pengingat", now, reminder_id=1)
    assert run("pause", "1", "--by", "ratna", "--json") == [{"changed": 1, "unchanged": 0}]
    (shown,) = run("show", "1", "--by", "ratna", "--reason", "diperiksa", "--json")
    assert [(line["state"], line["reason"]) for line in shown["sent"]] == [
        ("skipped", "pengingatnya sedang dijeda petugas")
    ]
    assert [row["id"] for row in run("list", "--state", "paused", "--json")] == [1]
    run("pause", "1", "--by", "ratna", code=2)
    assert run("resume", "--village", HERE, "--by", "ratna", "--json") == [{"changed": 1, "unchanged": 0}]
    assert run("pause", "--village", HERE, "--by", "ratna", "--json") == [{"changed": 2, "unchanged": 0}]
    assert run("stop", "1", "2", "9", "--by", "ratna", "--json") == [{"changed": 2, "unchanged": 1}]
    assert [row["state"] for row in run("list", "--state", "stopped", "--json")] == ["stopped", "stopped"]
    run("stop", "--by", "ratna", code=2)
