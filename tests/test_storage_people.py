"""Contacts, consents, sessions, leads, staff: what is remembered about people, and how it is forgotten."""

from __future__ import annotations

from datetime import date, timedelta
from threading import Thread

import pytest
from sqlalchemy import text
from storage_fixtures import KEYS, LEASE, NOW, OTHER_VILLAGE, VILLAGE, WHEN, village_of

from flows.contact import LEAD_MOVES, Channel, ConsentState, LeadState, LeadSummary, Purpose, ReminderPlan, Role
from flows.conversation.session import Session
from flows.events import LeadSubmitted
from flows.outreach.sending_policy import Kind
from storage import Database, Sealer
from storage.leads import MoveRefused
from storage.outcomes import Sent
from storage.repository import NotFound
from storage.staff import LoginTaken
from storage.tables import METADATA
from storage.words import DuplicateOf, StaffRole

NIK, PHONE = "0000014203900001", "+628120000"
FIELDS = {
    "nama": "Siti Contoh",
    "nik": NIK,
    "hp": PHONE,
    "desa": {"code": VILLAGE.code, "name": "Desa Contoh"},
    "penghasilan": {"amount": 1_000_000, "period": "month"},
}


def lead_of(db, contact_id, number="RK-1", **fields):
    with db.transaction() as store:
        return store.leads.submit(contact_id, LeadSubmitted(number, {**FIELDS, **fields}, "persetujuan-v1"), NOW)


def test_a_person_is_known_by_channel_account_and_id(db):
    with db.transaction() as store:
        first = store.contacts.find_or_make(Channel.WHATSAPP, "62811", "user.1", NOW)
        assert store.contacts.find_or_make(Channel.WHATSAPP, "62811", "user.1", NOW) == first
        assert store.contacts.find(Channel.WHATSAPP, "62811", "user.1") == first
        assert store.contacts.find(Channel.WHATSAPP, "62811", "user.2") is None
        assert store.contacts.find_or_make(Channel.WHATSAPP, "62812", "user.1", NOW)[0] != first[0]
        assert store.contacts.find_or_make(Channel.TELEGRAM, "62811", "user.1", NOW)[0] != first[0]


def test_whatsapp_may_name_a_person_by_number_first_and_by_id_later(db):
    with db.transaction() as store:
        first = store.contacts.find_or_make(Channel.WHATSAPP, "62811", "6281200000011", NOW, phone="+6281200000011")
        later = store.contacts.find_or_make(Channel.WHATSAPP, "62811", "ID.1", NOW, phone="+6281200000011")
        assert later == first
        assert store.contacts.find_or_make(Channel.WHATSAPP, "62811", "ID.1", NOW) == first
        assert store.contacts.address(first[1]).external_id == "ID.1"


def test_whatsapp_may_name_a_person_by_id_first_and_by_number_later(db):
    with db.transaction() as store:
        first = store.contacts.find_or_make(Channel.WHATSAPP, "62811", "ID.1", NOW, phone="+6281200000011")
        later = store.contacts.find_or_make(Channel.WHATSAPP, "62811", "6281200000011", NOW, phone="+6281200000011")
        assert later == first
        assert store.contacts.address(first[1]).external_id == "ID.1"


def test_two_ids_with_one_number_are_two_people_because_numbers_are_passed_on(db):
    with db.transaction() as store:
        first = store.contacts.find_or_make(Channel.WHATSAPP, "62811", "ID.1", NOW, phone="+6281200000011")
        other = store.contacts.find_or_make(Channel.WHATSAPP, "62811", "ID.2", NOW, phone="+6281200000011")
        assert other[0] != first[0]


