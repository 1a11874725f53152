"""After kill -9 at any moment: nothing is lost, and nothing is said twice but what is on record as uncertain.

One class of tests for all platforms; each has its own file, so that two cores can share them.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kill_child import ANNOUNCEMENT, OFFICIAL, PLATFORMS, WORKERS, Doing, Platform, messages
from sqlalchemy import select
from world_fixtures import ROOT, SATURDAY, build_app

from bot.app import App
from bot.clock import SetClock
from flows.outreach.sending_policy import Kind
from storage.tables import INBOUND, OUTBOX
from storage.words import BroadcastState, InboundState, OutboxState, PersonState

KILLS_AT_LEAST = 300


@dataclass(frozen=True)
class Aftermath:
    """The database and the platform's own records, after a bot was killed hundreds of times."""

    platform: Platform
    app: App
    folder: Path
    kills: int


@contextmanager
def killed_often(platform: str, folder: Path) -> Iterator[Aftermath]:
    """Let a bot on that platform be killed until all its work is done."""
    database = folder / "bot.db"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "tests" / "kill_child.py"), platform, str(database), str(folder), "20261121"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    app = build_app(database, SetClock(SATURDAY))
    yield Aftermath(PLATFORMS[platform], app, folder, int(done.stdout.split()[-1]))
    app.close()


def delivered(folder: Path) -> Counter[tuple[str, str]]:
    """What the platform delivered: (to whom, what), how often."""
    lines = (folder / "delivered").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t", 1) for line in lines)
    return Counter((to, ast.literal_eval(text)) for to, text in pairs)


def rows(aftermath: Aftermath) -> list[tuple[str, Any, str]]:
    """All outgoing rows with the person they are for."""
    people = [aftermath.platform.person_id(who) for who in (*WORKERS, OFFICIAL)]
    with aftermath.app.database.reading() as store:
        names = {store.contacts.find(aftermath.platform.channel, "local", who)[0]: who for who in people}
        found = store.connection.execute(select(OUTBOX).order_by(OUTBOX.c.id)).all()
        texts = {cast.id: cast.text for cast in store.broadcasts.recent()}
    return [(names[row.contact_id], row, row.body or texts[row.broadcast_id]) for row in found]


class KilledOften:
    """The tests; a subclass brings the `aftermath` of its platform."""

    def test_it_was_killed_often(self, aftermath: Aftermath) -> None:
        assert aftermath.kills >= KILLS_AT_LEAST

    def test_it_was_killed_in_the_middle_of_everything_it_does(self, aftermath: Aftermath) -> None:
        killed = Counter((aftermath.folder / "killed").read_text(encoding="utf-8").splitlines())
        assert killed.total() == aftermath.kills
        assert all(killed[doing] >= 5 for doing in Doing)

    def test_every_message_is_stored_once_and_worked_through(self, aftermath: Aftermath) -> None:
        with aftermath.app.database.reading() as store:
            found = store.connection.execute(select(INBOUND)).all()
        assert len(found) == len(messages())
        assert {row.state for row in found} == {InboundState.DONE}

    def test_every_message_is_answered_exactly_once(self, aftermath: Aftermath) -> None:
        answers = Counter(row.inbound_id for _, row, _ in rows(aftermath) if row.kind is Kind.REPLY)
        assert set(answers.values()) == {1}
        assert len(answers) == len(messages())

    def test_nothing_is_left_on_its_way(self, aftermath: Aftermath) -> None:
        assert {row.state for _, row, _ in rows(aftermath)} <= {OutboxState.SENT, OutboxState.UNKNOWN}

    def test_every_reply_was_delivered(self, aftermath: Aftermath) -> None:
        told = delivered(aftermath.folder)
        assert all(told[who, text] >= 1 for who, row, text in rows(aftermath) if row.kind is Kind.REPLY)

    def test_a_reply_is_delivered_twice_only_when_its_first_sending_is_on_record_as_uncertain(
        self, aftermath: Aftermath
    ) -> None:
        told = delivered(aftermath.folder)
        tried: Counter[tuple[str, str]] = Counter()
        for who, row, text in rows(aftermath):
            if row.kind is Kind.REPLY:
                tried[who, text] += row.attempts
        twice = {pair for pair, times in told.items() if times > 1 and pair in tried}
        assert all(tried[pair] >= told[pair] for pair in twice)

    def test_an_announcement_reaches_nobody_twice_and_the_uncertain_are_named(self, aftermath: Aftermath) -> None:
        told = delivered(aftermath.folder)
        announced = [(who, row, text) for who, row, text in rows(aftermath) if row.kind is Kind.BROADCAST]
        assert {who for who, _, _ in announced} == {aftermath.platform.person_id(who) for who in WORKERS}
        for who, row, text in announced:
            assert ANNOUNCEMENT in text
            assert told[who, text] == 1 or (row.state is OutboxState.UNKNOWN and told[who, text] <= 1)

    def test_there_is_one_announcement_and_it_came_to_its_end(self, aftermath: Aftermath) -> None:
        with aftermath.app.database.reading() as store:
            (cast,) = store.broadcasts.recent()
            people = store.broadcasts.people(cast.id)
        assert cast.state is BroadcastState.FINISHED
        assert {person.state for person in people} <= {PersonState.SENT, PersonState.UNKNOWN}

    def test_nothing_was_delivered_that_is_not_on_record(self, aftermath: Aftermath) -> None:
        assert set(delivered(aftermath.folder)) <= {(who, text) for who, _, text in rows(aftermath)}
