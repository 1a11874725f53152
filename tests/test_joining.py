"""One person on two platforms becomes one contact: histories stay, and the stricter consent holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from storage_fixtures import NOW, VILLAGE

from flows.contact import Channel, ConsentState, Purpose, ReminderPlan, Role
from flows.events import LeadSubmitted
from flows.outreach.sending_policy import Kind

SOON = NOW + timedelta(minutes=15)


@pytest.fixture
def two(db):
    """The same person on Telegram and on WhatsApp, not yet known to be one."""
    with db.transaction() as store:
        telegram = store.contacts.find_or_make(Channel.TELEGRAM, "1", "777", NOW)
        whatsapp = store.contacts.find_or_make(Channel.WHATSAPP, "2", "ID.1", NOW)
        store.contacts.heard_from(*telegram, NOW)
        store.contacts.heard_from(*whatsapp, NOW)
    return telegram[0], whatsapp[0]


def test_a_code_leads_to_who_was_shown_it_until_it_is_too_old(db, two):
    with db.transaction() as store:
        store.joining.offer(two[0], "KTMB-4729", SOON)
        assert store.joining.shown_to("KTMB-4729", NOW) == two[0]
        assert store.joining.shown_to("KTMB-4728", NOW) is None
        assert store.joining.shown_to("KTMB-4729", SOON) is None
        store.joining.offer(two[0], "BCDF-2222", SOON)
        assert store.joining.shown_to("KTMB-4729", NOW) is None


def test_both_addresses_lead_to_one_contact_with_both_histories(db, two):
    telegram, whatsapp = two
    fields = {"nama": "Siti Contoh", "hp": "+628120000"}
    with db.transaction() as store:
        store.leads.submit(telegram, LeadSubmitted("RK-1", fields, "persetujuan-v1"), NOW)
        store.contacts.learn(telegram, village=VILLAGE.code, name="Siti Contoh")
        store.contacts.set_role(telegram, Role.OFFICIAL)
        store.reminders.plan(telegram, ReminderPlan(5, 8), NOW)
        assert store.joining.join(whatsapp, telegram, NOW)
        assert store.contacts.find(Channel.TELEGRAM, "1", "777")[0] == whatsapp
        assert store.contacts.find(Channel.WHATSAPP, "2", "ID.1")[0] == whatsapp
        seen = store.contacts.view(whatsapp)
        assert (seen.name, seen.role, seen.village) == ("Siti Contoh", Role.OFFICIAL, VILLAGE)
        assert (seen.lead.number, seen.reminder.day, seen.channel) == ("RK-1", 5, Channel.WHATSAPP)
        assert not store.contacts.exists(telegram)


@pytest.mark.parametrize(
    ("first", "second", "holds"),
    [
        ("give", "give", ConsentState.GIVEN),
        ("give", None, ConsentState.GIVEN),
        (None, "give", ConsentState.GIVEN),
        ("give", "refuse", ConsentState.REFUSED),
        ("refuse", "give", ConsentState.REFUSED),
        ("withdraw", "give", ConsentState.WITHDRAWN),
        ("give", "withdraw", ConsentState.WITHDRAWN),
        (None, None, ConsentState.UNKNOWN),
    ],
)
def test_the_stricter_consent_holds_and_history_agrees(db, two, first, second, holds):
    with db.transaction() as store:
        for contact, said in zip(two, (first, second), strict=True):
            if said == "withdraw":
                store.consents.withdraw(contact, (Purpose.ANNOUNCEMENTS,), NOW)
            elif said:
                getattr(store.consents, said)(contact, (Purpose.ANNOUNCEMENTS,), "persetujuan-v1", NOW)
        store.joining.join(two[1], two[0], NOW)
        assert store.consents.current(two[1])[Purpose.ANNOUNCEMENTS] is holds
        history = store.consents.history(two[1])
        assert len(history) >= sum(said is not None for said in (first, second))
        assert (history[-1].state if history else ConsentState.UNKNOWN) is holds


def test_what_is_queued_without_the_stricter_consent_is_not_sent(db, two):
    with db.transaction() as store:
        store.consents.give(two[0], (Purpose.REMINDERS,), "persetujuan-v1", NOW)
        store.reminders.plan(two[0], ReminderPlan(5, 8), NOW)
        store.outbox.queue(two[0], None, Kind.REMINDER, "Pengingat contoh", NOW)
        store.consents.withdraw(two[1], (Purpose.REMINDERS,), NOW)
        store.joining.join(two[1], two[0], NOW)
        assert store.contacts.view(two[1]).reminder is None
        assert [line.reason for line in store.outbox.conversation(two[1])] == ["opted_out"]


def test_nobody_is_joined_with_themselves_or_with_who_is_gone(db, two):
    with db.transaction() as store:
        assert not store.joining.join(two[0], two[0], NOW)
        assert store.joining.join(two[0], two[1], NOW)
        assert not store.joining.join(two[0], two[1], NOW)