@pytest.mark.parametrize("first_by", ["number", "id"])
def test_one_person_named_by_number_and_by_id_at_once_is_met_once(db, first_by):
    """Two processes, each in the middle of storing a first message of the same person."""
    names = {"number": "6281200000011", "id": "ID.1"}
    first_name, second_name = names.pop(first_by), next(iter(names.values()))
    other = Database(db.engine.url.render_as_string(hide_password=False), Sealer(KEYS), village_of)
    met = []

    def meet_too():
        with other.transaction() as store:
            met.append(store.contacts.find_or_make(Channel.WHATSAPP, "62811", second_name, NOW, phone="+6281200000011"))

    second = Thread(target=meet_too)
    with db.transaction() as store:
        first = store.contacts.find_or_make(Channel.WHATSAPP, "62811", first_name, NOW, phone="+6281200000011")
        second.start()
        while second.is_alive() and not _somebody_waits(db):
            pass
    second.join()
    other.close()
    assert met == [first]
    with db.reading() as store:
        assert store.contacts.address(first[1]).external_id == "ID.1"


def _somebody_waits(db):
    """On SQLite a second writer always does, and nobody can see it."""
    if db.is_sqlite:
        return True
    with db.reading() as store:
        return store.connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")) > 0


def test_a_number_counts_only_on_its_own_account_and_channel(db):
    number = {"phone": "+6281200000011"}
    with db.transaction() as store:
        first = store.contacts.find_or_make(Channel.WHATSAPP, "62811", "6281200000011", NOW, **number)
        other = store.contacts.find_or_make(Channel.WHATSAPP, "62899", "ID.1", NOW, **number)
        third = store.contacts.find_or_make(Channel.TELEGRAM, "1", "777", NOW, **number)
        assert len({first[0], other[0], third[0]}) == 3


def test_the_view_of_a_person_has_all_a_turn_needs(db, people):
    contact, _ = people.make("sari")
    with db.reading() as store:
        new = store.contacts.view(contact)
    assert (new.channel, new.role, new.village, new.lead, new.reminder) == (Channel.WEB, Role.WORKER, None, None, None)
    assert set(new.consents.values()) == {ConsentState.UNKNOWN}
    lead_of(db, contact)
    with db.transaction() as store:
        store.contacts.learn(contact, village=VILLAGE.code, name="Siti", phone=PHONE)
        store.consents.give(contact, (Purpose.REMINDERS,), "persetujuan-v1", NOW)
        store.consents.refuse(contact, (Purpose.ANNOUNCEMENTS,), "persetujuan-v1", NOW)
        store.reminders.plan(contact, ReminderPlan(10, 8), NOW)
        view = store.contacts.view(contact)
    assert (view.name, view.phone, view.village, view.zone) == ("Siti", PHONE, VILLAGE, VILLAGE.zone)
    assert view.lead == LeadSummary("RK-1", LeadState.NEW, date(2026, 3, 2))
    assert view.reminder == ReminderPlan(10, 8)
    assert view.consents[Purpose.REMINDERS] is ConsentState.GIVEN
    assert view.consents[Purpose.ANNOUNCEMENTS] is ConsentState.REFUSED


def test_a_stranger_has_no_view(db):
    with pytest.raises(NotFound), db.reading() as store:
        store.contacts.view(99)


def test_officials_see_numbers_of_their_own_village_when_asked(db, people):
    official, _ = people.make("ratna", village=VILLAGE.code)
    sari, _ = people.make("sari", village=VILLAGE.code, agrees=(Purpose.ANNOUNCEMENTS,))
    people.make("tono", village=OTHER_VILLAGE.code, agrees=(Purpose.ANNOUNCEMENTS,))
    lead_of(db, sari)
    with db.transaction() as store:
        store.contacts.set_role(official, Role.OFFICIAL)
        assert store.contacts.view(official).audience is None
        view = store.contacts.view(official, leaving=WHEN)
        assert store.contacts.view(sari, leaving=WHEN).audience is None
        assert [one.contact_id for one in store.officials.everyone(VILLAGE.code)] == [official]
        assert store.officials.villages() == {VILLAGE.code: 1}
    assert (view.audience.will, dict(view.audience.wont)) == (1, {})
    assert (view.progress.contacts, view.progress.leads, dict(view.progress.leads_by_state)) == (2, 1, {"new": 1})


