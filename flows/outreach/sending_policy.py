"""May this message go to this person now? Asked when it is queued and again at the moment of sending."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from flows.contact import ConsentState, Contact, Purpose


class Kind(StrEnum):
    """Why we write: an answer, a notice about the person's own matter, a reminder, or an announcement."""

    REPLY = "reply"
    NOTICE = "notice"
    REMINDER = "reminder"
    BROADCAST = "broadcast"


class Reason(StrEnum):
    """Why a message is not sent. Words for people are in content/lexicon/reasons.yaml."""

    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    TOO_LATE = "too_late"
    BLOCKED = "blocked"
    WINDOW_CLOSED = "window_closed"


@dataclass(frozen=True, slots=True)
class Send:
    """Yes, now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: try again then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Skip:
    """No, and here is why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class SendingRules:
    """When we may write to people first, in the local time of the contact."""

    awake_from: time = time(7, 0)
    awake_until: time = time(20, 0)
    reminder_too_late_after: timedelta = timedelta(days=2)
    broadcast_too_late_after: timedelta = timedelta(days=3)


_PURPOSE = {Kind.REMINDER: Purpose.REMINDERS, Kind.BROADCAST: Purpose.ANNOUNCEMENTS, Kind.NOTICE: Purpose.REGISTRATION}


def may_send(kind: Kind, contact: Contact, due_at: datetime, now: datetime, rules: SendingRules) -> Send | Wait | Skip:
    """The one decision. Replies always go: the person asked."""
    if kind is Kind.REPLY:
        return Send()
    match contact.consents[_PURPOSE[kind]]:
        case ConsentState.WITHDRAWN | ConsentState.REFUSED:
            return Skip(Reason.OPTED_OUT)
        case ConsentState.UNKNOWN:
            return Skip(Reason.NO_CONSENT)
        case ConsentState.GIVEN:
            pass
    if too_late(kind, due_at, now, rules):
        return Skip(Reason.TOO_LATE)
    morning = next_awake(contact, now, rules)
    return Send() if morning <= now else Wait(morning)


def too_late(kind: Kind, due_at: datetime, now: datetime, rules: SendingRules) -> bool:
    """Whether the moment for it has passed; a notice about one's own matter never is."""
    match kind:
        case Kind.REMINDER:
            return now - due_at > rules.reminder_too_late_after
        case Kind.BROADCAST:
            return now - due_at > rules.broadcast_too_late_after
        case _:
            return False


def next_awake(contact: Contact, now: datetime, rules: SendingRules) -> datetime:
    """Now, if it is daytime where the person lives; else the next morning there."""
    local = now.astimezone(contact.zone)
    if rules.awake_from <= local.time() < rules.awake_until:
        return now
    day = local.date() if local.time() < rules.awake_from else local.date() + timedelta(days=1)
    return datetime.combine(day, rules.awake_from, tzinfo=contact.zone)
