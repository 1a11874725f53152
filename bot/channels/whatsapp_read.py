"""Cuts one webhook request of WhatsApp into what arrived. Pure, and never raises: what can't be read is `Unread`.

One request may hold several entries, changes, messages and reports, and each is taken. Messages are read in
`whatsapp_message`, the platform's news about our account in `whatsapp_news`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.channels.channel import Arrived, DeliveryReport, Ignored, Moved, Report, StopWish, Unread
from bot.channels.whatsapp_errors import code_of, error_class
from bot.channels.whatsapp_json import identifier, items, moment, piece, text, word
from bot.channels.whatsapp_message import read_message
from bot.channels.whatsapp_news import NEWS, read_news

_OURS = "whatsapp_business_account"
_NOT_FOR_US = frozenset(
    {"account_offboarded", "account_reconnected", "calls", "history", "message_echoes", "messaging_handovers"}
    | {"partner_solutions", "smb_app_state_sync", "smb_message_echoes", "standby", "tracking_events"}
)
_REPORTS: Mapping[str, Report] = {
    "sent": Report.SENT,
    "delivered": Report.DELIVERED,
    "read": Report.READ,
    "played": Report.READ,  # a voice message was listened to
    "failed": Report.FAILED,
}


def read_webhook(raw: bytes, phone_id: str | None = None) -> list[Arrived]:
    """Everything one request holds, in its order; at least one part.

    Args:
        raw: the body as it came, its signature already verified.
        phone_id: our number's id; what is meant for another number of the same account is then ignored.
    """
    try:
        body = json.loads(raw)
        return list(_parts(body, phone_id)) or [Ignored("empty")]
    except (ValueError, RecursionError):
        return [Unread("not_json", raw)]


def _parts(body: Any, phone_id: str | None) -> Iterator[Arrived]:
    if not isinstance(body, dict):
        yield Unread("not_an_object", piece(body))
        return
    if body.get("object") != _OURS:
        known = isinstance(body.get("object"), str)
        yield Ignored(f"object_{word(body['object'])}") if known else Unread("object", piece(body))
        return
    entries = items(body.get("entry"))
    if entries is None:
        yield Unread("entry", piece(body))
    for entry in entries or ():
        yield from _entry(entry, phone_id)


def _entry(entry: Any, phone_id: str | None) -> Iterator[Arrived]:
    changes = items(entry.get("changes")) if isinstance(entry, dict) else None
    if changes is None:
        yield Unread("changes", piece(entry))
    for change in changes or ():
        value = change.get("value") if isinstance(change, dict) else None
        if not isinstance(value, dict):
            yield Unread("value", piece(change))
        elif _for_another(value, phone_id):
            yield Ignored("other_number")
        else:
            yield from _change(change.get("field"), value, entry, change)


def _for_another(value: Mapping[str, Any], phone_id: str | None) -> bool:
    metadata = value.get("metadata")
    named = identifier(metadata.get("phone_number_id")) if isinstance(metadata, dict) else None
    return phone_id is not None and named is not None and named != phone_id


def _change(field: Any, value: dict[str, Any], entry: dict[str, Any], change: dict[str, Any]) -> Iterator[Arrived]:
    if field == "messages":
        yield from _messages(value)
    elif field == "user_preferences":
        yield from _each(value, "user_preferences", lambda part: _stop_wish(part, value))
    elif field == "user_id_update":
        yield from _each(value, "user_id_update", _id_update)
    elif isinstance(field, str) and field in NEWS:
        yield read_news(field, value)
    elif isinstance(field, str):
        named = field in _NOT_FOR_US or field.startswith("group_")
        yield Ignored(f"field_{word(field)}" if named else "field_unknown")
    else:
        yield Unread("field", piece({"change": change, "time": entry.get("time")}))


def _messages(value: dict[str, Any]) -> Iterator[Arrived]:
    if "messages" in value:
        senders = {_sender(message) for message in items(value["messages"]) or ()}
        yield from _each(value, "messages", lambda part: read_message(part, value, alone=len(senders) < 2))
    if "statuses" in value:
        yield from _each(value, "statuses", _status)
    if "errors" in value:
        yield from _each(value, "errors", _platform_error)
    if not {"messages", "statuses", "errors"} & value.keys():
        yield Ignored("nothing_inside")


def _sender(message: Any) -> str | None:
    if not isinstance(message, dict):
        return None
    return identifier(message.get("from_user_id")) or identifier(message.get("from"))


def _each(value: dict[str, Any], key: str, read: Callable[[dict[str, Any]], list[Arrived]]) -> Iterator[Arrived]:
    """Every object of the list under `key`, read; what is no object, or no list, is kept unread."""
    listed = items(value.get(key))
    if listed is None:
        yield Unread(key, piece(value))
    for part in listed or ():
        yield from read(part) if isinstance(part, dict) else [Unread(key, piece(part))]


def _status(status: dict[str, Any]) -> list[Arrived]:
    named = status.get("status")
    report = _REPORTS.get(named) if isinstance(named, str) else None
    if report is None and text(named):
        return [Ignored("status_deleted" if named == "deleted" else "status_unknown")]
    external_id, at = identifier(status.get("id")), moment(status.get("timestamp"))
    if report is None or external_id is None or at is None:
        return [Unread("status", piece(status))]
    return [DeliveryReport(external_id, report, at, _reason(status) if report is Report.FAILED else None)]


def _reason(status: dict[str, Any]) -> str:
    codes = [code_of(error) for error in items(status.get("errors")) or ()]
    known = next((code for code in codes if code is not None), None)
    return error_class(known).code


def _platform_error(error: dict[str, Any]) -> list[Arrived]:
    code = code_of(error)
    return [Ignored(f"platform_error_{code}" if code is not None else "platform_error")]


def _stop_wish(wish: dict[str, Any], value: dict[str, Any]) -> list[Arrived]:
    """One wish under each id the person is known by: whichever we filed them under, it binds."""
    if wish.get("category") not in (None, "marketing_messages"):
        return [Ignored("preference_category")]
    at, wanted = moment(wish.get("timestamp")), wish.get("value")
    ids = _ids(wish) or _ids(next((c for c in items(value.get("contacts")) or () if isinstance(c, dict)), {}))
    if at is None or not ids:
        return [Unread("user_preferences", piece(wish))]
    if wanted not in ("stop", "resume"):
        return [Ignored("preference_unknown")]
    return [StopWish(person_id, wanted == "stop", at) for person_id in ids]


def _ids(who: dict[str, Any]) -> list[str]:
    named = (identifier(who.get("user_id")), identifier(who.get("wa_id")))
    return [person_id for person_id in dict.fromkeys(named) if person_id]


def _id_update(update: dict[str, Any]) -> list[Arrived]:
    named = update.get("user_id")
    if isinstance(named, dict):
        old, new = identifier(named.get("previous")), identifier(named.get("current"))
    else:
        old, new = identifier(update.get("previous_user_id")), identifier(named)
    at = moment(update.get("timestamp"))
    if old is None or new is None or at is None:
        return [Unread("user_id_update", piece(update))]
    return [Moved(old, new, at)] if old != new else [Ignored("same_id")]
