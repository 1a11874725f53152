"""What may leave now: due rows are claimed, asked about again, and given a slot where the platform limits its accounts.

Everything here happens inside one short transaction. A row that may not go out is settled on the spot, with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.asking import Asking
from bot.channels.channel import Channel, Outgoing, numbered
from bot.channels.errors import PairLimit, TierUsedUp
from bot.clock import Clock
from bot.pacing import DAY, LEAD, SMALLEST_TIER, Burst, Pace, look_again, room, window_open
from bot.templates import Filled, preview
from content.model import Button
from flows.contact import Channel as ChannelName
from flows.contact import Contact
from flows.conversation.sharing import FOR
from flows.outreach.sending_policy import Kind, Reason, Send, SendingRules, Skip, Wait
from storage.database import Store
from storage.outbox import Due
from storage.outcomes import Outcome, Postponed, Skipped
from storage.routes import NOWHERE, route_of
from storage.slots import Opening
from storage.words import EndReason

log = structlog.get_logger()

#: How many rows are taken at a time where nobody limits us.
BATCH = 100
_CHANNEL_OFF = timedelta(minutes=1)
#: With fewer people left to write to first than this, they are counted anew each time.
_FEW = 1000
_COUNT_AGAIN = timedelta(seconds=5)
_SOON = 0.005

Channels = Mapping[tuple[ChannelName, str], Channel]
Rules = Callable[[], SendingRules]
PaceOf = Callable[[Channel], Pace | None]
#: The words of a message to one of several people on a phone, with whom it is for.
Addressed = Callable[[Contact, str], str]
TemplateOf = Callable[[Due, Channel], Filled | None]


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed row that may go out: at `slot`, or at once where there is none."""

    row: Due
    channel: Channel
    message: Outgoing
    route: str = NOWHERE
    slot: datetime | None = None
    pace: Pace | None = None


@dataclass(slots=True)
class _Tier:
    """How many more people may be written to first, as counted then."""

    left: int
    counted_at: datetime


@dataclass(slots=True)
class _Lane:
    """One account while its row is locked."""

    store: Store
    route: str
    channel: Channel
    pace: Pace
    now: datetime
    opening: Opening
    slot: datetime
    bursts: dict[int, Burst]


