"""The methods of the Bot API that a bot like ours calls, over the emulated world. Anything else is 404."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.emulators.telegram_rules import (
    ALERT,
    DESCRIPTION,
    SHORT_DESCRIPTION,
    bad,
    checked_caption,
    checked_commands,
    checked_markup,
    checked_photo,
    checked_text,
    decoded,
    whole_number,
)
from bot.emulators.telegram_updates import Json, Webhook
from bot.emulators.telegram_world import TYPING_SECONDS, Group, Person, World

Parameters = Mapping[str, Any]
Method = Callable[[World, Parameters], Awaitable[Any]]

LARGEST_DOWNLOAD = 20 * 1024 * 1024  # of a file that getFile hands out
QUERY_SECONDS = 60.0  # how long a tap may wait for its answer
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ACTIONS = {"typing", "upload_photo", "record_voice", "upload_document", "find_location", "choose_sticker"}


async def get_me(world: World, _: Parameters) -> Json:
    """Who the bot is."""
    abilities = ("can_join_groups", "can_connect_to_business", "has_main_web_app", "can_read_all_group_messages")
    return {
        **world.bot,
        **dict.fromkeys((*abilities, "supports_inline_queries"), False),
        "can_join_groups": True,
    }


async def get_updates(world: World, given: Parameters) -> list[Json]:
    """Long polling."""
    if given.get("allowed_updates") is not None:
        world.updates.allowed = list(decoded(given["allowed_updates"]))
    limit = min(max(whole_number(given, "limit", 100), 1), 100)
    timeout = min(max(whole_number(given, "timeout", 0), 0), 50)
    return await world.updates.taken(whole_number(given, "offset", 0), limit, timeout)


async def set_webhook(world: World, given: Parameters) -> bool:
    """Deliver to an address from now on."""
    url, secret = str(given.get("url") or ""), str(given.get("secret_token") or "")
    if not url:
        return await delete_webhook(world, given)
    if not _acceptable(url):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not _SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    if given.get("allowed_updates") is not None:
        world.updates.allowed = list(decoded(given["allowed_updates"]))
    _drop_if_wished(world, given)
    connections = min(max(whole_number(given, "max_connections", 40), 1), 100)
    world.updates.webhook = Webhook(url, secret, connections)
    await world.updates.wake()
    return True


async def delete_webhook(world: World, given: Parameters) -> bool:
    """Back to polling."""
    _drop_if_wished(world, given)
    world.updates.webhook = Webhook()
    return True


async def get_webhook_info(world: World, _: Parameters) -> Json:
    """Where updates go and how that went."""
    hook = world.updates.webhook
    shown: Json = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(world.updates.fresh())}
    if hook.url:
        shown["max_connections"] = hook.max_connections
        shown["ip_address"] = "127.0.0.1"
    if hook.last_error_date is not None:
        shown |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
    if world.updates.allowed:
        shown["allowed_updates"] = world.updates.allowed
    return shown


async def send_message(world: World, given: Parameters) -> Json:
    """Text with a keyboard."""
    target = world.reachable(given.get("chat_id"))
    return _sent(world, target, {"text": checked_text(given.get("text"))}, given)


async def send_photo(world: World, given: Parameters) -> Json:
    """A picture with a caption and a keyboard."""
    target, caption = world.reachable(given.get("chat_id")), checked_caption(given.get("caption"))
    sent = _uploaded(given)
    if isinstance(sent, str) and sent not in world.photos:
        raise bad("wrong file identifier/HTTP URL specified")
    if isinstance(sent, bytes):
        size = world.keep_photo(sent, *checked_photo(sent))
    else:
        photo = world.photos[sent]
        size = world.keep_photo(photo.content, photo.width, photo.height)
    content: Json = {"photo": [size]}
    return _sent(world, target, content | ({"caption": caption} if caption else {}), given)


async def get_file(world: World, given: Parameters) -> Json:
    """Where a picture can be fetched."""
    name = str(given.get("file_id") or "")
    photo = world.photos.get(name)
    if photo is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(photo.content) > LARGEST_DOWNLOAD:
        raise bad("file is too big")
    told = {"file_id": name, "file_unique_id": name[:16], "file_size": len(photo.content)}
    return {**told, "file_path": f"photos/{name}.jpg"}


async def send_chat_action(world: World, given: Parameters) -> bool:
    """Show "typing …" for five seconds."""
    target = world.reachable(given.get("chat_id"))
    if given.get("action") not in _ACTIONS:
        raise bad("wrong parameter action in request")
    if isinstance(target, Person):
        target.typing_until = world.now + TYPING_SECONDS
    return True


async def answer_callback_query(world: World, given: Parameters) -> bool:
    """End the spinner on a tapped button."""
    query = world.asked.get(str(given.get("callback_query_id")))
    if query is None or world.now - query["at"] > QUERY_SECONDS:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    text = str(given.get("text") or "")
    if len(text) > ALERT:
        raise bad("MESSAGE_TOO_LONG")
    query["answer"] = text
    return True


async def edit_reply_markup(world: World, given: Parameters) -> Json:
    """Change or take away the buttons under a message."""
    return _edited(world, given, {})


async def edit_text(world: World, given: Parameters) -> Json:
    """Change a message's text and buttons."""
    return _edited(world, given, {"text": checked_text(given.get("text"))})


