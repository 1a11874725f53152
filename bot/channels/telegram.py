"""Telegram through aiogram, as a client only: how one message is shown and sent, and how the account is set up.

Reading updates is telegram_read.py's, fetching them telegram_receive.py's, naming errors telegram_errors.py's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ChatAction
from aiogram.exceptions import AiogramError, ClientDecodeError
from aiogram.methods import TelegramMethod
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    WebhookInfo,
)
from aiogram.utils.token import TokenValidationError
from aiohttp import ClientError

from bot.channels.channel import (
    SHARE_CONTACT,
    SHARE_LOCATION,
    SHARES,
    Arrived,
    Incoming,
    Limits,
    Outgoing,
    file_name,
    gathered,
)
from bot.channels.errors import AccountBroken, MediaRefused, Refused, Unreachable
from bot.channels.telegram_errors import named
from bot.channels.telegram_read import GroupMet, callback_of
from content.model import Button
from flows.contact import Channel as ChannelName

API = "https://api.telegram.org"
LIMITS = Limits(text=4096, buttons=10, button_label=40, choices=20, choice_label=40, caption=1024)
#: The kinds of updates we ask for; whatever else exists never reaches us.
WANTED_UPDATES = ["message", "callback_query", "my_chat_member"]

_DATA_BYTES = 64  # callback_data
_TYPING_A_SECOND = 5  # more are not shown "typing …": in a storm courtesies come last
_SHORT_LABEL = 14  # two buttons up to this length share a row
_QUIET = LinkPreviewOptions(is_disabled=True)
_log: Any = structlog.get_logger()


class TelegramChannel:
    """One bot account.

    Args:
        token: as BotFather gave it; its number names the account.
        words: content/lexicon/telegram.yaml.
        api: base address of the Bot API, for emulators and self-hosted servers.
        timeout: seconds a request may take before nobody knows what became of it.

    Raises:
        AccountBroken: the token has not the shape of one.
    """

    name = ChannelName.TELEGRAM
    limits = LIMITS

    def __init__(self, token: str, words: Mapping[str, Any], *, api: str = API, timeout: float = 30.0) -> None:
        session = _Session(api=TelegramAPIServer.from_base(api), timeout=timeout)
        try:
            self.bot = Bot(token, session=session)
        except TokenValidationError:
            raise AccountBroken from None
        self.account = str(self.bot.id)
        self.words = words
        self._typed: deque[float] = deque(maxlen=_TYPING_A_SECOND)
        self._errands: set[asyncio.Task[None]] = set()

    async def send(self, message: Outgoing) -> str:
        """Send it and return Telegram's number for it.

        A picture whose text does not fit under it goes ahead of the text; should the text then fail and be tried
        again, only the picture is repeated.

        Raises:
            SendError: what went wrong, and whether to try again.
        """
        keyboard = _keyboard(message)
        try:
            sent = await self._show(message, _chat(message.to), keyboard)
        except AiogramError as error:
            raise named(error) from error
        return str(sent.message_id)

    async def download(self, file: str, most: int) -> bytes:
        """The photo behind a file id, of at most that many bytes.

        Raises:
            SendError: it can't be had; `MediaRefused` when it is too large or no photo.
        """
        session = self.bot.session
        try:
            found = await self.bot.get_file(file)
            if found.file_path is None:
                raise Unreachable(detail="no_file_path")
            if (found.file_size or 0) > most:
                raise MediaRefused(detail="too_large")
            address = session.api.file_url(self.bot.token, found.file_path)
            async with aclosing(session.stream_content(address, timeout=int(session.timeout))) as pieces:
                return await gathered(pieces, most)
        except AiogramError as error:
            raise named(error) from error
        except (ClientError, TimeoutError, OSError) as broken:
            raise Unreachable(detail=type(broken).__name__) from None

    async def typing(self, person_id: str) -> None:
        """Show "typing …" for a few seconds. Raises nothing: it is only a courtesy."""
        await self._courtesy(self.bot.send_chat_action(_chat(person_id), ChatAction.TYPING))

    async def answer_callback(self, callback_id: str) -> None:
        """Stop the tapped button's spinner. Raises nothing."""
        await self._courtesy(self.bot.answer_callback_query(callback_id))

    async def decline(self, group: GroupMet) -> None:
        """Say once that we serve private chats only, and leave; outside the group we are not asked again."""
        chat = int(group.chat_id)
        await self._courtesy(self.bot.send_message(chat, str(self.words["group_declined"])))
        await self._courtesy(self.bot.leave_chat(chat))

    def follow_up(self, arrived: list[Arrived]) -> None:
        """Start what politeness asks for once these are stored: "typing …", taps answered, groups declined."""
        for item in arrived:
            match item:
                case Incoming():
                    callback = callback_of(item)
                    if callback is not None:
                        self._start(self.answer_callback(callback))
                    if self._may_show_typing():
                        self._start(self.typing(item.person_id))
                case GroupMet():
                    self._start(self.decline(item))
                case _:
                    pass

    def _may_show_typing(self) -> bool:
        now = asyncio.get_running_loop().time()
        if len(self._typed) == _TYPING_A_SECOND and now - self._typed[0] < 1.0:
            return False
        self._typed.append(now)
        return True

    async def settled(self) -> None:
        """Wait until everything `follow_up` started is done."""
        while self._errands:
            await asyncio.gather(*self._errands)

    async def call(self, method: TelegramMethod[Any], *, timeout: float | None = None) -> Any:
        """Any other method of the Bot API, with its errors named.

        Raises:
            SendError: what went wrong.
        """
        try:
            return await self.bot.session(self.bot, method, timeout=timeout)  # type: ignore[arg-type]  # aiohttp takes parts of seconds
        except AiogramError as error:
            raise named(error) from error

    async def close(self) -> None:
        """Let go of connections."""
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        await self.bot.session.close()

    async def _show(self, message: Outgoing, chat: int, keyboard: _Keyboard | None) -> Message:
        if message.image is None:
            return await self.bot.send_message(chat, message.text, reply_markup=keyboard, link_preview_options=_QUIET)
        photo = BufferedInputFile(message.image, file_name(message.image))
        if len(message.text) <= self.limits.caption:
            return await self.bot.send_photo(chat, photo, caption=message.text, reply_markup=keyboard)
        await self.bot.send_photo(chat, photo)
        return await self.bot.send_message(chat, message.text, reply_markup=keyboard, link_preview_options=_QUIET)

    def _start(self, errand: Any) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _courtesy(self, call: Awaitable[Any]) -> None:
        try:
            await call
        except AiogramError as error:
            _log.info("telegram_courtesy_failed", code=named(error).code)


