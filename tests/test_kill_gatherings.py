"""kill -9 at any moment while a gathering is announced, moved and called off: nobody is told anything twice."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter

from kill_gathering_child import GUESTS, MOVED_TO
from sqlalchemy import select
from world_fixtures import ROOT, SATURDAY, build_app

from bot.clock import SetClock
from storage.tables import GATHERING_PERSON, OUTBOX
from storage.words import OutboxState

KILLS_AT_LEAST = 5


def test_nobody_is_invited_moved_or_called_off_twice_however_often_the_bot_dies(tmp_path):
    database = tmp_path / "bot.db"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "OPENBLAS_NUM_THREADS": "1"}
    child = str(ROOT / "tests" / "kill_gathering_child.py")
    command = [sys.executable, child, str(database), str(tmp_path), "20261128"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[-1]) >= KILLS_AT_LEAST

    app = build_app(database, SetClock(SATURDAY))
    with app.database.reading() as store:
        guests = store.connection.execute(select(GATHERING_PERSON)).all()
        rows = store.connection.execute(select(OUTBOX)).all()
    app.close()
    lines = (tmp_path / "delivered").read_text(encoding="utf-8").splitlines()
    told = Counter((to, ast.literal_eval(text)) for to, text in (line.split("\t", 1) for line in lines))

    assert len(guests) == len(GUESTS)
    assert all(guest.tell is None for guest in guests), "everybody was told all there was to tell"
    assert max(told.values()) == 1
    assert {row.state for row in rows} <= {OutboxState.SENT, OutboxState.UNKNOWN, OutboxState.SKIPPED}
    of_kind = Counter((row.contact_id, row.reply) for row in rows if row.state is not OutboxState.SKIPPED)
    assert max(of_kind.values()) == 1
    sent = sum(row.state is OutboxState.SENT for row in rows)
    assert sent <= len(lines) <= sum(row.state is not OutboxState.SKIPPED for row in rows)
    assert any(MOVED_TO in text for _, text in told)
