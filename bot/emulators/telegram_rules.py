"""What Telegram refuses: too fast, too long, malformed. Decides yes or no by its documentation; keeps no chats.

Descriptions are worded as the Bot API words them. Where it documents no number (the length of a button's text) ours is
stricter than life.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

TEXT, CAPTION, CALLBACK_BYTES, BUTTON_TEXT, BUTTONS = 4096, 1024, 64, 64, 100
COMMANDS, COMMAND_DESCRIPTION, DESCRIPTION, SHORT_DESCRIPTION, ALERT = 100, 256, 512, 120, 200
PHOTO_BYTES, PHOTO_SIDES, PHOTO_RATIO = 10 * 1024 * 1024, 10_000, 20
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_ACTIONS = {"callback_data", "url", "web_app", "login_url", "switch_inline_query", "pay", "copy_text", "callback_game"}


class Refusal(Exception):
    """The Bot API says no."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


def bad(description: str, **parameters: int) -> Refusal:
    """A 400."""
    return Refusal(400, f"Bad Request: {description}", **parameters)


def forbidden(description: str) -> Refusal:
    """A 403."""
    return Refusal(403, f"Forbidden: {description}")


@dataclass(slots=True)
class Bucket:
    """A rate with some burst, as one moment: when all that was let through will have been worth its time."""

    rate: float  # per second
    burst: int
    busy_until: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until one more fits; 0 when it fits now."""
        over = self.busy_until - now - (self.burst - 1) / self.rate
        return over if over > 1e-6 else 0.0

    def take(self, now: float) -> None:
        """Let one through."""
        self.busy_until = max(self.busy_until, now) + 1 / self.rate


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast a bot may send. Telegram tolerates short bursts in one chat, then answers 429."""

    overall: float = 30.0
    overall_burst: int = 30
    chat: float = 1.0
    chat_burst: int = 3
    group: float = 20 / 60
    group_burst: int = 20


@dataclass(slots=True)
class Traffic:
    """What was sent lately, by chat."""

    rates: Rates
    _overall: Bucket = field(init=False)
    _chats: dict[int, Bucket] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._overall = Bucket(self.rates.overall, self.rates.overall_burst)

    def pass_or_refuse(self, chat: int, now: float) -> None:
        """Let one message to this chat through.

        Raises:
            Refusal: 429 with `retry_after` in whole seconds.
        """
        bucket = self._chats.get(chat) or self._bucket(chat)
        wait = max(bucket.wait(now), self._overall.wait(now))
        if wait:
            seconds = max(1, math.ceil(wait))
            raise Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        bucket.take(now)
        self._overall.take(now)

    def _bucket(self, chat: int) -> Bucket:
        if chat < 0:
            bucket = Bucket(self.rates.group, self.rates.group_burst)
        else:
            bucket = Bucket(self.rates.chat, self.rates.chat_burst)
        return self._chats.setdefault(chat, bucket)


def checked_text(given: Any, longest: int = TEXT) -> str:
    """The text as Telegram would keep it."""
    text = str(given or "").strip()
    if not text:
        raise bad("message text is empty")
    if len(text) > longest:
        raise bad("message is too long")
    return text


def checked_caption(given: Any) -> str:
    """The caption, perhaps empty."""
    caption = str(given or "").strip()
    if len(caption) > CAPTION:
        raise bad("message caption is too long")
    return caption


def checked_markup(given: Any) -> dict[str, Any] | None:
    """An inline keyboard, a keyboard, its removal or a forced reply."""
    if not given:
        return None
    markup = decoded(given)
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    rows = markup.get("inline_keyboard", markup.get("keyboard", []))
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be an Array of Arrays of InlineKeyboardButton')
    buttons = [button for row in rows for button in row]
    if len(buttons) > BUTTONS:
        raise bad("reply markup is too long")
    for button in buttons:
        _check_button(button, inline="inline_keyboard" in markup)
    return markup


def _check_button(button: Any, *, inline: bool) -> None:
    if isinstance(button, str) and not inline:
        button = {"text": button}
    text = button.get("text") if isinstance(button, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise bad("can't parse keyboard button: text must be non-empty")
    if len(text) > BUTTON_TEXT:
        raise bad("BUTTON_TEXT_INVALID")
    if not inline:
        return
    if not _ACTIONS & set(button):
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= CALLBACK_BYTES:
        raise bad("BUTTON_DATA_INVALID")


def checked_commands(given: Any) -> list[dict[str, str]]:
    """The menu of commands."""
    commands = decoded(given)
    if not isinstance(commands, list) or not all(isinstance(command, dict) for command in commands):
        raise bad("can't parse list of bot commands JSON object")
    if len(commands) > COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= COMMAND_DESCRIPTION:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return commands


def checked_photo(content: bytes) -> tuple[int, int]:
    """Width and height of the picture."""
    if not content:
        raise bad("file must be non-empty")
    if len(content) > PHOTO_BYTES:
        raise Refusal(413, "Request Entity Too Large")
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if width + height > PHOTO_SIDES or max(width, height) > PHOTO_RATIO * min(width, height):
                raise bad("PHOTO_INVALID_DIMENSIONS")
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise bad("IMAGE_PROCESS_FAILED") from None
    return width, height


def decoded(given: Any) -> Any:
    """A JSON-serialized parameter, or what it already is."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        raise bad("can't parse JSON-serialized parameter") from None


def whole_number(parameters: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """A parameter that is a whole number."""
    given = parameters.get(name)
    if given is None or given == "":
        if default is None:
            raise bad(f"{name} is empty")
        return default
    try:
        return int(given)
    except (TypeError, ValueError):
        raise bad(f"invalid {name} specified") from None
