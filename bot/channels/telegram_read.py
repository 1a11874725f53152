"""Cuts one Telegram update into what the core understands. Pure: no network, no clock; nothing here ever raises.

Repeats are recognised by the message (chat and message number) or the callback query, not by `update_id`: Telegram may
start numbering updates anew after a quiet week.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiogram.enums import ChatMemberStatus, ChatType, ContentType
from aiogram.types import CallbackQuery, ChatMemberUpdated, Contact, InaccessibleMessage, Message, Update
from pydantic import ValidationError

from bot.channels.channel import Arrived, Blocked, Ignored, Incoming, Moved, Unread
from flows.message import HeardKind

#: What a person can send that no form can use; `label` of the Incoming names the kind, `text` holds the caption.
UNSUPPORTED = frozenset(
    {
        ContentType.ANIMATION,
        ContentType.AUDIO,
        ContentType.CHECKLIST,
        ContentType.CONTACT,
        ContentType.DICE,
        ContentType.DOCUMENT,
        ContentType.GAME,
        ContentType.LIVE_PHOTO,
        ContentType.LOCATION,
        ContentType.PAID_MEDIA,
        ContentType.POLL,
        ContentType.RICH_MESSAGE,
        ContentType.STICKER,
        ContentType.STORY,
        ContentType.VENUE,
        ContentType.VIDEO,
        ContentType.VIDEO_NOTE,
        ContentType.VOICE,
    }
)

_CALLBACK = "callback:"
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_VILLAGE = re.compile(r"(\d\d)[-_]?(\d\d)[-_]?(\d\d)[-_]?(\d{4})")
_PHONE = re.compile(r"[1-9]\d{6,14}")
#: Enough to answer, for the day Telegram adds something that the library cannot read yet.
_USER = ("id", "is_bot", "first_name")
_ESSENTIAL = ("message_id", "date", "text", "caption", "migrate_to_chat_id", "migrate_from_chat_id")


@dataclass(frozen=True, slots=True)
class GroupMet(Ignored):
    """Somebody wants us in a group or channel; we serve private chats only. `TelegramChannel.decline` says so."""

    chat_id: str


def read_update(
    raw: bytes | Mapping[str, Any], received_at: datetime, commands: Mapping[str, str] | None = None
) -> list[Arrived]:
    """What one update holds. Never empty, never raises.

    Args:
        raw: the body as it came, or the update already decoded.
        received_at: for taps, which Telegram does not date.
        commands: the sentence each command stands for ({"daftar": "mau daftar"}); unknown commands stay text.
    """
    body = raw if isinstance(raw, bytes) else _encoded(raw)
    try:
        decoded = json.loads(raw) if isinstance(raw, bytes) else dict(raw)
    except (ValueError, RecursionError):
        return [Unread("not_json", body)]
    if not isinstance(decoded, dict):
        return [Unread("not_an_update", body)]
    try:
        arrived = _cut(_update(decoded), received_at, commands or {})
    except Exception:  # noqa: BLE001  # whatever a payload holds, it must not take the door down: it is kept as Unread
        arrived = None
    return [arrived or Unread("unknown_update", body)]


def callback_of(incoming: Incoming) -> str | None:
    """The callback query to answer, when this was a tap."""
    return incoming.message_id.removeprefix(_CALLBACK) if incoming.message_id.startswith(_CALLBACK) else None


def _update(decoded: dict[str, Any]) -> Update:
    try:
        return Update.model_validate(decoded)
    except ValidationError:
        return Update.model_validate(_essential(decoded))


def _essential(decoded: Mapping[str, Any]) -> dict[str, Any]:
    """The update reduced to what the conversation needs."""
    kept: dict[str, Any] = {"update_id": decoded["update_id"]}
    if "message" in decoded:
        kept["message"] = _essential_message(decoded["message"], _ESSENTIAL)
    elif "callback_query" in decoded:
        tap = decoded["callback_query"]
        kept["callback_query"] = _picked(tap, ("id", "chat_instance", "data")) | {"from": _picked(tap["from"], _USER)}
        if "message" in tap:
            kept["callback_query"]["message"] = _essential_message(tap["message"], ("message_id", "date"))
    else:
        change = decoded["my_chat_member"]
        ends = {end: _essential_member(change[end]) for end in ("old_chat_member", "new_chat_member")}
        kept["my_chat_member"] = _essential_message(change, ("date",)) | ends
    return kept


def _essential_message(message: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    kept = _picked(message, names) | {"chat": _picked(message["chat"], ("id", "type"))}
    return kept | ({"from": _picked(message["from"], _USER)} if "from" in message else {})


def _essential_member(member: Mapping[str, Any]) -> dict[str, Any]:
    """Whether we are in or out; what rights we have there does not matter."""
    out = member["status"] in {ChatMemberStatus.LEFT, ChatMemberStatus.KICKED}
    return {
        "user": _picked(member["user"], _USER),
        "status": ChatMemberStatus.LEFT if out else ChatMemberStatus.MEMBER,
    }


def _picked(holder: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: holder[name] for name in names if name in holder}


def _cut(update: Update, received_at: datetime, commands: Mapping[str, str]) -> Arrived | None:
    """One value, or None where nobody knows what this is."""
    if update.message is not None:
        return _read_message(update.message, commands)
    if update.callback_query is not None:
        return _read_tap(update.callback_query, received_at)
    if update.my_chat_member is not None:
        return _read_membership(update.my_chat_member)
    if update.channel_post is not None:
        return GroupMet("group", str(update.channel_post.chat.id))
    if update.edited_message is not None:
        return Ignored("edited")
    known = [name for name in Update.model_fields if name != "update_id" and getattr(update, name) is not None]
    return Ignored(known[0]) if known else None


def _read_message(message: Message, commands: Mapping[str, str]) -> Arrived | None:
    if message.migrate_to_chat_id is not None:
        return Moved(str(message.chat.id), str(message.migrate_to_chat_id), message.date)
    if message.migrate_from_chat_id is not None:
        return Moved(str(message.migrate_from_chat_id), str(message.chat.id), message.date)
    if message.chat.type != ChatType.PRIVATE:
        gone = message.left_chat_member is not None
        return Ignored("group") if gone else GroupMet("group", str(message.chat.id))
    if message.from_user is None or message.from_user.is_bot:
        return Ignored("bot")
    return _read_private(message, commands)


def _read_private(message: Message, commands: Mapping[str, str]) -> Arrived | None:
    kind = message.content_type
    if message.text is not None:
        return _read_text(message, message.text.replace("\0", ""), commands)
    if kind == ContentType.CONTACT and message.contact is not None and (phone := _own_phone(message, message.contact)):
        return _incoming(message, HeardKind.CONTACT_CARD, phone, phone=phone)
    if kind == ContentType.PHOTO and message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return _incoming(message, HeardKind.PHOTO, _beside(message), label="photo", file=largest.file_id)
    if kind in UNSUPPORTED or message.caption is not None:
        return _incoming(message, HeardKind.UNSUPPORTED, _beside(message), label=str(ContentType(kind).value))
    return None if kind == ContentType.UNKNOWN else Ignored("service")


def _read_text(message: Message, text: str, commands: Mapping[str, str]) -> Incoming:
    command = _COMMAND.fullmatch(text.strip())
    if command is None:
        return _incoming(message, HeardKind.TEXT, text)
    name, rest = command[1].casefold(), (command[2] or "").strip()
    if name == "start":
        return _incoming(message, HeardKind.START, _payload(rest))
    return _incoming(message, HeardKind.TEXT, commands.get(name, text))


def _payload(rest: str) -> str:
    """The code of a deep link; a village's gets the dots back that Telegram does not allow in links."""
    village = _VILLAGE.fullmatch(rest)
    return ".".join(village.groups()) if village else rest


