"""Messages come in once, take turns in order, and never two turns of one contact at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from storage_fixtures import LEASE, NOW, Broken, fail

from flows.contact import Channel
from storage.inbox import Recorded

HELLO = {"kind": "text", "text": "halo"}


def claim(db, at=NOW):
    with db.transaction() as store:
        return store.inbox.claim(at, LEASE)


def test_the_same_message_is_stored_once(db, people):
    _, address = people.make()
    with db.transaction() as store:
        assert store.inbox.record(Channel.WEB, "main", "m1", address, HELLO, NOW) is Recorded.NEW
        assert store.inbox.record(Channel.WEB, "main", "m1", address, HELLO, NOW) is Recorded.ALREADY
    with db.transaction() as store:
        assert store.inbox.record(Channel.WEB, "main", "m1", address, HELLO, NOW) is Recorded.ALREADY
        assert store.inbox.record(Channel.WEB, "other", "m1", address, HELLO, NOW) is Recorded.NEW
        assert store.inbox.waiting() == 2


def test_the_same_message_delivered_by_many_at_once_is_stored_once(db, people):
    _, address = people.make()
    start = threading.Barrier(4)

    def deliver(_):
        start.wait(10)
        with db.transaction() as store:
            return store.inbox.record(Channel.WEB, "main", "m1", address, HELLO, NOW)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(r.value for r in pool.map(deliver, range(4))) == ["already", "already", "already", "new"]


def test_one_contact_is_made_by_many_first_messages_at_once(db):
    start = threading.Barrier(4)

    def meet(_):
        start.wait(10)
        with db.transaction() as store:
            return store.contacts.find_or_make(Channel.WEB, "main", "baru", NOW)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(meet, range(4)))) == 1


def test_a_contacts_messages_take_turns_in_order(db, people):
    people.write("sari", "satu", "m1")
    people.write("sari", "dua", "m2")
    people.write("budi", "tiga", "m3")
    first, second = claim(db), claim(db)
    assert [first.body["text"], second.body["text"]] == ["satu", "tiga"]
    assert claim(db) is None
    with db.transaction() as store:
        store.inbox.done(first)
    assert claim(db).body["text"] == "dua"


def test_claiming_and_finishing_in_one_transaction_leaves_nothing_when_it_fails(db, people):
    people.write("sari", "satu", "m1")
    with pytest.raises(Broken), db.transaction() as store:
        fail(lambda: store.inbox.done(store.inbox.claim(NOW, LEASE)))
    assert claim(db).attempts == 1


def test_a_lease_that_ended_gives_the_message_back(db, people):
    people.write("sari", "satu", "m1")
    assert claim(db).attempts == 1
    assert claim(db, NOW + LEASE - timedelta(seconds=1)) is None
    assert claim(db, NOW + LEASE).attempts == 2


def test_a_message_to_be_tried_again_holds_back_the_later_ones_until_it_is_set_aside(db, people):
    people.write("sari", "satu", "m1")
    people.write("sari", "dua", "m2")
    later = NOW + timedelta(seconds=5)
    failed = claim(db)
    with db.transaction() as store:
        store.inbox.retry_later(failed, "turn_failed", later)
    assert claim(db) is None
    again = claim(db, later)
    assert (again.body["text"], again.attempts) == ("satu", 2)
    with db.transaction() as store:
        store.inbox.set_aside(again, "turn_failed")
    assert claim(db, later).body["text"] == "dua"
    with db.reading() as store:
        (aside,) = store.inbox.aside()
    assert (aside.error_code, aside.attempts) == ("turn_failed", 2)
    with db.transaction() as store:
        store.inbox.replay(aside.id)
        assert store.inbox.aside() == []


def test_many_workers_never_run_two_turns_of_one_contact_and_keep_order(db, people):
    for number in range(12):
        for who in ("sari", "budi", "tono"):
            people.write(who, str(number), f"{who}{number}")
    running, seen, clash = set(), {}, []
    guard = threading.Lock()

    def work(_):
        while True:
            taken = claim(db)
            if taken is None:
                with db.reading() as store:
                    if store.inbox.waiting() == 0:
                        return
                continue
            with guard:
                clash.extend([taken.contact_id] if taken.contact_id in running else [])
                running.add(taken.contact_id)
                seen.setdefault(taken.contact_id, []).append(int(taken.body["text"]))
            with guard:
                running.discard(taken.contact_id)
            with db.transaction() as store:
                store.inbox.done(taken)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert clash == []
    assert list(seen.values()) == [list(range(12))] * 3


def test_turns_inside_one_transaction_are_exclusive_too(db, people):
    """Claim, work and finish in one transaction: while it is open, no one else gets this contact."""
    if db.is_sqlite:
        return  # a second writer waits for the first to end
    people.write("sari", "satu", "m1")
    people.write("sari", "dua", "m2")
    people.write("budi", "tiga", "m3")
    with db.transaction() as store:
        first = store.inbox.claim(NOW, LEASE)
        assert claim(db).body["text"] == "tiga"
        assert claim(db) is None
        store.inbox.done(first)
    assert claim(db).body["text"] == "dua"


def test_what_no_channel_can_read_is_kept(db):
    with db.transaction() as store:
        store.inbox.keep_unread(Channel.TELEGRAM, "not_json", "{…", NOW)


def test_claiming_notes_where_the_person_writes_from(db, people):
    contact, address = people.make("sari")
    with db.transaction() as store:
        store.contacts.mark_blocked(address, NOW)
    people.write("sari", "halo", "m1", NOW + timedelta(hours=1))
    claim(db, NOW + timedelta(hours=1))
    with db.reading() as store:
        here = store.contacts.current_address(contact)
        assert (here.last_inbound_at, here.blocked_at) == (NOW + timedelta(hours=1), None)
        assert store.contacts.view(contact).last_heard_at == NOW + timedelta(hours=1)
