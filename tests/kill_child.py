"""Runs a bot that is killed with SIGKILL at random steps, again and again, until all its work is done.

    python tests/kill_child.py PLATFORM DATABASE FOLDER SEED

A process of its own, so that it can fork: everything slow is loaded once, each fork opens the database anew, does what
`rangkul run` does (read the platform's payload, receive, take turns, tick, send) and dies at the step the dice name: a
statement, a commit, or just before or after handing a message over. What a platform would know is kept in files,
written outside the database: which messages were acknowledged, which of ours were delivered, and what it was doing
each time it was killed.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import event
from world_fixtures import SATURDAY, build_app, content_in_force, engines

from bot import turn
from bot.app import App
from bot.channels.channel import Arrived, Outgoing
from bot.channels.local import LocalChannel
from bot.channels.telegram_read import read_update
from bot.channels.whatsapp_read import read_webhook
from bot.clock import SetClock
from bot.due import tick
from bot.emulators.whatsapp_payloads import Sender
from bot.emulators.whatsapp_state import Person
from bot.inbox import receive
from flows.contact import Channel, Purpose, Role

WORKERS = range(1, 29)
OFFICIAL = 0
QUESTIONS = ("halo", "jkm itu apa", "jht itu apa", "jkk itu apa", "makasih")
ANNOUNCEMENT = "balai desa"
TOLD = ("siaran", "penyuluhan", "Senin jam 9", ANNOUNCEMENT, "ya")
VILLAGE = "00.00.00.0001"
MOST_RUNS = 1_000
#: Statements that were put together once serve every fork, so that a run costs little more than its work.
COMPILED: dict[Any, Any] = {}


def messages() -> list[tuple[int, int, str]]:
    """What people write: (message number, person, text)."""
    asked = [(who, text) for text in QUESTIONS for who in WORKERS]
    told = [(OFFICIAL, text) for text in TOLD]
    half = len(asked) // 2
    return [(number, *said) for number, said in enumerate([*asked[:half], *told, *asked[half:]], start=1)]


@dataclass(frozen=True)
class Platform:
    """How people are named there, and how what they write arrives."""

    channel: Channel
    person_id: Callable[[int], str]
    arrived: Callable[[int, int, str], Sequence[Arrived]]


def _telegram(number: int, who: int, text: str) -> Sequence[Arrived]:
    person = {"id": 900_000_000 + who, "is_bot": False, "first_name": "Orang contoh"}
    chat = {"id": person["id"], "type": "private"}
    message = {"message_id": number, "date": int(SATURDAY.timestamp()), "chat": chat, "from": person, "text": text}
    return read_update(json.dumps({"update_id": number, "message": message}).encode(), SATURDAY)


def _whatsapp(number: int, who: int, text: str) -> Sequence[Arrived]:
    person = Person(f"62812000{who:04d}", f"ID.{9000 + who}", "Orang contoh")
    said = {"type": "text", "text": {"body": text}}
    payload = Sender("1", "2", "62800").message(person, f"wamid.{number}", SATURDAY.timestamp(), said)
    return read_webhook(json.dumps(payload).encode(), "1")


PLATFORMS = {
    "telegram": Platform(Channel.TELEGRAM, lambda who: str(900_000_000 + who), _telegram),
    "whatsapp": Platform(Channel.WHATSAPP, lambda who: f"ID.{9000 + who}", _whatsapp),
}


class Doing(StrEnum):
    """What a bot does between a message's arrival and the end of its answer."""

    STORING = "storing what arrived"
    STORED = "stored, not yet acknowledged"
    TURN = "taking a turn"
    CLAIMING = "claiming what to send"
    HANDING_OVER = "about to hand it over"
    HANDED_OVER = "handed over, not yet recorded"
    RECORDING = "recording what became of it"
    TICKING = "looking for what is due"


class Dice:
    """Names the step before which this very process is killed, and writes down what it was doing then.

    Args:
        steps: so many steps are taken in all.
        record: where to write it down.
        aim: or, should that come first, it dies as soon as it does this.
    """

    def __init__(self, steps: int, record: Path, aim: Doing | None = None) -> None:
        self._left = steps
        self._record = record
        self._aim = aim
        self.doing = Doing.STORING

    def throw(self, *_: object) -> None:
        """One step further: a statement, a commit, or a moment between two of them."""
        self._left -= 1
        if self._left < 0 or self.doing is self._aim:
            add_line(self._record, self.doing)
            os.kill(os.getpid(), signal.SIGKILL)

    def now(self, doing: Doing) -> None:
        """From here on it does this; the moment before is a step of its own."""
        self.doing = doing
        self.throw()


