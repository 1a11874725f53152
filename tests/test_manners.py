"""When we write to people first: by day, not at Friday prayer, not on holidays, and not too often."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flows.contact import Channel, ConsentState, Contact, Purpose, Village
from flows.outreach.sending_policy import Kind, Pause, Reason, Send, SendingRules, Skip, Wait, may_send

WIB, WITA, WIT = (ZoneInfo(f"Asia/{name}") for name in ("Jakarta", "Makassar", "Jayapura"))
RULES = SendingRules()
GIVEN = dict.fromkeys(Purpose, ConsentState.GIVEN)


def person(zone=WIB, **consents):
    village = Village("00.00.00.0001", "Desa Contoh", "Desa Contoh", zone)
    given = GIVEN | {Purpose[name]: state for name, state in consents.items()}
    return Contact(1, Channel.TELEGRAM, village=village, consents=given)


def at(text, zone=WIB):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def ask(kind, moment, contact=None, lately=(), due=None):
    return may_send(kind, contact or person(), due or moment, moment, RULES, lately=lately)


@pytest.mark.parametrize("zone", [WIB, WITA, WIT])
def test_friday_prayer_is_kept_in_local_time(zone):
    noon = at("2026-11-20 12:00", zone)
    assert ask(Kind.REMINDER, noon, person(zone)) == Wait(at("2026-11-20 13:00", zone), Pause.FRIDAY_PRAYER)
    assert ask(Kind.REMINDER, at("2026-11-20 11:29", zone), person(zone)) == Send()
    assert ask(Kind.REMINDER, at("2026-11-20 13:00", zone), person(zone)) == Send()
    assert ask(Kind.REMINDER, at("2026-11-19 12:00", zone), person(zone)) == Send()
    assert ask(Kind.REPLY, noon, person(zone)) == Send()


def test_one_moment_is_prayer_in_one_zone_and_not_in_another():
    moment = at("2026-11-20 11:00", WIB)  # noon in WITA, one o'clock in WIT
    assert ask(Kind.BROADCAST, moment, person(WIB)) == Send()
    assert ask(Kind.BROADCAST, moment, person(WITA)) == Wait(at("2026-11-20 13:00", WITA), Pause.FRIDAY_PRAYER)
    assert ask(Kind.BROADCAST, moment, person(WIT)) == Send()


def test_a_holiday_and_the_night_after_it_are_waited_for():
    assert ask(Kind.REMINDER, at("2026-12-25 09:00")) == Wait(at("2026-12-26 07:00"), Pause.HOLIDAY)
    assert ask(Kind.REMINDER, at("2026-12-24 21:00")) == Wait(at("2026-12-26 07:00"), Pause.QUIET_HOURS)
    two_days = ask(Kind.REMINDER, at("2026-03-21 09:00"))  # Idulfitri 1447 H, both days
    assert two_days == Wait(at("2026-03-23 07:00"), Pause.HOLIDAY)
    assert ask(Kind.REMINDER, at("2026-12-26 09:00")) == Send()


def test_not_more_than_three_unasked_messages_in_seven_days_whoever_sends():
    now = at("2026-11-18 09:00")
    lately = [now - timedelta(days=days) for days in (1, 3, 5.5)]
    assert ask(Kind.REMINDER, now, lately=lately[:2]) == Send()
    assert ask(Kind.NOTICE, now, lately=lately) == Send()
    assert ask(Kind.REMINDER, now, lately=lately) == Wait(at("2026-11-20 07:00"), Pause.TOO_MANY)  # after the night
    fresh = [now - timedelta(days=days) for days in (1, 2, 3)]
    assert ask(Kind.BROADCAST, now, lately=fresh) == Skip(Reason.TOO_MANY)
    assert ask(Kind.BROADCAST, now, lately=[now - timedelta(days=8)] * 5) == Send()


def test_who_said_stop_is_not_followed_up_either():
    now = at("2026-11-18 09:00")
    stopped = person(REMINDERS=ConsentState.WITHDRAWN)
    assert ask(Kind.FOLLOW_UP, now, stopped) == Skip(Reason.OPTED_OUT)
    assert ask(Kind.FOLLOW_UP, now, person(REMINDERS=ConsentState.REFUSED)) == Send()
    assert ask(Kind.FOLLOW_UP, now, person(REGISTRATION=ConsentState.UNKNOWN)) == Skip(Reason.NO_CONSENT)


def test_what_is_too_late_is_decided_by_kind():
    now = at("2026-11-18 09:00")
    late = now - timedelta(days=2, hours=1)
    assert ask(Kind.REMINDER, now, due=late) == Skip(Reason.TOO_LATE)
    assert ask(Kind.FOLLOW_UP, now, due=late) == Send()
    assert ask(Kind.NOTICE, now, due=now - timedelta(days=40)) == Send()
