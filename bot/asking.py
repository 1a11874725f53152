"""Whether each row of one claim may leave. What that depends on is read for all of them at once.

Rows are asked about in the order in which they leave, and a later one sees what was decided of those before it: two
messages to one person count as two, and a family on one phone is told once also when all of it is in one claim.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from flows.contact import Contact
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
from storage.database import Store
from storage.outbox import Due
from storage.outcomes import Outcome
from storage.recipients import Lately, Told
from storage.words import PRIORITY, OutboxState

#: A family on one phone is told once in so many days.
SAME_MESSAGE = timedelta(days=20)
#: While nobody knows whether a message will arrive, another that depends on it is asked about again so much later.
_UNDECIDED = timedelta(minutes=1)


class Asking:
    """The rows of one claim, within its transaction. `close` writes down what became of those that stay.

    Args:
        store: the transaction that claimed them.
        rows: in the order in which they leave.
        now: when that is.
        rules: when we may write to people first, and how often.
    """

    def __init__(self, store: Store, rows: Sequence[Due], now: datetime, rules: Callable[[], SendingRules]) -> None:
        self._store = store
        self._now = now
        self._rules = rules()
        asked = [row for row in rows if not _answers(row)]
        self._contacts = store.recipients.contacts({row.contact_id for row in asked}) if asked else {}
        self._lately = self._read_lately(asked)
        self._told = self._read_told(asked)
        self._leaving: Counter[int] = Counter()
        self._stay: dict[int, Outcome] = {}

    def contact(self, row: Due) -> Contact | None:
        """Whom the row is for; None where that decides nothing: an answer goes to who asked."""
        return None if _answers(row) else self._contacts[row.contact_id]

    def verdict(self, row: Due) -> Send | Wait | Skip:
        """Whether it may leave now."""
        contact = self.contact(row)
        if contact is None or row.kind is Kind.REPLY:
            return Send()
        if row.expires_at is not None and self._now >= row.expires_at:
            return Skip(Reason.TOO_LATE)
        verdict = self._policy(row, contact)
        if row.kind is Kind.REMINDER and isinstance(verdict, Send):
            verdict = self._once_a_family(row)
        if isinstance(verdict, Wait) and row.expires_at is not None and verdict.until >= row.expires_at:
            return Skip(Reason.TOO_MANY if verdict.why is Pause.TOO_MANY else Reason.TOO_LATE)
        return verdict

    def stays(self, row: Due, outcome: Outcome) -> None:
        """It does not leave now, and this becomes of it."""
        self._stay[row.id] = outcome

    def leaves(self, row: Due) -> None:
        """It leaves, and counts for those after it."""
        if _counts(row):
            self._leaving[row.contact_id] += 1

    def close(self) -> None:
        """Write down what became of those that stay."""
        self._store.outbox.settle_many(list(self._stay.items()))

    def _policy(self, row: Due, contact: Contact) -> Send | Wait | Skip:
        # a postponed row's own due time moves; lateness counts from when it was first meant to go
        meant = row.made_at if row.kind is Kind.BROADCAST else row.due_at
        known = self._lately.get(row.contact_id, Lately()) if row.kind in UNASKED else Lately()
        verdict = may_send(row.kind, contact, meant, self._now, self._rules, lately=known.sent)
        if row.kind not in UNASKED or not isinstance(verdict, Send):
            return verdict
        leaving = known.leaving + self._leaving[row.contact_id]
        if not leaving or next_room([*known.sent, *[self._now] * leaving], self._now, self._rules) <= self._now:
            return verdict
        return self._undecided(row, Pause.TOO_MANY)

    def _once_a_family(self, row: Due) -> Send | Wait | Skip:
        """A family on one phone is told once, all in one message; until that one has left nobody knows if it will."""
        told = next((one for one in self._told.get(row.id, ()) if one.id not in self._stay), None)
        if told is None:
            return Send()
        if told.state is OutboxState.SENDING:
            return self._undecided(row, Pause.SAME_PHONE)
        return Skip(Reason.SAME_PHONE)

    def _undecided(self, row: Due, why: Pause) -> Wait:
        """Not all until the same time, or they meet again."""
        return Wait(self._now + _UNDECIDED + timedelta(seconds=row.id % 10), why)

    def _read_lately(self, rows: Sequence[Due]) -> Mapping[int, Lately]:
        people = {row.contact_id for row in rows if row.kind in UNASKED}
        if not people:
            return {}
        own = [row.id for row in rows]
        return self._store.recipients.unasked_since(people, self._now - COUNTED, apart_from=own)

    def _read_told(self, rows: Sequence[Due]) -> Mapping[int, Sequence[Told]]:
        reminders = [row.id for row in rows if row.kind is Kind.REMINDER]
        return self._store.recipients.told_on_phone(reminders, self._now - SAME_MESSAGE) if reminders else {}


def _answers(row: Due) -> bool:
    return row.kind is Kind.REPLY and row.inbound_id is not None


def _counts(row: Due) -> bool:
    """As the messages of a week are counted."""
    return PRIORITY[row.kind] >= PRIORITY[Kind.REMINDER]
