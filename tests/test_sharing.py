"""Several people on one phone: each has a conversation, a lead and consents of their own behind the one chat."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.channels.channel import Blocked, Incoming
from bot.inbox import receive
from bot.web_chat import WebChat
from bot.world import Person, World
from console.answers import Speaker, queue_answer
from flows.contact import Channel, ConsentState, Purpose
from flows.message import HeardKind
from storage.tables import METADATA

PHONE = Person(Channel.WEB, "hp-contoh")
_TOLD = (
    "mau daftar, nama Budi Santoso, nik 0000011208850002, nelayan di laut contoh jam 4 pagi sampai jam 10 pagi, "
    "1,5 juta sebulan, 2 program, bayar sendiri 3 bulan, hp 081200000012"
)
BUDI = (_TOLD, "setuju", "ya", "ya", "sudah benar")
SITI = (
    "pakai hp ini", "setuju", "ya", "tidak", "Siti Aminah 0000015203900001", "benar",
    "pedagang, di pasar contoh, pagi sampai siang", "1 juta", "2 program", "sudah benar",
)  # fmt: skip


def say(world: World, *messages: str) -> str:
    """What the last of these was answered with."""
    said = ""
    for message in messages:
        said = "\n".join(line.text for line in world.say(PHONE, message).replies)
    return said


def family(world: World) -> tuple[int, int]:
    """Budi, then Siti on his phone: their contacts."""
    budi = world.set_up(PHONE, village="00.00.00.0001")
    say(world, *BUDI, *SITI)
    return budi, world.contact_of(PHONE)


def everything(world: World) -> str:
    """All rows of all tables, opened with the keys."""
    with world.app.database.reading() as store:
        tables = METADATA.sorted_tables
        return "\n".join(str(tuple(row)) for table in tables for row in store.connection.execute(select(table)))


def test_each_has_a_lead_and_consents_of_their_own_and_no_duplicate_is_suspected(world: World) -> None:
    budi, siti = family(world)
    with world.app.database.reading() as store:
        leads = {lead.contact_id: lead for lead in store.leads.list()}
        first, second = store.contacts.view(budi), store.contacts.view(siti)
    assert (leads[budi].name, leads[siti].name) == ("Budi Santoso", "Siti Aminah")
    assert leads[siti].duplicate_of is None
    assert first.consents[Purpose.ANNOUNCEMENTS] is ConsentState.GIVEN
    assert second.consents[Purpose.ANNOUNCEMENTS] is ConsentState.REFUSED
    assert leads[siti].fields["hp"] == leads[budi].fields["hp"]


def test_nobody_is_shown_the_number_of_somebody_else(world: World) -> None:
    family(world)
    seen = [say(world, *said) for said in (("saya Budi",), ("data saya",), ("status",), ("ganti orang",))]
    assert not any("0001" in text or "0000015203900001" in text for text in seen)
    assert "Siti Aminah" in seen[2]


def test_a_newcomer_who_refuses_leaves_the_phone_to_the_one_before(world: World) -> None:
    world.set_up(PHONE, village="00.00.00.0001")
    say(world, *BUDI, "pakai hp ini", "tidak")
    assert "Budi Santoso" in say(world, "saya Budi")


def test_who_has_the_phone_is_heard_in_the_order_of_writing(world: World) -> None:
    budi, siti = family(world)
    now = world.clock.now()
    messages = [
        Incoming(f"m{at}", PHONE.external_id, HeardKind.TEXT, text, now)
        for at, text in enumerate(("saya Budi", "berhenti"))
    ]
    receive(world.app.database, PHONE.channel, PHONE.account, messages, now)
    while world.app.turns.take_next() is not None:
        pass
    with world.app.database.reading() as store:
        states = [store.consents.current(one)[Purpose.REMINDERS] for one in (budi, siti)]
    assert states == [ConsentState.WITHDRAWN, ConsentState.GIVEN]


def test_who_is_erased_is_gone_from_the_phone_and_the_others_stay(world: World) -> None:
    budi, siti = family(world)
    say(world, "saya Budi", "ganti orang", "status", "saya Siti", "hapus data saya")
    assert "dihapus" in say(world, "ya")
    world.advance(world.clock.now() + timedelta(minutes=15))
    left = everything(world)
    for told in ("Siti", "Aminah", "0000015203900001", "pasar contoh"):
        assert told not in left
    assert "Budi Santoso" in left
    assert world.contact_of(PHONE) == budi
    assert "Siti" not in say(world, "status")
    assert siti != budi


def test_blocking_us_concerns_everybody_on_the_phone(world: World) -> None:
    budi, siti = family(world)
    now = world.clock.now()
    receive(world.app.database, PHONE.channel, PHONE.account, [Blocked(PHONE.external_id, blocked=True, at=now)], now)
    with world.app.database.reading() as store:
        states = [store.consents.current(one)[Purpose.REMINDERS] for one in (budi, siti)]
    assert states == [ConsentState.WITHDRAWN, ConsentState.WITHDRAWN]


def test_what_staff_write_names_whom_it_is_for(world: World) -> None:
    budi, siti = family(world)
    say(world, "saya Budi")
    with world.app.database.transaction() as store:
        queue_answer(
            store, world.app.content.current, siti, Speaker("Ratna", world.clock.now()), "KTP-nya sudah jelas."
        )
    world.send_all()
    with world.app.database.reading() as store:
        last = store.outbox.conversation(siti, 1)[-1].text
    assert last.startswith("Untuk Siti Aminah.")
    assert budi != siti


def test_who_leaves_the_phone_keeps_the_registration_and_gets_nothing_there(world: World) -> None:
    budi, siti = family(world)
    say(world, "lupakan saya di hp ini", "ya")
    assert world.contact_of(PHONE) == budi
    with world.app.database.reading() as store:
        assert store.leads.newest_of(siti) is not None
        assert store.contacts.current_address(siti) is None
        assert not [
            due for due in store.reminders.due(world.clock.now() + timedelta(days=60), 10) if due.contact_id == siti
        ]


def test_who_is_alone_on_the_phone_leaves_it_to_nobody_known(world: World) -> None:
    budi = world.set_up(PHONE, village="00.00.00.0001")
    say(world, *BUDI, "lupakan saya di hp ini", "ya")
    assert world.contact_of(PHONE) != budi
    assert "Budi" not in say(world, "status")


def test_the_chat_page_shows_what_came_for_others_but_not_their_answers(world: World) -> None:
    family(world)
    say(world, "saya Budi")
    page = WebChat(world.app.database, world.clock, lambda: None)
    before = max(line.id for line in page.history(PHONE.external_id, 0))
    say(world, "saya Siti")
    world.advance(world.clock.now() + timedelta(days=8))
    say(world, "saya Budi")
    new = [line.text for line in page.history(PHONE.external_id, before)]
    assert any(text.startswith("Untuk Siti Aminah.") for text in new)
    assert not any("Sekarang dengan Siti" in text for text in new)