def test_a_session_comes_back_as_it_was(db, people):
    contact, _ = people.make("sari")
    session = Session(
        flow="pendaftaran", step="nik", slots={"nama": "Siti", "n": [1, None]}, options=(("ya", "Ya"),), updated_at=NOW
    )
    with db.transaction() as store:
        assert store.sessions.get(contact) == Session()
        store.sessions.put(contact, Session(flow="lain"))
        store.sessions.put(contact, session)
        assert store.sessions.get(contact) == session
        assert store.connection.scalar(text("SELECT version FROM session")) == 2
        store.sessions.forget(contact)
        assert store.sessions.get(contact) == Session()


def test_consents_keep_their_history_and_the_newest_holds(db, people):
    contact, _ = people.make("sari", agrees=(Purpose.REMINDERS, Purpose.ANNOUNCEMENTS))
    later = NOW + timedelta(days=1)
    with db.transaction() as store:
        store.consents.withdraw(contact, (Purpose.REMINDERS,), later, via="stop")
        current = store.consents.current(contact)
        history = store.consents.history(contact)
    assert current == {
        Purpose.REGISTRATION: ConsentState.UNKNOWN,
        Purpose.REMINDERS: ConsentState.WITHDRAWN,
        Purpose.ANNOUNCEMENTS: ConsentState.GIVEN,
    }
    assert [(line.purpose, line.state, line.via) for line in history][-1] == (
        Purpose.REMINDERS,
        ConsentState.WITHDRAWN,
        "stop",
    )
    assert (len(history), history[0].version, history[-1].at) == (3, "persetujuan-v1", later)


def test_a_lead_is_kept_found_filtered_and_masked(db, people):
    sari, _ = people.make("sari")
    budi, _ = people.make("budi")
    assert lead_of(db, sari) is None
    lead_of(db, budi, "RK-2", nik="0000014203900002", hp="+628120001", desa={"code": OTHER_VILLAGE.code})
    with db.reading() as store:
        lead = store.leads.find("RK-1")
        assert store.leads.get(lead.id) == lead
        assert store.leads.find("RK-9") is None
        assert [one.number for one in store.leads.list()] == ["RK-2", "RK-1"]
        assert [one.number for one in store.leads.list(limit=1, offset=1)] == ["RK-1"]
        assert [one.number for one in store.leads.list(village=OTHER_VILLAGE.code)] == ["RK-2"]
        assert [one.number for one in store.leads.list(village=VILLAGE.code, state=LeadState.CLOSED)] == []
        assert store.leads.count(state=LeadState.NEW) == 2
        assert [one.number for one in store.leads.export()] == ["RK-1", "RK-2"]
        assert store.leads.newest_of(sari) == lead
    assert (lead.name, str(lead.nik), str(lead.phone)) == ("Siti Contoh", "NIK …0001", "…0000")
    assert (lead.nik.reveal(), lead.phone.reveal(), lead.fields) == (NIK, PHONE, FIELDS)
    assert "Siti" not in repr(lead)
    assert NIK not in repr(lead)


def test_the_same_lead_submitted_again_is_one_lead(db, people):
    contact, _ = people.make("sari")
    lead_of(db, contact)
    lead_of(db, contact)
    with db.reading() as store:
        assert store.leads.count() == 1


def test_a_lead_of_the_same_person_is_flagged_by_nik_then_by_phone(db, people):
    lead_of(db, people.make("sari")[0])
    by_nik = lead_of(db, people.make("sari2")[0], "RK-2", hp="+628129999")
    by_phone = lead_of(db, people.make("sari3")[0], "RK-3", nik="0000014203900003")
    assert (by_nik.number, by_nik.by) == ("RK-1", DuplicateOf.NIK)
    assert (by_phone.number, by_phone.by) == ("RK-1", DuplicateOf.PHONE)
    with db.reading() as store:
        assert store.leads.find("RK-3").duplicate_of == store.leads.find("RK-1").id


