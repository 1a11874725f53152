"""Runs a bot that is killed with SIGKILL at random statements, again and again, until all its work is done.

    python tests/kill_child.py DATABASE FOLDER SEED

A process of its own, so that it can fork: everything slow is loaded once, each fork opens the database anew, does what
`rangkul run` does (receive, take turns, tick, send) and dies at the statement the dice name. What a platform would know
is kept in files, written outside the database: which messages were acknowledged, and which of ours were delivered.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import event
from world_fixtures import SATURDAY, build_app, content_in_force, engines

from bot.app import App
from bot.channels.channel import Incoming, Outgoing
from bot.channels.local import LocalChannel
from bot.clock import SetClock
from bot.due import tick
from bot.inbox import receive
from flows.contact import Channel, Purpose, Role
from flows.message import HeardKind

WORKERS = [f"pekerja-{number}" for number in range(16)]
OFFICIAL = "petugas"
QUESTIONS = ("halo", "jkm itu apa", "jht itu apa", "makasih")
ANNOUNCEMENT = "balai desa"
TOLD = ("siaran", "penyuluhan", "Senin jam 9", ANNOUNCEMENT, "ya")
VILLAGE = "00.00.00.0001"
MOST_RUNS = 2_000


def messages() -> list[tuple[str, str, str]]:
    """What people write: (message id, person, text)."""
    asked = [(f"{who}:{number}", who, text) for number, text in enumerate(QUESTIONS) for who in WORKERS]
    told = [(f"{OFFICIAL}:{number}", OFFICIAL, text) for number, text in enumerate(TOLD)]
    return [*asked[: len(asked) // 2], *told, *asked[len(asked) // 2 :]]


class FileChannel(LocalChannel):
    """A platform that writes down what it delivered, and survives us."""

    def __init__(self, path: Path) -> None:
        super().__init__(Channel.WEB)
        self.path = path

    async def send(self, message: Outgoing) -> str:
        number = add_line(self.path, f"{message.to}\t{message.text!r}")
        return f"delivered-{number}"


def add_line(path: Path, line: str) -> int:
    """Add a line in one write, which a kill can't split; returns its number."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)
    return len(path.read_text(encoding="utf-8").splitlines())


def set_up(database: Path) -> None:
    """An official, and workers of one village who agree to announcements."""
    app = build_app(database, SetClock(SATURDAY))
    with app.database.transaction() as store:
        for who in (*WORKERS, OFFICIAL):
            contact_id, _ = store.contacts.find_or_make(Channel.WEB, "local", who, SATURDAY)
            store.contacts.learn(contact_id, village=VILLAGE)
            store.consents.give(contact_id, (Purpose.ANNOUNCEMENTS,), "persetujuan-v1", SATURDAY)
        store.contacts.set_role(contact_id, Role.OFFICIAL)
    app.close()


def die_after(app: App, statements: int) -> None:
    """Kill this very process before its so-many-th statement or commit."""
    left = [statements]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(app.database.engine, "before_cursor_execute", count)
    event.listen(app.database.engine, "commit", count)


def work(app: App, folder: Path) -> None:
    """Everything there is to do; messages not yet acknowledged are delivered again, as platforms do."""
    acknowledged = folder / "acknowledged"
    known = set(acknowledged.read_text(encoding="utf-8").splitlines()) if acknowledged.exists() else set()
    for message_id, who, text in messages():
        if message_id in known:
            continue
        incoming = Incoming(message_id, who, HeardKind.TEXT, text, app.clock.now())
        receive(app.database, Channel.WEB, "local", [incoming], app.clock.now())
        add_line(acknowledged, message_id)
        app.turns.take_next()
        send_all(app)
    while app.turns.take_next() is not None:
        send_all(app)
    tick(app.database, app.content, app.clock)
    send_all(app)


def send_all(app: App) -> None:
    """Claim, send with no lock held, record: the three moments between which a kill hurts."""
    while True:
        dealt, ready = app.sender.claim()
        results = [(item, asyncio.run(app.sender.carry(item))) for item in ready]
        if results:
            app.sender.record(results)
        if not dealt:
            return


def main() -> None:
    """Fork, work, die, until a run comes to its end; says how often it was killed."""
    database, folder, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    dice = random.Random(seed)
    engines().of(content_in_force().current).understand("halo")
    set_up(database)
    kills = 0
    for run in range(MOST_RUNS):
        statements = dice.randint(1, 110)
        child = os.fork()
        if child == 0:
            app = build_app(database, SetClock(SATURDAY + timedelta(seconds=30 * run)))
            app.channels[Channel.WEB, "local"] = FileChannel(folder / "delivered")
            die_after(app, statements)
            work(app, folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            kills += 1
        elif os.waitstatus_to_exitcode(status) == 0:
            print(kills)
            return
        else:
            sys.exit(f"a run ended with {status}")
    sys.exit("never finished")


if __name__ == "__main__":
    main()
