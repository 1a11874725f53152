"""Sending: rows are claimed, asked about again, sent with no lock held, and settled whatever comes back.

Where a platform limits its accounts, rows are claimed only as slots allow (`bot/pacing.py`), and each waits for its
slot. Which rows may go out is decided in `bot/claims.py`; here is when they do, and what becomes of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.channels.channel import Outgoing
from bot.channels.errors import AccountBroken, FloodWait, SendError, TierUsedUp
from bot.channels.errors import Unknown as NobodyKnows
from bot.claims import Addressed, Channels, Claims, Ready, Rules, TemplateOf
from bot.clock import Clock
from bot.inbox import withdraw
from bot.pacing import DAY, Pace, Trips
from bot.pictures import with_picture
from flows.contact import Purpose
from flows.outreach.picture import picture_of
from flows.outreach.sending_policy import Kind
from storage.database import Database, Store
from storage.outcomes import Failed, Outcome, Postponed, Sent, Skipped, Unknown
from storage.words import BroadcastState, EndReason

log = structlog.get_logger()

#: A claim older than this belongs to a dead process. With `_TAKE_OVER_SECONDS` it is taken over within 15 s.
LEASE = timedelta(seconds=12)
#: How often a message is tried when the platform asks us to wait or can't be reached.
ATTEMPTS = 8
#: How long an account that is refused stays silent before it is tried again.
BROKEN_HOLD = timedelta(minutes=1)
_SEND_SECONDS = 8.0  # with the wait for a slot this stays within the lease
_LONGEST_WAIT = timedelta(seconds=3)
_TAKE_OVER_SECONDS = 2.0
_BACK_OFF_SECONDS = (1, 2, 5, 15, 60, 300, 900)
_IDLE_SECONDS = 0.25
_RECORD_SECONDS = 0.1
_MOST_UNDER_WAY = 1000
#: How old what is known of an announcement may be when one of its messages leaves. Cancelling is to hold within 1 s.
_ASK_AGAIN_SECONDS = 0.3
#: Pictures of announcements under way, each at most 400 KiB.
_PICTURES_KEPT = 8

Result = tuple[Ready, Outcome | SendError]


class Sender:
    """Claims and sends until told to stop. Any number of these may run on one database."""

    def __init__(
        self,
        database: Database,
        channels: Channels,
        clock: Clock,
        rules: Rules,
        *,
        worker: str,
        pace_of: Callable[..., Pace | None] = lambda _: None,
        template_of: TemplateOf = lambda _row, _channel: None,
        addressed: Addressed = lambda _contact, text: text,
    ) -> None:
        self._database = database
        self._clock = clock
        self._worker = worker
        self._claims = Claims(
            channels, clock, rules, pace_of, template_of, addressed=addressed, worker=worker, lease=LEASE
        )
        self._under_way: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []
        self._held: dict[str, datetime] = {}
        self._trips: dict[str, Trips] = {}
        self._wake = asyncio.Event()
        self._took_over = float("-inf")
        self._asked: dict[int, float] = {}
        self._states: dict[int, BroadcastState] = {}
        self._pictures: dict[int, bytes | None] = {}

    async def run(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        """Send what is due, again and again; `wake` ends an idle wait early."""
        self._wake = wake
        while not stop.is_set():
            seconds = _IDLE_SECONDS
            try:
                await self._take_over()
                await self._record_results()
                seconds = await self._start_due()
            except Exception:  # a database that is away for a moment must not end sending
                log.exception("sender_failed")
            await _pause(stop, wake, seconds)
        await self._finish()

    def claim(self) -> tuple[int, list[Ready]]:
        """Claim a batch of whatever is due, at no pace: for a clock that is moved by hand."""
        with self._database.transaction() as store:
            return self._claims.batch(store)

    def claim_paced(self) -> tuple[list[Ready], float]:
        """Claim what may leave soon on each account; with it, in how many seconds to look again."""
        ready: list[Ready] = []
        seconds = _IDLE_SECONDS
        with self._database.reading() as store:
            routes = self._claims.busy_routes(store)
        for route in routes:
            with self._database.transaction() as store:
                claimed, again = self._claims.on_route(store, route)
            ready += claimed
            seconds = min(seconds, again)
        return ready, seconds

    def record(self, results: list[Result]) -> None:
        """Write down what became of each, in one transaction."""
        done: list[tuple[int, Outcome]] = []
        with self._database.transaction() as store:
            for place, (item, result) in enumerate(results):
                if isinstance(result, SendError):  # what it does depends on what became of those before it
                    store.outbox.settle_many(done, worker=self._worker)
                    done.clear()
                outcome = self._after(store, item, result) if isinstance(result, SendError) else result
                if isinstance(outcome, Sent):  # one microsecond apart, so that a chat page keeps their order
                    outcome = Sent(outcome.external_id, outcome.at + timedelta(microseconds=place))
                done.append((item.row.id, outcome))
                log.info("message_settled", outbox=item.row.id, outcome=type(outcome).__name__)
            store.outbox.settle_many(done, worker=self._worker)

    async def carry(self, item: Ready) -> Outcome | SendError:
        """Wait for the message's slot and send it."""
        waited: Outcome | None = await self._wait_for_slot(item)
        if waited is None and item.row.broadcast_id is not None:
            waited = await self._halted(item.row.broadcast_id)
        if waited is not None:
            return waited
        trip = self._trips_of(item).begin(self._clock.now()) if item.pace is not None else None
        try:
            return await self._send(item)
        finally:
            if trip is not None:
                trip.ended = self._clock.now()

    async def _halted(self, broadcast_id: int) -> Outcome | None:
        """What to do with a message whose announcement was paused or cancelled since it was claimed."""
        now = asyncio.get_running_loop().time()
        if now - self._asked.get(broadcast_id, float("-inf")) >= _ASK_AGAIN_SECONDS:
            self._asked[broadcast_id] = now
            self._states[broadcast_id] = await asyncio.to_thread(self._state_of, broadcast_id)
        match self._states.get(broadcast_id, BroadcastState.SENDING):
            case BroadcastState.SENDING:
                return None
            case BroadcastState.PAUSED:
                return Postponed(self._clock.now(), tried=False)
            case _:
                return Skipped(EndReason.CANCELLED.value)

    def _state_of(self, broadcast_id: int) -> BroadcastState:
        with self._database.reading() as store:
            return store.broadcasts.get(broadcast_id).state

    async def _send(self, item: Ready) -> Outcome | SendError:
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                external_id = await item.channel.send(await self._with_picture(item))
        except TimeoutError:
            return NobodyKnows(detail="timeout")
        except SendError as wrong:
            self._note(item, wrong)
            return wrong
        except Exception as wrong:  # a channel's bug is one message's failure, not the sender's end
            log.exception("channel_failed", outbox=item.row.id, error=type(wrong).__name__)
            return Unknown("channel_failed")
        return Sent(external_id, self._clock.now())

    async def _with_picture(self, item: Ready) -> Outgoing:
        if item.row.image is None:
            return item.message
        picture = picture_of(item.row.image)
        if picture is not None:
            shown = await asyncio.to_thread(self._picture, picture) if item.message.template is None else None
            return replace(item.message, image=shown) if item.channel.limits.images else item.message
        return await asyncio.to_thread(with_picture, item.message, item.row.slots, item.channel.limits)

    def _picture(self, picture_id: int) -> bytes | None:
        """An announcement's picture, opened once for thousands of messages."""
        if picture_id not in self._pictures:
            while len(self._pictures) >= _PICTURES_KEPT:
                self._pictures.pop(next(iter(self._pictures)), None)
            with self._database.reading() as store:
                self._pictures[picture_id] = store.pictures.get(picture_id)
        return self._pictures[picture_id]

    async def _start_due(self) -> float:
        if len(self._under_way) >= _MOST_UNDER_WAY:
            return _RECORD_SECONDS
        ready, seconds = await asyncio.to_thread(self.claim_paced)
        for item in ready:
            task = asyncio.create_task(self._carry_and_keep(item))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return min(seconds, _RECORD_SECONDS) if self._under_way else seconds

    async def _carry_and_keep(self, item: Ready) -> None:
        result = await self.carry(item)  # first: the list may be another by then
        self._results.append((item, result))
        if item.slot is None:  # somebody looks at the row itself for their answer
            self._wake.set()

    async def _record_results(self) -> None:
        results, self._results = self._results, []
        if not results:
            return
        try:
            await asyncio.to_thread(self.record, results)
        except Exception:
            self._results = results + self._results
            raise

    async def _take_over(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._took_over < _TAKE_OVER_SECONDS:
            return
        self._took_over = now
        freed = await asyncio.to_thread(self._free_the_dead)
        if freed:
            log.warning("rows_taken_over", rows=freed)

    def _free_the_dead(self) -> int:
        now = self._clock.now()
        with self._database.reading() as store:
            if not store.outbox.anything_expired(now):
                return 0
        with self._database.transaction() as store:
            return store.outbox.take_over(now)

    async def _finish(self) -> None:
        await asyncio.gather(*self._under_way)
        await self._record_results()

    async def _wait_for_slot(self, item: Ready) -> Postponed | None:
        """None once its moment has come. A slot that was missed is exchanged for another."""
        slot, pace = item.slot, item.pace
        if slot is None or pace is None:
            return None
        give_up = self._clock.now() + _LONGEST_WAIT
        while True:
            now = self._clock.now()
            held = self._held.get(item.route)
            if held is not None and held > now:
                return Postponed(held, FloodWait.code, tried=False)
            if now < slot:
                await asyncio.sleep((slot - now).total_seconds())
            elif (wait := self._trips_of(item).wait(now)) and now - slot <= pace.grace:
                await asyncio.sleep(wait.total_seconds())
            elif now - slot <= pace.grace:
                return None
            elif now > give_up:
                return Postponed(now, tried=False)
            else:
                slot = await asyncio.to_thread(self._another_slot, item.route, pace)

    def _trips_of(self, item: Ready) -> Trips:
        if item.route not in self._trips and item.pace is not None:
            self._trips[item.route] = Trips(item.pace)
        return self._trips[item.route]

    def _another_slot(self, route: str, pace: Pace) -> datetime:
        with self._database.transaction() as store:
            return self._claims.one_slot(store, route, pace)

    def _note(self, item: Ready, wrong: SendError) -> None:
        """What is waiting for its slot here must not run into the same wall."""
        until = _silence(wrong, self._clock.now())
        if until is not None:
            self._held[item.route] = max(until, self._held.get(item.route, until))

    def _after(self, store: Store, item: Ready, wrong: SendError) -> Outcome:
        now = self._clock.now()
        log.warning("send_failed", outbox=item.row.id, code=wrong.code)
        if wrong.withdraws_consent:
            withdraw(store, item.row.contact_id, (Purpose.REMINDERS, Purpose.ANNOUNCEMENTS), now, via="platform")
            if item.row.address_id is not None:
                store.contacts.mark_blocked(item.row.address_id, now)
        if wrong.ambiguous:  # a reply is tried again, what we started ourselves is not: silence is better than twice
            return Postponed(now, wrong.code) if item.row.kind is Kind.REPLY else Unknown(wrong.code)
        held = self._hold(store, item, wrong, now)
        if held is not None:
            return Postponed(held, wrong.code, tried=False)
        if wrong.retry and item.row.attempts < ATTEMPTS:
            step = min(item.row.attempts, len(_BACK_OFF_SECONDS)) - 1
            wait = wrong.retry_after if wrong.retry_after is not None else _BACK_OFF_SECONDS[step]
            return Postponed(now + timedelta(seconds=wait), wrong.code)
        return Failed(wrong.code, now)

    def _hold(self, store: Store, item: Ready, wrong: SendError, now: datetime) -> datetime | None:
        """What concerns the whole account is no fault of this message: it waits, and so does everybody's next."""
        if isinstance(wrong, TierUsedUp):
            until = now + timedelta(hours=1)
            store.slots.hold_first_contacts(item.route, until)
            return until
        until_silent = _silence(wrong, now)
        if until_silent is not None:
            store.slots.hold(item.route, until_silent)
        return until_silent


def _silence(wrong: SendError, now: datetime) -> datetime | None:
    """Until when the whole account has to be silent after this answer."""
    match wrong:
        case FloodWait():
            seconds = wrong.retry_after if wrong.retry_after is not None else _BACK_OFF_SECONDS[0]
            return now + min(timedelta(seconds=seconds), DAY)
        case AccountBroken():
            return now + BROKEN_HOLD
        case _:
            return None


async def _pause(stop: asyncio.Event, wake: asyncio.Event, seconds: float) -> None:
    """Wait until woken, stopped, or the time is over."""
    waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(wake.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        wake.clear()
