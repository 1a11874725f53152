"""Many at once on SQLite: everyone is stored, in the order they came, and a bad one takes nobody along."""

from __future__ import annotations

from threading import Barrier, Event, Thread

import pytest
from world_fixtures import SATURDAY

from bot.channels.channel import Incoming
from bot.inbox import receive
from bot.world import World
from flows.contact import Channel
from flows.message import HeardKind
from storage.write_lock import WriteLock


class Broken(Incoming):
    """A message that breaks while it is stored, as a bug would."""

    def __init__(self) -> None:
        super().__init__("rusak", "rusak", HeardKind.TEXT, "halo", SATURDAY)

    def __getattribute__(self, name: str) -> object:
        if name == "text":
            raise AttributeError(name)
        return super().__getattribute__(name)


def test_the_lock_is_handed_on_in_the_order_people_came() -> None:
    lock, order, asked = WriteLock(), list[int](), [Event() for _ in range(5)]

    def write(number: int) -> None:
        asked[number].set()
        with lock:
            order.append(number)

    threads = []
    with lock:
        for number in range(5):
            thread = Thread(target=write, args=(number,))
            thread.start()
            asked[number].wait()
            while len(lock._line) <= number:  # the ticket is taken just after
                pass
            threads.append(thread)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_the_lock_comes_back_after_an_error() -> None:
    lock = WriteLock()
    with pytest.raises(RuntimeError), lock:
        raise RuntimeError
    with lock:
        pass


def test_a_delivery_that_breaks_takes_no_other_along(world: World) -> None:
    start, counts, broken = Barrier(9), list[int](), list[BaseException]()

    def deliver(number: int) -> None:
        message = Incoming(f"pesan-{number}", f"orang-{number}", HeardKind.TEXT, "halo", SATURDAY)
        start.wait()
        try:
            counts.append(receive(world.app.database, Channel.WEB, "uji", [message], SATURDAY))
        except BaseException as wrong:  # noqa: BLE001
            broken.append(wrong)

    def deliver_bad() -> None:
        start.wait()
        with pytest.raises(AttributeError):
            receive(world.app.database, Channel.WEB, "uji", [Broken()], SATURDAY)

    threads = [Thread(target=deliver, args=(number,)) for number in range(8)] + [Thread(target=deliver_bad)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [1] * 8
    assert not broken
