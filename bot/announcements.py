"""Announcements that come to their moment, what cancelled ones leave behind, and what their makers are told."""

from __future__ import annotations

from datetime import datetime

import structlog

from bot.effects import taps_of
from content import Content
from content.model import Rendered
from flows.contact import Contact
from flows.outreach.audience import leaving
from flows.outreach.picture import mark_of
from flows.outreach.sending_policy import Kind, SendingRules
from storage.database import Database, Store
from storage.notices import Notice
from storage.words import NoticeKind

log = structlog.get_logger()

_DECIDED = {NoticeKind.BROADCAST_APPROVED: "siaran_disetujui", NoticeKind.BROADCAST_REFUSED: "siaran_ditolak"}
#: The notices that are told here.
KINDS = frozenset({*_DECIDED, NoticeKind.BROADCAST_TEST})


def start(database: Database, content: Content, now: datetime, rules: SendingRules) -> None:
    """Freeze each announcement whose moment has come, in a transaction of its own: a large one takes seconds."""
    with database.reading() as store:
        first = store.broadcasts.next_due_at()
    if first is None or first > now:
        return
    while True:
        with database.transaction() as store:
            found = store.broadcasts.due(now, 1)
            for broadcast_id in found:
                reply = store.broadcasts.get(broadcast_id).reply
                store.broadcasts.start(broadcast_id, leaving(content.lexicon, reply, now, rules))
                log.info("broadcast_started", broadcast=broadcast_id)
        if not found:
            return


def sweep(database: Database, now: datetime) -> None:
    """What cancelled announcements left in the outbox is marked as skipped, in small transactions."""
    with database.reading() as store:
        cancelled = store.broadcasts.unswept()
    for broadcast_id in cancelled:
        left = 1
        while left:
            with database.transaction() as store:
                left = store.broadcasts.sweep(broadcast_id)
                if not left:
                    store.broadcasts.swept(broadcast_id, now)


def tell(store: Store, content: Content, notice: Notice, contact: Contact, now: datetime) -> None:
    """Tell who made it what a second person decided, or show a test. Both were asked for, so they go as replies."""
    address = store.contacts.current_address(notice.contact_id)
    if address is None:
        return
    if notice.kind is NoticeKind.BROADCAST_TEST:
        broadcast = store.broadcasts.get(int(str(notice.payload["broadcast"])))
        rendered = Rendered(broadcast.reply or "", broadcast.text, image=mark_of(broadcast.picture_id))
    else:
        rendered = content.render(_DECIDED[notice.kind], now.astimezone(contact.zone).date(), {})
    store.outbox.queue(
        notice.contact_id,
        address.id,
        Kind.REPLY,
        rendered.text,
        now,
        reply=rendered.reply,
        taps=taps_of(rendered, contact.channel),
        image=rendered.image,
        content_version=content.version,
        once_key=f"notice:{notice.id}",
    )
