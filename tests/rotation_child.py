"""Rotates the keys of a database, killed with SIGKILL again and again until it is done.

    python tests/rotation_child.py DATABASE KEYS SEED

Each run is what `rangkul privacy rotate-key` does from its first step on. It dies before the statement, commit or
replaced file that the dice name; then everything must open with the keys that lie in the file.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event
from storage_fixtures import village_of
from test_rotation import everything, fill
from world_fixtures import _SETTINGS, content_in_force

from bot.commands.privacy_commands import _rotate
from bot.config import Settings, StoreSettings
from storage import Database, Sealer, rotation
from storage.rotation import next_ring
from storage.sealed import load_or_make_keys

MOST_RUNS = 400
#: So few values a batch that a kill hits between any two rows.
_BATCH = 2
#: Each run may live a little longer than the last, so that it comes to its end whatever the dice say.
_FIRST, _LONGER = 30, 15


def main() -> None:
    """Fork, rotate, die, look; says how often it was killed, and how often with both keys in use."""
    path, keys, dice = Path(sys.argv[1]), Path(sys.argv[2]), random.Random(int(sys.argv[3]))
    settings = _SETTINGS.model_copy(update={"store": StoreSettings(url=f"sqlite:///{path}", keys=keys)})
    words = content_in_force().current.lexicon["privacy"]["rotate"]
    rotation._BATCH = _BATCH
    before = fill_and_read(path, keys)
    kills = halves = 0
    for run in range(MOST_RUNS):
        moments = dice.randint(1 + run * _LONGER // 2, _FIRST + run * _LONGER)
        child = os.fork()
        if child == 0:
            die_after(moments)
            rotate(settings, words)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        with_both = look(path, keys, before)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status)) if status else print(kills, halves)
            return
        kills, halves = kills + 1, halves + with_both
    sys.exit("never finished")


def fill_and_read(path: Path, keys: Path) -> object:
    """People in a fresh database."""
    database = Database(f"sqlite:///{path}", Sealer(load_or_make_keys(keys, {})), village_of)
    database.upgrade()
    fill(database)
    found = everything(database)
    database.close()
    return found


def rotate(settings: Settings, words: dict[str, str]) -> None:
    """As the command does it, without its questions."""
    ring, _ = next_ring(load_or_make_keys(settings.store.keys, {}))
    database = Database(settings.store.url, Sealer(ring), village_of)
    _rotate(database, ring, settings, words)
    database.close()


def look(path: Path, keys: Path, before: object) -> bool:
    """Every value opens with what lies in the key file. Returns whether two keys are in use."""
    ring = load_or_make_keys(keys, {})
    database = Database(f"sqlite:///{path}", Sealer(ring), village_of)
    if everything(database) != before:
        sys.exit("values were lost")
    left = rotation.left_to_seal(database, Sealer(ring))
    database.close()
    return len(ring.sealing) > 1 and left > 0


def die_after(moments: int) -> None:
    """Kill this very process before its so-many-th statement, commit, or file put in another's place."""
    left = [moments]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    sys.addaudithook(lambda name, _: count() if name == "os.rename" else None)


if __name__ == "__main__":
    main()
