"""Conversations through the doors of Telegram and WhatsApp: what people do arrives as that platform's payload, and what
the bot says leaves as the body of a real request, checked by the emulator's rules and held beside the row it came from.

The transport alone is missing: requests are caught where they would leave the process, so that hundreds of turns a
minute can be played. tests/test_telegram_emulator.py and tests/test_whatsapp_emulator.py go over real HTTP.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramServerError
from aiogram.methods import GetFile, TelegramMethod
from photos import TOLD_SIZE, sample
from pydantic import SecretStr
from stage import Stage
from transcript import Script, read, render
from world_fixtures import content_in_force, open_world

from bot.app import App
from bot.channels.channel import SHARES, Arrived, numbered
from bot.channels.channel import Channel as Door
from bot.channels.telegram import TelegramChannel, command_words
from bot.channels.telegram_read import read_update
from bot.channels.whatsapp import WhatsAppAccount, WhatsAppChannel
from bot.channels.whatsapp_read import read_webhook
from bot.channels.whatsapp_templates import load_templates
from bot.claims import Ready
from bot.clock import SetClock
from bot.emulators.telegram_rules import checked_caption, checked_markup, checked_photo, checked_text
from bot.emulators.whatsapp_payloads import Sender
from bot.emulators.whatsapp_shape import shown as shown_on_whatsapp
from bot.emulators.whatsapp_state import Person as WhatsAppPerson
from bot.pictures import with_picture
from bot.world import Exchange, Person, World
from content.model import Button
from flows.contact import Channel
from flows.message import HeardKind
from flows.outreach.picture import picture_of

_TOKEN = "700000001:contoh-contoh-contoh"
_PHONE_ID, _WABA_ID = "100000000000001", "200000000000002"
_MEDIA = "300000000000003"
TEXT_LIMIT = 4096
_PHOTO = {"file_id": "a", "file_unique_id": "a", "width": 90, "height": 90}


@dataclass(frozen=True)
class Doing:
    """One thing a person does on their phone."""

    person: Person
    kind: HeardKind
    text: str
    label: str | None
    number: int
    at: float
    file: str | None = None


@dataclass
class Screen:
    """What one message looks like on the phone: its words, and what can be tapped (id, label)."""

    text: str
    taps: list[tuple[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # of a keyboard in place of the phone's: a tap sends the words
    image: bool = False


class Platform(Protocol):
    """One platform without its network."""

    door: Door
    caught: list[Any]

    def person_id(self, name: str) -> str: ...

    def payload(self, doing: Doing) -> bytes: ...

    def read(self, raw: bytes, clock: SetClock) -> Sequence[Arrived]: ...

    def screen(self) -> Screen:
        """What was caught since, as it is shown."""
        ...


class CatchTelegram(BaseSession):
    """aiogram's session up to the form it would post."""

    def __init__(self) -> None:
        super().__init__()
        self.caught: list[tuple[str, dict[str, Any], list[bytes]]] = []

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        del timeout
        if isinstance(method, GetFile):
            return self._found(bot, method)
        files: dict[str, Any] = {}
        pairs = method.model_dump(warnings=False).items()
        form = {key: ready for key, value in pairs if (ready := self.prepare_value(value, bot=bot, files=files))}
        held = [b"".join([part async for part in file.read(bot)]) for file in files.values()]
        self.caught.append((method.__api_method__, form, held))
        chat = {"id": int(form["chat_id"]), "type": "private"}
        sent = {"message_id": len(self.caught), "date": 1, "chat": chat, "text": "."}
        return self.check_response(bot, method, 200, json.dumps({"ok": True, "result": sent})).result

    async def close(self) -> None:
        pass

    def _found(self, bot: Bot, method: GetFile) -> Any:
        found = sample(method.file_id)
        if found is None:
            raise TelegramServerError(method, "Bad Gateway")
        size = TOLD_SIZE.get(method.file_id, len(found))
        told = {"file_id": method.file_id, "file_unique_id": "a", "file_size": size, "file_path": method.file_id}
        return self.check_response(bot, method, 200, json.dumps({"ok": True, "result": told})).result

    async def stream_content(self, url: str, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        yield sample(url.rpartition("/")[2]) or b""


class Telegram:
    def __init__(self) -> None:
        lexicon = content_in_force().current.lexicon["telegram"]
        door = TelegramChannel(_TOKEN, lexicon)
        door.bot.session = self._session = CatchTelegram()
        self.door: Door = door
        self.caught = self._session.caught
        self._commands = command_words(lexicon)

    def person_id(self, name: str) -> str:
        return str(900_000_000 + zlib.crc32(name.encode()) % 1_000_000)

    def payload(self, doing: Doing) -> bytes:
        user = {"id": int(doing.person.external_id), "is_bot": False, "first_name": "Orang contoh"}
        chat = {"id": user["id"], "type": "private"}
        message = {"message_id": doing.number, "date": int(doing.at), "chat": chat, "from": user}
        if doing.kind is HeardKind.BUTTON:
            rows = [[{"text": doing.label, "callback_data": doing.text}]]
            below = {**message, "text": "…", "reply_markup": {"inline_keyboard": rows}}
            tap = {"id": str(doing.number), "from": user, "chat_instance": "1", "data": doing.text, "message": below}
            return json.dumps({"update_id": doing.number, "callback_query": tap}).encode()
        return json.dumps({"update_id": doing.number, "message": {**message, **self._said(doing, user)}}).encode()

    def _said(self, doing: Doing, user: Mapping[str, Any]) -> dict[str, Any]:
        match doing.kind:
            case HeardKind.START:
                code = doing.text.replace(".", "")
                return {"text": f"/start {code}".strip()}
            case HeardKind.CONTACT_CARD:
                card = {"phone_number": doing.text, "first_name": "Orang contoh", "user_id": user["id"]}
                return {"contact": card}
            case HeardKind.PHOTO:
                sizes = [{**_PHOTO, "file_id": "kecil"}, {**_PHOTO, "file_id": doing.file, "width": 1280}]
                return {"photo": sizes, **({"caption": doing.text} if doing.text else {})}
            case HeardKind.UNSUPPORTED:
                return {"dice": {"emoji": "🎲", "value": 4}}
            case _:
                return {"text": doing.text}

    def read(self, raw: bytes, clock: SetClock) -> Sequence[Arrived]:
        return read_update(raw, clock.now(), self._commands)

    def screen(self) -> Screen:
        caught, self.caught[:] = list(self.caught), []
        seen = Screen("")
        for method, form, files in caught:
            assert method in {"sendMessage", "sendPhoto"}
            for file in files:
                checked_photo(file)
                seen.image = True
            seen.text += checked_text(form["text"]) if method == "sendMessage" else checked_caption(form.get("caption"))
            markup = checked_markup(form.get("reply_markup")) or {}
            seen.taps += [
                (key["callback_data"], key["text"]) for row in markup.get("inline_keyboard", []) for key in row
            ]
            seen.keys += [key["text"] for row in markup.get("keyboard", []) for key in row]
        return seen


@dataclass
class Pieces:
    """A body that comes in pieces."""

    held: bytes

    async def iter_chunked(self, size: int) -> AsyncGenerator[bytes, None]:
        for begin in range(0, len(self.held), size):
            yield self.held[begin : begin + size]


class CatchWhatsApp:
    """What WhatsAppChannel takes for its aiohttp session."""

    def __init__(self) -> None:
        self.caught: list[dict[str, Any]] = []

    @asynccontextmanager
    async def request(self, method: str, url: str, **what: Any) -> AsyncGenerator[CatchWhatsApp.Answer, None]:
        if method == "GET":
            yield self._told(url.rpartition("/")[2])
            return
        assert url.startswith(f"https://graph.facebook.com/v23.0/{_PHONE_ID}/")
        if url.endswith("/media"):
            yield self.Answer({"id": _MEDIA})
        else:
            self.caught.append(json.loads(json.dumps(what["json"])))
            yield self.Answer({"messaging_product": "whatsapp", "messages": [{"id": f"wamid.{len(self.caught)}"}]})

    def _told(self, file: str) -> CatchWhatsApp.Answer:
        found = sample(file)
        if found is None:
            return self.Answer({"error": {"code": 131000, "message": "-"}}, 500)
        size = TOLD_SIZE.get(file, len(found))
        address = f"https://lookaside.fbsbx.com/{file}"
        return self.Answer({"id": file, "url": address, "mime_type": "image/jpeg", "file_size": size})

    @asynccontextmanager
    async def get(self, url: str, **_: Any) -> AsyncGenerator[CatchWhatsApp.Answer, None]:
        yield self.Answer({}, content=Pieces(sample(url.rpartition("/")[2]) or b""))

    @dataclass
    class Answer:
        body: dict[str, Any]
        status: int = 200
        headers: Mapping[str, str] = field(default_factory=dict)
        content: Pieces | None = None

        async def read(self) -> bytes:
            return json.dumps(self.body).encode()


class WhatsApp:
    def __init__(self) -> None:
        content = content_in_force().current
        account = WhatsAppAccount(_PHONE_ID, _WABA_ID, SecretStr("contoh"))
        door = WhatsAppChannel(account, load_templates(content.buttons), content.lexicon["whatsapp"]["words"])
        session = CatchWhatsApp()
        door._session = session  # type: ignore[assignment]
        self.door: Door = door
        self.caught = session.caught
        self._sender = Sender(_PHONE_ID, _WABA_ID, "62800000001")

    def person_id(self, name: str) -> str:
        return f"ID.{10**9 + zlib.crc32(name.encode()) % 1_000_000}"

    def payload(self, doing: Doing) -> bytes:
        person = WhatsAppPerson("", doing.person.external_id, "Orang contoh", hides_phone=True)
        told = self._sender.message(person, f"wamid.{doing.number}", doing.at, self._said(doing))
        return json.dumps(told).encode()

    def _said(self, doing: Doing) -> dict[str, Any]:
        match doing.kind:
            case HeardKind.BUTTON:
                reply = {"id": doing.text, "title": doing.label}
                return {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}
            case HeardKind.START if doing.text:
                return {"type": "text", "text": {"body": f"Halo (#{doing.text})"}}
            case HeardKind.START:
                return {"type": "request_welcome"}
            case HeardKind.CONTACT_CARD:
                card = {"name": {"formatted_name": "Orang contoh"}, "phones": [{"phone": doing.text}]}
                return {"type": "contacts", "contacts": [card]}
            case HeardKind.PHOTO:
                image = {"id": doing.file, "mime_type": "image/jpeg", "sha256": "a"}
                return {"type": "image", "image": {**image, **({"caption": doing.text} if doing.text else {})}}
            case HeardKind.UNSUPPORTED:
                return {"type": "sticker", "sticker": {"id": "1", "mime_type": "image/webp", "sha256": "a"}}
            case _:
                return {"type": "text", "text": {"body": doing.text}}

    def read(self, raw: bytes, clock: SetClock) -> Sequence[Arrived]:
        del clock
        return read_webhook(raw, _PHONE_ID)

    def screen(self) -> Screen:
        caught, self.caught[:] = list(self.caught), []
        (body,) = caught
        seen = shown_on_whatsapp(body, {_MEDIA}, {})
        taps = [(tap, label) for tap, label, _ in (*seen.buttons, *seen.rows)]
        return Screen(seen.text, taps, image=seen.image is not None)


PLATFORMS: Mapping[Channel, Callable[[], Platform]] = {Channel.TELEGRAM: Telegram, Channel.WHATSAPP: WhatsApp}


@cache
def platform(channel: Channel) -> Platform:
    """Made once: it remembers nothing between two messages."""
    return PLATFORMS[channel]()


def finished(work: Coroutine[Any, Any, str]) -> str:
    """What it comes to, for work that has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration as ended:
        return str(ended.value)
    raise RuntimeError("it waits for something")


class PlatformWorld(World):
    """A world whose people write from phones."""

    def __init__(self, app: App, clock: SetClock) -> None:
        super().__init__(app, clock)
        self._ids: dict[str, int] = {}
        self._fresh = count(1)
        self._screens: dict[str, list[Screen]] = {}
        for channel in PLATFORMS:
            app.channels[channel, "local"] = platform(channel).door

    def say(
        self,
        person: Person,
        text: str,
        *,
        kind: HeardKind = HeardKind.TEXT,
        label: str | None = None,
        message_id: str | None = None,
        file: str | None = None,
    ) -> Exchange:
        """The same as a payload of their platform."""
        if person.channel not in PLATFORMS or (kind is HeardKind.TEXT and not text):  # no phone sends nothing at all
            return super().say(person, text, kind=kind, label=label, message_id=message_id, file=file)
        if kind is HeardKind.BUTTON:
            kind, text = self._tap(person, text, label or "")
        number = self._ids.setdefault(message_id or "", next(self._fresh))
        there = platform(person.channel)
        doing = Doing(person, kind, text, label, number, self.clock.now().timestamp(), file)
        return self.arrive(person, there.read(there.payload(doing), self.clock))

    def _tap(self, person: Person, tap: str, label: str) -> tuple[HeardKind, str]:
        """A tap where there is a button; else the words of a key, or the number in front of the line."""
        screens = self._screens.get(person.external_id, [])
        if any((tap, label) in screen.taps for screen in screens):
            return HeardKind.BUTTON, tap
        if any(label in screen.keys for screen in screens):
            return HeardKind.TEXT, label
        lines = [line for line in screens[-1].text.split("\n") if line.endswith(f". {label}")]
        assert lines, f"[{label}] was never on the phone"
        return HeardKind.TEXT, lines[-1].partition(".")[0]

    def hand_over(self, item: Ready, number: int) -> str:
        """Let the channel put it in the platform's form, and see whether the phone shows what the row holds."""
        if item.channel.name not in PLATFORMS:
            return super().hand_over(item, number)
        message = item.message
        picture = picture_of(item.row.image)
        if picture is not None:
            with self.app.database.reading() as store:
                message = replace(message, image=store.pictures.get(picture))
        elif item.row.image is not None:
            message = with_picture(message, item.row.slots, item.channel.limits)
        finished(item.channel.send(message))
        screen = platform(item.channel.name).screen()
        self._same(item, screen)
        self._screens.setdefault(message.to, []).append(screen)
        return f"{item.row.id}-{number}"

    def _same(self, item: Ready, screen: Screen) -> None:
        """All words and all taps: as buttons, as keys, or as numbered lines; nothing is cut to make it fit."""
        body, labels = item.row.body.strip(), [str(tap["label"]) for tap in item.row.taps]
        buttons = [Button(id=str(tap["id"]), label=str(tap["label"])) for tap in item.row.taps]
        lines = numbered(body, buttons, TEXT_LIMIT).split("\n")  # where there are no buttons at all
        assert screen.image == (item.row.image is not None)
        if screen.keys:
            assert (screen.text, sorted(screen.keys)) == (body, sorted(labels))
        elif screen.taps:
            assert (screen.text, sorted(label for _, label in screen.taps)) == (body, sorted(labels))
        else:
            assert sorted(screen.text.split("\n")) == sorted(lines)


class PlatformStage(Stage):
    """A conversation in which everybody is on one platform, unless it says that somebody is elsewhere."""

    def __init__(self, world: World, script: Script, channel: Channel) -> None:
        self._channel = channel
        super().__init__(world, script)

    def person(self, channel: Channel, name: str) -> Person:
        """Somebody on the platform that is being tested, by an id as it gives them."""
        if not any("lewat " in value for _, value in self.script.headers):
            channel = self._channel
        if channel not in PLATFORMS:
            return super().person(channel, name)
        return Person(channel, platform(channel).person_id(name))


def played(path: Path, channel: Channel) -> str:
    """The conversation of a file, with everybody on that platform."""
    script = read(path)
    with open_world(Stage.start_of(script), PlatformWorld) as world:
        return render(PlatformStage(world, script, channel).play())


def without_shares(conversation: str) -> str:
    """Without the keys that only some phones have: one of them hands over the person's number at a tap."""
    shares = {f"[{button.label}]" for name, button in content_in_force().current.buttons.items() if name in SHARES}
    return "\n".join(line for line in conversation.split("\n") if line not in shares)
