"""Sending keeps to every limit, over all senders together, and replies overtake the rest. No clock runs by itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_fixtures import NOW, VILLAGE
from world_fixtures import content_in_force

from bot.channels.errors import AccountBroken, FloodWait, PairLimit, TierUsedUp
from bot.channels.local import LocalChannel
from bot.channels.telegram import LIMITS as TELEGRAM_FORM
from bot.channels.whatsapp_errors import error_class
from bot.channels.whatsapp_limits import limits_on
from bot.channels.whatsapp_send import LIMITS as WHATSAPP_FORM
from bot.channels.whatsapp_send import compose
from bot.channels.whatsapp_templates import load_templates
from bot.claims import tier_key
from bot.clock import SetClock
from bot.emulators.telegram_rules import Rates, Refusal, Traffic
from bot.emulators.whatsapp_shape import GraphError
from bot.emulators.whatsapp_state import WhatsAppState
from bot.outbox import BROKEN_HOLD, LEASE, Sender
from bot.pacing import HORIZON, WINDOW, Burst, Pace, Trips, pace_of
from bot.templates import filled, kept
from flows.contact import Channel, Purpose
from flows.outreach.sending_policy import Kind, SendingRules
from storage.outcomes import Failed
from storage.routes import route_of
from storage.words import OutboxState

DAY = NOW.date().replace(year=2026, month=11)
ACCOUNT = "akun"
SECOND = timedelta(seconds=1)


def limits():
    return content_in_force().current.lexicon


class Telegram:
    """A channel judged by the emulator's own rules, without any tolerance for bursts over all chats."""

    name, account, limits = Channel.TELEGRAM, ACCOUNT, TELEGRAM_FORM

    def __init__(self, clock):
        self.clock = clock
        self.traffic = Traffic(Rates(overall_burst=1))
        self.sent = []
        self.refused = Counter()
        self.faults = []

    async def send(self, message):
        if self.faults:
            raise self.faults.pop(0)
        try:
            self.traffic.pass_or_refuse(int(message.to), self.clock.now().timestamp())
        except Refusal as no:
            self.refused[no.status] += 1
            raise FloodWait(retry_after=no.parameters["retry_after"]) from None
        self.sent.append((self.clock.now(), message.to, message.text))
        return f"t{len(self.sent)}"

    async def close(self):
        pass


class WhatsApp(Telegram):
    name, limits = Channel.WHATSAPP, WHATSAPP_FORM

    def __init__(self, clock, tier="TIER_UNLIMITED"):
        super().__init__(clock)
        self.templates = load_templates(content_in_force().current.buttons)
        self.state = WhatsAppState(limits_on(limits()["whatsapp_limits"], DAY), tier, self.templates.values())

    async def send(self, message):
        if self.faults:
            raise self.faults.pop(0)
        body = compose(message, None, self.templates, "Pilih")
        try:
            taken = self.state.take(body, self.clock.now().timestamp())
        except GraphError as no:
            self.refused[no.code] += 1
            raise error_class(no.code)(retry_after=6.0) from None
        if taken.failure is not None:
            self.refused[taken.failure] += 1
        self.sent.append((self.clock.now(), message.to, message.template or message.text))
        return taken.id


