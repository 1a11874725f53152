"""What people told us is forgotten after its time, class by class, and no sooner."""

from __future__ import annotations

from datetime import timedelta

from storage_fixtures import NOW, VILLAGE
from test_storage_lead_work import lead

from flows.contact import LeadState
from flows.outreach.sending_policy import Kind
from storage.outcomes import Sent
from storage.retention import Limits

LIMITS = Limits(talk=timedelta(days=365), closed_leads=timedelta(days=730), puzzles=timedelta(days=90))
YEAR = timedelta(days=366)


def sweep(db, now) -> int:
    with db.transaction() as store:
        return store.retention.sweep(LIMITS, now)


def spoken(db, contact) -> list[str]:
    with db.reading() as store:
        return [line.text for line in store.outbox.conversation(contact, 10)]


def test_messages_are_blanked_after_a_year_and_newer_ones_stay(db, people):
    people.write("sari", "halo", "m1")
    contact, address = people.make("sari")
    with db.transaction() as store:
        store.inbox.done(store.inbox.claim(NOW, timedelta(minutes=1)))
        queued = store.outbox.queue(contact, address, Kind.REPLY, "Halo juga.", NOW)
        store.outbox.claim(NOW, 10, timedelta(minutes=1), "w1")
        store.outbox.settle(queued, Sent("x1", NOW))
        store.outbox.queue(contact, address, Kind.REPLY, "Baru saja.", NOW + YEAR)
    assert sweep(db, NOW + timedelta(days=300)) == 0
    assert sweep(db, NOW + YEAR) == 2
    assert spoken(db, contact) == ["", "", "Baru saja."]
    assert sweep(db, NOW + YEAR) == 0


def test_a_message_on_its_way_is_left_alone(db, people):
    contact, address = people.make("sari")
    with db.transaction() as store:
        store.outbox.queue(contact, address, Kind.REPLY, "Belum terkirim.", NOW)
    assert sweep(db, NOW + YEAR) == 0
    assert spoken(db, contact) == ["Belum terkirim."]


def test_what_was_not_understood_goes_after_ninety_days(db, people):
    contact, _ = people.make("sari")
    with db.transaction() as store:
        store.not_understood.add(contact, "wkwk", [], NOW)
    assert sweep(db, NOW + timedelta(days=89)) == 0
    assert sweep(db, NOW + timedelta(days=91)) == 1
    with db.reading() as store:
        assert not store.not_understood.recent(10)[0].text


def test_a_closed_lead_loses_its_form_after_two_years_and_an_open_one_never(db, people):
    contact, _ = people.make("sari", village=VILLAGE.code)
    closed, kept = lead(db, contact, "RK-1", nik="0000014203909901"), lead(db, contact, "RK-2")
    with db.transaction() as store:
        store.leads.move(closed, LeadState.CLOSED, "ratna", NOW, "pindah rumah", tell=False)
    assert sweep(db, NOW + timedelta(days=729)) == 0
    assert sweep(db, NOW + timedelta(days=731)) == 1
    assert sweep(db, NOW + timedelta(days=731)) == 0
    with db.reading() as store:
        assert store.leads.get(closed).fields == {}
        assert store.leads.get(closed).number == "RK-1"
        assert store.leads.moves(closed)[0].note is None
        assert store.leads.get(kept).fields["nama"] == "Sari"
