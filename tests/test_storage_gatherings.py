"""Gatherings as rows, on both databases: nobody is invited twice, seats are given once, everyone hears once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from storage_fixtures import NOW, VILLAGE, Broken, fail
from test_storage_plans import full_scans

from flows.contact import Purpose, Role
from flows.gathering import (
    Attending,
    FgdRole,
    ForWhom,
    GatheringChange,
    GatheringDraft,
    GatheringKind,
    GatheringState,
    Step,
    Useful,
    first_step,
)
from flows.outreach.sending_policy import Kind
from storage.outcomes import Sent
from storage.repository import NotFound
from storage.tables import GATHERING_INPUT, GATHERING_PERSON
from storage.words import Tell

STARTS = NOW + timedelta(days=5)
SIARAN = (Purpose.ANNOUNCEMENTS,)


def draft(**more):
    known = {"kind": GatheringKind.FGD, "title": "Diskusi", "place": "Balai desa", "starts_at": STARTS}
    return GatheringDraft(**{**known, "village": VILLAGE.code, **more})


def opened(db, people, names="abc", **more):
    """An open gathering and the contacts invited to it."""
    ids = [people.make(name, village=VILLAGE.code, agrees=SIARAN)[0] for name in names]
    with db.transaction() as store:
        gathering = store.gatherings.make(draft(**more), store.gatherings.free_door(7), NOW)
        assert store.gatherings.invite(gathering, NOW) == len(ids)
    return gathering, ids


def tell_all(db, now=NOW):
    """What the clock does: a message for each note. Returns who was told what."""
    with db.transaction() as store:
        batch = store.gatherings.to_tell(500)
        for told in batch:
            address = store.contacts.current_address(told.contact_id)
            reply = "acara_undangan" if told.what is Tell.INVITE else told.what.value
            row = store.outbox.queue(told.contact_id, address.id, Kind.GATHERING, "x", now, reply=reply)
            store.gatherings.told(told.gathering.id, told.contact_id, row)
    return [(told.contact_id, told.what) for told in batch]


def send_all(db, now=NOW):
    with db.transaction() as store:
        for due in store.outbox.claim(now, 500, timedelta(seconds=30), "w"):
            store.outbox.settle(due.id, Sent(f"x{due.id}", now))


def answer(db, gathering, contact, attending, at=NOW):
    with db.transaction() as store:
        return store.gatherings.answer(gathering, contact, attending, at)


def test_only_who_agreed_is_invited_and_the_others_have_a_reason(db, people):
    yes, _ = people.make("sari", village=VILLAGE.code, agrees=SIARAN)
    no, _ = people.make("joko", village=VILLAGE.code)
    with db.transaction() as store:
        gathering = store.gatherings.make(draft(), "1234", NOW)
        assert store.gatherings.forecast(gathering) == (1, {"no_consent": 1})
        assert store.gatherings.invite(gathering, NOW) == 1
        assert store.gatherings.guest(gathering, yes).tell is Tell.INVITE
        assert store.gatherings.guest(gathering, no).reason == "no_consent"
    assert tell_all(db) == [(yes, Tell.INVITE)]


def test_inviting_again_reaches_only_who_is_new_or_agreed_since(db, people):
    gathering, [first] = opened(db, people, "a")
    late, _ = people.make("joko", village=VILLAGE.code)
    assert tell_all(db) == [(first, Tell.INVITE)]
    with db.transaction() as store:
        assert store.gatherings.invite(gathering, NOW) == 0
        store.consents.give(late, SIARAN, "v1", NOW)
        assert store.gatherings.invite(gathering, NOW) == 1
        assert store.gatherings.invite(gathering, NOW) == 0
    assert tell_all(db) == [(late, Tell.INVITE)]
    assert tell_all(db) == []


def test_an_invitation_that_fails_half_way_leaves_nothing(db, people):
    people.make("sari", village=VILLAGE.code, agrees=SIARAN)
    with pytest.raises(Broken), db.transaction() as store:
        fail(lambda: store.gatherings.invite(store.gatherings.make(draft(), "1234", NOW), NOW))
    with db.reading() as store:
        assert store.gatherings.recent() == []
        assert not store.gatherings.anyone_to_tell()


def test_who_may_come_narrows_the_invitation(db, people):
    official, _ = people.make("ratna", village=VILLAGE.code, agrees=SIARAN)
    people.make("sari", village=VILLAGE.code, agrees=SIARAN)
    with db.transaction() as store:
        store.contacts.set_role(official, Role.OFFICIAL)
        for for_whom, invited in ((ForWhom.OFFICIALS, 1), (ForWhom.REGISTERED, 0), (ForWhom.VILLAGE, 2)):
            gathering = store.gatherings.make(draft(for_whom=for_whom), store.gatherings.free_door(1), NOW)
            assert store.gatherings.invite(gathering, NOW) == invited


def test_the_last_seat_is_given_once_and_the_first_who_waits_moves_up(db, people):
    gathering, [a, b, c] = opened(db, people, capacity=1)
    tell_all(db)
    assert answer(db, gathering, a, Attending.COMING) is Attending.COMING
    assert answer(db, gathering, b, Attending.COMING, NOW + timedelta(minutes=1)) is Attending.WAITING
    assert answer(db, gathering, c, Attending.COMING, NOW + timedelta(minutes=2)) is Attending.WAITING
    assert answer(db, gathering, a, Attending.COMING) is Attending.COMING
    answer(db, gathering, a, Attending.NOT_COMING)
    assert tell_all(db) == [(b, Tell.MOVED_UP)]
    with db.transaction() as store:
        assert store.gatherings.change(gathering, GatheringChange(capacity=2), NOW)
    assert tell_all(db) == [(c, Tell.MOVED_UP)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    capacity=st.integers(1, 3),
    said=st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from([Attending.COMING, Attending.MAYBE, Attending.NOT_COMING])),
        max_size=20,
    ),
)
def test_seats_never_run_over_and_nobody_waits_beside_a_free_one(db, people, capacity, said):
    gathering, ids = _fresh(db, people, capacity)
    for moment, (who, attending) in enumerate(said):
        answer(db, gathering, ids[who], attending, NOW + timedelta(seconds=moment))
        with db.reading() as store:
            counts, row = store.gatherings.counts(gathering), store.gatherings.get(gathering)
        assert row.coming == counts.of(Attending.COMING) <= capacity
        assert not counts.of(Attending.WAITING) or row.coming == capacity


def _fresh(db, people, capacity):
    """Five people who are there already, and a new gathering."""
    if not getattr(people, "five", None):
        people.five = [people.make(f"lima{i}", village=VILLAGE.code, agrees=SIARAN)[0] for i in range(5)]
    with db.transaction() as store:
        gathering = store.gatherings.make(draft(capacity=capacity), store.gatherings.free_door(1), NOW)
        store.gatherings.invite(gathering, NOW)
    return gathering, people.five


def test_a_change_is_told_once_to_those_it_concerns(db, people):
    gathering, [a, b, c] = opened(db, people)
    tell_all(db)
    send_all(db)
    answer(db, gathering, a, Attending.COMING)
    answer(db, gathering, b, Attending.NOT_COMING)
    with db.transaction() as store:
        assert store.gatherings.change(gathering, GatheringChange(place="Lapangan"), NOW)
        assert not store.gatherings.change(gathering, GatheringChange(place="Lapangan"), NOW)
    assert tell_all(db) == [(a, Tell.CHANGED), (c, Tell.CHANGED)]
    assert tell_all(db) == []


def test_an_invitation_that_has_not_left_is_made_anew_by_a_change_and_dropped_when_called_off(db, people):
    gathering, ids = opened(db, people)
    tell_all(db)
    with db.transaction() as store:
        store.gatherings.change(gathering, GatheringChange(place="Lapangan"), NOW)
    assert tell_all(db) == [(one, Tell.INVITE) for one in ids]
    with db.transaction() as store:
        assert store.gatherings.cancel(gathering, NOW)
        assert not store.gatherings.cancel(gathering, NOW)
        assert store.outbox.claim(NOW, 50, timedelta(seconds=30), "w") == []
    assert tell_all(db) == []


def test_calling_off_reaches_who_was_invited_and_did_not_decline(db, people):
    gathering, [a, b, c] = opened(db, people)
    tell_all(db)
    send_all(db)
    answer(db, gathering, b, Attending.NOT_COMING)
    with db.transaction() as store:
        store.gatherings.cancel(gathering, NOW)
        assert store.gatherings.due(STARTS, 10) == []
    assert tell_all(db) == [(a, Tell.CANCELLED), (c, Tell.CANCELLED)]


def test_the_steps_come_in_order_after_an_outage_as_well(db, people):
    gathering, [a, b, _] = opened(db, people)
    tell_all(db)
    answer(db, gathering, a, Attending.COMING)
    answer(db, gathering, b, Attending.MAYBE)
    later, seen = STARTS + timedelta(days=1), []
    for _ in range(3):
        with db.transaction() as store:
            (due,) = store.gatherings.due(later, 10)
            store.gatherings.begin_step(due)
        seen.append((due.next_step, tell_all(db)))
    assert seen == [
        (Step.DAY_BEFORE, [(a, Tell.DAY_BEFORE), (b, Tell.DAY_BEFORE)]),
        (Step.HOURS_BEFORE, [(a, Tell.HOURS_BEFORE)]),
        (Step.AFTER, [(a, Tell.AFTER)]),
    ]
    with db.reading() as store:
        assert store.gatherings.get(gathering).state is GatheringState.OVER
        assert store.gatherings.due(later, 10) == []


def test_what_was_never_promised_is_not_made_up_for():
    soon = NOW + timedelta(hours=3)
    assert first_step(soon, soon + timedelta(hours=2), VILLAGE.zone, NOW)[0] is Step.HOURS_BEFORE
    at_once = NOW + timedelta(minutes=5)
    assert first_step(at_once, at_once + timedelta(hours=2), VILLAGE.zone, NOW)[0] is Step.AFTER


def test_who_is_counted_at_the_door_is_asked_and_a_walk_in_too(db, people):
    gathering, [a, b, _] = opened(db, people)
    stranger, _ = people.make("tamu")
    answer(db, gathering, a, Attending.COMING)
    with db.transaction() as store:
        assert store.gatherings.check_in(gathering, b, STARTS)
        assert not store.gatherings.check_in(gathering, b, STARTS)
        assert store.gatherings.check_in(gathering, stranger, STARTS)
        for _ in Step:
            for due in store.gatherings.due(STARTS + timedelta(days=1), 10):
                store.gatherings.begin_step(due)
        asked = {told.contact_id for told in store.gatherings.to_tell(10) if told.what is Tell.AFTER}
        assert asked == {b, stranger}
        store.gatherings.say_useful(gathering, b, Useful.YES)
        counts = store.gatherings.counts(gathering)
        assert (counts.here, counts.useful) == (2, {Useful.YES: 1})
        assert [guest.contact_id for guest in store.gatherings.attendance(gathering)] == [a, b, stranger]


def test_input_of_a_discussion_is_kept_once_per_question_and_goes_with_the_person(db, people):
    gathering, [a, *_] = opened(db, people)
    with db.transaction() as store:
        for words in ("Belum tahu.", "Sering lupa."):
            store.gatherings.say_input(gathering, a, FgdRole.WORKER, {"tanya": words}, NOW)
        assert [one.answer for one in store.gatherings.inputs(gathering)] == ["Sering lupa."]
        assert store.personal.held(a).rows["gathering_inputs"][0]["answer"] == "Sering lupa."
        store.erasure.erase(a, NOW)
        assert store.connection.scalar(select(func.count()).select_from(GATHERING_INPUT)) == 0


def test_a_calendar_address_cannot_be_guessed(db, people):
    gathering, _ = opened(db, people)
    with db.reading() as store:
        assert store.gatherings.by_token(store.gatherings.token(gathering)).id == gathering
        for wrong in (
            str(gathering),
            f"{gathering}-00",
            "x",
            f"{gathering + 1}-{store.gatherings.token(gathering)[2:]}",
        ):
            with pytest.raises(NotFound):
                store.gatherings.by_token(wrong)


def test_a_person_sees_their_village_and_what_they_were_invited_to(db, people):
    gathering, [a, *_] = opened(db, people)
    stranger, _ = people.make("tamu")
    with db.transaction() as store:
        door = store.gatherings.get(gathering).door
        store.gatherings.make(draft(), "9999", NOW)  # a draft that nobody knows of
        assert [view.attending for view in store.gatherings.seen_by(a, VILLAGE.code, NOW)] == [Attending.INVITED]
        assert [view.id for view in store.gatherings.seen_by(a, None, NOW)] == [gathering]
        assert store.gatherings.seen_by(stranger, None, NOW) == ()
        assert [view.id for view in store.gatherings.seen_by(stranger, None, NOW, door=door)] == [gathering]
        assert store.gatherings.seen_by(a, VILLAGE.code, STARTS + timedelta(days=9)) == ()


def test_nothing_of_it_reads_a_growing_table_from_end_to_end(db, people):
    gathering, [a, *_] = opened(db, people)

    def work(store):
        store.gatherings.seen_by(a, VILLAGE.code, NOW, official=True, door="1234")
        store.gatherings.answer(gathering, a, Attending.COMING, NOW)
        store.gatherings.to_tell(10)
        store.gatherings.told(gathering, a, None)
        store.gatherings.due(STARTS, 10)
        store.gatherings.next_due_at()
        store.gatherings.anyone_to_tell()
        store.gatherings.counts(gathering)
        store.gatherings.guests(gathering)
        store.gatherings.free_door(3)

    assert full_scans(db, work) == []


def test_title_and_place_lie_sealed(db, people):
    gathering, _ = opened(db, people, place="Rumah Bu Sari")
    with db.reading() as store:
        raw = store.connection.exec_driver_sql("SELECT place FROM gathering").scalar()
        rows = store.connection.scalar(select(func.count()).select_from(GATHERING_PERSON))
    assert b"Sari" not in bytes(raw)
    assert rows == 3
    assert gathering
