"""A neighbour registered by an official is a person of their own; nothing of it becomes the official's."""

from __future__ import annotations

from bot.world import Person, World
from flows.contact import Channel, ConsentState, Purpose, Role

RATNA = Person(Channel.WEB, "ratna-contoh")
ANSWERS = (
    "daftarkan tetangga saya", "K-017", "Karto Wiryo 0000010107650007", "ya", "petani, di sawah, pagi sampai siang",
    "900 ribu", "2 program", "1 bulan", "lewati", "ya",
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
