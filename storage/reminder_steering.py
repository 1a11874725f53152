"""Holding reminders back, letting them go on and stopping them, by staff: console and command line do it here.

What people say about their own reminders rests on their consent and goes by `bot.effects`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import func, select

from storage.database import Store
from storage.tables import AUDIT
from storage.words import ReminderState

#: How the audit log names each change.
_ACTS = {state: f"reminder_{state.value}" for state in ReminderState}


def steer(store: Store, reminders: Iterable[int], to: ReminderState, by: str, now: datetime) -> int:
    """Bring these into that state where that is possible, each on record. Returns how many changed.

    What is queued for one that is paused or stopped is skipped, and says so. A stopped one stays stopped: only the
    person can ask for it again.
    """
    changed = 0
    for one in reminders:
        if store.reminders.change(one, to, now):
            store.audit.record(by, _ACTS[to], target_of(one), now)
            changed += 1
    return changed


def steered_by(store: Store, reminders: Collection[int]) -> dict[int, str]:
    """By reminder: who of staff changed it last. The others nobody touched."""
    targets = {target_of(one): one for one in reminders}
    if not targets:
        return {}
    newest = (
        select(func.max(AUDIT.c.id))
        .where(AUDIT.c.target.in_(list(targets)), AUDIT.c.action.in_(list(_ACTS.values())))
        .group_by(AUDIT.c.target)
    )
    rows = store.connection.execute(select(AUDIT.c.target, AUDIT.c.who).where(AUDIT.c.id.in_(newest)))
    return {targets[row.target]: row.who for row in rows}


def target_of(reminder_id: int) -> str:
    """How the audit log names a reminder."""
    return f"reminder:{reminder_id}"
