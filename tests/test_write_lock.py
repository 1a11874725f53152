"""Many at once on SQLite: everyone is stored, in the order they came, and a bad one takes nobody along."""

from __future__ import annotations

import asyncio
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import event
from world_fixtures import SATURDAY

from bot.channels.channel import Incoming
from bot.inbox import receive, receive_soon
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


def test_what_comes_while_others_are_stored_goes_along_the_next_time(world: World) -> None:
    """A hundred requests at once, one repeated and one broken: each is told what became of it."""
    database = world.app.database

    async def deliver(arrived: Incoming) -> int:
        return await receive_soon(database, Channel.WEB, "uji", [arrived], SATURDAY)

    async def all_at_once() -> list[int | BaseException]:
        good = (Incoming(f"p-{number}", f"orang-{number}", HeardKind.TEXT, "halo", SATURDAY) for number in range(99))
        return await asyncio.gather(*map(deliver, [*good, good_again, Broken()]), return_exceptions=True)

    good_again = Incoming("p-0", "orang-0", HeardKind.TEXT, "halo", SATURDAY)
    told = asyncio.run(all_at_once())
    assert told[:100] == [1] * 99 + [0]
    assert isinstance(told[100], AttributeError)
    with database.reading() as store:
        assert store.inbox.waiting() == 99


def test_a_crowd_shares_the_wait_for_the_disk(world: World) -> None:
    database, commits = world.app.database, list[object]()
    event.listen(database.engine, "commit", commits.append)

    async def all_at_once() -> None:
        people = (Incoming(f"p-{number}", f"orang-{number}", HeardKind.TEXT, "halo", SATURDAY) for number in range(99))
        await asyncio.gather(*(receive_soon(database, Channel.WEB, "uji", [one], SATURDAY) for one in people))

    asyncio.run(all_at_once())
    assert len(commits) < 30