class Crowd:
    """People on one channel, senders, and the time that passes between them."""

    def __init__(self, db, channel_type, senders=1, **more):
        self.db = db
        self.clock = SetClock(NOW)
        self.channel = channel_type(self.clock, **more)
        self.senders = [self._sender(f"w{number}") for number in range(senders)]

    def _sender(self, worker):
        def template(row, channel):
            return filled(content_in_force().current, channel, row.reply, row.slots, DAY)

        return Sender(
            self.db,
            {(self.channel.name, ACCOUNT): self.channel},
            self.clock,
            SendingRules,
            worker=worker,
            pace_of=lambda channel: pace_of(channel, limits(), DAY),
            template_of=template,
        )

    def people(self, count, *, heard=NOW, agrees=(Purpose.ANNOUNCEMENTS,)):
        """Contacts 1 … count, who wrote at that moment (None: never)."""
        made = []
        with self.db.transaction() as store:
            for number in range(1, count + 1):
                external = f"628{number:09d}"
                who = store.contacts.find_or_make(self.channel.name, ACCOUNT, external, NOW)
                store.contacts.learn(who[0], village=VILLAGE.code)
                store.consents.give(who[0], agrees, "persetujuan-v1", NOW)
                if heard is not None:
                    store.contacts.heard_from(*who, heard)
                if isinstance(self.channel, WhatsApp):
                    person = self.channel.state.meet("orang contoh", external)
                    person.wrote_at = heard.timestamp() if heard else None
                made.append(who)
        return made

    def queue(self, who, kind, text="halo", **more):
        with self.db.transaction() as store:
            return store.outbox.queue(*who, kind, text, self.clock.now(), **more)

    def broadcast(self, **more):
        with self.db.transaction() as store:
            official = store.contacts.find_or_make(Channel.WEB, "main", "ratna", NOW)[0]
            store.broadcasts.freeze(VILLAGE.code, "siaran", official, self.clock.now(), **more)

    def pass_time(self, seconds, at=None):
        """Let time pass from one event to the next. `at`: what to do at which moment."""
        asyncio.run(self._pass_time(self.clock.now() + timedelta(seconds=seconds), dict(at or {})))

    async def _pass_time(self, end, at):
        waiting, looks = [], dict.fromkeys(self.senders, self.clock.now())
        while self.clock.now() < end:
            now = self.clock.now()
            for moment in [moment for moment in at if moment <= now]:
                at.pop(moment)()
            for sender, look in looks.items():
                if look <= now:
                    ready, seconds = sender.claim_paced()
                    waiting += [(item.slot, sender, item) for item in ready]
                    looks[sender] = now + timedelta(seconds=max(seconds, 0.001))
            waiting.sort(key=lambda one: one[0])
            while waiting and waiting[0][0] <= now:
                _, sender, item = waiting.pop(0)
                sender.record([(item, await sender.carry(item))])
            self.clock.move_to(min([slot for slot, _, _ in waiting[:1]] + [*looks.values(), *at, end]))

    def outcomes(self):
        with self.db.reading() as store:
            rows = store.connection.exec_driver_sql("SELECT state, reason, count(*) FROM outbox GROUP BY state, reason")
            return {(state, reason): count for state, reason, count in rows}


def seconds_of(sent):
    return [(moment - NOW).total_seconds() for moment, _, _ in sent]


@pytest.mark.parametrize(("channel", "rate"), [(Telegram, 30), (WhatsApp, 80)])
def test_two_senders_together_use_the_whole_rate_and_never_more(db, channel, rate):
    crowd = Crowd(db, channel, senders=2)
    crowd.people(120)
    crowd.broadcast()
    crowd.pass_time(120 / rate + 0.5)
    sent = crowd.channel.sent
    assert crowd.channel.refused == {}
    assert Counter(to for _, to, _ in sent) == Counter(f"628{number:09d}" for number in range(1, 121))
    moments = seconds_of(sent)
    assert 119 / (moments[-1] - moments[0]) >= 0.99 * rate
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 0.999 / rate
    assert crowd.outcomes() == {("sent", None): 120}


def test_replies_overtake_a_running_broadcast(db):
    crowd = Crowd(db, Telegram, senders=2)
    people = crowd.people(150)
    crowd.people(151)
    crowd.broadcast()
    asked = [NOW + timedelta(seconds=0.3 * number) for number in range(1, 10)]
    answers = {moment: lambda n=n: crowd.queue(people[-n], Kind.REPLY, "jawaban") for n, moment in enumerate(asked, 1)}
    crowd.pass_time(8, at=answers)
    answered = [moment for moment, _, text in crowd.channel.sent if text == "jawaban"]
    waits = [(sent - put).total_seconds() for put, sent in zip(asked, answered, strict=True)]
    assert max(waits) <= HORIZON.total_seconds() + 0.1
    assert crowd.channel.refused == {}
    assert len(crowd.channel.sent) == 151 + 9