class FileChannel(LocalChannel):
    """A platform that writes down what it delivered, and survives us."""

    def __init__(self, name: Channel, path: Path, dice: Dice) -> None:
        super().__init__(name)
        self.path = path
        self.dice = dice

    async def send(self, message: Outgoing) -> str:
        self.dice.now(Doing.HANDING_OVER)
        number = add_line(self.path, f"{message.to}\t{message.text!r}")
        self.dice.now(Doing.HANDED_OVER)
        return f"delivered-{number}"


def add_line(path: Path, line: str) -> int:
    """Add a line in one write, which a kill can't split; returns its number."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)
    return len(path.read_text(encoding="utf-8").splitlines())


def opened(database: Path, seconds: int = 0) -> App:
    """A bot on that database, some time into the Saturday."""
    app = build_app(database, SetClock(SATURDAY + timedelta(seconds=seconds)))
    app.database.engine.update_execution_options(compiled_cache=COMPILED)
    return app


def set_up(platform: Platform, database: Path) -> None:
    """An official, and workers of one village who agree to announcements."""
    app = opened(database)
    with app.database.transaction() as store:
        for who in (*WORKERS, OFFICIAL):
            contact_id, _ = store.contacts.find_or_make(platform.channel, "local", platform.person_id(who), SATURDAY)
            store.contacts.learn(contact_id, village=VILLAGE)
            store.consents.give(contact_id, (Purpose.ANNOUNCEMENTS,), "persetujuan-v1", SATURDAY)
        store.contacts.set_role(contact_id, Role.OFFICIAL)
    app.close()


def work(platform: Platform, app: App, folder: Path, dice: Dice, asked: Sequence[tuple[int, int, str]]) -> None:
    """Everything there is to do; messages not yet acknowledged are delivered again, as platforms do."""
    app.channels[platform.channel, "local"] = FileChannel(platform.channel, folder / "delivered", dice)
    event.listen(app.database.engine, "before_cursor_execute", dice.throw)
    event.listen(app.database.engine, "commit", dice.throw)
    acknowledged = folder / "acknowledged"
    known = set(acknowledged.read_text(encoding="utf-8").splitlines()) if acknowledged.exists() else set()
    for number, who, text in asked:
        if str(number) in known:
            continue
        dice.now(Doing.STORING)
        receive(app.database, platform.channel, "local", platform.arrived(number, who, text), app.clock.now())
        dice.now(Doing.STORED)
        add_line(acknowledged, str(number))
        take_turn(app, dice)
    while take_turn(app, dice):
        pass
    dice.now(Doing.TICKING)
    tick(app.database, app.content, app.clock)
    send_all(app, dice)


def take_turn(app: App, dice: Dice) -> bool:
    """The next waiting message and what it leads to; whether there was one."""
    dice.now(Doing.TURN)
    taken = app.turns.take_next() is not None
    send_all(app, dice)
    return taken


def send_all(app: App, dice: Dice) -> None:
    """Claim, send with no lock held, record: the three moments between which a kill hurts."""
    while True:
        dice.now(Doing.CLAIMING)
        dealt, ready = app.sender.claim()
        results = [(item, asyncio.run(app.sender.carry(item))) for item in ready]
        dice.now(Doing.RECORDING)
        if results:
            app.sender.record(results)
        if not dealt:
            return


def warm_up(platform: Platform, folder: Path) -> None:
    """Load and put together everything once, on a database of its own."""
    database = folder / "warm.db"
    set_up(platform, database)
    app = opened(database)
    place = folder / "warmth"
    place.mkdir()
    work(platform, app, place, Dice(sys.maxsize, place / "killed"), messages()[:3])
    app.close()


def die_often(fated: Callable[[int], Callable[[], None]]) -> None:
    """Fork, work, die, until a run comes to its end; prints how often it was killed.

    Args:
        fated: what the fork of that number does. Asked for before it forks, so that the dice go on rolling.
    """
    kills = 0
    for run in range(MOST_RUNS):
        doing = fated(run)
        child = os.fork()
        if child == 0:
            doing()
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


def main() -> None:
    """Kill a bot on that platform, over and over, until its work is done."""
    platform, database = PLATFORMS[sys.argv[1]], Path(sys.argv[2])
    folder, dice = Path(sys.argv[3]), random.Random(int(sys.argv[4]))
    turn.ATTEMPTS = (
        MOST_RUNS  # a message that kills the bot is set aside after a few times; here it is never the message
    )
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    engines().of(content_in_force().current).understand("halo")
    warm_up(platform, folder)
    set_up(platform, database)
    gc.freeze()  # a fork that collects would copy the whole parent

    def fated(run: int) -> Callable[[], None]:
        steps = dice.randint(1, 160 if run % 6 == 0 else 40)  # a long one now and then, or nothing big ever ends
        fate = Dice(steps, folder / "killed", dice.choice(list(Doing)) if run % 2 else None)
        return lambda: work(platform, opened(database, 30 * run), folder, fate, messages())

    die_often(fated)


if __name__ == "__main__":
    main()
