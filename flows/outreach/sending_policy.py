"""May this message go to this person now? Asked when it is queued and again at the moment of sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from flows.contact import ConsentState, Contact, Purpose
from flows.outreach.calendar import is_holiday

#: Unasked messages of this long are counted together.
COUNTED = timedelta(days=7)
_FRIDAY = 4
#: Longer than any run of holidays and nights.
_MOST_DAYS_OFF = 14


class Kind(StrEnum):
    """Why we write: an answer, a notice about the person's own matter, a reminder, a follow-up, or an announcement.

    An invitation comes unasked; what follows it about the same gathering (GATHERING) concerns the person's own plans.
    """

    REPLY = "reply"
    NOTICE = "notice"
    REMINDER = "reminder"
    FOLLOW_UP = "follow_up"
    GATHERING = "gathering"
    INVITATION = "invitation"
    BROADCAST = "broadcast"


class Reason(StrEnum):
    """Why a message is not sent. Words for people are in content/lexicon/reasons.yaml."""

    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    TOO_LATE = "too_late"
    BLOCKED = "blocked"
    WINDOW_CLOSED = "window_closed"
    TOO_MANY = "too_many"
    SAME_PHONE = "same_phone"


class Pause(StrEnum):
    """Why a message waits. Words for people are beside those of `Reason`."""

    QUIET_HOURS = "quiet_hours"
    FRIDAY_PRAYER = "friday_prayer"
    HOLIDAY = "holiday"
    TOO_MANY = "too_many"
    SAME_PHONE = "same_phone"


@dataclass(frozen=True, slots=True)
class Send:
    """Yes, now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: try again then."""

    until: datetime
    why: Pause = Pause.QUIET_HOURS


@dataclass(frozen=True, slots=True)
class Skip:
    """No, and here is why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class SendingRules:
    """When we may write to people first, in the local time of the contact, and how often in seven days."""

    awake_from: time = time(7, 0)
    awake_until: time = time(20, 0)
    prayer_from: time = time(11, 30)
    prayer_until: time = time(13, 0)
    on_holidays: bool = False
    most_a_week: int = 3
    reminder_too_late_after: timedelta = timedelta(days=2)
    follow_up_too_late_after: timedelta = timedelta(days=3)
    broadcast_too_late_after: timedelta = timedelta(days=3)
    most_without_approval: int = 500


#: Failures that pass by themselves: nothing has reached the person, and trying again later may work. A chat that is
#: blocked, an account that is gone, and a message of which nobody knows whether it arrived are not among them.
PASSING = frozenset(
    {"flood_wait", "pair_limit", "tier_used_up", "account_broken", "unreachable", "template_paused", "too_late"}
)

#: What nobody asked for in particular: counted together, whoever sends it, and held to the number a week.
UNASKED = frozenset({Kind.REMINDER, Kind.FOLLOW_UP, Kind.INVITATION, Kind.BROADCAST})

_PURPOSE = {
    Kind.REMINDER: Purpose.REMINDERS,
    Kind.FOLLOW_UP: Purpose.REGISTRATION,
    Kind.GATHERING: Purpose.ANNOUNCEMENTS,
    Kind.INVITATION: Purpose.ANNOUNCEMENTS,
    Kind.BROADCAST: Purpose.ANNOUNCEMENTS,
    Kind.NOTICE: Purpose.REGISTRATION,
}


def may_send(
    kind: Kind,
    contact: Contact,
    due_at: datetime,
    now: datetime,
    rules: SendingRules,
    *,
    lately: Sequence[datetime] = (),
) -> Send | Wait | Skip:
    """The one decision. Replies always go: the person asked. `lately`: when unasked messages went to them."""
    if kind is Kind.REPLY:
        return Send()
    refused = _refused(kind, contact)
    if refused is not None:
        return Skip(refused)
    if too_late(kind, due_at, now, rules):
        return Skip(Reason.TOO_LATE)
    free = next_room(lately, now, rules) if kind in UNASKED else now
    if free > now and too_late(kind, due_at, free, rules):
        return Skip(Reason.TOO_MANY)
    polite = next_polite(contact, free, rules)
    if free > now:
        return Wait(polite.until if polite else free, Pause.TOO_MANY)
    return polite or Send()


def _refused(kind: Kind, contact: Contact) -> Reason | None:
    """Why the person's own word forbids it. Who said BERHENTI is not asked how they got on either."""
    if kind is Kind.FOLLOW_UP and contact.consents[Purpose.REMINDERS] is ConsentState.WITHDRAWN:
        return Reason.OPTED_OUT
    match contact.consents[_PURPOSE[kind]]:
        case ConsentState.WITHDRAWN | ConsentState.REFUSED:
            return Reason.OPTED_OUT
        case ConsentState.UNKNOWN:
            return Reason.NO_CONSENT
        case ConsentState.GIVEN:
            return None


def too_late(kind: Kind, due_at: datetime, now: datetime, rules: SendingRules) -> bool:
    """Whether the moment for it has passed; a notice about one's own matter never is."""
    match kind:
        case Kind.REMINDER:
            return now - due_at > rules.reminder_too_late_after
        case Kind.FOLLOW_UP:
            return now - due_at > rules.follow_up_too_late_after
        case Kind.BROADCAST:
            return now - due_at > rules.broadcast_too_late_after
        case _:
            return False


def next_room(lately: Sequence[datetime], now: datetime, rules: SendingRules) -> datetime:
    """Now, or when enough of the unasked messages of the last seven days are older than that."""
    counted = sorted((moment for moment in lately if now - moment < COUNTED), reverse=True)
    if rules.most_a_week <= 0 or len(counted) < rules.most_a_week:
        return now
    return counted[rules.most_a_week - 1] + COUNTED


def next_polite(contact: Contact, now: datetime, rules: SendingRules) -> Wait | None:
    """None when it is no night, no Friday prayer and no national holiday where the person lives; else until when."""
    first, moment = _pause(contact, now, rules), now
    pause = first
    for _ in range(_MOST_DAYS_OFF):
        if pause is None:
            break
        moment = pause.until
        pause = _pause(contact, moment, rules)
    return None if first is None else Wait(moment, first.why)


def _pause(contact: Contact, now: datetime, rules: SendingRules) -> Wait | None:
    local = now.astimezone(contact.zone)
    if is_holiday(local.date()) and not rules.on_holidays:
        return Wait(_at(local.date() + timedelta(days=1), rules.awake_from, contact), Pause.HOLIDAY)
    awake = next_awake(contact, now, rules)
    if awake > now:
        return Wait(awake, Pause.QUIET_HOURS)
    if local.weekday() == _FRIDAY and rules.prayer_from <= local.time() < rules.prayer_until:
        return Wait(_at(local.date(), rules.prayer_until, contact), Pause.FRIDAY_PRAYER)
    return None


def next_awake(contact: Contact, now: datetime, rules: SendingRules) -> datetime:
    """Now, if it is daytime where the person lives; else the next morning there."""
    local = now.astimezone(contact.zone)
    if rules.awake_from <= local.time() < rules.awake_until:
        return now
    day = local.date() if local.time() < rules.awake_from else local.date() + timedelta(days=1)
    return _at(day, rules.awake_from, contact)


def _at(day: date, hour: time, contact: Contact) -> datetime:
    return datetime.combine(day, hour, tzinfo=contact.zone)
