"""What became due: reminders, notices, rows of dead processes. APScheduler ticks this; the rows are the truth.

After an outage everything due is still due; the sending policy decides what is too late.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog

from bot import announcements
from bot.clock import Clock
from bot.content_watch import ContentInForce
from bot.effects import taps_of
from bot.gatherings import queue_due, soonest
from bot.reminding import Reminding
from bot.templates import kept
from content import Content
from content.model import SlotValue
from flows.contact import Contact
from flows.outreach.follow_up import REPLY, FollowUp, still_asked
from flows.outreach.picture import PICTURE_STAYS
from flows.outreach.sending_policy import Kind, SendingRules
from storage.database import Database, Store
from storage.notices import Notice
from storage.outbox import Message
from storage.reminders import DueReminder
from storage.retention import Limits
from storage.words import EndReason, NoticeKind, Promise

log = structlog.get_logger()

_BATCH = 400
#: After so many batches the clock looks after its other work.
_BATCHES = 10
#: How long a spreadsheet that staff handed in through the console is kept.
UPLOAD_STAYS = timedelta(hours=24)
#: How long a chat page can still show what was typed and answered in a form about somebody else.
PASSING_STAYS = timedelta(minutes=10)
#: How long the receipt of an erasure can still be fetched by a chat page.
RECEIPT_STAYS = timedelta(minutes=1)


def tick(
    database: Database, content: ContentInForce, clock: Clock, rules: Callable[[], SendingRules] = SendingRules
) -> int:
    """Queue everything that became due. Returns how many messages were queued."""
    queued = _queue_all(database, content, clock, rules)
    queued += queue_due(database, content.current, clock.now())
    with database.transaction() as store:
        taken_over = store.outbox.take_over(clock.now())
        store.broadcasts.finish_ready(clock.now())
        store.erasure.finish(erased_before=clock.now() - RECEIPT_STAYS)
        store.erasure.forget_passing(clock.now() - PASSING_STAYS)
        store.lead_drafts.forget(clock.now())
        store.uploads.forget(clock.now() - UPLOAD_STAYS)
        store.pictures.drop_unsent(clock.now() - PICTURE_STAYS)
    if taken_over:
        log.warning("rows_taken_over", rows=taken_over)
    forget_drafts(database, content.current, clock.now())
    forget_old(database, content.current, clock.now())
    return queued


def _queue_all(database: Database, content: ContentInForce, clock: Clock, rules: Callable[[], SendingRules]) -> int:
    """Announcements come to their moment also while very many reminders are due."""
    queued = 0
    while True:
        announcements.start(database, content.current, clock.now(), rules())
        announcements.sweep(database, clock.now())
        for _ in range(_BATCHES):
            batch = queue_batch(database, content.current, clock.now(), rules())
            queued += batch
            if not batch:
                return queued


def forget_drafts(database: Database, content: Content, now: datetime) -> None:
    """Unfinished forms are forgotten after the days that the consent text promises."""
    days = int(content.lexicon["kebijakan"]["hari_draf"])
    with database.transaction() as store:
        forgotten = store.erasure.forget_drafts(now - timedelta(days=days))
    if forgotten:
        log.info("drafts_forgotten", sessions=forgotten)


def forget_old(database: Database, content: Content, now: datetime) -> None:
    """What people told us is blanked after the days the policy gives its class."""
    days = content.lexicon["kebijakan"]
    limits = Limits(
        talk=timedelta(days=int(days["hari_percakapan"])),
        closed_leads=timedelta(days=int(days["hari_ditutup"])),
        puzzles=timedelta(days=int(days["hari_belum_dipahami"])),
    )
    swept = 0
    while batch := _sweep(database, limits, now):
        swept += batch
    if swept:
        log.info("old_rows_blanked", rows=swept)


def _sweep(database: Database, limits: Limits, now: datetime) -> int:
    with database.transaction() as store:
        return store.retention.sweep(limits, now)


def queue_batch(database: Database, content: Content, now: datetime, rules: SendingRules) -> int:
    """Queue the reminders and notices that came due first; returns how many there were, 0 when none is left."""
    with database.transaction() as store:
        due = store.reminders.due(now, _BATCH)
        contributions = [one for one in due if one.kind is Promise.CONTRIBUTION]
        if contributions:
            Reminding(content, now, rules).queue(store, contributions)
        for one in due:
            if one.kind is not Promise.CONTRIBUTION:
                _follow_up(store, content, one, now, rules)
        notices = store.notices.pending(now, _BATCH)
        for notice in notices:
            _tell(store, content, notice, now)
    return len(due) + len(notices)


def _follow_up(store: Store, content: Content, due: DueReminder, now: datetime, rules: SendingRules) -> None:
    """Ask how they got on, unless that is settled meanwhile."""
    contact = store.contacts.view(due.contact_id)
    kind = FollowUp(due.kind.value)
    slots: dict[str, SlotValue] = {"nama": contact.name or "", "nomor": contact.lead.number if contact.lead else ""}
    rendered = content.render(REPLY[kind], _day(contact, now), slots)
    settled = not still_asked(kind, contact.lead.state if contact.lead else None)
    message = Message(
        due.contact_id,
        due.address_id,
        Kind.FOLLOW_UP,
        rendered.text,
        now,
        due.due_at,
        due.once_key,
        reply=rendered.reply,
        taps=taps_of(rendered, due.channel),
        content_version=content.version,
        reminder_id=due.id,
        slots=kept(slots),
        skip=EndReason.DONE.value if settled else None,
        expires_at=due.due_at + rules.follow_up_too_late_after,
    )
    store.outbox.queue_many([message])
    store.reminders.asked(due, now)


def _tell(store: Store, content: Content, notice: Notice, now: datetime) -> None:
    contact = store.contacts.view(notice.contact_id)
    address = store.contacts.current_address(notice.contact_id)
    if notice.kind in announcements.KINDS:
        announcements.tell(store, content, notice, contact, now)
        store.notices.done(notice.id, now)
        return
    told = _wording(store, contact, notice) if address is not None else None
    if told is not None and address is not None:
        reply, slots = told
        rendered = content.render(reply, _day(contact, now), slots)
        store.outbox.queue(
            notice.contact_id,
            address.id,
            Kind.NOTICE,
            rendered.text,
            now,
            reply=rendered.reply,
            content_version=content.version,
            taps=taps_of(rendered, contact.channel),
            once_key=f"notice:{notice.id}",
            slots=kept(slots),
        )
    store.notices.done(notice.id, now)


def _wording(store: Store, contact: Contact, notice: Notice) -> tuple[str, dict[str, SlotValue]] | None:
    """Which reply a notice is, with its slots; None when it no longer needs telling."""
    if notice.kind is NoticeKind.DRAFT_WAITING:
        session = store.sessions.get(contact.id)
        return ("draf_diingatkan", {}) if session.step or session.parked else None
    official = notice.payload.get("official_number")
    slots: dict[str, SlotValue] = {"nama": contact.name or "", "nomor": str(notice.payload.get("number", ""))}
    if official:
        slots["nomor_resmi"] = str(official)
    return _said_of(notice.kind, has_number=bool(official)), slots


def _said_of(kind: NoticeKind, *, has_number: bool) -> str:
    match kind:
        case NoticeKind.LEAD_CONTACTED:
            return "kabar_dihubungi"
        case NoticeKind.LEAD_WAITING:
            return "kabar_menunggu"
        case NoticeKind.LEAD_HANDED_OVER:  # a lead handed over before numbers were asked for has none
            return "kabar_diserahkan" if has_number else "status_handed_over"
        case NoticeKind.LEAD_ACTIVE:
            return "kabar_aktif"
        case NoticeKind.LEAD_CLOSED:
            return "kabar_ditutup"
        case NoticeKind.DRAFT_WAITING:
            return "draf_diingatkan"
        case _:
            raise ValueError(kind)


def _day(contact: Contact, now: datetime) -> date:
    return now.astimezone(contact.zone).date()


def next_moment(database: Database, now: datetime) -> datetime | None:
    """The next moment at which something becomes due, for clocks that are moved by hand."""
    with database.reading() as store:
        moments = [
            store.reminders.next_due_at(),
            store.outbox.next_due_at(),
            store.broadcasts.next_due_at(),
            store.notices.next_due_at(),
            soonest(store, now),
        ]
    known = [max(moment, now + timedelta(microseconds=1)) for moment in moments if moment is not None]
    return min(known) if known else None