def _beside(message: Message) -> str:
    """What came with it that can be read: a place as "lat,lon", else the caption."""
    place = message.venue.location if message.venue else message.location
    if place is not None:
        return f"{place.latitude:.6f},{place.longitude:.6f}"
    return (message.caption or "").replace("\0", "")


def _own_phone(message: Message, contact: Contact) -> str | None:
    """The number in E.164, only when the card is the sender's own: anybody can forward anybody's card."""
    if message.from_user is None or contact.user_id != message.from_user.id:
        return None
    digits = re.sub(r"\D", "", contact.phone_number)
    return f"+{digits}" if _PHONE.fullmatch(digits) else None


def _incoming(
    message: Message,
    kind: HeardKind,
    text: str,
    *,
    label: str | None = None,
    phone: str | None = None,
    file: str | None = None,
) -> Incoming:
    return Incoming(
        message_id=f"{message.chat.id}:{message.message_id}",
        person_id=str(message.chat.id),
        kind=kind,
        text=text,
        at=message.date,
        label=label,
        phone=phone,
        name=message.from_user.full_name.replace("\0", "") if message.from_user else None,
        file=file,
    )


def _read_tap(tap: CallbackQuery, received_at: datetime) -> Arrived:
    if tap.message is not None and tap.message.chat.type != ChatType.PRIVATE:
        return Ignored("group")
    if not tap.data:
        return Ignored("tap_without_data")
    return Incoming(
        message_id=_CALLBACK + tap.id,
        person_id=str(tap.from_user.id),
        kind=HeardKind.BUTTON,
        text=tap.data.replace("\0", ""),
        at=received_at,
        label=_shown(tap),
        name=tap.from_user.full_name.replace("\0", ""),
    )


def _shown(tap: CallbackQuery) -> str | None:
    """What the tapped button said, where Telegram still shows us the message."""
    message = tap.message
    if message is None or isinstance(message, InaccessibleMessage) or message.reply_markup is None:
        return None
    buttons = (button for row in message.reply_markup.inline_keyboard for button in row)
    return next((button.text for button in buttons if button.callback_data == tap.data), None)


def _read_membership(change: ChatMemberUpdated) -> Arrived:
    inside = change.new_chat_member.status not in {ChatMemberStatus.KICKED, ChatMemberStatus.LEFT}
    if change.chat.type == ChatType.PRIVATE:
        return Blocked(str(change.chat.id), not inside, change.date)
    return GroupMet("group", str(change.chat.id)) if inside else Ignored("group")


def _encoded(raw: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(raw, ensure_ascii=True, default=str).encode()
    except (ValueError, TypeError, RecursionError):
        return b""
