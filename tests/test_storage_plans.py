"""What happens on every turn and every claim goes through an index, so its cost doesn't grow with the history."""

from __future__ import annotations

import re
from contextlib import contextmanager

from sqlalchemy import event, text
from storage_fixtures import LEASE, NOW, VILLAGE, WHEN

from flows.contact import Channel, ConsentState, Purpose, ReminderPlan, Role
from flows.conversation.session import Session
from flows.outreach.follow_up import FollowUp
from flows.outreach.sending_policy import Kind
from storage.outcomes import Delivered, Sent

SMALL = {"broadcast", "alembic_version", "setting"}  # few rows, whatever happens


@contextmanager
def every_statement(connection):
    """Collect what is executed, with its parameters."""
    seen = []

    def note(conn, cursor, statement, parameters, context, executemany):
        seen.append((statement, parameters[0] if executemany else parameters))

    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


def scans(db, connection, statement, parameters):
    """The tables that this statement reads from end to end."""
    if not re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT)", statement):
        return set()
    if db.is_sqlite:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        return {match[1] for row in plan if (match := re.match(r"SCAN (\w+)\b(?! USING)", row[3]))}
    plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
    return {match[1] for line in plan if (match := re.search(r"Seq Scan on (\w+)", line))}


def full_scans(db, work):
    """Run `work` on a store and name the statements that scan a table that grows."""
    with db.transaction() as store:
        if not db.is_sqlite:
            store.connection.execute(text("SET LOCAL enable_seqscan = off"))
        with every_statement(store.connection) as seen:
            work(store)
        found = [(scans(db, store.connection, *one) - SMALL, one[0]) for one in list(seen)]
    return [(tables, statement) for tables, statement in found if tables]


def test_a_turn_reads_nothing_from_end_to_end(db, people):
    contact, address = people.make("sari", village=VILLAGE.code, agrees=tuple(Purpose))
    people.write("sari", "halo", "m1")

    def turn(store):
        store.contacts.find_or_make(Channel.WEB, "main", "sari", NOW)
        store.contacts.find_or_make(Channel.WEB, "main", "baru", NOW)
        store.inbox.record(Channel.WEB, "main", "m2", address, {"text": "a"}, NOW)
        claimed = store.inbox.claim(NOW, LEASE)
        store.contacts.view(contact)
        store.sessions.put(contact, store.sessions.get(contact) or Session())
        store.consents.give(contact, [Purpose.REMINDERS], "v1", NOW)
        store.outbox.skip_resting_on(contact, list(Purpose), "opted_out")
        store.outbox.queue(contact, address, Kind.REPLY, "halo", NOW, once_key="x")
        store.outbox.conversation(contact)
        store.outbox.new_since(contact, None)
        store.inbox.done(claimed)
        store.inbox.waiting()
        store.inbox.aside()

    assert full_scans(db, turn) == []


def test_sending_reads_nothing_from_end_to_end(db, people):
    official, _ = people.make("ratna", village=VILLAGE.code)
    contact, address = people.make("sari", village=VILLAGE.code, agrees=tuple(Purpose))

    def send(store):
        store.broadcasts.freeze(VILLAGE.code, "siaran", official, NOW)
        store.outbox.queue(contact, address, Kind.REPLY, "halo", NOW)
        assert store.outbox.is_due(NOW, "web/main")
        store.slots.open("web/main", NOW)
        claimed = store.outbox.claim(NOW, 10, LEASE, "w1", route="web/main", unasked=5)
        for due in claimed:
            store.slots.note_person(due.address_id, NOW, 1, NOW)
        store.recipients.contacts([contact, official])
        store.recipients.unasked_since([contact, official], NOW)
        store.recipients.told_on_phone([due.id for due in claimed], NOW)
        store.outbox.settle_many([(due.id, Sent(f"x{due.id}", NOW)) for due in claimed], worker="w1")
        store.slots.take("web/main", NOW)
        store.slots.approached_since(Channel.WEB, "main", NOW)
        store.outbox.anything_expired(NOW)
        store.outbox.mark_by_external_id("x1", Delivered(NOW))
        store.outbox.take_over(NOW)
        store.outbox.counts()
        store.broadcasts.finish_ready(NOW)

    assert full_scans(db, send) == []


def test_what_the_clock_does_reads_nothing_from_end_to_end(db, people):
    contact, _ = people.make("sari", village=VILLAGE.code)

    def tick(store):
        store.reminders.plan(contact, ReminderPlan(10, 8), NOW)
        for reminder in store.reminders.due(NOW, 10):
            store.reminders.advance([(reminder, reminder.plan, NOW)])
            store.reminders.on_one_phone([reminder])
        store.reminders.forms([contact])
        store.reminders.follow_up(contact, FollowUp.CONTACTED, NOW)
        store.reminders.follow_zone(contact)
        store.reminders.next_due_at()
        store.notices.pending()
        store.handoffs.waiting()
        store.handoffs.is_open(contact)

    assert full_scans(db, tick) == []


def test_an_officials_view_reads_their_village_only(db, people):
    contact, _ = people.make("ratna", village=VILLAGE.code)

    def look(store):
        store.contacts.set_role(contact, Role.OFFICIAL)
        view = store.contacts.view(contact, leaving=WHEN)
        assert view.consents[Purpose.ANNOUNCEMENTS] is ConsentState.UNKNOWN
        store.leads.list(village=VILLAGE.code)

    assert full_scans(db, look) == []
