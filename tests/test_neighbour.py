"""A neighbour registered by an official is a person of their own; nothing of it becomes the official's."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from bot.world import Person, World
from flows.contact import Channel, ConsentState, Purpose, Role
from flows.message import HeardKind
from storage.tables import LEAD_DRAFT, METADATA

RATNA = Person(Channel.WEB, "ratna-contoh")
KARTO = Person(Channel.TELEGRAM, "karto-contoh")
ANSWERS = (
    "daftarkan tetangga saya", "izin di kertas", "K-017", "Karto Wiryo 0000010107650007", "ya",
    "petani, di sawah, pagi sampai siang", "900 ribu", "2 program", "1 bulan", "lewati", "ya",
)  # fmt: skip


def register(world: World) -> int:
    contact = world.set_up(RATNA, role=Role.OFFICIAL, village="00.00.00.0001")
    for said in ANSWERS:
        world.say(RATNA, said)
    return contact


def test_the_lead_belongs_to_the_neighbour_with_consent_on_paper(world: World) -> None:
    official = register(world)
    with world.app.database.reading() as store:
        (lead,) = store.leads.list()
        neighbour = store.contacts.view(lead.contact_id)
        own = store.contacts.view(official)
    assert lead.contact_id != official
    assert (neighbour.name, neighbour.consents[Purpose.REGISTRATION]) == ("Karto Wiryo", ConsentState.GIVEN)
    assert neighbour.consents[Purpose.ANNOUNCEMENTS] is ConsentState.UNKNOWN
    assert (own.name, own.lead, own.consents[Purpose.REGISTRATION]) == (None, None, ConsentState.UNKNOWN)
    assert lead.fields["izin_kertas"] == "K-017"


def test_it_is_on_record_who_registered_whom(world: World) -> None:
    official = register(world)
    with world.app.database.reading() as store:
        (lead,) = store.leads.list()
        lines = store.audit.recent(target=lead.number)
    assert [(line.who, line.action) for line in lines] == [(f"contact:{official}", "neighbour_registered")]


def test_nothing_of_the_form_stays_in_the_officials_session(world: World) -> None:
    official = register(world)
    with world.app.database.reading() as store:
        kept = store.sessions.get(official).slots
    assert not {"nik", "nama", "lahir", "hp", "penghasilan", "setuju_kertas"} & set(kept)


def test_a_worker_is_told_how_the_neighbour_can_register(world: World) -> None:
    sari = Person(Channel.WEB, "sari-contoh")
    replies = world.say(sari, "daftarkan tetangga saya").replies
    assert [line.reply for line in replies] == ["daftar_orang_lain"]


ENTRUSTED = (
    "daftarkan tetangga saya", "dari hp-nya sendiri", "ya", "Karto Wiryo 0000010107650007", "ya",
    "petani, di sawah, pagi sampai siang", "900 ribu", "2 program", "1 bulan", "sudah benar",
)  # fmt: skip


def entrust(world: World) -> str:
    """An official writes it all down; the code that was shown."""
    world.set_up(RATNA, role=Role.OFFICIAL, village="00.00.00.0001")
    said = [world.say(RATNA, each).replies[-1].text for each in ENTRUSTED]
    found = re.search(r"[A-Z]{4}-\d{4}", said[-1])
    assert found is not None
    return found[0]


def everything(world: World) -> str:
    """All rows of all tables, opened with the keys."""
    with world.app.database.reading() as store:
        tables = METADATA.sorted_tables
        return "\n".join(str(tuple(row)) for table in tables for row in store.connection.execute(select(table)))


def forget_all(world: World, person: Person) -> None:
    world.say(person, "hapus data saya")
    world.say(person, "ya")
    world.advance(world.clock.now() + timedelta(minutes=15))


def test_agreeing_from_ones_own_phone_makes_a_lead_of_ones_own(world: World) -> None:
    code = entrust(world)
    world.say(KARTO, code, kind=HeardKind.START)
    for said in ("setuju", "ya", "tidak", "081200000017", "sudah benar"):
        world.say(KARTO, said)
    with world.app.database.reading() as store:
        (lead,) = store.leads.list()
        neighbour = store.contacts.view(lead.contact_id)
        assert store.connection.execute(select(LEAD_DRAFT)).all() == []
        lines = store.audit.recent(target=lead.number)
    assert (lead.contact_id, neighbour.name) == (world.contact_of(KARTO), "Karto Wiryo")
    assert neighbour.consents[Purpose.REGISTRATION] is ConsentState.GIVEN
    assert neighbour.consents[Purpose.ANNOUNCEMENTS] is ConsentState.REFUSED
    assert [(line.who, line.action) for line in lines] == [
        (f"contact:{world.contact_of(RATNA)}", "neighbour_registered")
    ]


def test_a_draft_that_nobody_agreed_to_is_gone_after_a_day(world: World) -> None:
    code = entrust(world)
    world.advance(world.clock.now() + timedelta(hours=25))
    assert [line.reply for line in world.say(KARTO, code).replies] == ["kode_gabung_salah"]
    left = everything(world)
    assert "Karto" not in left
    assert "0000010107650007" not in left


def test_stopping_the_form_erases_the_draft_as_the_reply_says(world: World) -> None:
    code = entrust(world)
    world.say(KARTO, code, kind=HeardKind.START)
    world.say(KARTO, "batal")
    assert [line.reply for line in world.say(KARTO, code).replies] == ["kode_gabung_salah"]


def test_after_the_neighbour_erases_nothing_of_them_stays_with_the_official(world: World) -> None:
    code = entrust(world)
    world.say(KARTO, code, kind=HeardKind.START)
    for said in ("setuju", "ya", "ya", "081200000017", "sudah benar"):
        world.say(KARTO, said)
    assert "Karto Wiryo" in everything(world)
    forget_all(world, KARTO)
    left = everything(world)
    for told in ("Karto", "0000010107650007", "0007", "81200000017", "1965"):
        assert told not in left
    assert "RK-" in left


def test_what_was_typed_about_a_neighbour_on_paper_leaves_the_officials_conversation(world: World) -> None:
    official = register(world)
    with world.app.database.reading() as store:
        assert any("0000010107650007" in line.text for line in store.outbox.conversation(official, 100))
    world.advance(world.clock.now() + timedelta(minutes=15))
    with world.app.database.reading() as store:
        assert not [line.text for line in store.outbox.conversation(official, 100) if "Karto" in line.text]
        (lead,) = store.leads.list()
        assert lead.name == "Karto Wiryo"
    with world.app.database.transaction() as store:
        store.erasure.erase(lead.contact_id, world.clock.now())
    left = everything(world)
    assert "Karto" not in left
    assert "K-017" not in left
