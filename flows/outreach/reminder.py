"""Contribution reminders: when the next one is due and for which months. A month is a month; times are the village's.

The person's own end of protection drives it once they told it; until then the last day to pay does: the 15th of the
contribution month for BPU, of the following month for an employer, or the next working day (facts.md section 5).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from content import Content
from flows.benefits.contribution import add_months
from flows.contact import Occurrence, ReminderPlan
from flows.outreach.calendar import working_day_from

#: A reminder that should come once more comes after so many days.
SNOOZE = timedelta(days=3)
#: Even somebody who paid for years ahead is reminded once that is over.
_FURTHEST = 240
_MONTH = timedelta(days=31)


def schedule(content: Content, plan: ReminderPlan, zone: ZoneInfo, now: datetime) -> ReminderPlan:
    """The plan with its next occurrence, the first whose moment is still to come."""
    today = now.astimezone(zone).date()
    passed = due_moment(replace(_once(today), on=today), plan, zone) <= now
    return replace(plan, next=next_occurrence(content, plan, today if passed else today - timedelta(days=1)))


def next_occurrence(content: Content, plan: ReminderPlan, after: date) -> Occurrence:
    """The first occurrence on a day after that one."""
    found = _by_protection(plan) if plan.protected_until else _by_calendar(content, plan, after)
    return next(one for one in found if one.on > after)


def due_moment(occurrence: Occurrence, plan: ReminderPlan, zone: ZoneInfo) -> datetime:
    """When that is, at the person's hour where they live."""
    on = occurrence.on
    return datetime(on.year, on.month, on.day, plan.hour, tzinfo=zone)


def moved_on(content: Content, plan: ReminderPlan) -> ReminderPlan:
    """The plan after its occurrence was dealt with, whether it was sent or skipped."""
    done = plan.next
    if done is None:
        return plan
    return replace(plan, last=done, next=next_occurrence(content, plan, done.on))


def paid(content: Content, plan: ReminderPlan, zone: ZoneInfo, now: datetime) -> ReminderPlan:
    """The plan once the person said they paid what they were reminded of last, or what is owed just now.

    Saying it twice changes nothing more.
    """
    today = now.astimezone(zone).date()
    owed = plan.last or _owed_now(content, plan, today)
    if owed is None or _is_paid(plan, owed):
        return plan
    through = add_months(owed.month, owed.months - 1)
    until = plan.protected_until
    if until is not None:
        until = months_later(until, owed.behind + owed.months)
    return schedule(content, replace(plan, paid_through=through, protected_until=until, last=owed), zone, now)


def paid_until(content: Content, plan: ReminderPlan, through: date, zone: ZoneInfo, now: datetime) -> ReminderPlan:
    """The plan once the person named the last month they paid for; a month that is known to be paid changes nothing."""
    through = through.replace(day=1)
    first = first_unpaid(plan)
    if first is not None and through < first:
        return plan
    until = plan.protected_until
    if until is not None and first is not None:
        until = months_later(until, _apart(first, through) + 1)
    return schedule(content, replace(plan, paid_through=through, protected_until=until), zone, now)


def _owed_now(content: Content, plan: ReminderPlan, today: date) -> Occurrence | None:
    """What can be meant by somebody who was not reminded yet: the contribution whose last day comes next."""
    if plan.protected_until is not None:
        soon = plan.next is not None and plan.next.deadline - today <= _MONTH
        return plan.next if soon else None
    deadline = last_day_to_pay(content, today, employer=plan.employer)
    month = add_months(today, -1 if plan.employer else 0)
    return Occurrence(today, month, deadline, months=plan.every)


def snoozed(plan: ReminderPlan, zone: ZoneInfo, now: datetime) -> ReminderPlan:
    """The plan with what was reminded of last coming once more, unless it is paid or the next comes sooner anyway."""
    again = (now.astimezone(zone) + SNOOZE).date()
    if plan.last is None or plan.next is None or plan.next.on <= again or _is_paid(plan, plan.last):
        return plan
    return replace(plan, next=replace(plan.last, on=again, again=True))


def _is_paid(plan: ReminderPlan, occurrence: Occurrence) -> bool:
    return plan.paid_through is not None and add_months(occurrence.month, occurrence.months - 1) <= plan.paid_through


def _by_calendar(content: Content, plan: ReminderPlan, after: date) -> Iterator[Occurrence]:
    """On the chosen day of each month, or of each harvest month; between harvests before protection is lost."""
    for ahead in range(_FURTHEST):
        on = add_months(after, ahead).replace(day=plan.day)
        deadline = last_day_to_pay(content, on, employer=plan.employer)
        if on > deadline:
            deadline = last_day_to_pay(content, add_months(on, 1), employer=plan.employer)
        month = add_months(deadline, -1 if plan.employer else 0)
        if plan.paid_through is not None and month <= plan.paid_through:
            continue
        allowed = int(str(content.fact("iuran_bpu.tunggakan_bulan", on).value))
        behind = _behind(plan, month)
        if plan.every == 1:
            yield Occurrence(on, month, deadline, behind=behind)
            continue
        first = add_months(month, -behind if behind <= allowed else 0)
        if _apart(plan.harvest or on, on) % plan.every == 0:
            yield Occurrence(on, first, deadline, months=plan.every)
        elif behind == allowed - 1:
            yield Occurrence(on, first, deadline, months=plan.every, behind=behind)


def _behind(plan: ReminderPlan, month: date) -> int:
    """Months not paid before that one: known only of people who told us that they paid earlier ones."""
    return 0 if plan.paid_through is None else max(0, _apart(plan.paid_through, month) - 1)


def first_unpaid(plan: ReminderPlan) -> date | None:
    """The first contribution month that is not paid as far as we know; None where we know nothing."""
    if plan.protected_until is not None:
        return (plan.protected_until + timedelta(days=1)).replace(day=1)
    return None if plan.paid_through is None else add_months(plan.paid_through, 1)


def _by_protection(plan: ReminderPlan) -> Iterator[Occurrence]:
    """Some days before the end of protection, then monthly until the person says that they paid."""
    until = plan.protected_until or date.max
    first = (until + timedelta(days=1)).replace(day=1)
    for behind in count():
        end = months_later(until, behind)
        yield Occurrence(
            end - timedelta(days=plan.before),
            add_months(first, behind),
            end,
            months=plan.every,
            behind=behind,
        )


def last_day_to_pay(content: Content, day: date, *, employer: bool = False) -> date:
    """The last day to pay in the month of that day: the 15th, or the next working day."""
    fact = "iuran_pu.tanggal" if employer else "iuran_bpu.tanggal"
    return working_day_from(day.replace(day=int(str(content.fact(fact, day).value))))


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last: from 31 January to 28 or 29 February. The last day stays the last."""
    first = add_months(day, months)
    last = monthrange(first.year, first.month)[1]
    at_the_end = day.day == monthrange(day.year, day.month)[1]
    return first.replace(day=last if at_the_end else min(day.day, last))


def inactive_from(plan: ReminderPlan, allowed: int) -> date | None:
    """The day after which protection is no longer active if nothing is paid; None where we don't know what was paid."""
    if plan.protected_until is not None:
        return months_later(plan.protected_until, allowed)
    if plan.paid_through is not None:
        return add_months(plan.paid_through, 1 + allowed) - timedelta(days=1)
    return None


def _apart(earlier: date, later: date) -> int:
    """Whole months from the month of one to that of the other."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def _once(day: date) -> Occurrence:
    return Occurrence(day, day.replace(day=1), day)