def test_reminders_go_before_broadcasts_and_notices_before_reminders(db):
    crowd = Crowd(db, Telegram)
    people = crowd.people(60, agrees=tuple(Purpose))
    crowd.broadcast()
    for who in people[:20]:
        crowd.queue(who, Kind.REMINDER, "pengingat")
    crowd.queue(people[30], Kind.NOTICE, "kabar")
    crowd.pass_time(6)
    texts = [text for _, _, text in crowd.channel.sent]
    assert texts[:21] == ["kabar"] + ["pengingat"] * 20
    assert texts.count("siaran") == 60


def test_asked_to_wait_every_sender_is_silent_until_then(db):
    crowd = Crowd(db, Telegram, senders=2)
    crowd.people(60)
    crowd.broadcast()
    crowd.channel.faults = [FloodWait(retry_after=5)]
    crowd.pass_time(12)
    moments = seconds_of(crowd.channel.sent)
    assert min(moments) >= 5
    assert crowd.outcomes() == {("sent", None): 60}
    assert crowd.channel.refused == {}


def test_what_waits_for_its_slot_when_the_wall_is_hit_goes_back(db):
    crowd = Crowd(db, Telegram)
    crowd.people(5)
    crowd.broadcast()
    (sender,) = crowd.senders
    ready, _ = sender.claim_paced()
    crowd.clock.move_to(ready[0].slot)
    crowd.channel.faults = [FloodWait(retry_after=5)]
    results = [(item, asyncio.run(sender.carry(item))) for item in ready]
    sender.record(results)
    assert crowd.channel.sent == []
    assert crowd.outcomes() == {("due", "flood_wait"): 5}
    crowd.pass_time(7)
    assert len(crowd.channel.sent) == 5


def test_a_refused_account_is_left_alone_and_nothing_is_given_up(db):
    crowd = Crowd(db, Telegram)
    crowd.people(3)
    crowd.broadcast()
    crowd.channel.faults = [AccountBroken() for _ in range(30)]
    for _ in range(31):
        crowd.pass_time(0.5)
        crowd.clock.advance(BROKEN_HOLD)
    assert crowd.outcomes() == {("sent", None): 3}


def test_a_slot_that_was_missed_is_exchanged_for_another(db):
    crowd = Crowd(db, WhatsApp)
    crowd.people(8)
    crowd.broadcast()
    (sender,) = crowd.senders
    ready, _ = sender.claim_paced()
    crowd.clock.move_to(ready[-1].slot + ready[-1].pace.grace + timedelta(microseconds=1))
    late = crowd.clock.now()
    route = route_of(Channel.WHATSAPP, ACCOUNT)
    again = [sender._another_slot(route, item.pace) for item in ready]
    assert again == sorted(set(again))
    assert again[0] > late
    assert [later - earlier for earlier, later in pairwise(again)] == [ready[0].pace.interval] * 7


def test_a_clock_that_was_set_back_does_not_stop_sending(db):
    crowd = Crowd(db, Telegram)
    crowd.people(30)
    crowd.broadcast()
    crowd.pass_time(0.1)
    crowd.clock.move_to(NOW - timedelta(hours=2))
    crowd.channel.traffic = Traffic(Rates())
    crowd.queue(crowd.people(31)[-1], Kind.REPLY, "jawaban")
    crowd.pass_time(1)
    assert any(text == "jawaban" for _, _, text in crowd.channel.sent)


def test_what_a_dead_sender_held_is_free_again_within_fifteen_seconds(db):
    crowd = Crowd(db, Telegram, senders=2)
    people = crowd.people(2, agrees=tuple(Purpose))
    crowd.queue(people[0], Kind.REPLY, "jawaban")
    crowd.queue(people[1], Kind.REMINDER, "pengingat")
    dead, alive = crowd.senders
    assert len(dead.claim_paced()[0]) == 2
    crowd.senders = [alive]
    crowd.clock.advance(LEASE - SECOND)
    assert alive._free_the_dead() == 0
    crowd.clock.advance(SECOND)
    assert alive._free_the_dead() == 2
    crowd.pass_time(1)
    assert [text for _, _, text in crowd.channel.sent] == ["jawaban"]
    assert crowd.outcomes() == {("sent", None): 1, ("unknown", "sender_died"): 1}
    assert timedelta(seconds=13) >= LEASE


