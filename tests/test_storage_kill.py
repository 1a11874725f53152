"""A process killed at any moment loses nothing that was committed and leaves nothing half done."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from storage_fixtures import LEASE, NOW

from flows.outreach.sending_policy import Kind
from storage.words import OutboxState

#: Runs in a process of its own and is killed by its own hand at the marked step.
SCRIPT = """
import os, signal, sys
sys.path[:0] = ["tests"]
from storage import Database, Sealer
from storage.outcomes import Sent
from flows.outreach.sending_policy import Kind
from storage_fixtures import KEYS, LEASE, NOW, village_of

url, die_at = sys.argv[1], sys.argv[2]

def step(name):
    if name == die_at:
        os.kill(os.getpid(), signal.SIGKILL)

database = Database(url, Sealer(KEYS), village_of)
with database.transaction() as store:
    contact, address = store.contacts.find_or_make("web", "main", "sari", NOW)
    store.inbox.record("web", "main", "m1", address, {"text": "halo"}, NOW)
    step("recording")
step("recorded")
with database.transaction() as store:
    claimed = store.inbox.claim(NOW, LEASE)
    store.outbox.queue(claimed.contact_id, claimed.address_id, Kind.REPLY, "halo juga", NOW, inbound_id=claimed.id)
    store.inbox.done(claimed)
    step("turning")
step("turned")
with database.transaction() as store:
    (due,) = store.outbox.claim(NOW, 1, LEASE, "w1")
    step("claiming")
step("sending")
with database.transaction() as store:
    store.outbox.settle(due.id, Sent("x1", NOW))
    step("settling")
step("settled")
"""
STEPS = ["recording", "recorded", "turning", "turned", "claiming", "sending", "settling", "settled"]


@pytest.mark.parametrize("die_at", STEPS)
def test_killed_at(db, die_at):
    url = db.engine.url.render_as_string(hide_password=False)
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, url, die_at], cwd=Path(__file__).parent.parent, capture_output=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    at = STEPS.index(die_at)
    with db.transaction() as store:
        known = store.contacts.find("web", "main", "sari")
        assert (known is not None) == (at >= STEPS.index("recorded"))
        assert (store.inbox.claim(NOW, LEASE) is not None) == (die_at in {"recorded", "turning"})
    if at < STEPS.index("turned"):
        return
    with db.transaction() as store:
        store.outbox.take_over(NOW + LEASE)
        (line,) = [line for line in store.outbox.conversation(known[0]) if line.kind is Kind.REPLY]
        assert line.state is (OutboxState.SENT if die_at == "settled" else OutboxState.DUE)
