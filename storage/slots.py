"""Sending rates, held over all processes together: each account has one moment at which it may send next.

Whoever sends locks the account's row, takes as many slots as there are messages, and moves the moment on. A moment
further ahead than anybody could have reserved means that the machine's clock was set back; it counts as now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, case, func, not_, select, update

from flows.contact import Channel
from storage.repository import Repository
from storage.tables import ADDRESS, SENDING_SLOT

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: Nobody reserves further ahead than this, and no platform asks to wait longer than the second.
_FURTHEST = timedelta(minutes=1)
_LONGEST_HOLD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Opening:
    """An account as it was locked: when its next slot is, and until when it must be silent (None: it need not)."""

    next_at: datetime
    held_until: datetime | None
    first_contacts_held_until: datetime | None


class Slots(Repository):
    """Lock, take, hold."""

    __slots__ = ()

    def open(self, route: str, now: datetime) -> Opening:
        """Lock the account's row until this transaction ends, and tell where it stands."""
        here = {"at": route, "now": _us(now), "furthest": _us(now + _FURTHEST)}
        row = self._db.execute(_OPEN, here).first()
        if row is None:
            self._db.execute(self._insert(SENDING_SLOT).on_conflict_do_nothing(), {"route": route})
            row = self._db.execute(_OPEN, here).one()
        return Opening(_moment(row.next_us), _hold(row.held_us, now), _hold(row.first_contacts_held_us, now))

    def take(self, route: str, until: datetime) -> None:
        """The slots before `until` are ours; only while the row is locked."""
        self._db.execute(_TAKE, {"at": route, "until": _us(until)})

    def hold(self, route: str, until: datetime) -> None:
        """The platform wants silence until then; a longer silence stays."""
        self._longer(route, "held_us", until)

    def hold_first_contacts(self, route: str, until: datetime) -> None:
        """Nobody new may be written to first until then."""
        self._longer(route, "first_contacts_held_us", until)

    def approached_since(self, channel: Channel, account: str, since: datetime) -> tuple[int, datetime | None]:
        """How many people this account wrote to first since then, and the earliest such moment."""
        query = select(func.count(), func.min(ADDRESS.c.approached_at)).where(
            ADDRESS.c.channel == channel, ADDRESS.c.account == account, ADDRESS.c.approached_at > since
        )
        count, earliest = self._db.execute(query).one()
        return count, earliest

    def note_person(
        self, address_id: int, burst_from: datetime, burst: int, approached_at: datetime | None = None
    ) -> None:
        """Write down what goes to one person, for the limits that count people."""
        values: dict[str, object] = {"burst_from": burst_from, "burst": burst}
        if approached_at is not None:
            values["approached_at"] = approached_at
        self._db.execute(update(ADDRESS).where(ADDRESS.c.id == address_id).values(values))

    def _longer(self, route: str, column: str, until: datetime) -> None:
        insert = self._insert(SENDING_SLOT).values({"route": route, column: _us(until)})
        kept, asked = SENDING_SLOT.c[column], insert.excluded[column]
        longest = case((kept > asked, kept), else_=asked)
        self._db.execute(insert.on_conflict_do_update(index_elements=["route"], set_={column: longest}))


_NEXT = SENDING_SLOT.c.next_us
_STALE = not_(_NEXT.between(bindparam("now"), bindparam("furthest")))
_OPEN = (
    update(SENDING_SLOT)
    .where(SENDING_SLOT.c.route == bindparam("at"))
    .values(next_us=case((_STALE, bindparam("now")), else_=_NEXT))
    .returning(_NEXT, SENDING_SLOT.c.held_us, SENDING_SLOT.c.first_contacts_held_us)
)
_TAKE = update(SENDING_SLOT).where(SENDING_SLOT.c.route == bindparam("at")).values(next_us=bindparam("until"))


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


def _hold(microseconds: int, now: datetime) -> datetime | None:
    until = _moment(microseconds)
    return until if now < until < now + _LONGEST_HOLD else None
