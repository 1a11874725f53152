"""What becomes of a reminder between its moment and its leaving: too late, paid meanwhile, a family, another zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.effects import Scene, apply
from bot.world import Person
from flows.contact import Channel, Purpose, ReminderPlan
from flows.events import ReminderPlanned
from flows.message import Heard, HeardKind
from flows.outreach.reminder import paid, schedule, snoozed
from flows.outreach.sending_policy import SendingRules
from storage.tables import OUTBOX

HERE, FAR = "00.00.00.0001", "00.00.00.0003"
NIGHT = datetime(2026, 12, 8, 15, tzinfo=UTC)  # ten in the evening WIB
SARI, BUDI = Person(Channel.WHATSAPP, "sari"), Person(Channel.TELEGRAM, "budi")


@pytest.fixture
def world(make_world):
    return make_world(NIGHT)


def reminded(world, person, *, day=9, hour=1, phone=None):
    """The person's contact, reminded from their village at that day and hour."""
    now = world.clock.now()
    with world.app.database.transaction() as store:
        who, address = store.contacts.find_or_make(person.channel, "local", person.external_id, now, phone=phone)
        store.contacts.heard_from(who, address, now)
        store.contacts.learn(who, village=HERE)
        store.consents.give(who, [Purpose.REMINDERS], "v1", now)
    do(world, who, lambda contact: schedule(world.app.content.current, ReminderPlan(day, hour), contact.zone, now))
    return who


def do(world, who, plan):
    with world.app.database.transaction() as store:
        contact = store.contacts.view(who)
        heard, now = Heard(HeardKind.TEXT, ""), world.clock.now()
        address = store.contacts.current_address(who).id
        scene = Scene(store, world.app.content.current, contact, address, now, 0, heard, SendingRules())
        apply(ReminderPlanned(plan(contact)), scene)


def became(world):
    with world.app.database.reading() as store:
        query = select(OUTBOX.c.contact_id, OUTBOX.c.state, OUTBOX.c.reason).order_by(OUTBOX.c.id)
        return [(row.contact_id, row.state.value, row.reason) for row in store.connection.execute(query)]


def test_postponing_again_and_again_does_not_make_a_reminder_younger(world):
    who = reminded(world, SARI)
    channel = world.app.channels.pop((Channel.WHATSAPP, "local"))
    world.advance(NIGHT + timedelta(hours=4))
    assert became(world) == [(who, "due", "channel_off")]
    for _ in range(48):
        world.clock.advance(timedelta(hours=1))
        world.run_due()
    world.app.channels[Channel.WHATSAPP, "local"] = channel
    world.advance(world.clock.now() + timedelta(days=1))
    assert became(world) == [(who, "skipped", "too_late")]


def test_who_says_that_they_paid_does_not_get_the_one_that_waits_for_morning(world):
    who = reminded(world, SARI)
    world.advance(NIGHT + timedelta(hours=4))
    assert became(world) == [(who, "due", "quiet_hours")]
    content, now = world.app.content.current, world.clock.now()
    do(world, who, lambda contact: paid(content, contact.reminder, contact.zone, now))
    world.advance(NIGHT + timedelta(days=3))
    assert became(world) == [(who, "skipped", "done")]


def test_what_is_paid_is_not_asked_for_again_three_days_later(world):
    who = reminded(world, SARI, hour=8)
    world.advance(NIGHT + timedelta(days=1))
    content, now = world.app.content.current, world.clock.now()
    do(world, who, lambda contact: paid(content, contact.reminder, contact.zone, now))
    do(world, who, lambda contact: snoozed(contact.reminder, contact.zone, now))
    with world.app.database.reading() as store:
        assert store.contacts.view(who).reminder.next.on == date(2027, 1, 9)


@pytest.mark.parametrize("budi_stops", [False, True])
def test_of_two_people_on_one_phone_one_is_told_unless_they_stop_first(world, budi_stops):
    budi = reminded(world, BUDI, hour=0, phone="+6281200000011")
    sari = reminded(world, SARI, phone="+6281200000011")
    world.advance(NIGHT + timedelta(hours=4))
    if budi_stops:
        with world.app.database.transaction() as store:
            now = world.clock.now()
            store.consents.withdraw(budi, [Purpose.REMINDERS], now, via="test")
            store.outbox.skip_resting_on(budi, [Purpose.REMINDERS], "opted_out")
    world.advance(NIGHT + timedelta(days=1))
    if budi_stops:
        assert became(world) == [(budi, "skipped", "opted_out"), (sari, "sent", None)]
    else:
        assert sorted(state for _, *state in became(world)) == [["sent", None], ["skipped", "same_phone"]]


def test_who_staff_move_to_another_zone_is_reminded_at_the_hour_there(world):
    who = reminded(world, SARI, hour=8)
    with world.app.database.transaction() as store:
        store.contacts.learn(who, village=FAR)
        (listed,) = store.reminders.listed()
        plan = store.contacts.view(who).reminder
    assert listed.next_due_at == datetime(2026, 12, 8, 23, tzinfo=UTC)
    assert plan == replace(plan, day=9, hour=8)