def test_every_move_is_allowed_or_refused_as_the_rules_say_and_recorded(db, people):
    contact, _ = people.make("sari")
    lead_of(db, contact)
    with db.transaction() as store:
        lead = store.leads.find("RK-1")
        for to in set(LeadState) - LEAD_MOVES[LeadState.NEW]:
            with pytest.raises(MoveRefused):
                store.leads.move(lead.id, to, "ratna", NOW)
        store.leads.move(lead.id, LeadState.CONTACTED, "ratna", NOW, "sudah ditelepon")
        store.leads.move(lead.id, LeadState.HANDED_OVER, "ratna", NOW, official_number="BPU-7")
        store.leads.move(lead.id, LeadState.CLOSED, "ratna", NOW, close_reason="selesai")
        lead = store.leads.get(lead.id)
        moves = store.leads.moves(lead.id)
        with pytest.raises(NotFound):
            store.leads.move(999, LeadState.CLOSED, "ratna", NOW)
    assert (lead.state, lead.official_number, lead.close_reason) == (LeadState.CLOSED, "BPU-7", "selesai")
    assert [move.to_state for move in moves] == [LeadState.CONTACTED, LeadState.HANDED_OVER, LeadState.CLOSED]
    assert (moves[0].note, moves[0].by, moves[0].at) == ("sudah ditelepon", "ratna", NOW)


def test_a_lead_contacted_leaves_a_notice_for_the_bot_once(db, people):
    contact, _ = people.make("sari")
    lead_of(db, contact)
    with db.transaction() as store:
        store.leads.move(store.leads.find("RK-1").id, LeadState.CONTACTED, "ratna", NOW)
    with db.transaction() as store:
        (notice,) = store.notices.pending()
        assert (notice.contact_id, notice.kind.value, notice.payload["number"]) == (contact, "lead_contacted", "RK-1")
        store.notices.done(notice.id, NOW)
    with db.transaction() as store:
        assert store.notices.pending() == []


def test_staff_sign_in_until_they_are_disabled(db):
    with db.transaction() as store:
        assert store.staff.count() == 0
        staff_id = store.staff.add("Ratna Contoh", "ratna", "rahasia sekali", NOW, StaffRole.ADMIN)
        with pytest.raises(LoginTaken):
            store.staff.add("Lain", "ratna", "x", NOW)
        assert store.staff.verify("ratna", "rahasia sekali").role is StaffRole.ADMIN
        assert store.staff.verify("ratna", "salah") is None
        assert store.staff.verify("tidak-ada", "rahasia sekali") is None
        store.staff.set_totp_secret(staff_id, "JBSWY3DPEHPK3PXP")
        assert store.staff.totp_secret(staff_id) == "JBSWY3DPEHPK3PXP"
        assert store.staff.disable("ratna", NOW)
        assert not store.staff.disable("ratna", NOW)
        assert store.staff.verify("ratna", "rahasia sekali") is None
        store.staff.enable("ratna")
        store.staff.set_password(staff_id, "baru")
        assert store.staff.verify("ratna", "baru").id == staff_id
        assert "rahasia" not in store.connection.scalar(text("SELECT password_hash FROM staff_user"))


def test_a_handoff_is_open_until_staff_close_it_and_grave_ones_come_first(db, people):
    sari, _ = people.make("sari")
    budi, _ = people.make("budi")
    with db.transaction() as store:
        first = store.handoffs.open(sari, "speak_to_human", NOW)
        assert store.handoffs.open(sari, "speak_to_human", NOW) == first
        grave = store.handoffs.open(budi, "death", NOW, grave=True)
        assert [one.id for one in store.handoffs.waiting()] == [grave, first]
        store.handoffs.close(grave, "ratna", NOW)
        assert [one.id for one in store.handoffs.waiting()] == [first]
        assert (store.handoffs.is_open(sari), store.handoffs.is_open(budi)) == (True, False)


