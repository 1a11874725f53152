"""Turns what people have to be told about gatherings into messages: once each, in words that hold at that moment.

Everything leaves by the same outbox and the same sending policy as any other message. What comes too late is queued
all the same, so that the row says why it was not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import structlog

from bot.templates import kept
from content import Content
from content.model import Rendered
from flows.gathering import Attending, Step, too_late_at
from flows.outreach.gathering import ANSWERS, OPINIONS, slots_of, taps
from flows.outreach.sending_policy import Kind
from storage.database import Database, Store
from storage.gatherings import INVITATION, Told
from storage.words import Tell

log = structlog.get_logger()

_BATCH = 200
_REPLIES: Mapping[Tell, str] = {
    Tell.INVITE: INVITATION,
    Tell.MOVED_UP: "acara_dapat_tempat",
    Tell.CHANGED: "acara_berubah",
    Tell.CANCELLED: "acara_dibatalkan",
    Tell.DAY_BEFORE: "acara_besok",
    Tell.HOURS_BEFORE: "acara_sebentar",
    Tell.AFTER: "acara_manfaat",
}
_SEATED = frozenset({Attending.COMING, Attending.WAITING})


def queue_due(database: Database, content: Content, now: datetime) -> int:
    """Queue what people have to be told, and begin the steps that are due. Returns how many messages were queued."""
    queued = 0
    while True:
        while told := _tell_batch(database, content, now):
            queued += told
        with database.transaction() as store:
            due = store.gatherings.due(now, limit=1)
            for gathering in due:
                store.gatherings.begin_step(gathering)
        if not due:
            return queued
        log.info("gathering_step", gathering=due[0].id, step=str(due[0].next_step))


def _tell_batch(database: Database, content: Content, now: datetime) -> int:
    with database.transaction() as store:
        batch = store.gatherings.to_tell(_BATCH)
        for told in batch:
            _tell(store, content, told, now)
    return len(batch)


def _tell(store: Store, content: Content, told: Told, now: datetime) -> None:
    gathering, address = told.gathering, store.contacts.current_address(told.contact_id)
    if address is None:
        store.gatherings.told(gathering.id, told.contact_id, None)
        return
    rendered, slots = _words(content, told, now)
    buttons = taps(content, gathering.id, *_verbs(told))
    outbox_id = store.outbox.queue(
        told.contact_id,
        address.id,
        Kind.INVITATION if told.what is Tell.INVITE else Kind.GATHERING,
        rendered.text,
        now,
        reply=rendered.reply,
        taps=[{"id": tap.id, "label": tap.label, "hint": None, "place": "button"} for tap in buttons],
        content_version=content.version,
        expires_at=_expires_at(told),
        once_key=_once_key(told),
        slots=kept(slots),
    )
    store.gatherings.told(gathering.id, told.contact_id, outbox_id)


def _words(content: Content, told: Told, now: datetime) -> tuple[Rendered, Mapping[str, object]]:
    day: date = now.astimezone(told.gathering.zone).date()
    answer = content.lexicon["acara"]["attending"][str(told.attending)]
    slots = {**slots_of(content, told.gathering), "acara_jawaban": str(answer)}
    return content.render(_REPLIES[told.what], day, slots), slots


def _verbs(told: Told) -> tuple[str, ...]:
    match told.what:
        case Tell.INVITE:
            return ANSWERS
        case Tell.AFTER:
            return OPINIONS
        case Tell.CANCELLED:
            return ()
        case _:
            return ("tidak",) if told.attending in _SEATED else ANSWERS


def _step(told: Told) -> Step | None:
    steps = {Tell.DAY_BEFORE: Step.DAY_BEFORE, Tell.HOURS_BEFORE: Step.HOURS_BEFORE, Tell.AFTER: Step.AFTER}
    return steps.get(told.what)


def _expires_at(told: Told) -> datetime:
    gathering, step = told.gathering, _step(told)
    if step is not None:
        return too_late_at(step, gathering.starts_at, gathering.ends_at, gathering.zone)
    return gathering.ends_at if told.what is Tell.CANCELLED else gathering.starts_at


def _once_key(told: Told) -> str | None:
    """What can only happen once per person has a key; a change may come again, and has the number of the change."""
    gathering = told.gathering
    match told.what:
        case Tell.DAY_BEFORE | Tell.HOURS_BEFORE:
            which = f"{told.what.value}:{gathering.starts_at:%Y%m%d%H%M}"
        case Tell.CANCELLED | Tell.AFTER:
            which = told.what.value
        case Tell.INVITE:
            which = f"invite:{gathering.revision}"
        case Tell.CHANGED:
            which = f"changed:{gathering.revision}"
        case Tell.MOVED_UP:
            return None
    return f"gathering:{gathering.id}:{told.contact_id}:{which}"


def soonest(store: Store, now: datetime) -> datetime | None:
    """The next moment at which something is to be done here."""
    return now + timedelta(microseconds=1) if store.gatherings.anyone_to_tell() else store.gatherings.next_due_at()
