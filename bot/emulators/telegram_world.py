"""The emulated Telegram itself: people, groups, what was said. Nothing here knows of HTTP."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.clock import Clock
from bot.emulators.telegram_rules import Rates, Traffic, bad, forbidden
from bot.emulators.telegram_updates import Json, Updates

TYPING_SECONDS = 5.0


@dataclass(slots=True)
class Person:
    """Somebody with the app on their phone."""

    id: int
    first_name: str
    username: str | None = None
    phone: str = ""
    started: bool = False  # has written to the bot, or pressed Start
    blocked: bool = False
    gone: bool = False  # account deleted
    typing_until: float = 0.0  # the bot "is typing" to them

    def user(self) -> Json:
        """As the Bot API shows a user."""
        shown: Json = {"id": self.id, "is_bot": False, "first_name": self.first_name, "language_code": "id"}
        return shown | ({"username": self.username} if self.username else {})

    def chat(self) -> Json:
        """Their private chat."""
        shown: Json = {"id": self.id, "type": "private", "first_name": self.first_name}
        return shown | ({"username": self.username} if self.username else {})


@dataclass(slots=True)
class Group:
    """A group the bot was put into."""

    id: int
    title: str
    member: bool = True
    moved_to: int | None = None

    def chat(self) -> Json:
        """As the Bot API shows a group."""
        if self.id < -1_000_000_000_000:
            return {"id": self.id, "type": "supergroup", "title": self.title}
        return {"id": self.id, "type": "group", "title": self.title, "all_members_are_administrators": True}


@dataclass(slots=True)
class Photo:
    """A picture that somebody sent."""

    content: bytes
    width: int
    height: int


@dataclass(slots=True)
class World:
    """Everything there is, for one bot."""

    clock: Clock
    bot: Json
    rates: Rates = field(default_factory=Rates)
    people: dict[int, Person] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    said: dict[int, list[Json]] = field(default_factory=dict)  # messages by chat, oldest first
    photos: dict[str, Photo] = field(default_factory=dict)
    asked: dict[str, Json] = field(default_factory=dict)  # callback queries by id: {"at", "person", "answer"}
    profile: dict[str, Any] = field(default_factory=dict)  # commands and descriptions
    counts: dict[str, int] = field(default_factory=dict)  # calls by method, and refusals as "429 sendMessage"
    updates: Updates = field(init=False)
    traffic: Traffic = field(init=False)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.updates = Updates(self.clock)
        self.traffic = Traffic(self.rates)

    @property
    def now(self) -> float:
        """Unix time."""
        return self.clock.now().timestamp()

    def number(self) -> int:
        """The next message number; the bot's chats share one count."""
        return next(self._numbers)

    def join(self, first_name: str, username: str | None = None, phone: str = "", *, started: bool = False) -> Person:
        """Somebody new."""
        person = Person(500_000_001 + len(self.people), first_name, username, phone, started)
        self.people[person.id] = person
        self.said[person.id] = []
        return person

    def keep_photo(self, content: bytes, width: int, height: int) -> Json:
        """Keep a picture; returns its size as the Bot API shows it."""
        name = hashlib.sha256(content).hexdigest()[:24]
        self.photos.setdefault(name, Photo(content, width, height))
        size = {"file_id": name, "file_unique_id": name[:16], "width": width, "height": height}
        return {**size, "file_size": len(content)}

    def keep(self, chat: Json, sender: Json, content: Json) -> Json:
        """Write a message into a chat."""
        message = {"message_id": self.number(), "from": sender, "chat": chat, "date": int(self.now), **content}
        self.said.setdefault(chat["id"], []).append(message)
        return message

    def find(self, chat: int, message: int) -> Json | None:
        """A message of a chat."""
        return next((said for said in reversed(self.said.get(chat, [])) if said["message_id"] == message), None)

    def reachable(self, chat: Any) -> Person | Group:
        """Whom a chat_id means.

        Raises:
            Refusal: there is nobody, or they don't want to hear from the bot.
        """
        try:
            number = int(chat)
        except (TypeError, ValueError):
            raise bad("chat not found" if chat else "chat_id is empty") from None
        if number in self.groups:
            return self._group(number)
        person = self.people.get(number)
        if person is None:
            raise bad("chat not found")
        if person.gone:
            raise forbidden("user is deactivated")
        if person.blocked:
            raise forbidden("bot was blocked by the user")
        if not person.started:
            raise forbidden("bot can't initiate conversation with a user")
        return person

    def _group(self, number: int) -> Group:
        group = self.groups[number]
        if group.moved_to is not None:
            raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=group.moved_to)
        if not group.member:
            raise forbidden("bot is not a member of the group chat")
        return group
