"""Reminders come when due; announcements reach those who agreed, once, and everyone else has a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from storage_fixtures import LEASE, NOW, OTHER_VILLAGE, VILLAGE, WHEN

from flows.contact import Audience, Channel, Occurrence, Purpose, ReminderPlan, Role
from flows.events import LeadSubmitted
from flows.outreach.audience import Target
from flows.outreach.follow_up import FollowUp
from flows.outreach.sending_policy import Kind
from storage.broadcasts import Draft
from storage.outcomes import Delivered, Failed, Postponed, Sent, Skipped
from storage.repository import NotFound
from storage.words import BroadcastState, OutboxState, PersonState, ReminderState

MONTH = timedelta(days=31)
ANNOUNCE = (Purpose.ANNOUNCEMENTS,)


def test_a_reminder_is_due_at_its_moment_and_again_after_an_outage(db, people):
    sari, _ = people.make("sari")
    budi, _ = people.make("budi")
    with db.transaction() as store:
        store.reminders.plan(sari, ReminderPlan(10, 8), NOW + timedelta(hours=1))
        store.reminders.plan(budi, ReminderPlan(9, 8), NOW)
        assert store.reminders.next_due_at() == NOW
        assert [one.contact_id for one in store.reminders.due(NOW, 10)] == [budi]
        assert [one.contact_id for one in store.reminders.due(NOW + MONTH, 10)] == [budi, sari]
        assert len(store.reminders.due(NOW + MONTH, 1)) == 1
        (due,) = store.reminders.due(NOW, 10)
        assert (due.plan, due.due_at) == (ReminderPlan(9, 8), NOW)
        later = ReminderPlan(9, 8, next=Occurrence(date(2026, 4, 2), date(2026, 4, 1), date(2026, 4, 15)))
        store.reminders.advance([(due, later, NOW + MONTH)])
        assert store.reminders.due(NOW, 10) == []


def test_planning_again_replaces_and_stopping_stops(db, people):
    sari, _ = people.make("sari")
    with db.transaction() as store:
        assert not store.reminders.stop(sari, NOW)
        store.reminders.plan(sari, ReminderPlan(10, 8), NOW)
        assert store.reminders.stop(sari, NOW)
        assert store.reminders.due(NOW, 10) == []
        assert store.contacts.view(sari).reminder is None
        store.reminders.plan(sari, ReminderPlan(12, 9), NOW)
        assert [one.plan for one in store.reminders.due(NOW, 10)] == [ReminderPlan(12, 9)]


def test_all_that_a_person_chose_and_told_is_kept(db, people):
    sari, address = people.make("sari")
    one = Occurrence(date(2026, 3, 10), date(2026, 3, 1), date(2026, 3, 16), months=6, behind=1, again=True)
    plan = ReminderPlan(10, 8, 6, 3, date(2026, 4, 1), date(2026, 2, 28), date(2026, 1, 1), employer=True, next=one)
    with db.transaction() as store:
        store.reminders.plan(sari, plan, NOW, address)
        assert store.contacts.view(sari).reminder == plan
        (due,) = store.reminders.due(NOW, 10)
        assert (due.plan, due.address_id, due.once_key) == (plan, address, f"reminder:{due.id}:2026-03-10")


def test_a_paused_reminder_waits_and_a_cancelled_one_is_over(db, people):
    sari, _ = people.make("sari")
    with db.transaction() as store:
        store.reminders.plan(sari, ReminderPlan(10, 8), NOW)
        (listed,) = store.reminders.listed(due_by=NOW)
        assert store.reminders.pause(listed.id, NOW)
        assert not store.reminders.pause(listed.id, NOW)
        assert store.reminders.due(NOW, 10) == []
        assert store.reminders.counts() == {"waiting": 0, "paused": 1, "stopped": 0}
        assert store.reminders.resume(listed.id)
        assert len(store.reminders.due(NOW, 10)) == 1
        assert store.reminders.cancel(listed.id, NOW)
        assert not store.reminders.cancel(listed.id, NOW)
        assert [one.state for one in store.reminders.listed(state=ReminderState.STOPPED)] == ["stopped"]


def test_each_question_is_asked_at_most_once_and_never_after_a_refusal(db, people):
    sari, address = people.make("sari")
    budi, _ = people.make("budi")
    day = timedelta(days=1)
    with db.transaction() as store:
        store.reminders.follow_up(sari, FollowUp.UNFINISHED, NOW, address)
        store.reminders.follow_up(sari, FollowUp.UNFINISHED, NOW + day / 2, address)  # another answer: counted anew
        assert store.reminders.due(NOW + day, 10) == []
        (first,) = store.reminders.due(NOW + 2 * day, 10)
        store.reminders.asked(first, NOW + 2 * day)
        (second,) = store.reminders.due(NOW + 8 * day, 10)
        assert (first.once_key, second.once_key) == (f"unfinished:{first.id}:0", f"unfinished:{first.id}:1")
        store.reminders.asked(second, NOW + 8 * day)
        store.reminders.follow_up(sari, FollowUp.UNFINISHED, NOW + 9 * day, address)
        assert store.reminders.due(NOW + 99 * day, 10) == []
        store.reminders.refuse_follow_ups(budi, NOW)
        store.reminders.follow_up(budi, FollowUp.CONTACTED, NOW, None)
        assert store.reminders.due(NOW + 99 * day, 10) == []


def test_two_clocks_never_take_the_same_reminder(db, people):
    if db.is_sqlite:
        return  # the second writer waits for the first to end
    sari, _ = people.make("sari")
    with db.transaction() as store:
        store.reminders.plan(sari, ReminderPlan(10, 8), NOW)
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
        forecast = store.broadcasts.forecast(Target((VILLAGE.code,)), WHEN, without=village["ratna"])
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


def test_an_official_sees_how_many_of_each_kind_of_work_get_it_by_their_last_lead(db, village):
    with db.transaction() as store:
        store.contacts.set_role(village["ratna"], Role.OFFICIAL)
        for number, (name, work) in enumerate(
            (("sari", "petani"), ("sari", "nelayan"), ("siti", "nelayan"), ("henti", "nelayan"), ("lain", "petani"))
        ):
            fields = {"pekerjaan": {"id": work, "name": work.title(), "sector": "other", "segment": "bpu"}}
            store.leads.submit(village[name], LeadSubmitted(f"RK-{number}", fields, "v1"), NOW)
        official = store.contacts.with_works(store.contacts.view(village["ratna"], leaving=WHEN), WHEN)
        assert official.audience.by_work == {"nelayan": Audience(2, {"opted_out": 1})}
        target = Target((VILLAGE.code,), occupations=("nelayan",))
        forecast = store.broadcasts.forecast(target, WHEN, without=village["ratna"])
    assert (forecast.will, dict(forecast.wont)) == (2, {"opted_out": 1})


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


def drafted(village, **more):
    return Draft(Target((VILLAGE.code,)), "Ada sosialisasi", "siaran_isi", by_contact=village["ratna"], **more)


@pytest.fixture
def staff(db):
    with db.transaction() as store:
        return [store.staff.add(name, name, "kata sandi yang panjang", NOW) for name in ("dewi", "agus")]


def test_what_needs_approval_waits_for_somebody_else_and_leaves_at_its_moment(db, village, staff):
    dewi, agus = staff
    later = NOW + timedelta(hours=3)
    with db.transaction() as store:
        broadcast = store.broadcasts.draft(Draft(Target((VILLAGE.code,)), "Halo", by_staff=dewi), NOW)
        assert store.broadcasts.submit(broadcast, later, approval=True)
        assert not store.broadcasts.approve(broadcast, dewi, NOW)
        assert store.broadcasts.approve(broadcast, agus, NOW)
        assert store.broadcasts.due(NOW) == []
        assert store.broadcasts.next_due_at() == later
        assert store.broadcasts.due(later) == [broadcast]
        assert store.broadcasts.start(broadcast, WHEN)
        assert not store.broadcasts.start(broadcast, WHEN)
        assert (store.broadcasts.get(broadcast).will, store.broadcasts.get(broadcast).decided_by) == (3, agus)


def test_the_official_who_made_it_is_told_what_was_decided(db, village, staff):
    with db.transaction() as store:
        for decide, kind in (
            (store.broadcasts.approve, "broadcast_approved"),
            (store.broadcasts.refuse, "broadcast_refused"),
        ):
            broadcast = store.broadcasts.draft(drafted(village), NOW)
            store.broadcasts.submit(broadcast, NOW, approval=True)
            assert decide(broadcast, staff[0], NOW)
            assert not decide(broadcast, staff[0], NOW)
            assert store.notices.pending()[-1].kind.value == kind
        assert store.broadcasts.get(broadcast).state is BroadcastState.CANCELLED


def test_what_a_cancelled_one_leaves_behind_is_swept_until_no_sender_holds_any_of_it(db, village):
    broadcast = freeze(db, village)
    with db.transaction() as store:
        (held,) = store.outbox.claim(NOW, 1, LEASE, "w1")
        store.broadcasts.cancel(broadcast, NOW)
        assert not store.broadcasts.swept(broadcast, NOW)
        assert store.broadcasts.unswept() == [broadcast]
        store.outbox.settle(held.id, Postponed(NOW, "flood_wait"))
        assert store.broadcasts.sweep(broadcast) == 1
        assert store.broadcasts.sweep(broadcast) == 0
        assert store.broadcasts.swept(broadcast, NOW)
        assert store.broadcasts.unswept() == []
        assert store.broadcasts.counts(broadcast) == {PersonState.SKIPPED: 6}


def test_sending_again_reaches_only_those_who_failed_for_a_reason_that_passes(db, village):
    broadcast = freeze(db, village)
    with db.transaction() as store:
        first, second = store.outbox.claim(NOW, 10, LEASE, "w1")
        assert store.broadcasts.again(broadcast, NOW) == 0
        store.outbox.settle(first.id, Failed("unreachable", NOW))
        store.outbox.settle(second.id, Sent("x2", NOW))
        store.broadcasts.finish_ready(NOW)
        assert store.broadcasts.may_go_again(broadcast) == 1
        assert store.broadcasts.again(broadcast, NOW + LEASE) == 1
        assert store.broadcasts.again(broadcast, NOW + LEASE) == 0
        (due,) = store.outbox.claim(NOW + LEASE, 10, LEASE, "w1")
        assert due.contact_id == first.contact_id
        store.outbox.settle(due.id, Sent("x3", NOW + LEASE))
        assert store.broadcasts.finish_ready(NOW + LEASE) == [broadcast]
        assert store.broadcasts.counts(broadcast) == {PersonState.SENT: 2, PersonState.SKIPPED: 4}
        for gone in ("gone", "refused"):
            store.outbox.settle(due.id, Failed(gone, NOW))
        assert store.broadcasts.again(broadcast, NOW) == 0


def test_whoever_had_enough_this_week_and_whose_window_is_closed_is_left_out(db, people):
    ratna, _ = people.make("ratna", village=VILLAGE.code)
    cukup, address = people.make("cukup", village=VILLAGE.code, agrees=ANNOUNCE)
    with db.transaction() as store:
        for number in range(3):
            store.outbox.queue(cukup, address, Kind.REMINDER, "halo", NOW, once_key=f"k{number}")
        for number, due in enumerate(store.outbox.claim(NOW, 10, LEASE, "w1")):
            store.outbox.settle(due.id, Sent(f"s{number}", NOW))
        diam, _ = store.contacts.find_or_make(Channel.WHATSAPP, "1", "diam", NOW)
        store.contacts.learn(diam, village=VILLAGE.code)
        store.consents.give(diam, ANNOUNCE, "v1", NOW)
        target = Target((VILLAGE.code,))
        soon = replace(WHEN, now=NOW + timedelta(days=2), counted_since=NOW - timedelta(days=2), templates=False)
        assert dict(store.broadcasts.forecast(target, soon, without=ratna).wont) == {"too_many": 1, "window_closed": 1}
        week = replace(soon, counted_since=NOW + timedelta(hours=1), templates=True)
        assert store.broadcasts.forecast(target, week, without=ratna).will == 2
        (by_template,) = [one for one in store.broadcasts.groups(target, week, without=ratna) if not one.window_open]
        assert (by_template.route, by_template.people) == ("whatsapp/1", 1)


def test_an_audience_is_chosen_by_place_work_lead_and_last_contact(db, people):
    who = {}
    for name, code, work, program in (
        ("tani", VILLAGE.code, "petani", "2"),
        ("ojek", VILLAGE.code, "ojek", "3"),
        ("lain", OTHER_VILLAGE.code, "petani", "2"),
        ("tanpa", VILLAGE.code, None, None),
    ):
        who[name] = people.make(name, village=code, agrees=ANNOUNCE)[0]
        if work:
            sector = "transport" if work == "ojek" else "other"
            form = {"pekerjaan": {"id": work, "sector": sector}, "program": program, "desa": {"code": code}}
            with db.transaction() as store:
                store.leads.submit(who[name], LeadSubmitted(f"RK-{name}", form, "v1"), NOW)

    def chosen(**wanted):
        with db.transaction() as store:
            broadcast = store.broadcasts.send_now(Draft(Target(**wanted), "Halo"), WHEN)
            names = {contact: name for name, contact in who.items()}
            return {names[one.contact_id] for one in store.broadcasts.people(broadcast)}

    here, province = (VILLAGE.code,), VILLAGE.code[:2]
    assert chosen(areas=(province,)) == {
        "tani",
        "ojek",
        "tanpa",
        *(["lain"] if OTHER_VILLAGE.code[:2] == province else []),
    }
    assert chosen(areas=here, occupations=("petani",)) == {"tani"}
    assert chosen(areas=here, sectors=("transport",)) == {"ojek"}
    assert chosen(areas=(*here, OTHER_VILLAGE.code), programs=("2",)) == {"tani", "lain"}
    assert chosen(areas=here, lead_states=("new",)) == {"tani", "ojek"}
    assert chosen(areas=here, silent_for_days=3) == {"tani", "ojek", "tanpa"}
    assert chosen(areas=here, heard_within_days=3) == set()
    assert chosen() == set()


def test_an_audience_with_a_name_is_kept_and_replaced(db):
    farmers = Target(("32.01",), occupations=("petani",), silent_for_days=30)
    with db.transaction() as store:
        store.segments.save("Petani Bogor", Target(("32",)), "dewi", NOW)
        store.segments.save("Petani Bogor", farmers, "agus", NOW)
        (kept,) = store.segments.everyone()
        assert (kept.target, kept.made_by) == (farmers, "agus")
        assert store.segments.named("Petani Bogor") == kept
        assert store.segments.drop(kept.id)
        with pytest.raises(NotFound):
            store.segments.named("Petani Bogor")