class Claims:
    """Claims for one sender."""

    def __init__(
        self,
        channels: Channels,
        clock: Clock,
        rules: Rules,
        pace_of: PaceOf,
        template_of: TemplateOf,
        *,
        addressed: Addressed,
        worker: str,
        lease: timedelta,
    ) -> None:
        self._channels = channels
        self._clock = clock
        self._rules = rules
        self._pace_of = pace_of
        self._template_of = template_of
        self._addressed = addressed
        self._worker = worker
        self._lease = lease
        self._tiers: dict[str, _Tier] = {}

    def batch(self, store: Store) -> tuple[int, list[Ready]]:
        """A batch of whatever is due on any account, at no pace: how many were claimed, and what may go out."""
        return self._unpaced(store, None)

    def busy_routes(self, store: Store) -> list[str]:
        """The accounts of this process for which something is due."""
        now = self._clock.now()
        routes = [NOWHERE, *(route_of(name, account) for name, account in list(self._channels))]
        return [route for route in routes if store.outbox.is_due(now, route)]

    def on_route(self, store: Store, route: str) -> tuple[list[Ready], float]:
        """What may leave by this account soon; with it, in how many seconds to look again."""
        channel = self._channel(route)
        pace = self._pace_of(channel) if channel is not None else None
        if channel is None or pace is None:
            return self._unpaced(store, route)[1], _SOON
        now = self._clock.now()
        opening = store.slots.open(route, now)
        if opening.held_until is not None:
            return [], (opening.held_until - now).total_seconds()
        lane = _Lane(store, route, channel, pace, now, opening, max(opening.next_at, now + LEAD), {})
        return self._fill(lane)

    def one_slot(self, store: Store, route: str, pace: Pace) -> datetime:
        """One more slot, for a message that missed its own."""
        now = self._clock.now()
        slot = max(store.slots.open(route, now).next_at, now + LEAD)
        store.slots.take(route, slot + pace.interval)
        return slot

    def _unpaced(self, store: Store, route: str | None) -> tuple[int, list[Ready]]:
        now = self._clock.now()
        rows = store.outbox.claim(now, BATCH, self._lease, self._worker, route=route)
        asking = Asking(store, rows, now, self._rules)
        ready: list[Ready] = []
        for row in rows:
            item = self._ask(store, asking, row)
            if item is not None:
                asking.leaves(row)
                ready.append(item)
        asking.close()
        return len(rows), ready

    def _fill(self, lane: _Lane) -> tuple[list[Ready], float]:
        space = room(lane.slot, lane.now, lane.pace)
        rows = lane.store.outbox.claim(
            lane.now, space.replies, self._lease, self._worker, route=lane.route, unasked=space.unasked
        )
        first = lane.slot
        asking = Asking(lane.store, rows, lane.now, self._rules)
        ready = [item for row in rows if (item := self._place(lane, asking, row)) is not None]
        asking.close()
        if lane.slot != first:
            lane.store.slots.take(lane.route, lane.slot)
        if rows and len(ready) < len(rows):
            return ready, _SOON  # room is left that some of them did not need
        return ready, look_again(lane.slot, lane.now).total_seconds()

    def _place(self, lane: _Lane, asking: Asking, row: Due) -> Ready | None:
        """Give the row the next slot if all limits allow it."""
        item = self._ask(lane.store, asking, row)
        if item is None:
            return None
        no = self._in_other_words(lane, item) or self._too_soon(lane, row)
        if isinstance(no, Postponed | Skipped):
            asking.stays(row, no)
            log.info("message_held", outbox=row.id, reason=no.reason)
            return None
        asking.leaves(row)
        approached = isinstance(no, Ready)
        item = no if isinstance(no, Ready) else item
        self._note_person(lane, row, approached=approached)
        placed = replace(item, route=lane.route, slot=lane.slot, pace=lane.pace)
        lane.slot += lane.pace.interval
        return placed

    def _in_other_words(self, lane: _Lane, item: Ready) -> Ready | Outcome | None:
        """None while the person's window is open; else the template, or why not."""
        row = item.row
        if window_open(row.last_inbound_at, lane.now, lane.pace):
            return None
        template = self._template_of(row, lane.channel)
        text = preview(lane.channel, template) if template is not None else None
        if template is None or text is None:
            return Skipped(Reason.WINDOW_CLOSED.value)
        no = self._too_soon(lane, row) or self._too_many(lane, row)
        if no is not None:
            return no
        lane.store.outbox.reword(row.id, text)
        return replace(
            item, message=Outgoing(to=item.message.to, text=text, template=template[0], template_slots=template[1])
        )

    def _too_soon(self, lane: _Lane, row: Due) -> Postponed | None:
        free = self._burst(lane, row).free_at(lane.slot, lane.pace, asked=row.kind is Kind.REPLY)
        return None if free <= lane.slot else Postponed(free, PairLimit.code, tried=False)

    def _too_many(self, lane: _Lane, row: Due) -> Postponed | None:
        """People written to first within a day are counted, each once."""
        if row.approached_at is not None and lane.now - row.approached_at < DAY:
            return None
        held = lane.opening.first_contacts_held_until
        if held is None and self._first_contacts_left(lane) > 0:
            self._tiers[lane.route].left -= 1
            return None
        until = held or self._hold_first_contacts(lane)
        return Postponed(until, TierUsedUp.code, tried=False)

    def _first_contacts_left(self, lane: _Lane) -> int:
        known = self._tiers.get(lane.route)
        if known is not None and known.left > _FEW and lane.now - known.counted_at < _COUNT_AGAIN:
            return known.left
        tier = lane.store.settings.get(tier_key(lane.route)) or SMALLEST_TIER
        most = lane.pace.tiers.get(tier, 0)
        if most is None:
            left = 2 * _FEW
        else:
            left = most - lane.store.slots.approached_since(lane.channel.name, lane.channel.account, lane.now - DAY)[0]
        self._tiers[lane.route] = _Tier(left, lane.now)
        return left

    def _hold_first_contacts(self, lane: _Lane) -> datetime:
        """Until the earliest of those people no longer counts."""
        since = lane.now - DAY
        _, earliest = lane.store.slots.approached_since(lane.channel.name, lane.channel.account, since)
        until = max((earliest or since) + DAY, lane.now + timedelta(minutes=1))
        lane.store.slots.hold_first_contacts(lane.route, until)
        lane.opening = replace(lane.opening, first_contacts_held_until=until)
        return until

    def _burst(self, lane: _Lane, row: Due) -> Burst:
        if row.address_id in lane.bursts:
            return lane.bursts[row.address_id]
        return Burst(row.burst_from, row.burst)

    def _note_person(self, lane: _Lane, row: Due, *, approached: bool) -> None:
        burst = self._burst(lane, row).and_one(lane.slot, lane.pace)
        if row.address_id is None or burst.since is None:
            return
        lane.bursts[row.address_id] = burst
        lane.store.slots.note_person(row.address_id, burst.since, burst.count, lane.now if approached else None)

    def _channel(self, route: str) -> Channel | None:
        return next(
            (one for (name, account), one in list(self._channels.items()) if route_of(name, account) == route), None
        )

    def _ask(self, store: Store, asking: Asking, row: Due) -> Ready | None:
        channel = self._channels.get((row.channel, row.account)) if row.channel and row.account else None
        if row.external_id is None:
            asking.stays(row, Skipped(EndReason.NO_ADDRESS.value))
            return None
        if channel is None:  # another process has it, or it was switched off: leave it for later
            asking.stays(row, Postponed(self._clock.now() + _CHANNEL_OFF, "channel_off", tried=False))
            return None
        match asking.verdict(row):
            case Skip(reason):
                asking.stays(row, Skipped(reason.value))
                log.info("message_skipped", outbox=row.id, kind=row.kind.value, reason=reason.value)
                return None
            case Wait(until, why):
                asking.stays(row, Postponed(until, why.value, tried=False))
                return None
            case Send():
                contact = asking.contact(row)
                if contact is not None and contact.shares_phone:
                    row = self._to_one_of_several(store, row, contact)
                return Ready(row, channel, outgoing(row, channel))

    def _to_one_of_several(self, store: Store, row: Due, contact: Contact) -> Due:
        """On a phone that several people use the message says whom it is for, and so do its taps."""
        text = self._addressed(contact, row.body)
        if text == row.body:  # it is tried again
            return row
        taps = tuple({**tap, "id": f"{FOR}{contact.id}:{tap['id']}"} for tap in row.taps)
        store.outbox.reword(row.id, text, taps)
        return replace(row, body=text, taps=taps)


def tier_key(route: str) -> str:
    """Where the account's tier is kept among the shared settings."""
    return f"tier:{route}"[:60]


def outgoing(row: Due, channel: Channel) -> Outgoing:
    """The row as its channel can show it: taps where they fit, numbered lines where they don't."""
    taps = [
        Button(id=str(tap["id"]), label=str(tap["label"]), hint=str(tap["hint"]) if tap.get("hint") else None)
        for tap in row.taps
    ]
    places = [str(tap.get("place", "button")) for tap in row.taps]
    buttons = tuple(tap for tap, place in zip(taps, places, strict=True) if place == "button")
    choices = tuple(tap for tap, place in zip(taps, places, strict=True) if place == "choice")
    limits = channel.limits
    fits = len(buttons) <= limits.buttons and len(choices) <= limits.choices
    text = row.body if fits else numbered(row.body, taps, limits.text)
    return Outgoing(
        to=row.external_id or "",
        text=text,
        buttons=buttons if fits else (),
        choices=choices if fits else (),
    )
