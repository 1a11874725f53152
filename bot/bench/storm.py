"""What falls on the doors in a storm: messages, taps, reports and pictures; some repeated, some broken, some forged.

Each door is given what its platform sends. Broken is a body cut in half but delivered properly (signed, with the secret
word, with the cookie); forged is a good body whose proof is wrong.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.channels.telegram_receive import WEBHOOK_PATH as TELEGRAM_PATH
from bot.channels.web import COOKIE
from bot.channels.whatsapp_webhook import PATH as WHATSAPP_PATH
from bot.clock import SystemClock
from bot.emulators.whatsapp_payloads import Sender as Payloads
from bot.emulators.whatsapp_state import Person

PEOPLE = 500
REPEATED, BROKEN, FORGED = 0.2, 0.05, 0.05
PHONE_ID, WABA_ID = "100000000000001", "200000000000002"
_SHARE_OF_MESSAGES = 0.7  # the rest are reports, reactions and edits, which are taken and lead to no turn
_JSON = "application/json"
_SIGNATURE, _SECRET_WORD = "X-Hub-Signature-256", "X-Telegram-Bot-Api-Secret-Token"


class Sort(StrEnum):
    """What is wrong with a request, if anything."""

    GOOD = "good"
    BROKEN = "broken"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Post:
    """One request; `message` is whether it leads to a turn."""

    door: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    message: bool = True
    sort: Sort = Sort.GOOD

    @property
    def expected(self) -> int:
        """The right answer. A broken body that is properly signed is kept unread: refused, it would come for ever."""
        if self.sort is Sort.GOOD:
            return 202 if self.door == "web" else 200
        if self.door == "web":
            return 400
        return 401 if self.sort is Sort.FORGED else 200


Make = Callable[[], Post]
Spoil = Callable[[Post, Sort], Post]


@dataclass(frozen=True, slots=True)
class Door:
    """How one platform's requests are made, and made wrong."""

    make: Make
    spoil: Spoil


def storm(doors: Sequence[Door], total: int, seed: int = 20261121) -> list[Post]:
    """That many requests for all doors in turn: a fifth repeats one shortly before, a tenth is bad."""
    dice = random.Random(seed)  # noqa: S311  # a storm that can be repeated, no secret
    recent: list[Post] = []
    posts: list[Post] = []
    for place in range(total):
        door, what = doors[place % len(doors)], dice.random()
        if what < REPEATED and recent:
            posts.append(dice.choice(recent[-200:]))
        elif what < REPEATED + BROKEN:
            posts.append(door.spoil(door.make(), Sort.BROKEN))
        elif what < REPEATED + BROKEN + FORGED:
            posts.append(door.spoil(door.make(), Sort.FORGED))
        else:
            recent.append(door.make())
            posts.append(recent[-1])
    return posts


def web_chat(sentences: Sequence[str], tokens: Sequence[str]) -> Door:
    """Messages of the web chat's page."""
    number = itertools.count()

    def make() -> Post:
        place = next(number)
        body = json.dumps({"id": str(uuid.uuid4()), "text": sentences[place % len(sentences)]}).encode()
        return Post("web", "/chat/messages", body, {"Content-Type": _JSON, "Cookie": _cookie(tokens, place)})

    def spoil(post: Post, sort: Sort) -> Post:
        if sort is Sort.BROKEN:
            return replace(post, body=_half(post.body), message=False, sort=sort)
        return replace(post, headers={"Content-Type": _JSON}, message=False, sort=sort)

    return Door(make, spoil)


def whatsapp(sentences: Sequence[str], secret: str) -> Door:
    """WhatsApp's webhooks, signed."""
    payloads, clock = Payloads(PHONE_ID, WABA_ID, "62800000001"), SystemClock()
    people = [Person(f"62800{number:06d}", f"ID.{10**9 + number}", "Orang contoh") for number in range(PEOPLE)]
    number = itertools.count()

    def make() -> Post:
        place = next(number)
        person, at = people[place % PEOPLE], clock.now().timestamp()
        if place % 10 < 10 * _SHARE_OF_MESSAGES:
            said, message = _said(sentences, place), True
        else:
            said, message = _reaction(place), False
        body = payloads.message(person, f"wamid.{uuid.uuid4().hex}", at, said)
        if not message and place % 2:
            body = _report(payloads, at)
        raw = json.dumps(body).encode()
        return Post("whatsapp", WHATSAPP_PATH, raw, _signed(raw, secret), message)

    def spoil(post: Post, sort: Sort) -> Post:
        raw = _half(post.body) if sort is Sort.BROKEN else post.body
        headers = _signed(raw, secret if sort is Sort.BROKEN else "another secret")
        return replace(post, body=raw, headers=headers, message=False, sort=sort)

    return Door(make, spoil)


def telegram(sentences: Sequence[str], secret: str) -> Door:
    """Telegram's webhooks, with the secret word."""
    clock, number = SystemClock(), itertools.count(1)
    headers = {"Content-Type": _JSON, _SECRET_WORD: secret}

    def make() -> Post:
        place = next(number)
        message = place % 10 < 10 * _SHARE_OF_MESSAGES
        raw = json.dumps(_update(place, int(clock.now().timestamp()), sentences, message=message)).encode()
        return Post("telegram", TELEGRAM_PATH, raw, headers, message)

    def spoil(post: Post, sort: Sort) -> Post:
        if sort is Sort.BROKEN:
            return replace(post, body=_half(post.body), message=False, sort=sort)
        return replace(post, headers={**headers, _SECRET_WORD: "another"}, message=False, sort=sort)

    return Door(make, spoil)


def _half(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def _cookie(tokens: Sequence[str], place: int) -> str:
    return f"{COOKIE}={tokens[place % len(tokens)]}"


def _signed(raw: bytes, secret: str) -> dict[str, str]:
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return {"Content-Type": _JSON, _SIGNATURE: f"sha256={signature}"}


def _said(sentences: Sequence[str], place: int) -> dict[str, Any]:
    """Mostly words; a picture and a tap now and then."""
    match place % 20:
        case 5:
            return {"type": "image", "image": {"id": "123", "mime_type": "image/jpeg"}}
        case 6:
            reply = {"id": "menu", "title": "Menu"}
            return {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}
        case _:
            return {"type": "text", "text": {"body": sentences[place % len(sentences)]}}


def _reaction(place: int) -> dict[str, Any]:
    return {"type": "reaction", "reaction": {"message_id": f"wamid.{place}", "emoji": "👍"}}


def _report(payloads: Payloads, at: float) -> dict[str, Any]:
    told = {"id": f"wamid.{uuid.uuid4().hex}", "status": "delivered", "timestamp": str(int(at))}
    metadata = {"display_phone_number": payloads.display, "phone_number_id": payloads.phone_id}
    return payloads.wrap("messages", {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [told]}, at)


def _update(place: int, at: int, sentences: Sequence[str], *, message: bool) -> dict[str, Any]:
    person = 10**9 + place % PEOPLE
    who = {"id": person, "is_bot": False, "first_name": "Orang contoh"}
    base = {"message_id": place, "date": at, "chat": {"id": person, "type": "private"}, "from": who}
    said = {**base, "text": sentences[place % len(sentences)]}
    if not message:
        return {"update_id": place, "edited_message": {**said, "edit_date": at}}
    if place % 20 == 5:
        tap = {"id": f"{place}", "from": who, "chat_instance": "1", "data": "menu", "message": {**base, "text": "Menu"}}
        return {"update_id": place, "callback_query": tap}
    return {"update_id": place, "message": said}
