"""A message is answered once, in order, and never lost: repeats, crowds, and turns that fail."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from world_fixtures import engines

from bot.channels.channel import Incoming
from bot.due import tick
from bot.inbox import receive
from bot.turn import ATTEMPTS, LEASE
from bot.world import Person, World
from flows.contact import Channel
from flows.message import HeardKind
from nlu.understanding import Understander, Understanding
from storage.conversation import Line, Who
from storage.words import OutboxState

SARI = Person(Channel.WEB, "sari-contoh")
BUDI = Person(Channel.WEB, "budi-contoh")


def lines_of(world: World, person: Person, who: Who) -> list[Line]:
    contact_id = world.contact_of(person)
    with world.app.database.reading() as store:
        return [line for line in store.outbox.conversation(contact_id, 500) if line.who is who]


def replies(world: World, person: Person) -> list[str]:
    return [line.reply or "" for line in lines_of(world, person, Who.BOT)]


def deliver(world: World, person: Person, *texts: str, first: int = 1) -> None:
    """Messages arrive, and nobody has taken a turn yet."""
    arrived = [
        Incoming(f"{person.external_id}-{number}", person.external_id, HeardKind.TEXT, text, world.clock.now())
        for number, text in enumerate(texts, start=first)
    ]
    receive(world.app.database, person.channel, person.account, arrived, world.clock.now())


def take_all(world: World) -> None:
    while world.app.turns.take_next() is not None:
        pass


class BrokenFor(Understander):
    """Understands everything but one sentence, over which it breaks as a bug would."""

    def __init__(self, engine: Understander, sentence: str, *, times: int = 10**6) -> None:
        self.engine = engine
        self.sentence = sentence
        self.left = times

    def understand(self, text: str, *, expecting: str | None = None, today: str | None = None) -> Understanding:
        if text == self.sentence and self.left:
            self.left -= 1
            raise ZeroDivisionError
        return self.engine.understand(text, expecting=expecting, today=today)


class BrokenEngines:
    """Hands out the broken engine, as `Engines` hands out the real one."""

    def __init__(self, sentence: str, **how: int) -> None:
        self.sentence = sentence
        self.how = how
        self.made: BrokenFor | None = None

    def of(self, content: object) -> Understander:
        self.made = self.made or BrokenFor(engines().of(content), self.sentence, **self.how)
        return self.made


def test_the_same_message_delivered_twice_is_answered_once(world: World) -> None:
    first = world.say(SARI, "jkm itu apa", message_id="wamid.1")
    again = world.say(SARI, "jkm itu apa", message_id="wamid.1")
    assert len(first.replies) == 1
    assert (again.turns, again.replies) == ((), ())
    assert len(lines_of(world, SARI, Who.PERSON)) == 1


def test_the_same_message_twice_in_one_delivery_is_answered_once(world: World) -> None:
    message = Incoming("wamid.1", SARI.external_id, HeardKind.TEXT, "halo", world.clock.now())
    assert receive(world.app.database, SARI.channel, SARI.account, [message, message], world.clock.now()) == 1
    take_all(world)
    assert replies(world, SARI) == ["sapaan"]


def test_the_same_text_as_a_new_message_is_answered_again(world: World) -> None:
    world.say(SARI, "halo")
    assert len(world.say(SARI, "halo").replies) == 1


def test_one_id_on_two_channels_is_two_messages(world: World) -> None:
    other = Person(Channel.TELEGRAM, SARI.external_id)
    assert len(world.say(SARI, "halo", message_id="1").replies) == 1
    assert len(world.say(other, "halo", message_id="1").replies) == 1


def test_two_messages_at_once_are_answered_in_their_order(world: World) -> None:
    deliver(world, SARI, "daftar", "setuju", "tidak", "tidak", "Sari Dewi")
    take_all(world)
    world.send_all()
    asked = ["tanya_setuju_data", "tanya_setuju_pengingat", "tanya_setuju_siaran", "tanya_nama", "tanya_nik"]
    assert replies(world, SARI) == asked
    assert [line.reply for line in world.unread(SARI)] == asked


def test_many_workers_keep_each_persons_order_and_answer_once(world: World) -> None:
    people = [Person(Channel.WEB, f"orang-{number}") for number in range(6)]
    for person in people:
        deliver(world, person, "daftar", "setuju", "tidak", "tidak", "Sari Dewi")
    failures: list[BaseException] = []

    def work() -> None:
        try:
            take_all(world)
        except BaseException as wrong:  # noqa: BLE001  # reported below, in the thread that asserts
            failures.append(wrong)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    take_all(world)
    assert not failures
    for person in people:
        assert replies(world, person)[-1] == "tanya_nik"
        assert len(replies(world, person)) == 5


def test_a_turn_that_breaks_once_is_tried_again_and_answered(make_world: Callable[..., World]) -> None:
    world = make_world(engines=BrokenEngines("jkm itu apa", times=1))
    broken = world.say(SARI, "jkm itu apa")
    assert [done.error for done in broken.turns] == ["ZeroDivisionError"]
    assert [line.reply for line in broken.replies] == ["maaf_gangguan"]
    world.clock.advance(timedelta(seconds=10))
    take_all(world)
    assert replies(world, SARI) == ["maaf_gangguan", "jelas_jkm"]


def test_a_turn_that_keeps_breaking_apologises_once_and_is_set_aside(make_world: Callable[..., World]) -> None:
    world = make_world(engines=BrokenEngines("jkm itu apa"))
    world.say(SARI, "jkm itu apa")
    for _ in range(ATTEMPTS + 2):
        world.clock.advance(timedelta(seconds=30))
        take_all(world)
    world.send_all()
    assert replies(world, SARI) == ["maaf_gangguan"]
    with world.app.database.reading() as store:
        aside = store.inbox.aside()
    assert len(aside) == 1
    assert [line.text for line in lines_of(world, SARI, Who.PERSON)] == ["jkm itu apa"]


def test_a_message_set_aside_does_not_block_the_next(make_world: Callable[..., World]) -> None:
    world = make_world(engines=BrokenEngines("jkm itu apa"))
    deliver(world, SARI, "jkm itu apa", "halo")
    for _ in range(ATTEMPTS + 1):
        take_all(world)
        world.clock.advance(timedelta(seconds=30))
    assert replies(world, SARI) == ["maaf_gangguan", "sapaan"]


def test_a_broken_message_of_one_person_does_not_hold_up_another(make_world: Callable[..., World]) -> None:
    world = make_world(engines=BrokenEngines("jkm itu apa"))
    deliver(world, SARI, "jkm itu apa")
    deliver(world, BUDI, "halo")
    take_all(world)
    assert replies(world, BUDI) == ["sapaan"]


def test_a_turn_that_breaks_leaves_nothing_half_done(make_world: Callable[..., World]) -> None:
    world = make_world(engines=BrokenEngines("Sari Dewi"))
    for text in ("daftar", "setuju", "tidak", "tidak"):
        world.say(SARI, text)
    world.say(SARI, "Sari Dewi")
    contact_id = world.contact_of(SARI)
    with world.app.database.reading() as store:
        session = store.sessions.get(contact_id)
    assert (session.flow, session.step) == ("pendaftaran", "nama")
    assert "nama" not in session.slots


def test_a_message_claimed_by_a_process_that_died_is_taken_after_its_lease(world: World) -> None:
    deliver(world, SARI, "halo")
    with world.app.database.transaction() as store:
        assert store.inbox.claim(world.clock.now(), LEASE) is not None
    assert world.app.turns.take_next() is None
    world.clock.advance(LEASE + timedelta(seconds=1))
    take_all(world)
    assert replies(world, SARI) == ["sapaan"]


def test_a_message_that_kills_every_process_is_set_aside_with_an_apology(world: World) -> None:
    deliver(world, SARI, "halo", "makasih")
    for _ in range(ATTEMPTS):
        with world.app.database.transaction() as store:
            assert store.inbox.claim(world.clock.now(), LEASE) is not None
        world.clock.advance(LEASE + timedelta(seconds=1))
    take_all(world)
    assert replies(world, SARI) == ["maaf_gangguan", "terima_kasih"]


def test_a_reply_held_by_a_sender_that_died_is_sent_after_all(world: World) -> None:
    deliver(world, SARI, "halo")
    take_all(world)
    world.app.sender.claim()
    assert world.unread(SARI) == ()
    world.clock.advance(timedelta(minutes=1))
    world.run_due()
    assert [line.reply for line in world.unread(SARI)] == ["sapaan"]


def test_a_reminder_held_by_a_sender_that_died_is_unknown_and_not_sent_twice(world: World) -> None:
    for text in ("ingatkan saya", "ya", "desa contoh", "5", "jam 8 pagi"):
        world.say(SARI, text)
    world.clock.move_to(world.clock.now().replace(month=12, day=5, hour=1))
    world.app.sender.claim()
    tick(world.app.database, world.app.content, world.clock)
    _, ready = world.app.sender.claim()
    assert len(ready) == 1
    world.clock.advance(timedelta(minutes=5))
    world.run_due()
    states = [line.state for line in lines_of(world, SARI, Who.BOT) if line.reply == "pengingat_iuran"]
    assert states == [OutboxState.UNKNOWN]


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x01\x02",
        "\ud800 halo",
        "\ufeff\u200b\u200e",
        "a" * 10_000,
        "💐" * 3_000,
        "%s %d {} {0} {{}} ${x} <%= x %>",
        "' OR 1=1; --",
        "\u202ediputar\u202c",
        "\n\n\n",
        "\u0661\u0662\u0663\u0664" * 4,
    ],
    ids=[
        "binary",
        "half a surrogate",
        "invisible",
        "10,000",
        "flowers",
        "templates",
        "sql",
        "turned",
        "breaks",
        "digits",
    ],
)
@pytest.mark.parametrize("place", ["outside", "at the name", "at the NIK"])
def test_no_text_breaks_a_turn(world: World, text: str, place: str) -> None:
    before = {"outside": (), "at the name": ("daftar", "ya", "ya", "ya")}
    before["at the NIK"] = (*before["at the name"], "Sari Dewi")
    for said in before[place]:
        world.say(SARI, said)
    exchange = world.say(SARI, text)
    assert [done.error for done in exchange.turns] == [None]
    assert len(exchange.replies) == 1
    assert exchange.replies[0].text.strip()