def test_acts_and_puzzles_are_read_back(db, people):
    sari, _ = people.make("sari")
    with db.transaction() as store:
        store.audit.record("ratna", "lead_viewed", "lead:1", NOW, "menelepon pekerja")
        store.audit.record("ratna", "lead_moved", "lead:2", NOW)
        store.not_understood.add(sari, "asdf", (("greet", 0.3), ("goodbye", 0.2)), NOW)
        assert [line.action for line in store.audit.recent()] == ["lead_moved", "lead_viewed"]
        assert [line.reason for line in store.audit.recent(target="lead:1")] == ["menelepon pekerja"]
        (puzzle,) = store.not_understood.recent()
    assert (puzzle.text, puzzle.ranking) == ("asdf", (("greet", 0.3), ("goodbye", 0.2)))


# Erasure


def told_everything(db, people):
    """Someone about whom we know all there is to know, who asks to be forgotten in the turn that is running."""
    people.write("sari", "nama saya Siti Contoh", "m1")
    contact, address = people.make("sari", village=VILLAGE.code, agrees=tuple(Purpose))
    lead_of(db, contact)
    with db.transaction() as store:
        first = store.inbox.claim(NOW, LEASE)
        store.contacts.learn(contact, name="Siti Contoh", phone=PHONE)
        store.sessions.put(contact, Session(slots={"nik": NIK}))
        store.reminders.plan(contact, ReminderPlan(10, 8), NOW)
        store.not_understood.add(contact, "Siti Contoh", (), NOW)
        store.outbox.queue(contact, address, Kind.REMINDER, "Halo Siti Contoh", NOW)
        reply = store.outbox.queue(contact, address, Kind.REPLY, "Salam kenal Siti Contoh", NOW)
        store.outbox.settle(reply, Sent("x1", NOW))
        store.inbox.done(first)
    people.write("sari", "hapus data saya, Siti Contoh", "m2")
    return contact, address


def forget(db, contact, address):
    with db.transaction() as store:
        claimed = store.inbox.claim(NOW, LEASE)
        numbers = store.erasure.erase(contact, NOW)
        store.outbox.queue(contact, address, Kind.REPLY, f"Terhapus: {numbers}", NOW)
        store.inbox.done(claimed)
    return numbers


def test_after_erasure_only_the_receipt_number_is_left(db, people):
    contact, address = told_everything(db, people)
    assert forget(db, contact, address) == ["RK-1"]
    with db.transaction() as store:
        assert store.erasure.finish() == 0  # the receipt is still on its way
        (receipt,) = store.outbox.claim(NOW, 10, LEASE, "w1")
        assert (receipt.external_id, receipt.body) == ("sari", "Terhapus: ['RK-1']")
        store.outbox.settle(receipt.id, Sent("x2", NOW))
        assert store.erasure.finish() == 1
        assert store.erasure.finish() == 0
    with db.reading() as store:
        lead = store.leads.find("RK-1")
        assert (lead.fields, lead.nik, lead.village_code, lead.close_reason) == ({}, None, None, "erased")
        assert [line.text for line in store.outbox.conversation(contact)] == [""] * 5
        left = [
            str(one)
            for table in METADATA.sorted_tables
            for row in store.connection.execute(table.select())
            for one in row
        ]
    assert not [value for value in left if "Siti" in value or NIK in value or PHONE in value or value == "sari"]


def test_someone_who_writes_again_after_erasure_is_a_new_person_and_still_gets_the_receipt(db, people):
    contact, address = told_everything(db, people)
    people.write("sari", "halo lagi", "m3")
    forget(db, contact, address)
    with db.transaction() as store:
        again = store.inbox.claim(NOW, LEASE)
        assert (again.body["text"], again.contact_id == contact) == ("halo lagi", False)
        view = store.contacts.view(again.contact_id)
        assert (view.name, view.village, view.lead) == (None, None, None)
        (receipt,) = store.outbox.claim(NOW, 10, LEASE, "w1")
        assert receipt.external_id == "sari"


def test_an_erased_message_delivered_again_stays_known(db, people):
    contact, address = told_everything(db, people)
    forget(db, contact, address)
    people.write("sari", "hapus data saya, Siti Contoh", "m2")
    with db.transaction() as store:
        assert store.inbox.claim(NOW, LEASE) is None
