"""Contribution reminders that are due: each is worded with its amounts and queued, and the next one is set.

Very many are due at one hour, most of them for the same month: what the people of a batch have in common is worked out
once, what they have not is read for all of them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.effects import taps_of
from bot.templates import kept
from content import Content
from content.model import Rendered, SlotValue
from flows.benefits.contribution import Amounts
from flows.contact import Channel, Occurrence, ReminderPlan
from flows.outreach.reminder import due_moment, moved_on, schedule
from flows.outreach.sending_policy import Kind, SendingRules
from flows.outreach.wording import wording
from nlu.understanding import JsonValue
from storage.database import Store
from storage.outbox import Message
from storage.reminders import DueReminder

Moved = tuple[DueReminder, ReminderPlan, datetime]


class Reminding:
    """One batch of reminders that are due."""

    def __init__(self, content: Content, now: datetime, rules: SendingRules) -> None:
        self._content = content
        self._now = now
        self._rules = rules
        self._amounts = Amounts(content)
        self._next: dict[ReminderPlan, ReminderPlan] = {}
        self._taps: dict[tuple[str, Channel], list[dict[str, JsonValue]]] = {}

    def queue(self, store: Store, due: Sequence[DueReminder]) -> None:
        """Queue each for its months and set the next.

        Missed months get their rows too: policy says what is too late.
        """
        phones = store.reminders.on_one_phone(due)
        forms = store.reminders.forms(sorted({contact for family in phones.values() for contact in family}))
        messages: list[Message] = []
        moved: list[Moved] = []
        for one in map(self._planned, due):
            if one.plan.next is None:
                continue
            # a family on one phone gets one message with everybody in it, the one that leaves first: the sender asks
            family = [form for contact in phones[one.id] for form in forms[contact]]
            reply, slots = wording(self._content, one.plan, one.plan.next, family, self._amounts)
            messages.append(self._message(one, reply, slots))
            moved += self._moved(one)
        store.outbox.queue_many(messages)
        store.reminders.advance(moved)

    def _planned(self, due: DueReminder) -> DueReminder:
        """A row of before plans knew their occurrences gets the one it is due for."""
        if due.plan.next is not None:
            return due
        return replace(due, plan=schedule(self._content, due.plan, due.zone, due.due_at - timedelta(seconds=1)))

    def _moved(self, due: DueReminder) -> list[Moved]:
        plan = self._next.get(due.plan)
        if plan is None:
            plan = self._next[due.plan] = moved_on(self._content, due.plan)
        following: Occurrence | None = plan.next
        return [] if following is None else [(due, plan, due_moment(following, plan, due.zone))]

    def _message(self, due: DueReminder, reply: str, slots: Mapping[str, SlotValue]) -> Message:
        rendered = self._content.render(reply, self._now.astimezone(due.zone).date(), slots)
        return Message(
            due.contact_id,
            due.address_id,
            Kind.REMINDER,
            rendered.text,
            self._now,
            due.due_at,
            due.once_key,
            reply=rendered.reply,
            taps=self._taps_of(rendered, due.channel),
            content_version=self._content.version,
            reminder_id=due.id,
            slots=kept(slots),
            expires_at=due.due_at + self._rules.reminder_too_late_after,
        )

    def _taps_of(self, rendered: Rendered, channel: Channel) -> list[dict[str, JsonValue]]:
        found = self._taps.get((rendered.reply, channel))
        if found is None:
            found = self._taps[rendered.reply, channel] = taps_of(rendered, channel)
        return found
