"""What staff answer people. The console cannot send: it queues a row, and the sender treats it as any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from content import Content
from flows.contact import Channel, Contact
from flows.outreach.sending_policy import Kind
from storage import Store

#: Longest answer; with the line that says who speaks it stays within what one message may hold.
LONGEST = 500
_NOTHING: Mapping[str, str] = {}
_ANSWER, _INVITATION = "jawaban_petugas", "ajakan_balas"


@dataclass(frozen=True, slots=True)
class Reach:
    """How an answer can reach somebody: not at all, freely, or freely until a moment (None: for ever)."""

    reachable: bool
    until: datetime | None = None
    closed: bool = False


def reach_of(contact: Contact, content: Content, *, has_address: bool, now: datetime) -> Reach:
    """Whether an answer would reach them now. WhatsApp lets us write freely only for hours after they last wrote."""
    if not has_address:
        return Reach(reachable=False)
    if contact.channel is not Channel.WHATSAPP:
        return Reach(reachable=True)
    window = _window_of(content, now.date())
    until = contact.last_heard_at + window if contact.last_heard_at else now
    return Reach(reachable=True, until=until, closed=until <= now)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who among the staff speaks, by the name people read, and when."""

    name: str
    now: datetime


def queue_answer(store: Store, content: Content, contact_id: int, by: Speaker, text: str) -> bool:
    """Queue what staff wrote. Nothing is ever sent from here. False when there is nowhere to send it."""
    return _queue(store, content, contact_id, by, _ANSWER, {"isi_jawaban": text})


def queue_invitation(store: Store, content: Content, contact_id: int, by: Speaker) -> bool:
    """Ask somebody who has been silent for long on WhatsApp to write again: the one thing a template lets us say."""
    return _queue(store, content, contact_id, by, _INVITATION)


def _queue(  # noqa: PLR0917 (private, called twice above)
    store: Store, content: Content, contact_id: int, by: Speaker, reply: str, said: Mapping[str, str] = _NOTHING
) -> bool:
    contact, address = store.contacts.view(contact_id), store.contacts.current_address(contact_id)
    if address is None:
        return False
    now, slots = by.now, {"nama_petugas": by.name, **said}
    rendered = content.render(reply, now.astimezone(contact.zone).date(), slots)
    store.outbox.queue(
        contact_id,
        address.id,
        Kind.REPLY,
        rendered.text,
        now,
        reply=rendered.reply,
        content_version=content.version,
        slots=slots,
    )
    store.handoffs.answered(contact_id, by.name, now)
    return True


def _window_of(content: Content, day: date) -> timedelta:
    limits = content.lexicon["whatsapp_limits"]["limits"]
    in_force = [entry for entry in limits if date.fromisoformat(entry["from"]) <= day]
    newest = max(in_force or limits, key=lambda entry: str(entry["from"]))
    return timedelta(hours=int(newest["window_hours"]))