async def leave_chat(world: World, given: Parameters) -> bool:
    """Leave a group."""
    target = world.reachable(given.get("chat_id"))
    if not isinstance(target, Group):
        raise bad("chat member status can't be changed in private chats")
    target.member = False
    return True


async def set_commands(world: World, given: Parameters) -> bool:
    """The menu of commands."""
    world.profile["commands"] = checked_commands(given.get("commands") or "[]")
    return True


async def get_commands(world: World, _: Parameters) -> list[dict[str, str]]:
    """The menu as it is."""
    return list(world.profile.get("commands", []))


async def delete_commands(world: World, _: Parameters) -> bool:
    """No menu."""
    world.profile.pop("commands", None)
    return True


async def agreed(_: World, __: Parameters) -> bool:
    """Logging out and closing change nothing here."""
    return True


def _words(name: str, longest: int) -> tuple[Method, Method]:
    """The pair of methods that set and get one text of the profile."""

    async def put(world: World, given: Parameters) -> bool:
        text = str(given.get(name) or "")
        if len(text) > longest:
            raise bad(f"{name} is too long")
        world.profile[name] = text
        return True

    async def get(world: World, _: Parameters) -> Json:
        return {name: world.profile.get(name, "")}

    return put, get


_set_description, _get_description = _words("description", DESCRIPTION)
_set_short, _get_short = _words("short_description", SHORT_DESCRIPTION)
_set_name, _get_name = _words("name", 64)

METHODS: Mapping[str, Method] = {
    "getme": get_me,
    "getupdates": get_updates,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "getfile": get_file,
    "sendchataction": send_chat_action,
    "answercallbackquery": answer_callback_query,
    "editmessagereplymarkup": edit_reply_markup,
    "editmessagetext": edit_text,
    "leavechat": leave_chat,
    "setmycommands": set_commands,
    "getmycommands": get_commands,
    "deletemycommands": delete_commands,
    "setmydescription": _set_description,
    "getmydescription": _get_description,
    "setmyshortdescription": _set_short,
    "getmyshortdescription": _get_short,
    "setmyname": _set_name,
    "getmyname": _get_name,
    "logout": agreed,
    "close": agreed,
}


def _sent(world: World, target: Person | Group, content: Json, given: Parameters) -> Json:
    markup = checked_markup(given.get("reply_markup"))
    world.traffic.pass_or_refuse(target.id, world.now)
    message = world.keep(target.chat(), world.bot, content)
    if isinstance(target, Person):
        target.typing_until = 0.0
    if markup and "inline_keyboard" in markup:
        message["reply_markup"] = markup
    elif markup:
        return _shown_below(message, markup)
    return message


def _shown_below(message: Json, markup: Json) -> Json:
    """Keep the phone's keyboard with the message, though the Bot API does not show it to the bot."""
    answer = dict(message)
    message["keyboard"] = markup
    return answer


def _edited(world: World, given: Parameters, content: Json) -> Json:
    target = world.reachable(given.get("chat_id"))
    message = world.find(target.id, whole_number(given, "message_id"))
    if message is None:
        raise bad("message to edit not found")
    if message["from"]["id"] != world.bot["id"]:
        raise bad("message can't be edited")
    markup = checked_markup(given.get("reply_markup"))
    wanted = {**{key: value for key, value in message.items() if key != "reply_markup"}, **content}
    if markup and markup.get("inline_keyboard"):
        wanted["reply_markup"] = markup
    if wanted == message:
        raise bad("message is not modified: new content and reply markup are exactly the same as the current ones")
    message.pop("reply_markup", None)
    message.update(wanted, edit_date=int(world.now))
    return message


def _uploaded(given: Parameters) -> str | bytes:
    """The picture's bytes, or the name of one sent before."""
    photo = given.get("photo")
    if isinstance(photo, str) and photo.startswith("attach://"):
        photo = given.get(photo.removeprefix("attach://"))
    if photo is None or photo == "":
        raise bad("there is no photo in the request")
    return photo if isinstance(photo, bytes) else str(photo)


def _drop_if_wished(world: World, given: Parameters) -> None:
    if str(given.get("drop_pending_updates") or "").casefold() in {"true", "1"}:
        world.updates.drop_all()


def _acceptable(url: str) -> bool:
    """Telegram wants https; this machine itself is let through without."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return True
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.scheme == "http" and parts.hostname == "localhost"