def test_one_person_gets_no_more_than_the_platform_takes(db):
    crowd = Crowd(db, WhatsApp)
    sari, budi = crowd.people(2, agrees=tuple(Purpose))
    for number in range(4):
        crowd.queue(sari, Kind.REPLY, f"jawaban {number}")
    crowd.queue(sari, Kind.REMINDER, "pengingat")
    crowd.queue(budi, Kind.REMINDER, "pengingat")
    crowd.pass_time(60)
    mine = [(moment, text) for moment, to, text in crowd.channel.sent if to.endswith("1")]
    assert [text for _, text in mine] == [*(f"jawaban {number}" for number in range(4)), "pengingat"]
    assert mine[3][0] - mine[0][0] < 2 * SECOND  # answers may borrow from later
    assert mine[4][0] - mine[0][0] >= 24 * SECOND  # and what nobody asked for waits until it is paid
    assert crowd.channel.refused == {}


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans()), max_size=40))
def test_whatever_is_wanted_when_the_platform_never_says_too_soon(wishes):
    channel = WhatsApp(SetClock(NOW))
    pace = pace_of(channel, limits(), DAY)
    person = channel.state.meet("orang contoh")
    burst, at = Burst(None, 0), NOW
    for gap, asked in wishes:
        at = burst.free_at(at + timedelta(seconds=gap), pace, asked=asked)
        channel.state._pair(person, at.timestamp())
        burst = burst.and_one(at, pace)


REMINDER = {"reply": "pengingat_iuran", "slots": kept({"bulan": DAY.replace(day=1), "batas": DAY.replace(day=16)})}


def test_outside_the_window_a_template_says_it_or_nobody_does(db):
    crowd = Crowd(db, WhatsApp)
    sari, budi = crowd.people(2, heard=NOW - timedelta(hours=25), agrees=tuple(Purpose))
    crowd.queue(sari, Kind.REMINDER, "Pengingat", **REMINDER)
    crowd.queue(budi, Kind.NOTICE, "kabar", reply="tanpa_templat")
    crowd.pass_time(2)
    assert [text for _, _, text in crowd.channel.sent] == ["pengingat_iuran_bulanan"]
    assert crowd.outcomes() == {("sent", None): 1, ("skipped", "window_closed"): 1}
    with db.reading() as store:
        (line,) = store.outbox.conversation(sari[0])
    assert line.text.startswith("Pengingat iuran BPJS Ketenagakerjaan bulan November 2026.")
    assert "16 November 2026" in line.text


def test_a_broadcast_outside_the_window_is_filled_from_what_the_official_wrote(db):
    crowd = Crowd(db, WhatsApp)
    crowd.people(2, heard=None)
    words = {"desa": "Desa Contoh", "isi_siaran": "Penyuluhan Sabtu pagi.\nDatang ya."}
    crowd.broadcast(reply="siaran_isi", slots=words)
    with db.transaction() as store:
        store.settings.put(tier_key(route_of(Channel.WHATSAPP, ACCOUNT)), "TIER_UNLIMITED")
    crowd.pass_time(2)
    assert [text for _, _, text in crowd.channel.sent] == ["kabar_desa", "kabar_desa"]
    assert crowd.channel.refused == {}


def test_no_more_people_a_day_are_written_to_first_than_the_tier_has(db):
    crowd = Crowd(db, WhatsApp, tier="TIER_250", senders=2)
    people = crowd.people(260, heard=None, agrees=tuple(Purpose))
    for who in people:
        crowd.queue(who, Kind.REMINDER, "Pengingat", **REMINDER)
    crowd.pass_time(6)
    assert len(crowd.channel.sent) == 250
    assert crowd.channel.refused == {}
    assert crowd.outcomes() == {("sent", None): 250, ("due", "tier_used_up"): 10}
    crowd.clock.move_to(NOW + timedelta(hours=24, seconds=10))
    crowd.pass_time(1)
    assert len(crowd.channel.sent) == 260
    assert crowd.channel.refused == {}


