"""How fast we may send: by account, by person, and people written to first in a day. Pure but for what it is handed.

The account's rate is held over all sender processes by slots reserved in the database (`storage/slots.py`). Slots are
reserved in small blocks: announcements fill no more than `HORIZON` of the future, so a reply waits behind no more than
that, whatever else is being sent. A slot that was missed is lost, never made up for: the platform would see a burst.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bot.channels.channel import Channel
from bot.channels.local import LocalChannel
from bot.channels.whatsapp_limits import limits_on
from flows.contact import Channel as ChannelName

#: What we start ourselves fills this much of the future; replies may go further.
HORIZON = timedelta(milliseconds=450)
REPLY_HORIZON = timedelta(seconds=2)
#: From reserving a slot to being ready for it.
LEAD = timedelta(milliseconds=25)
#: A message that leaves later than this after its slot would crowd the next ones.
GRACE = timedelta(milliseconds=40)
#: A second's worth of messages arrives in no less than this.
WINDOW = timedelta(milliseconds=965)
#: Clocks and networks differ by less than this, for the pauses that are counted in seconds.
MARGIN = timedelta(milliseconds=250)
#: People written to first are counted over this time.
DAY = timedelta(hours=24)
SMALLEST_TIER = "TIER_250"
_MOST_REPLIES = 50
_LOOK_AGAIN = timedelta(milliseconds=5)


@dataclass(frozen=True, slots=True)
class Pace:
    """What a platform allows one account. Without `window` a person may be written to at any time."""

    per_second: float
    person_pause: timedelta
    person_burst: int
    window: timedelta | None = None
    tiers: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def interval(self) -> timedelta:
        """From one slot to the next; rounded up, or a bit too much would leave in the long run."""
        return timedelta(microseconds=math.ceil(1_000_000 / self.per_second))

    @property
    def grace(self) -> timedelta:
        """How late a message may still take its slot: two slots, where they are far apart."""
        return max(GRACE, 2 * self.interval)


@dataclass(frozen=True, slots=True)
class Burst:
    """What went to one person lately: this many messages since then."""

    since: datetime | None
    count: int

    def free_at(self, at: datetime, pace: Pace, *, asked: bool) -> datetime:
        """The first moment from `at` on at which one more may go. Only an answer may borrow from later."""
        if self.since is None:
            return at
        paid = self.since + self.count * (pace.person_pause + MARGIN)
        if at >= paid or (asked and self._borrows(at, pace)):
            return at
        return paid

    def and_one(self, at: datetime, pace: Pace) -> Burst:
        """The same after one more at that moment."""
        if self.since is not None and at < self.since + self.count * (pace.person_pause + MARGIN):
            return Burst(self.since, self.count + 1)
        return Burst(at, 1)

    def _borrows(self, at: datetime, pace: Pace) -> bool:
        soon = min(MARGIN, pace.person_pause / 2)
        return self.since is not None and at - self.since < pace.person_pause - soon and self.count < pace.person_burst


@dataclass(frozen=True, slots=True)
class Room:
    """How many messages may be claimed now: answers, and of these what else."""

    replies: int
    unasked: int


@dataclass(slots=True)
class Trip:
    """One message on its way to the platform."""

    begun: datetime
    ended: datetime | None = None

    @property
    def took(self) -> timedelta | None:
        """From handing it over to the answer."""
        return self.ended - self.begun if self.ended is not None else None


class Trips:
    """The last trips of this process on one account: slots space what leaves, this watches what arrives.

    When the machine, the network or the platform holds messages up, they arrive together. The message that comes a
    second's worth after one of those waits until a second has passed since that one can have arrived.
    """

    def __init__(self, pace: Pace) -> None:
        self._trips: deque[Trip] = deque(maxlen=max(1, int(pace.per_second)))

    def wait(self, now: datetime) -> timedelta:
        """How long the next message has to wait; nothing when it may leave now."""
        if len(self._trips) < (self._trips.maxlen or 0):
            return timedelta(0)
        oldest = self._trips[0]
        if oldest.ended is None:
            return _LOOK_AGAIN
        fastest = min((trip.took for trip in self._trips if trip.took is not None), default=timedelta(0))
        return max(oldest.ended - fastest + WINDOW - now, timedelta(0))

    def begin(self, now: datetime) -> Trip:
        """One more leaves now; note in it when it ends."""
        trip = Trip(now)
        self._trips.append(trip)
        return trip


def room(next_at: datetime, now: datetime, pace: Pace) -> Room:
    """What still fits before the horizons. Blocks of half a horizon, so that claiming costs little."""
    ahead = next_at - now
    unasked = (HORIZON - ahead) // pace.interval if ahead <= HORIZON / 2 else 0
    replies = min((REPLY_HORIZON - ahead) // pace.interval, _MOST_REPLIES)
    return Room(max(replies, unasked, 0), max(unasked, 0))


def look_again(next_at: datetime, now: datetime) -> timedelta:
    """When there will be room for another block."""
    return max(next_at - HORIZON / 2 - now, timedelta(milliseconds=5))


def window_open(last_inbound_at: datetime | None, now: datetime, pace: Pace) -> bool:
    """Whether the person wrote lately enough to be sent anything but a template."""
    if pace.window is None:
        return True
    return last_inbound_at is not None and now - last_inbound_at < pace.window - timedelta(seconds=10)


def pace_of(channel: Channel, lexicon: Mapping[str, Any], day: date) -> Pace | None:
    """The limits of the channel's platform on that day, out of content; None where there is no platform."""
    if isinstance(channel, LocalChannel):
        return None
    match channel.name:
        case ChannelName.TELEGRAM:
            return _telegram(lexicon["telegram_limits"], day)
        case ChannelName.WHATSAPP:
            limits = limits_on(lexicon["whatsapp_limits"], day)
            return Pace(limits.per_second, limits.pair_pause, limits.pair_burst, limits.window, limits.tiers)
        case _:
            return None


def _telegram(lexicon: Mapping[str, Any], day: date) -> Pace:
    in_force = [entry for entry in lexicon["limits"] if date.fromisoformat(entry["from"]) <= day]
    entry = max(in_force, key=lambda entry: date.fromisoformat(entry["from"]))
    pause = timedelta(seconds=float(entry["pair_seconds"]))
    return Pace(float(entry["per_second"]), pause, int(entry["pair_burst"]))
