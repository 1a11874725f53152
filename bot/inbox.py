"""The first transaction: what arrived is stored, sealed and once, before the platform is told that we have it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Lock
from weakref import WeakKeyDictionary

import structlog

from bot.channels.channel import (
    AccountNews,
    Arrived,
    Blocked,
    DeliveryReport,
    Ignored,
    Incoming,
    Moved,
    Report,
    StopWish,
    Unread,
)
from flows.contact import Channel, Purpose
from nlu.understanding import JsonValue
from storage.account_news import NewsLine
from storage.database import Database, Store
from storage.inbox import Recorded
from storage.outcomes import Delivered, Failed, Read

log = structlog.get_logger()

#: Longer texts are cut before they are stored; the person is told.
LONGEST_TEXT = 10_000
_MESSAGES = (Purpose.REMINDERS, Purpose.ANNOUNCEMENTS)


def receive(database: Database, channel: Channel, account: str, arrived: Sequence[Arrived], now: datetime) -> int:
    """Store everything that arrived, all or nothing. Returns, durable, how many messages were new."""
    delivery = _Delivery(channel, account, arrived, now)
    _waiting_at(database).line.append(delivery)
    return _stored(database, delivery)


async def receive_soon(
    database: Database, channel: Channel, account: str, arrived: Sequence[Arrived], now: datetime
) -> int:
    """The same for whoever runs in the event loop.

    One thread stores for all: what comes while it waits for the disk is in line at once and goes along the next time,
    however many requests there are and however busy other threads.
    """
    delivery = _Delivery(channel, account, arrived, now)
    waiting = _waiting_at(database)
    waiting.line.append(delivery)
    return await asyncio.get_running_loop().run_in_executor(waiting.clerk, _stored, database, delivery)


def _waiting_at(database: Database) -> _Waiting:
    return _WAITING.setdefault(database, _Waiting())


def _stored(database: Database, delivery: _Delivery) -> int:
    waiting = _waiting_at(database)
    with waiting.lock:
        if delivery.new is None:  # nobody ahead of us took ours along
            _store_all(database, [waiting.line.popleft() for _ in range(len(waiting.line))])
    if delivery.new is None:  # something in the line broke it: alone
        with database.transaction() as store:
            delivery.new = _store_one(store, delivery)
    return delivery.new


def give_way(database: Database, seconds: float) -> None:
    """Wait for the requests that are being stored, at most so long: turns can wait, platforms come again."""
    waiting = _WAITING.get(database)
    if waiting is not None and waiting.lock.acquire(timeout=seconds):
        waiting.lock.release()


@dataclass(slots=True, eq=False)
class _Delivery:
    """What one request brought."""

    channel: Channel
    account: str
    arrived: Sequence[Arrived]
    now: datetime
    new: int | None = None  # once it is stored


@dataclass(slots=True)
class _Waiting:
    """Requests that came while another was being stored: they share the next transaction, and its wait for the disk."""

    lock: Lock = field(default_factory=Lock)
    line: deque[_Delivery] = field(default_factory=deque)
    clerk: Executor = field(default_factory=partial(ThreadPoolExecutor, 1, "inbox"))  # no thread until it is used


_WAITING: WeakKeyDictionary[Database, _Waiting] = WeakKeyDictionary()


def _store_all(database: Database, deliveries: list[_Delivery]) -> None:
    """In one transaction; should one of them break it, each is left to its own."""
    try:
        with database.transaction() as store:
            counts = [_store_one(store, delivery) for delivery in deliveries]
    except Exception as wrong:  # noqa: BLE001  # each tries again alone and raises what concerns it
        if len(deliveries) > 1:
            log.warning("stored_one_by_one", requests=len(deliveries), error=type(wrong).__name__)
        return
    for delivery, new in zip(deliveries, counts, strict=True):
        delivery.new = new


def _store_one(store: Store, delivery: _Delivery) -> int:
    parts = (_store(store, delivery.channel, delivery.account, part, delivery.now) for part in delivery.arrived)
    return sum(parts)


def _store(store: Store, channel: Channel, account: str, part: Arrived, now: datetime) -> bool:
    match part:
        case Incoming():
            return _message(store, channel, account, part, now)
        case DeliveryReport():
            _report(store, part)
        case Blocked():
            _blocked(store, channel, account, part, now)
        case StopWish():
            _stop_wish(store, channel, account, part, now)
        case Moved():
            store.contacts.move(channel, account, part.old_id, part.new_id)
        case AccountNews():
            news = NewsLine(channel, part.reason, part.subject, part.state, part.detail, now)
            store.account_news.keep(account, news)
            log.warning("account_news", channel=channel.value, kind=part.reason, state=part.state)
        case Ignored():
            log.info("ignored", channel=channel.value, reason=part.reason)
        case Unread():
            store.inbox.keep_unread(channel, part.why, part.payload.decode("utf-8", "replace"), now)
            log.warning("unread", channel=channel.value, why=part.why)
    return False


def _message(store: Store, channel: Channel, account: str, message: Incoming, now: datetime) -> bool:
    _, address_id = store.contacts.find_or_make(channel, account, message.person_id, now, phone=message.phone)
    body: dict[str, JsonValue] = {
        "kind": message.kind.value,
        "text": clean(message.text),
        "label": clean(message.label) if message.label else None,
        "message_id": message.message_id,
    }
    if message.file is not None:
        body["file"] = message.file
    recorded = store.inbox.record(channel, account, message.message_id, address_id, body, now)
    if recorded is Recorded.ALREADY:
        log.info("repeated", channel=channel.value)
        return False
    return True


def _report(store: Store, report: DeliveryReport) -> None:
    match report.report:
        case Report.SENT:
            return
        case Report.DELIVERED:
            outcome: Delivered | Read | Failed = Delivered(report.at)
        case Report.READ:
            outcome = Read(report.at)
        case Report.FAILED:
            outcome = Failed(report.reason or "refused", report.at)
    store.outbox.mark_by_external_id(report.external_id, outcome)


def _blocked(store: Store, channel: Channel, account: str, part: Blocked, now: datetime) -> None:
    """Blocking us withdraws consent to messages; unblocking does not give it back."""
    known = store.contacts.find(channel, account, part.person_id)
    if known is None or not part.blocked:
        return
    contact_id, address_id = known
    store.contacts.mark_blocked(address_id, now)
    _withdraw_all(store, contact_id, now, via="blocked")


def _stop_wish(store: Store, channel: Channel, account: str, part: StopWish, now: datetime) -> None:
    known = store.contacts.find(channel, account, part.person_id)
    if known is not None and part.stop:
        _withdraw_all(store, known[0], now, via="platform")


def _withdraw_all(store: Store, contact_id: int, now: datetime, *, via: str) -> None:
    """The platform knows phones, not people: whoever shares this one gets nothing either."""
    for one in (contact_id, *(mate.id for mate in store.contacts.mates(contact_id))):
        withdraw(store, one, _MESSAGES, now, via=via)


def withdraw(store: Store, contact_id: int, purposes: Sequence[Purpose], now: datetime, *, via: str) -> None:
    """Take consent back, with everything queued that rests on it."""
    store.consents.withdraw(contact_id, purposes, now, via=via)
    store.outbox.skip_resting_on(contact_id, purposes, "opted_out")
    if Purpose.REMINDERS in purposes:
        store.reminders.stop(contact_id, now)


def clean(text: str) -> str:
    """Text that any database and page can hold: no control characters, no lone surrogates, not too long."""
    printable = "".join(
        char for char in text[:LONGEST_TEXT] if char in "\n\t" or (ord(char) >= 32 and ord(char) != 127)
    )
    return printable.encode("utf-8", "replace").decode("utf-8").strip()
