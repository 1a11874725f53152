"""Makes a gathering, invites, changes it and calls it off, killed with SIGKILL at random statements until all is done.

python tests/kill_gathering_child.py DATABASE FOLDER SEED
"""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog
from kill_child import VILLAGE, Dice, FileChannel, die_often, send_all
from sqlalchemy import event
from world_fixtures import SATURDAY, build_app, content_in_force

from bot.app import App
from bot.clock import SetClock
from bot.due import tick
from flows.contact import Channel, Purpose
from flows.gathering import GatheringChange, GatheringDraft, GatheringKind, GatheringState

GUESTS = [f"tamu-{number}" for number in range(6)]
MOVED_TO = "Lapangan desa"


def set_up(database: Path) -> None:
    """People of one village who agree to announcements."""
    app = build_app(database, SetClock(SATURDAY))
    with app.database.transaction() as store:
        for who in GUESTS:
            contact_id, _ = store.contacts.find_or_make(Channel.WEB, "local", who, SATURDAY)
            store.contacts.learn(contact_id, village=VILLAGE)
            store.consents.give(contact_id, (Purpose.ANNOUNCEMENTS,), "persetujuan-v1", SATURDAY)
    app.close()


def work(app: App, dice: Dice) -> None:
    """Each step as a person in the console would take it, and take again when they can't see that it was taken."""
    now = app.clock.now()
    with app.database.transaction() as store:
        if not store.gatherings.recent():
            starts = SATURDAY + timedelta(days=9)
            draft = GatheringDraft(GatheringKind.SEMINAR, "Seminar contoh", "Balai desa", starts, VILLAGE)
            store.gatherings.make(draft, "1234", now)
        (gathering,) = store.gatherings.recent()
    if gathering.state is not GatheringState.CANCELLED:
        with app.database.transaction() as store:
            store.gatherings.invite(gathering.id, now)
        tell(app, dice)
        with app.database.transaction() as store:
            store.gatherings.change(gathering.id, GatheringChange(place=MOVED_TO), now)
        tell(app, dice)
        with app.database.transaction() as store:
            store.gatherings.cancel(gathering.id, now)
    tell(app, dice)


def tell(app: App, dice: Dice) -> None:
    """What a tick of the clock and the sender do."""
    tick(app.database, app.content, app.clock)
    send_all(app, dice)


def main() -> None:
    """Kill a bot over and over until the gathering is called off."""
    database, folder, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    dice = random.Random(seed)
    content_in_force()
    set_up(database)

    def fated(run: int) -> Callable[[], None]:
        fate = Dice(
            dice.randint(1, 150), folder / "killed"
        )  # a batch of invitations is a transaction of about a hundred

        def doing() -> None:
            app = build_app(database, SetClock(SATURDAY + timedelta(seconds=30 * run)))
            app.channels[Channel.WEB, "local"] = FileChannel(Channel.WEB, folder / "delivered", fate)
            event.listen(app.database.engine, "before_cursor_execute", fate.throw)
            event.listen(app.database.engine, "commit", fate.throw)
            work(app, fate)

        return doing

    die_often(fated)


if __name__ == "__main__":
    main()
