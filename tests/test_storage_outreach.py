"""Reminders come when due; announcements reach those who agreed, once, and everyone else has a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from storage_fixtures import LEASE, NOW, OTHER_VILLAGE, VILLAGE

from flows.contact import Purpose
from storage.outcomes import Delivered, Failed, Sent, Skipped
from storage.repository import NotFound
from storage.words import BroadcastState, OutboxState, PersonState

MONTH = timedelta(days=31)
ANNOUNCE = (Purpose.ANNOUNCEMENTS,)


def test_a_reminder_is_due_at_its_moment_and_again_after_an_outage(db, people):
    sari, _ = people.make("sari")
    budi, _ = people.make("budi")
    with db.transaction() as store:
        store.reminders.plan(sari, 10, 8, NOW + timedelta(hours=1))
        store.reminders.plan(budi, 9, 8, NOW)
        assert store.reminders.next_due_at() == NOW
        assert [one.contact_id for one in store.reminders.due(NOW, 10)] == [budi]
        assert [one.contact_id for one in store.reminders.due(NOW + MONTH, 10)] == [budi, sari]
        assert len(store.reminders.due(NOW + MONTH, 1)) == 1
        (due,) = store.reminders.due(NOW, 10)
        assert (due.day, due.hour, due.due_at, due.once_key) == (9, 8, NOW, f"reminder:{due.id}:2026-03-02")
        store.reminders.advance(due.id, NOW + MONTH)
        assert store.reminders.due(NOW, 10) == []


def test_planning_again_replaces_and_stopping_stops(db, people):
    sari, _ = people.make("sari")
    with db.transaction() as store:
        assert not store.reminders.stop(sari, NOW)
        store.reminders.plan(sari, 10, 8, NOW)
        assert store.reminders.stop(sari, NOW)
        assert store.reminders.due(NOW, 10) == []
        assert store.contacts.view(sari).reminder is None
        store.reminders.plan(sari, 12, 9, NOW)
        assert [(one.day, one.hour) for one in store.reminders.due(NOW, 10)] == [(12, 9)]


def test_two_clocks_never_take_the_same_reminder(db, people):
    if db.is_sqlite:
        return  # the second writer waits for the first to end
    sari, _ = people.make("sari")
    with db.transaction() as store:
        store.reminders.plan(sari, 10, 8, NOW)
    with db.transaction() as first, db.transaction() as second:
        assert len(first.reminders.due(NOW, 10)) == 1
        assert second.reminders.due(NOW, 10) == []


@pytest.fixture
def village(db, people):
    """An official, two who agreed, and one for each reason to be left out."""
    who = {"ratna": people.make("ratna", village=VILLAGE.code, agrees=ANNOUNCE)[0]}
    for name in ("sari", "siti", "blokir", "henti"):
        who[name] = people.make(name, village=VILLAGE.code, agrees=ANNOUNCE)[0]
    who["diam"] = people.make("diam", village=VILLAGE.code)[0]
    who["tolak"] = people.make("tolak", village=VILLAGE.code)[0]
    who["lain"] = people.make("lain", village=OTHER_VILLAGE.code, agrees=ANNOUNCE)[0]
    with db.transaction() as store:
        store.contacts.mark_blocked(store.contacts.current_address(who["blokir"]).id, NOW)
        store.consents.withdraw(who["henti"], ANNOUNCE, NOW)
        store.consents.refuse(who["tolak"], ANNOUNCE, "persetujuan-v1", NOW)
    return who


def freeze(db, village):
    with db.transaction() as store:
        return store.broadcasts.freeze(VILLAGE.code, "Ada sosialisasi", village["ratna"], NOW, reply="siaran_isi")


def people_states(db, broadcast_id, village):
    names = {contact: name for name, contact in village.items()}
    with db.reading() as store:
        return {names[one.contact_id]: (one.state.value, one.reason) for one in store.broadcasts.people(broadcast_id)}


def test_the_frozen_audience_is_the_one_forecast_with_a_reason_for_everyone_left_out(db, village):
    with db.reading() as store:
        forecast = store.broadcasts.forecast(VILLAGE.code, without=village["ratna"])
    assert (forecast.will, dict(forecast.wont)) == (2, {"blocked": 1, "opted_out": 2, "no_consent": 1})
    broadcast_id = freeze(db, village)
    assert people_states(db, broadcast_id, village) == {
        "sari": ("queued", None),
        "siti": ("queued", None),
        "blokir": ("skipped", "blocked"),
        "henti": ("skipped", "opted_out"),
        "tolak": ("skipped", "opted_out"),
        "diam": ("skipped", "no_consent"),
    }
    with db.reading() as store:
        broadcast = store.broadcasts.get(broadcast_id)
    assert (broadcast.will, broadcast.wont, broadcast.text) == (2, 4, "Ada sosialisasi")
    assert broadcast.state is BroadcastState.SENDING


def test_an_announcement_reaches_each_once_and_is_finished_when_everyone_has_an_outcome(db, village):
    broadcast_id = freeze(db, village)
    with db.transaction() as store:
        first, second = store.outbox.claim(NOW, 10, LEASE, "w1")
        assert (first.body, first.reply, first.external_id) == ("Ada sosialisasi", "siaran_isi", "sari")
        assert store.outbox.claim(NOW, 10, LEASE, "w2") == []
        store.outbox.settle(first.id, Sent("x1", NOW))
        assert store.broadcasts.finish_ready(NOW) == []
        store.outbox.settle(second.id, Failed("unreachable", NOW))
        assert store.broadcasts.finish_ready(NOW) == [broadcast_id]
        assert store.broadcasts.get(broadcast_id).state is BroadcastState.FINISHED
        store.outbox.mark_by_external_id("x1", Delivered(NOW))
        assert store.broadcasts.counts(broadcast_id) == {
            PersonState.DELIVERED: 1,
            PersonState.FAILED: 1,
            PersonState.SKIPPED: 4,
        }
        lines = store.outbox.conversation(village["sari"])
    assert [(line.text, line.state) for line in lines] == [("Ada sosialisasi", OutboxState.DELIVERED)]


def test_someone_who_stops_between_freezing_and_sending_gets_nothing(db, village):
    broadcast_id = freeze(db, village)
    with db.transaction() as store:
        store.consents.withdraw(village["sari"], ANNOUNCE, NOW)
        store.outbox.skip_resting_on(village["sari"], ANNOUNCE, "opted_out")
        (due,) = store.outbox.claim(NOW, 10, LEASE, "w1")
        assert due.contact_id == village["siti"]
        store.outbox.settle(due.id, Skipped("too_late"))
    states = people_states(db, broadcast_id, village)
    assert (states["sari"], states["siti"]) == (("skipped", "opted_out"), ("skipped", "too_late"))


def test_a_sender_that_dies_leaves_its_announcements_unknown(db, village):
    broadcast_id = freeze(db, village)
    with db.transaction() as store:
        store.outbox.claim(NOW, 1, LEASE, "w1")
        store.outbox.take_over(NOW + LEASE)
        assert [due.contact_id for due in store.outbox.claim(NOW + LEASE, 10, LEASE, "w2")] == [village["siti"]]
    assert people_states(db, broadcast_id, village)["sari"] == ("unknown", "sender_died")


def test_pause_resume_and_cancel_hold_at_once(db, village):
    broadcast_id = freeze(db, village)

    def claimed():
        with db.transaction() as store:
            return [due.contact_id for due in store.outbox.claim(NOW, 1, LEASE, "w1")]

    def steer(action, *more):
        with db.transaction() as store:
            return getattr(store.broadcasts, action)(broadcast_id, *more)

    assert steer("pause")
    assert not steer("pause")
    assert claimed() == []
    assert steer("resume")
    assert claimed() == [village["sari"]]
    assert steer("cancel", NOW)
    assert not steer("cancel", NOW)
    assert claimed() == []
    states = people_states(db, broadcast_id, village)
    assert (states["sari"], states["siti"]) == (("queued", None), ("skipped", "cancelled"))
    with db.transaction() as store:
        assert store.broadcasts.sweep(broadcast_id) == 0
        assert [one.id for one in store.broadcasts.recent(village=VILLAGE.code)] == [broadcast_id]
        with pytest.raises(NotFound):
            store.broadcasts.get(99)


def test_a_village_without_anyone_who_agreed_ends_at_once(db, people):
    ratna, _ = people.make("ratna", village=VILLAGE.code)
    with db.transaction() as store:
        broadcast_id = store.broadcasts.freeze(VILLAGE.code, "halo", ratna, NOW)
        assert store.broadcasts.finish_ready(NOW) == [broadcast_id]
