"""What one claim decides for many at once is what asking about each by itself, in order, decides."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from storage_fixtures import KEYS, LEASE, NOW, OTHER_VILLAGE, VILLAGE, village_of

import bot.claims
from bot.asking import SAME_MESSAGE
from bot.channels.local import LocalChannel
from bot.clock import SetClock
from bot.outbox import Sender
from flows.contact import Channel, Purpose
from flows.outreach.sending_policy import (
    COUNTED,
    UNASKED,
    Kind,
    Pause,
    Reason,
    Send,
    SendingRules,
    Skip,
    Wait,
    may_send,
    next_room,
)
from storage import Sealer
from storage.database import Store
from storage.outcomes import Delivered, Failed, Postponed, Sent, Skipped, Unknown
from storage.tables import ADDRESS, BROADCAST_PERSON, OUTBOX
from storage.words import REACHED, OutboxState

#: Past eight in the evening in the other village, not yet in the first.
EVENING = NOW.replace(hour=11, minute=30)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def addressed(contact, text):
    return f"Untuk {contact.name}. {text}"


@pytest.fixture
def sender(db):
    channels = {(Channel.WEB, "main"): LocalChannel(Channel.WEB, "main")}
    return Sender(db, channels, SetClock(EVENING), SendingRules, worker="w1", addressed=addressed)


def queue(db, who, kind, **more):
    with db.transaction() as store:
        return store.outbox.queue(*who, kind, "halo", EVENING, **more)


def sent_before(db, who, kind, ago):
    outbox_id = queue(db, who, kind)
    with db.transaction() as store:
        store.outbox.settle(outbox_id, Sent(f"x{outbox_id}", EVENING - ago))
        store.connection.execute(update(OUTBOX).where(OUTBOX.c.id == outbox_id).values(made_at=EVENING - ago))


def became(store):
    columns = (OUTBOX.c.id, OUTBOX.c.state, OUTBOX.c.reason, OUTBOX.c.due_at, OUTBOX.c.body)
    return [tuple(row) for row in store.connection.execute(select(*columns).order_by(OUTBOX.c.id))]


def became_in(db):
    with db.reading() as store:
        return became(store)


# A crowd in which everything happens that decides about sending


def a_crowd(db, people, dice):
    """Families on one number, families on one chat, people of three zones with every kind of consent and history."""
    made = []
    for number in range(30):
        where = dice.choice([None, VILLAGE.code, VILLAGE.code, VILLAGE.code, OTHER_VILLAGE.code])
        agrees = [purpose for purpose in Purpose if dice.random() < 0.9]
        who = people.make(f"orang{number}", village=where, agrees=agrees)
        with db.transaction() as store:
            if dice.random() < 0.5:
                store.contacts.learn(who[0], phone=f"+62812000000{dice.randrange(8):02}")
            store.contacts.learn(who[0], name=f"Orang {number}")
            if dice.random() < 0.2:
                store.consents.withdraw(who[0], [dice.choice(list(Purpose))], NOW)
            if dice.random() < 0.2:
                beside = store.contacts.add_beside(who[1], where, NOW)
                store.contacts.learn(beside, name=f"Keluarga {number}")
                store.consents.give(beside, Purpose, "persetujuan-v1", NOW)
                made.append((beside, who[1]))
        made.append(who)
    for who in made:
        for _ in range(dice.choice([0, 0, 1, 2, 3])):
            sent_before(db, who, dice.choice([Kind.REMINDER, Kind.NOTICE, Kind.FOLLOW_UP]), DAY * dice.uniform(0, 25))
        for _ in range(dice.choice([1, 1, 2])):
            kind = dice.choice([Kind.REMINDER, Kind.REMINDER, Kind.FOLLOW_UP, Kind.NOTICE, Kind.REPLY])
            due = EVENING - HOUR * dice.uniform(0, 60)
            ends = due + 2 * DAY if kind is Kind.REMINDER else None
            queue(db, who, kind, due_at=due, expires_at=ends, inbound_id=dice.choice([None, 1]))


# The same decided slowly: everything is read anew for every row, and each outcome is written at once


@dataclass
class OneByOne:
    store: object
    claimed: list

    def decide(self):
        left = []
        for row in self.claimed:
            contact = None if row.kind is Kind.REPLY and row.inbound_id else self.store.contacts.view(row.contact_id)
            match Send() if contact is None or row.kind is Kind.REPLY else self.verdict(row, contact, left):
                case Skip(reason):
                    self.store.outbox.settle(row.id, Skipped(reason.value))
                case Wait(until, why):
                    self.store.outbox.settle(row.id, Postponed(until, why.value, tried=False))
                case Send():
                    if contact is not None and contact.shares_phone:
                        self.store.outbox.reword(row.id, addressed(contact, row.body))
                    left.append(row)
        return [row.id for row in left]

    def verdict(self, row, contact, left):
        if row.expires_at is not None and row.expires_at <= EVENING:
            return Skip(Reason.TOO_LATE)
        verdict = self.by_policy(row, contact, left)
        if row.kind is Kind.REMINDER and verdict == Send():
            verdict = self.by_family(row)
        if isinstance(verdict, Wait) and row.expires_at is not None and verdict.until >= row.expires_at:
            return Skip(Reason.TOO_MANY if verdict.why is Pause.TOO_MANY else Reason.TOO_LATE)
        return verdict

    def by_policy(self, row, contact, left):
        theirs = [one for one in self.outbox() if one.contact_id == row.contact_id and one.priority >= 2]
        lately = [one.sent_at for one in theirs if one.sent_at and one.sent_at >= EVENING - COUNTED]
        verdict = may_send(row.kind, contact, row.due_at, EVENING, SendingRules(), lately=lately)
        own = {one.id for one in self.claimed} - {one.id for one in left}
        moving = [one for one in theirs if one.state is OutboxState.SENDING and one.id not in own]
        full = next_room([*lately, *(EVENING for _ in moving)], EVENING, SendingRules()) > EVENING
        if verdict == Send() and row.kind in UNASKED and moving and full:
            return self.later(row, Pause.TOO_MANY)
        return verdict

    def by_family(self, row):
        columns = (ADDRESS.c.id, ADDRESS.c.contact_id, ADDRESS.c.phone_hash)
        addresses = self.store.connection.execute(select(*columns)).all()
        phone = next(one.phone_hash for one in addresses if one.id == row.address_id)
        family = {one.contact_id for one in addresses if phone and one.phone_hash == phone} - {row.contact_id}
        told = [
            one
            for one in self.outbox()
            if one.contact_id in family and one.kind is Kind.REMINDER and one.made_at >= EVENING - SAME_MESSAGE
            and one.state in {OutboxState.SENDING, *REACHED}
        ]  # fmt: skip
        first = min(told, key=lambda one: (one.sent_at is None, one.id), default=None)
        if first is None:
            return Send()
        return self.later(row, Pause.SAME_PHONE) if first.state is OutboxState.SENDING else Skip(Reason.SAME_PHONE)

    def later(self, row, why):
        return Wait(EVENING + timedelta(seconds=60 + row.id % 10), why)

    def outbox(self):
        return self.store.connection.execute(select(OUTBOX).order_by(OUTBOX.c.id)).all()


def undone(db, work):
    """What `work` finds within a transaction of which nothing stays."""
    with db.engine.connect() as connection:
        try:
            return work(Store(connection, Sealer(KEYS), village_of))
        finally:
            connection.rollback()


def decided_one_by_one(store):
    """What would leave, in order, and what would become of everything."""
    left = OneByOne(store, store.outbox.claim(EVENING, bot.claims.BATCH, LEASE, "w1")).decide()
    return left, became(store)


@pytest.mark.parametrize(("seed", "batch"), [(0, 7), (1, 7), (2, 20), (3, 100)])
def test_a_claim_decides_what_asking_about_each_by_itself_decides(db, people, sender, seed, batch, monkeypatch):
    monkeypatch.setattr(bot.claims, "BATCH", batch)
    dice = random.Random(seed)
    a_crowd(db, people, dice)
    reasons = set()
    while True:
        left, expected = undone(db, decided_one_by_one)
        claimed, ready = sender.claim()
        assert [item.row.id for item in ready] == left
        assert became_in(db) == expected
        assert all(item.message.text == item.row.body for item in ready)
        reasons |= {reason for _, _, reason, _, _ in expected}
        done = [item for item in ready if item.row.kind is Kind.REPLY or dice.random() < 0.7]  # others are on their way
        sender.record([(item, Sent(f"x{item.row.id}", EVENING)) for item in done])
        if not claimed:
            break
    assert reasons >= {"opted_out", "no_consent", "too_late", "quiet_hours", "same_phone"}


def test_of_two_messages_to_one_person_in_one_claim_the_second_sees_the_first(db, people, sender):
    sari = people.make("sari", village=VILLAGE.code, agrees=tuple(Purpose))
    for days in (1, 2):
        sent_before(db, sari, Kind.REMINDER, days * DAY)
    first, second = queue(db, sari, Kind.REMINDER), queue(db, sari, Kind.FOLLOW_UP)
    _, (item,) = sender.claim()
    assert item.row.id == first
    assert [(state, reason) for at, state, reason, _, _ in became_in(db) if at == second] == [("due", "too_many")]
    sender.record([(item, Failed("undeliverable", EVENING))])
    sender._clock.move_to(EVENING + timedelta(minutes=2))
    assert [item.row.id for item in sender.claim()[1]] == [second]  # the week has room again


def test_a_message_on_its_way_from_an_earlier_claim_counts_as_well(db, people, sender):
    sari = people.make("sari", village=VILLAGE.code, agrees=tuple(Purpose))
    for days in (1, 2):
        sent_before(db, sari, Kind.REMINDER, days * DAY)
    queue(db, sari, Kind.REMINDER)
    _, (item,) = sender.claim()
    second = queue(db, sari, Kind.FOLLOW_UP)
    assert sender.claim() == (1, [])
    sender.record([(item, Sent("x", EVENING))])
    sender._clock.move_to(EVENING + timedelta(minutes=2))
    assert sender.claim() == (1, [])
    assert became_in(db)[-1][:3] == (second, OutboxState.SKIPPED, "too_many")


# Settling many at once


OUTCOMES = [
    Sent("a", EVENING), Sent("b", EVENING), Skipped("opted_out"), Skipped("opted_out"),
    Postponed(EVENING + HOUR, "flood_wait"), Postponed(EVENING + 2 * HOUR, "flood_wait"),
    Postponed(EVENING + HOUR, "holiday", tried=False), Failed("refused", EVENING), Unknown("no_answer"),
]  # fmt: skip


def everything(store):
    queries = (select(OUTBOX).order_by(OUTBOX.c.id), select(BROADCAST_PERSON).order_by(BROADCAST_PERSON.c.contact_id))
    return [[tuple(row) for row in store.connection.execute(query)] for query in queries]


@pytest.mark.parametrize("seed", range(3))
def test_settling_many_ends_as_settling_one_after_the_other(db, people, seed):
    """Also of what was taken over, is named twice, belongs to an announcement, or was reported on before we knew."""
    dice = random.Random(seed)
    official = people.make("ratna", village=VILLAGE.code)
    for number in range(24):
        who = people.make(f"orang{number}", village=VILLAGE.code, agrees=(Purpose.ANNOUNCEMENTS,))
        queue(db, who, Kind.NOTICE)
    with db.transaction() as store:
        store.broadcasts.freeze(VILLAGE.code, "siaran", official[0], EVENING)
        rows = [due.id for due in store.outbox.claim(EVENING, 99, LEASE, "w1")]
        lost = dice.sample(rows, 5)
        store.connection.execute(update(OUTBOX).where(OUTBOX.c.id.in_(lost)).values(claimed_by="w2"))
        for name in ("a3", "b7"):
            store.outbox.mark_by_external_id(name, Delivered(EVENING))
    done = []
    for place, outbox_id in enumerate([*rows, *dice.choices(rows, k=6)]):
        outcome = dice.choice(OUTCOMES[:2] if dice.random() < 0.6 else OUTCOMES)
        named = Sent(f"{outcome.external_id}{place}", EVENING) if isinstance(outcome, Sent) else outcome
        done.append((outbox_id, named))

    def at_once(store):
        store.outbox.settle_many(done, worker="w1")
        return everything(store)

    def one_after_the_other(store):
        for outbox_id, outcome in done:
            store.outbox.settle(outbox_id, outcome, worker="w1")
        return everything(store)

    ended = undone(db, at_once)
    assert ended == undone(db, one_after_the_other)
    assert len({row[2] for row in ended[1]}) > 2  # the announcement knows of what was sent and of what was not