@dataclass(frozen=True, slots=True)
class AccountSet:
    """What `setup` found and did."""

    username: str
    name: str
    commands: int
    webhook: str  # empty while updates are fetched by polling


async def setup(channel: TelegramChannel) -> AccountSet:
    """Check the token and give the account its commands and descriptions, as content/lexicon/telegram.yaml has them.

    Raises:
        SendError: what went wrong; `AccountBroken` when the token is refused.
    """
    words, bot = channel.words, channel.bot
    commands = [BotCommand(command=name, description=said["description"]) for name, said in words["commands"].items()]
    try:
        me = await bot.get_me()
        await bot.set_my_commands(commands)
        await bot.set_my_description(words["description"])
        await bot.set_my_short_description(words["short_description"])
        webhook: WebhookInfo = await bot.get_webhook_info()
    except AiogramError as error:
        raise named(error) from error
    return AccountSet(me.username or "", me.full_name, len(commands), webhook.url)


def command_words(words: Mapping[str, Any]) -> dict[str, str]:
    """The sentence each command stands for, for `read_update`."""
    return {name: said["says"] for name, said in words["commands"].items() if "says" in said}


class _Session(AiohttpSession):
    """aiogram's session, dropping idle connections before Telegram does: a message handed to one is *unknown*."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._connector_init["keepalive_timeout"] = 15.0

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        try:
            return await super().make_request(bot, method, timeout)
        except UnicodeDecodeError as error:
            raise ClientDecodeError("an answer that is no text", error, None) from error

    async def close(self) -> None:
        if self._session is not None and not self._session.closed:
            await self._session.close()


_Keyboard = InlineKeyboardMarkup | ReplyKeyboardMarkup


def _chat(person_id: str) -> int:
    try:
        return int(person_id)
    except ValueError:
        raise Refused(detail="not a Telegram id") from None


def _keyboard(message: Outgoing) -> _Keyboard | None:
    """Taps under the message; a keyboard in place of the phone's where one of them shares contact or place."""
    taps = message.choices + message.buttons
    if not taps:
        return None
    if any(tap.id in SHARES for tap in taps):
        rows = [[_key(tap)] for tap in taps]
        return ReplyKeyboardMarkup(keyboard=rows, resize_keyboard=True, one_time_keyboard=True)
    choices = [[_tap(tap)] for tap in message.choices]
    return InlineKeyboardMarkup(inline_keyboard=[*choices, *_in_rows(message.buttons)])


def _in_rows(buttons: tuple[Button, ...]) -> list[list[InlineKeyboardButton]]:
    """One button a row; two where both are short."""
    rows: list[list[InlineKeyboardButton]] = []
    for button in buttons:
        tap = _tap(button)
        if rows and len(rows[-1]) == 1 and max(len(rows[-1][0].text), len(tap.text)) <= _SHORT_LABEL:
            rows[-1].append(tap)
        else:
            rows.append([tap])
    return rows


def _tap(button: Button) -> InlineKeyboardButton:
    if len(button.id.encode()) > _DATA_BYTES:
        raise Refused(detail="a button id is longer than 64 bytes")
    return InlineKeyboardButton(text=button.label, callback_data=button.id)


def _key(tap: Button) -> KeyboardButton:
    return KeyboardButton(
        text=tap.label,
        request_contact=True if tap.id == SHARE_CONTACT else None,
        request_location=True if tap.id == SHARE_LOCATION else None,
    )
