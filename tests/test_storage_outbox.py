"""Messages leave once, in order of priority, and whatever becomes of them is on record."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import text
from storage_fixtures import LEASE, NOW, VILLAGE

from flows.contact import Purpose
from flows.outreach.sending_policy import Kind
from storage.outcomes import Delivered, Failed, Postponed, Read, Sent, Skipped, Unknown
from storage.words import OutboxState

SOON = NOW + timedelta(minutes=5)


def queue(db, who, kind, body, **more):
    with db.transaction() as store:
        return store.outbox.queue(*who, kind, body, NOW, **more)


def claim(db, at=NOW, limit=10, worker="w1"):
    with db.transaction() as store:
        return store.outbox.claim(at, limit, LEASE, worker)


def settle(db, outbox_id, outcome, **more):
    with db.transaction() as store:
        return store.outbox.settle(outbox_id, outcome, **more)


def states(db, contact_id):
    with db.reading() as store:
        return [(line.text, line.state, line.reason) for line in store.outbox.conversation(contact_id)]


def test_a_claimed_message_has_all_a_channel_needs(db, people):
    sari = people.make("sari")
    taps = [{"id": "ya", "label": "Ya"}, {"id": "tidak", "label": "Tidak"}]
    queue(db, sari, Kind.REPLY, "Halo", reply="sapaan", taps=taps, image="kartu", content_version="v1", inbound_id=7)
    (due,) = claim(db)
    assert (due.channel, due.account, due.external_id) == ("web", "main", "sari")
    assert (due.body, due.reply, due.image, due.content_version, due.inbound_id) == ("Halo", "sapaan", "kartu", "v1", 7)
    assert list(due.taps) == taps
    assert (due.attempts, due.made_at, due.due_at) == (1, NOW, NOW)
    assert claim(db) == []


def test_replies_go_first_then_notices_reminders_broadcasts_each_by_due_time(db, people):
    official = people.make("ratna", village=VILLAGE.code)
    sari = people.make("sari", village=VILLAGE.code, agrees=(Purpose.ANNOUNCEMENTS,))
    with db.transaction() as store:
        store.broadcasts.freeze(VILLAGE.code, "siaran", official[0], NOW)
    queue(db, sari, Kind.REMINDER, "pengingat 2", due_at=NOW - timedelta(minutes=1))
    queue(db, sari, Kind.REMINDER, "pengingat 1", due_at=NOW - timedelta(minutes=2))
    queue(db, sari, Kind.NOTICE, "kabar")
    queue(db, official, Kind.REPLY, "balasan 2")
    queue(db, sari, Kind.REPLY, "balasan 1", due_at=NOW - timedelta(minutes=1))
    queue(db, sari, Kind.REMINDER, "nanti", due_at=SOON)
    bodies = [due.body for due in claim(db)]
    assert bodies == ["balasan 1", "balasan 2", "kabar", "pengingat 1", "pengingat 2", "siaran"]


def test_a_contacts_replies_leave_one_at_a_time_and_in_order(db, people):
    sari = people.make("sari")
    first = queue(db, sari, Kind.REPLY, "satu")
    queue(db, sari, Kind.REPLY, "dua")
    assert [due.body for due in claim(db)] == ["satu"]
    assert claim(db, worker="w2") == []
    settle(db, first, Postponed(SOON))
    assert claim(db) == []
    assert [due.body for due in claim(db, SOON)] == ["satu"]
    settle(db, first, Sent("x1", SOON))
    assert [due.body for due in claim(db, SOON)] == ["dua"]


def test_the_same_key_is_queued_once(db, people):
    sari = people.make("sari")
    assert queue(db, sari, Kind.REMINDER, "bayar", once_key="reminder:1:2026-03-02") is not None
    assert queue(db, sari, Kind.REMINDER, "bayar", once_key="reminder:1:2026-03-02") is None
    assert queue(db, sari, Kind.REMINDER, "bayar", once_key="reminder:1:2026-04-02") is not None


def test_many_workers_claim_every_message_once(db, people):
    for number in range(20):
        queue(db, people.make(f"orang{number}"), Kind.REPLY, str(number))
    start = threading.Barrier(4)

    def work(worker):
        start.wait(10)
        taken = []
        while got := claim(db, limit=3, worker=f"w{worker}"):
            taken += [due.body for due in got]
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [body for bodies in pool.map(work, range(4)) for body in bodies]
    assert sorted(map(int, taken)) == list(range(20))


def test_what_a_dead_worker_held_is_taken_over(db, people):
    sari = people.make("sari")
    queue(db, sari, Kind.REPLY, "balasan")
    queue(db, sari, Kind.REMINDER, "pengingat")
    assert len(claim(db)) == 2
    with db.transaction() as store:
        assert store.outbox.take_over(NOW + LEASE - timedelta(seconds=1)) == 0
        assert store.outbox.take_over(NOW + LEASE) == 2
    assert states(db, sari[0]) == [
        ("balasan", OutboxState.DUE, None),
        ("pengingat", OutboxState.UNKNOWN, "sender_died"),
    ]
    assert [due.body for due in claim(db, worker="w2")] == ["balasan"]


def test_a_worker_whose_row_was_taken_over_can_no_longer_postpone_it(db, people):
    sari = people.make("sari")
    outbox_id = queue(db, sari, Kind.REPLY, "balasan")
    claim(db, worker="slow")
    with db.transaction() as store:
        store.outbox.take_over(NOW + LEASE)
    claim(db, NOW + LEASE, worker="quick")
    assert not settle(db, outbox_id, Postponed(SOON), worker="slow")
    assert settle(db, outbox_id, Sent("x1", NOW), worker="quick")


@pytest.mark.parametrize("order", list(permutations([0, 1, 2])), ids=str)
def test_reports_in_any_order_and_repeatedly_end_the_same(db, people, order):
    """Reports may even overtake our own note that the message was sent."""
    sari = people.make("sari")
    outbox_id = queue(db, sari, Kind.REPLY, "balasan")
    claim(db)
    steps = [Sent("x1", NOW), Delivered(NOW), Read(NOW)]
    for step in [steps[number] for number in order] * 2:
        with db.transaction() as store:
            if isinstance(step, Sent):
                store.outbox.settle(outbox_id, step)
            else:
                store.outbox.mark_by_external_id("x1", step)
    assert states(db, sari[0]) == [("balasan", OutboxState.READ, None)]
    with db.reading() as store:
        assert store.connection.scalar(text("SELECT count(*) FROM early_report WHERE state <> 'delivered'")) == 0


def test_a_failure_report_counts_until_the_message_was_delivered(db, people):
    sari = people.make("sari")
    first, second = queue(db, sari, Kind.NOTICE, "satu"), queue(db, sari, Kind.NOTICE, "dua")
    claim(db)
    settle(db, first, Sent("x1", NOW))
    settle(db, second, Sent("x2", NOW))
    with db.transaction() as store:
        assert store.outbox.mark_by_external_id("x1", Failed("undeliverable", NOW))
        assert store.outbox.mark_by_external_id("x2", Delivered(NOW))
        assert not store.outbox.mark_by_external_id("x2", Failed("undeliverable", NOW))
    assert [state for _, state, _ in states(db, sari[0])] == [OutboxState.FAILED, OutboxState.DELIVERED]


def test_an_unknown_message_is_settled_by_a_report(db, people):
    sari = people.make("sari")
    outbox_id = queue(db, sari, Kind.REMINDER, "pengingat")
    claim(db)
    assert settle(db, outbox_id, Unknown("no_answer"))
    assert claim(db, SOON) == []
    assert settle(db, outbox_id, Delivered(SOON))
    assert states(db, sari[0]) == [("pengingat", OutboxState.DELIVERED, None)]


def test_withdrawing_consent_skips_what_rests_on_it_and_nothing_else(db, people):
    sari, budi = people.make("sari"), people.make("budi")
    for who in (sari, budi):
        queue(db, who, Kind.REPLY, "balasan")
        queue(db, who, Kind.REMINDER, "pengingat", due_at=SOON)
    with db.transaction() as store:
        assert store.outbox.skip_resting_on(sari[0], (Purpose.REMINDERS, Purpose.ANNOUNCEMENTS), "opted_out") == 1
    assert states(db, sari[0])[1] == ("pengingat", OutboxState.SKIPPED, "opted_out")
    assert [due.contact_id for due in claim(db, SOON)] == [sari[0], budi[0], budi[0]]


def test_a_skipped_message_stays_in_the_history_with_its_reason(db, people):
    sari = people.make("sari")
    outbox_id = queue(db, sari, Kind.NOTICE, "kabar")
    claim(db)
    assert settle(db, outbox_id, Skipped("opted_out"))
    assert not settle(db, outbox_id, Sent("x1", NOW))
    assert states(db, sari[0]) == [("kabar", OutboxState.SKIPPED, "opted_out")]


def test_the_conversation_reads_as_it_was_had_even_within_one_moment(db, people):
    sari = people.make("sari")
    for number in (1, 2):
        people.write("sari", f"tanya {number}", f"m{number}")
    for number in (1, 2):
        with db.transaction() as store:
            taken = store.inbox.claim(NOW, LEASE)
            store.outbox.queue(*sari, Kind.REPLY, f"jawab {number}", NOW, inbound_id=taken.id)
            store.inbox.done(taken)
    with db.reading() as store:
        said = [(line.who.value, line.text) for line in store.outbox.conversation(sari[0])]
        assert [line.text for line in store.outbox.conversation(sari[0], limit=2)] == ["tanya 2", "jawab 2"]
    assert said == [("person", "tanya 1"), ("bot", "jawab 1"), ("person", "tanya 2"), ("bot", "jawab 2")]


def test_polling_sees_each_sent_message_once_also_one_queued_early_and_sent_late(db, people):
    sari = people.make("sari")
    early = queue(db, sari, Kind.REMINDER, "pengingat", due_at=SOON)
    reply = queue(db, sari, Kind.REPLY, "balasan")
    settle(db, reply, Sent("x1", NOW))
    with db.reading() as store:
        (first,) = store.outbox.new_since(sari[0], None)
        assert store.outbox.new_since(sari[0], first.cursor) == []
    settle(db, early, Sent("x2", SOON))
    with db.reading() as store:
        assert [line.text for line in store.outbox.new_since(sari[0], first.cursor)] == ["pengingat"]
        assert [line.text for line in store.outbox.new_since(sari[0], None)] == ["balasan", "pengingat"]


def test_counting_what_is_on_its_way(db, people):
    sari = people.make("sari")
    queue(db, sari, Kind.REPLY, "balasan")
    queue(db, sari, Kind.REMINDER, "nanti", due_at=SOON)
    claim(db)
    with db.reading() as store:
        assert store.outbox.counts() == {OutboxState.SENDING: 1, OutboxState.DUE: 1}
