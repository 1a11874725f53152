"""Reads one message that a person sent on WhatsApp, or that the system sent about a person."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.channels.channel import Arrived, Ignored, Incoming, Moved, Unread
from bot.channels.whatsapp_json import identifier, items, moment, phone, piece, text, typed_phone, word
from flows.message import HeardKind

#: A link of a village (`wa.me/NUMBER?text=…`) makes people send a greeting that ends in "(#CODE)".
START_MARK = re.compile(r"\(#([A-Za-z0-9._-]{1,64})\)\s*\Z")
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_LONGEST_TOLD = 1000  # characters kept of an answered form
_NUMBER_CHANGES = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})
_SILENT = frozenset({"reaction", "edit", "revoke", "read_receipt", "typing"})
_FORM_SECRETS = frozenset({"flow_token", "wa_flow_response_params"})


@dataclass(frozen=True, slots=True)
class _Said:
    """What a message says, whoever sent it."""

    kind: HeardKind
    text: str = ""
    label: str | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class _Person:
    id: str
    phone: str | None
    name: str | None


def read_message(message: dict[str, Any], value: dict[str, Any], *, alone: bool) -> list[Arrived]:
    """What one message means.

    Args:
        message: one of `value.messages`.
        value: the change it came in, which names the people.
        alone: whether all messages of this change have one sender, so that a single contact is surely theirs.
    """
    kind, at = message.get("type"), moment(message.get("timestamp"))
    if not isinstance(kind, str) or at is None:
        return [Unread("message", piece(message))]
    if kind == "system":
        return _system(message, at)
    if kind in _SILENT:
        return [Ignored(kind)]
    if "group_id" in message:
        return [Ignored("group_message")]
    person, message_id = _person(message, value, alone=alone), identifier(message.get("id"))
    said = _READERS.get(kind, _other)(message)
    if person is None or message_id is None or said is None:
        return [Unread(f"message_{word(kind)}", piece(message))]
    who = (person.phone, person.name)
    return [Incoming(message_id, person.id, said.kind, said.text, at, said.label, *who, file=said.file)]


def _person(message: dict[str, Any], value: dict[str, Any], *, alone: bool) -> _Person | None:
    """Who wrote: known by the business-scoped id where there is one, else by number."""
    user_id, sender = identifier(message.get("from_user_id")), identifier(message.get("from"))
    contact = _contact(user_id, sender, value, alone=alone)
    user_id = user_id or identifier(contact.get("user_id"))
    wa_id = sender or identifier(contact.get("wa_id"))
    profile = contact.get("profile")
    name = text(profile.get("name")) if isinstance(profile, dict) else None
    person_id = user_id or wa_id
    return _Person(person_id, phone(wa_id), name) if person_id else None


def _contact(user_id: str | None, sender: str | None, value: dict[str, Any], *, alone: bool) -> dict[str, Any]:
    contacts = [contact for contact in items(value.get("contacts")) or () if isinstance(contact, dict)]
    for contact in contacts:
        if user_id is not None and identifier(contact.get("user_id")) == user_id:
            return contact
        if sender is not None and identifier(contact.get("wa_id")) == sender:
            return contact
    return contacts[0] if alone and len(contacts) == 1 else {}


def _system(message: dict[str, Any], at: datetime) -> list[Arrived]:
    """A changed number or id: every old id leads to the new one."""
    system = message.get("system")
    if not isinstance(system, dict):
        return [Unread("message_system", piece(message))]
    if str(system.get("type")) not in _NUMBER_CHANGES:  # it may be anything, also what has no hash
        return [Ignored("system")]
    new = identifier(system.get("user_id")) or identifier(system.get("wa_id")) or identifier(system.get("new_wa_id"))
    named = (system.get("previous_user_id"), message.get("from_user_id"), message.get("from"), system.get("customer"))
    olds = [old for old in dict.fromkeys(identifier(name) for name in named) if old and old != new]
    if new is None or not olds:
        return [Unread("message_system", piece(message))]
    return [Moved(old, new, at) for old in olds]


def _text(message: dict[str, Any]) -> _Said | None:
    held = message.get("text")
    body = text(held.get("body")) if isinstance(held, dict) else None
    if body is None:
        return None
    marked = START_MARK.search(body)
    return _Said(HeardKind.START, marked[1]) if marked else _Said(HeardKind.TEXT, body)


def _template_button(message: dict[str, Any]) -> _Said | None:
    held = message.get("button")
    return _tap(held, "payload", "text") if isinstance(held, dict) else None


def _interactive(message: dict[str, Any]) -> _Said | None:
    held = message.get("interactive")
    if not isinstance(held, dict):
        return None
    for kind in ("button_reply", "list_reply"):
        if isinstance(held.get(kind), dict):
            return _tap(held[kind], "id", "title")
    if isinstance(held.get("nfm_reply"), dict):
        return _form(held["nfm_reply"])
    return _Said(HeardKind.UNSUPPORTED, label="interactive")


def _tap(held: Mapping[str, Any], key: str, shown: str) -> _Said | None:
    """A tap on a button; one without an id is heard as its words."""
    chosen, label = text(held.get(key)), text(held.get(shown))
    if chosen:
        return _Said(HeardKind.BUTTON, chosen, label)
    return _Said(HeardKind.TEXT, label) if label else None


def _form(reply: Mapping[str, Any]) -> _Said:
    """A filled-in form of WhatsApp, heard as text: we send none, so a person means to tell us something."""
    raw = reply.get("response_json")
    try:
        answered = json.loads(raw) if isinstance(raw, str) else raw
    except (ValueError, RecursionError):
        answered = raw
    if isinstance(answered, dict):
        shown = [held for field, held in answered.items() if field not in _FORM_SECRETS and _plain(held)]
        answered = "\n".join(line for line in (text(str(held)) for held in shown) if line)
    heard = text(answered)
    return _Said(HeardKind.TEXT, heard[:_LONGEST_TOLD]) if heard else _Said(HeardKind.UNSUPPORTED, label="nfm_reply")


def _plain(held: Any) -> bool:
    return isinstance(held, str | int | float) and not isinstance(held, bool)


def _contacts(message: dict[str, Any]) -> _Said | None:
    """A shared contact card, heard as its first phone number."""
    cards = items(message.get("contacts"))
    if cards is None:
        return None
    for card in cards:
        for entry in items(card.get("phones")) or () if isinstance(card, dict) else ():
            number = _card_phone(entry)
            if number:
                return _Said(HeardKind.CONTACT_CARD, number)
    return _Said(HeardKind.UNSUPPORTED, label="contacts")


def _card_phone(entry: Any) -> str | None:
    if not isinstance(entry, dict):
        return None
    return phone(entry.get("wa_id")) or typed_phone(entry.get("phone"))


def _welcome(message: dict[str, Any]) -> _Said:  # noqa: ARG001  # every reader takes the message
    return _Said(HeardKind.START)


def _media(message: dict[str, Any]) -> _Said:
    """A recording or file, which we can't read; its caption is kept for staff."""
    kind = word(message.get("type"))
    held = message.get(kind)
    return _Said(HeardKind.UNSUPPORTED, (text(held.get("caption")) or "") if isinstance(held, dict) else "", kind)


def _photo(message: dict[str, Any]) -> _Said:
    """A photo, and where Meta keeps it."""
    said, held = _media(message), message.get("image")
    file = identifier(held.get("id")) if isinstance(held, dict) else None
    return replace(said, kind=HeardKind.PHOTO, file=file) if file and _MEDIA_ID.fullmatch(file) else said


def _other(message: dict[str, Any]) -> _Said:
    """Something else a person sent on purpose (an order, a place, a kind not yet known): they get an answer."""
    return _Said(HeardKind.UNSUPPORTED, label=word(message.get("type")))


_READERS: Mapping[str, Callable[[dict[str, Any]], _Said | None]] = {
    "text": _text,
    "button": _template_button,
    "interactive": _interactive,
    "contacts": _contacts,
    "request_welcome": _welcome,
    "image": _photo,
    "audio": _media,
    "voice": _media,
    "video": _media,
    "sticker": _media,
    "document": _media,
}