def test_the_platforms_own_word_on_the_tier_counts_too(db):
    crowd = Crowd(db, WhatsApp)
    (sari,) = crowd.people(1, heard=None, agrees=tuple(Purpose))
    crowd.queue(sari, Kind.REMINDER, "Pengingat", **REMINDER)
    crowd.channel.faults = [TierUsedUp()]
    crowd.pass_time(1)
    crowd.clock.advance(timedelta(minutes=50))
    crowd.pass_time(1)
    assert crowd.outcomes() == {("due", "tier_used_up"): 1}
    crowd.clock.advance(timedelta(minutes=20))
    crowd.pass_time(1)
    assert crowd.outcomes() == {("sent", None): 1}


def test_refusals_of_one_person_hold_nobody_else_up(db):
    crowd = Crowd(db, Telegram)
    crowd.people(3)
    crowd.broadcast()
    crowd.channel.faults = [PairLimit(retry_after=6)]
    crowd.pass_time(3)
    assert len(crowd.channel.sent) == 2
    crowd.pass_time(6)
    assert crowd.outcomes() == {("sent", None): 3}


def test_attempts_are_counted_only_when_something_was_tried(db):
    crowd = Crowd(db, Telegram)
    (sari,) = crowd.people(1)
    crowd.queue(sari, Kind.REPLY, "jawaban")
    (sender,) = crowd.senders
    for _ in range(20):
        ((item,), _) = sender.claim_paced()
        sender.record([(item, FloodWait(retry_after=1))])
        crowd.clock.advance(2 * SECOND)
    ((item,), _) = sender.claim_paced()
    assert item.row.attempts == 1
    sender.record([(item, Failed("refused", NOW))])
    assert crowd.outcomes() == {(OutboxState.FAILED.value, "refused"): 1}


def test_the_running_sender_records_what_it_sent_and_ends_when_told(db):
    """Everything is recorded while it runs, not only at its end."""
    people = []
    with db.transaction() as store:
        for number in range(30):
            who = store.contacts.find_or_make(Channel.WEB, "local", f"orang{number}", NOW)
            store.outbox.queue(*who, Kind.REPLY, "jawaban", NOW)
            people.append(who)

    class Recorded(Sender):
        def record(self, results):
            super().record(results)
            with db.reading() as store:
                if store.outbox.counts() == {OutboxState.DUE: 0, OutboxState.SENDING: 0}:
                    loop.call_soon_threadsafe(stop.set)

    async def send():
        async with asyncio.timeout(30):
            await sender.run(stop, asyncio.Event())

    channels = {(Channel.WEB, "local"): LocalChannel(Channel.WEB)}
    sender = Recorded(db, channels, SetClock(NOW), SendingRules, worker="w1")
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    loop.run_until_complete(send())
    loop.close()
    with db.reading() as store:
        lines = [line for who in people for line in store.outbox.conversation(who[0])]
    assert [line.state for line in lines] == [OutboxState.SENT] * 30


@given(st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.1, 0.3]), min_size=100, max_size=300))
def test_whatever_holds_messages_up_no_more_arrive_in_a_second_than_may(held_up):
    """Each way takes 10 ms at least; every tenth message is not held up."""
    pace, way = Pace(80, SECOND, 1), timedelta(milliseconds=10)
    trips, at, arrived = Trips(pace), NOW, []
    for number, late in enumerate(held_up):
        at = at + pace.interval + trips.wait(at + pace.interval)
        trip = trips.begin(at)
        arrived.append(at + way + timedelta(seconds=late if number % 10 else 0))
        trip.ended = arrived[-1] + way
    for earlier, later in zip(arrived, arrived[80:], strict=False):
        assert later - earlier >= WINDOW


def test_the_next_waits_while_nobody_knows_whether_the_first_arrived():
    pace = Pace(2, SECOND, 1)
    trips = Trips(pace)
    first = trips.begin(NOW)
    second = trips.begin(NOW + SECOND / 2)
    assert trips.wait(NOW + SECOND) > timedelta(0)
    first.ended = NOW + SECOND * 0.1
    second.ended = NOW + SECOND * 0.6
    assert trips.wait(NOW + SECOND) == timedelta(0)
    first.ended = NOW + SECOND * 0.5
    assert timedelta(0) < trips.wait(NOW + SECOND) < SECOND / 2
