"""The words that rows hold: states, kinds and reasons. Each is an enum, so counting and matching are exact."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from flows.contact import Purpose
from flows.outreach.follow_up import FollowUp
from flows.outreach.sending_policy import Kind


class InboundState(StrEnum):
    """A stored message: waiting for its turn (or claimed), done, or set aside where staff see it."""

    WAITING = "waiting"
    DONE = "done"
    SET_ASIDE = "set_aside"


#: Lower goes first: replies before notices before reminders before follow-ups before broadcasts.
PRIORITY: Mapping[Kind, int] = {
    Kind.REPLY: 0,
    Kind.NOTICE: 1,
    Kind.REMINDER: 2,
    Kind.GATHERING: 1,
    Kind.FOLLOW_UP: 3,
    Kind.INVITATION: 3,
    Kind.BROADCAST: 4,
}

#: Which queued messages rest on which consent. A follow-up rests on two: it is about a registration, and it reminds.
KINDS_RESTING_ON: Mapping[Purpose, frozenset[Kind]] = {
    Purpose.REGISTRATION: frozenset({Kind.NOTICE, Kind.FOLLOW_UP}),
    Purpose.REMINDERS: frozenset({Kind.REMINDER, Kind.FOLLOW_UP}),
    Purpose.ANNOUNCEMENTS: frozenset({Kind.BROADCAST, Kind.GATHERING, Kind.INVITATION}),
}


class OutboxState(StrEnum):
    """A message's way: due, sending, then what became of it. UNKNOWN: a sender died between sending and recording."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


#: The message is there, or may be.
REACHED = (OutboxState.SENT, OutboxState.DELIVERED, OutboxState.READ, OutboxState.UNKNOWN)


class PersonState(StrEnum):
    """One person of a frozen audience: queued, or what became of their message."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class BroadcastState(StrEnum):
    """A broadcast's life. WAITING is for the approval of a second person."""

    DRAFT = "draft"
    WAITING = "waiting"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class EndReason(StrEnum):
    """Why a message ended unsent, beside the reasons of the sending policy."""

    NO_ADDRESS = "no_address"
    CANCELLED = "cancelled"
    ERASED = "erased"
    SENDER_DIED = "sender_died"
    REPLACED = "replaced"
    GATHERING_OFF = "gathering_off"
    REMINDER_PAUSED = "reminder_paused"
    REMINDER_STOPPED = "reminder_stopped"
    DONE = "done"


class NoticeKind(StrEnum):
    """What the bot still has to tell a person."""

    LEAD_CONTACTED = "lead_contacted"
    LEAD_WAITING = "lead_waiting"
    LEAD_HANDED_OVER = "lead_handed_over"
    LEAD_ACTIVE = "lead_active"
    LEAD_CLOSED = "lead_closed"
    BROADCAST_APPROVED = "broadcast_approved"
    BROADCAST_REFUSED = "broadcast_refused"
    BROADCAST_TEST = "broadcast_test"
    DRAFT_WAITING = "draft_waiting"


class Tell(StrEnum):
    """What one person still has to be told about a gathering."""

    INVITE = "invite"
    MOVED_UP = "moved_up"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    DAY_BEFORE = "day_before"
    HOURS_BEFORE = "hours_before"
    AFTER = "after"


class Promise(StrEnum):
    """What a reminder row promises: to remind of contributions, or to ask how the person got on."""

    CONTRIBUTION = "contribution"
    UNFINISHED = FollowUp.UNFINISHED.value
    CONTACTED = FollowUp.CONTACTED.value


class ReminderState(StrEnum):
    """What a promise does now."""

    WAITING = "waiting"
    PAUSED = "paused"
    STOPPED = "stopped"


class DuplicateOf(StrEnum):
    """By what a lead was found to be the same person as another."""

    NIK = "nik"
    PHONE = "phone"


class UploadState(StrEnum):
    """A spreadsheet's way: read without keeping anybody, then taken; or it could not be read."""

    CHECKING = "checking"
    CHECKED = "checked"
    TAKING = "taking"
    TAKEN = "taken"
    FAILED = "failed"


class StaffRole(StrEnum):
    """What a staff user may do; the console decides what each role sees."""

    ADMIN = "admin"
    STAFF = "staff"
    READER = "reader"
