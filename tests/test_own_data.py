"""What people may do with what they registered: correct it, read it, take back one consent or all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.world import Person, World
from flows.contact import Channel, ConsentState, LeadState, Purpose
from flows.outreach.sending_policy import Kind
from storage.leads import Lead
from storage.tables import OUTBOX
from storage.words import OutboxState

SITI = Person(Channel.TELEGRAM, "siti-contoh")
_TOLD = (
    "mau daftar, nama Siti Aminah, nik 0000015203900001, petani di sawah contoh jam 6 pagi sampai jam 2 siang, "
    "1,2 juta sebulan, 2 program, bayar sendiri 3 bulan, hp 081200000011"
)


@pytest.fixture(autouse=True)
def registered(world: World) -> int:
    contact = world.set_up(SITI, village="00.00.00.0001")
    for said in (_TOLD, "setuju", "ya", "ya", "sudah benar"):
        world.say(SITI, said)
    return contact


def lead(world: World, contact: int) -> Lead:
    with world.app.database.reading() as store:
        found = store.leads.newest_of(contact)
    assert found is not None
    return found


def replies(world: World, *messages: str) -> list[str | None]:
    return [world.say(SITI, message).replies[-1].reply for message in messages]


def test_a_correction_is_checked_kept_and_recorded_without_its_value(world: World, registered: int) -> None:
    world.say(SITI, "ubah data")
    assert replies(world, "NIK", "123")[1] == "nik_panjang"
    for said in ("0000015203900009", "benar", "sudah benar"):
        world.say(SITI, said)
    changed = lead(world, registered)
    assert changed.fields["nik"] == "0000015203900009"
    with world.app.database.reading() as store:
        (move,) = store.leads.moves(changed.id)
        (line,) = store.audit.recent(target=changed.number)
        assert list(store.leads.numbers_by_mark(store.leads.marks_of(["0000015203900001"]).values())) == []
    assert (move.from_state, move.to_state, move.note) == (LeadState.NEW, LeadState.NEW, "nik")
    assert (line.who, line.action) == (f"contact:{registered}", "lead_changed")


def test_the_answer_that_was_named_is_asked_at_once(world: World) -> None:
    assert replies(world, "ganti no hp saya") == ["tanya_hp"]


def test_stopping_half_way_changes_nothing(world: World, registered: int) -> None:
    before = lead(world, registered).fields
    assert replies(world, "ubah data", "penghasilan", "5 juta", "batal")[-1] == "perubahan_batal"
    assert lead(world, registered).fields == before


def test_what_is_official_already_is_corrected_elsewhere(world: World, registered: int) -> None:
    with world.app.database.transaction() as store:
        for to in (LeadState.CONTACTED, LeadState.HANDED_OVER):
            store.leads.move(lead(world, registered).id, to, "staf", world.clock.now(), tell=False)
    assert replies(world, "ubah data") == ["ubah_data"]


def test_a_correction_overtaken_by_staff_is_not_kept(world: World, registered: int) -> None:
    replies(world, "ubah data", "penghasilan", "5 juta")
    with world.app.database.transaction() as store:
        store.leads.move(lead(world, registered).id, LeadState.CLOSED, "staf", world.clock.now(), tell=False)
    world.say(SITI, "sudah benar")
    assert lead(world, registered).fields["penghasilan"]["amount"] == 1_200_000


@pytest.mark.parametrize(
    ("tap", "purposes", "skipped"),
    [
        ("Pengingat iuran", {Purpose.REMINDERS}, {Kind.REMINDER, Kind.FOLLOW_UP}),
        ("Kabar desa", {Purpose.ANNOUNCEMENTS}, {Kind.BROADCAST}),
        ("Semua izin", set(Purpose), {Kind.REMINDER, Kind.FOLLOW_UP, Kind.BROADCAST, Kind.NOTICE}),
    ],
)
def test_withdrawing_is_at_once_also_in_the_outbox(
    world: World, registered: int, tap: str, purposes: set[Purpose], skipped: set[Kind]
) -> None:
    later = world.clock.now() + timedelta(days=1)
    with world.app.database.transaction() as store:
        address = store.contacts.current_address(registered)
        assert address is not None
        for kind in (Kind.REMINDER, Kind.FOLLOW_UP, Kind.BROADCAST, Kind.NOTICE):
            store.outbox.queue(registered, address.id, kind, "halo", world.clock.now(), due_at=later)
    replies(world, "cabut izin", tap)
    with world.app.database.reading() as store:
        now = store.consents.current(registered)
        rows = store.connection.execute(select(OUTBOX.c.kind).where(OUTBOX.c.state == OutboxState.SKIPPED))
        assert {row.kind for row in rows} == skipped
    assert {purpose for purpose, state in now.items() if state is ConsentState.WITHDRAWN} == purposes


def test_without_consent_to_register_only_the_receipt_number_stays_of_the_form(world: World, registered: int) -> None:
    number = lead(world, registered).number
    replies(world, "cabut izin", "Pendaftaran")
    left = lead(world, registered)
    assert (left.number, left.fields, left.state) == (number, {}, LeadState.CLOSED)


def test_a_birth_date_typed_wrong_in_a_second_form_does_not_touch_the_first(world: World, registered: int) -> None:
    for said in ("daftar", "setuju", "Siti Aminah", "0000015203150001", "benar"):
        world.say(SITI, said)
    assert lead(world, registered).name == "Siti Aminah"


def test_the_copy_shows_no_whole_number(world: World) -> None:
    text = world.say(SITI, "data saya").replies[-1].text
    assert "Siti Aminah" in text
    assert "Rp1.200.000" in text
    assert "0000015203900001" not in text
    assert "081200000011" not in text
