"""Sending: rows are claimed, asked about again, sent with no lock held, and settled whatever comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.channels.channel import Channel, Outgoing, numbered
from bot.channels.errors import SendError
from bot.clock import Clock
from bot.inbox import withdraw
from content.model import Button
from flows.contact import Channel as ChannelName
from flows.contact import Purpose
from flows.outreach.sending_policy import Kind, Send, SendingRules, Skip, Wait, may_send
from storage.database import Database, Store
from storage.outbox import Due
from storage.outcomes import Failed, Outcome, Postponed, Sent, Skipped, Unknown

log = structlog.get_logger()

#: A send that takes longer belongs to a dead process.
LEASE = timedelta(seconds=15)
#: How many rows one worker takes at a time.
BATCH = 20
#: How often a message is tried when the platform asks us to wait or can't be reached.
ATTEMPTS = 8
_BACK_OFF_SECONDS = (1, 2, 5, 15, 60, 300, 900)
_IDLE_SECONDS = 0.25

Channels = Mapping[tuple[ChannelName, str], Channel]


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed row that may go out now."""

    row: Due
    channel: Channel
    message: Outgoing


class Sender:
    """Claims and sends until told to stop. Any number of these may run on one database."""

    def __init__(
        self,
        database: Database,
        channels: Channels,
        clock: Clock,
        rules: Callable[[], SendingRules],
        *,
        worker: str,
    ) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock
        self._rules = rules
        self._worker = worker

    async def run(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        """Send what is due, again and again; `wake` ends an idle wait early."""
        while not stop.is_set():
            sent = 0
            try:
                sent = await self.send_due()
            except Exception:  # a database that is away for a moment must not end sending
                log.exception("sender_failed")
            if not sent:
                await _pause(stop, wake, _IDLE_SECONDS)

    async def send_due(self) -> int:
        """Send one batch. Returns how many rows were dealt with."""
        dealt, ready = await asyncio.to_thread(self.claim)
        results = await asyncio.gather(*(self._send(item) for item in ready))
        if results:
            await asyncio.to_thread(self.record, list(zip(ready, results, strict=True)))
        return dealt

    def claim(self) -> tuple[int, list[Ready]]:
        """Claim a batch and ask about each row again. Rows that may not go out are settled here."""
        with self._database.transaction() as store:
            rows = store.outbox.claim(self._clock.now(), BATCH, LEASE, self._worker)
            ready = [item for row in rows if (item := self._ask(store, row)) is not None]
        return len(rows), ready

    def record(self, results: list[tuple[Ready, Outcome | SendError]]) -> None:
        """Write down what became of each, in one transaction."""
        with self._database.transaction() as store:
            for place, (item, result) in enumerate(results):
                outcome = self._after(store, item, result) if isinstance(result, SendError) else result
                if isinstance(outcome, Sent):  # one microsecond apart, so that a chat page keeps their order
                    outcome = Sent(outcome.external_id, outcome.at + timedelta(microseconds=place))
                store.outbox.settle(item.row.id, outcome, worker=self._worker)
                log.info("message_settled", outbox=item.row.id, outcome=type(outcome).__name__)

    def _ask(self, store: Store, row: Due) -> Ready | None:
        channel = self._channels.get((row.channel, row.account)) if row.channel and row.account else None
        if row.external_id is None:
            store.outbox.settle(row.id, Skipped("no_address"))
            return None
        if channel is None:  # another process has it, or it was switched off: leave it for later
            store.outbox.settle(row.id, Postponed(self._clock.now() + timedelta(minutes=1), "channel_off"))
            return None
        verdict = self._verdict(store, row)
        match verdict:
            case Skip(reason):
                store.outbox.settle(row.id, Skipped(reason.value))
                log.info("message_skipped", outbox=row.id, kind=row.kind.value, reason=reason.value)
                return None
            case Wait(until):
                store.outbox.settle(row.id, Postponed(until, "quiet_hours"))
                return None
            case Send():
                return Ready(row, channel, outgoing(row, channel))

    def _verdict(self, store: Store, row: Due) -> Send | Wait | Skip:
        if row.kind is Kind.REPLY:
            return Send()
        contact = store.contacts.view(row.contact_id)
        # a postponed row's own due time moves; lateness counts from when it was first meant to go
        meant = row.made_at if row.kind is Kind.BROADCAST else row.due_at
        return may_send(row.kind, contact, meant, self._clock.now(), self._rules())

    async def _send(self, item: Ready) -> Outcome | SendError:
        try:
            external_id = await item.channel.send(item.message)
        except SendError as wrong:
            return wrong
        except Exception as wrong:  # noqa: BLE001  # a channel's bug is one message's failure, not the sender's end
            log.exception("channel_failed", outbox=item.row.id, error=type(wrong).__name__)
            return Unknown("channel_failed")
        return Sent(external_id, self._clock.now())

    def _after(self, store: Store, item: Ready, wrong: SendError) -> Outcome:
        now = self._clock.now()
        log.warning("send_failed", outbox=item.row.id, code=wrong.code)
        if wrong.withdraws_consent:
            withdraw(store, item.row.contact_id, (Purpose.REMINDERS, Purpose.ANNOUNCEMENTS), now, via="platform")
            if item.row.address_id is not None:
                store.contacts.mark_blocked(item.row.address_id, now)
        if wrong.ambiguous:  # a reply is tried again, what we started ourselves is not: silence is better than twice
            return Postponed(now, wrong.code) if item.row.kind is Kind.REPLY else Unknown(wrong.code)
        if wrong.retry and item.row.attempts < ATTEMPTS:
            step = min(item.row.attempts, len(_BACK_OFF_SECONDS)) - 1
            wait = wrong.retry_after if wrong.retry_after is not None else _BACK_OFF_SECONDS[step]
            return Postponed(now + timedelta(seconds=wait), wrong.code)
        return Failed(wrong.code, now)


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


async def _pause(stop: asyncio.Event, wake: asyncio.Event, seconds: float) -> None:
    """Wait until woken, stopped, or the time is over."""
    waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(wake.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        wake.clear()
