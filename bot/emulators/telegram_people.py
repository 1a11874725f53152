"""Plays the people: what somebody does on their phone, and the update the bot gets for it."""

from __future__ import annotations

import itertools
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from bot.emulators.sample import sample_photo
from bot.emulators.telegram_rules import bad
from bot.emulators.telegram_updates import Json
from bot.emulators.telegram_world import Group, Person, World

_queries = itertools.count(4_382_000_000_000_001)
_FILE: Json = {"file_id": "berkas-contoh", "file_unique_id": "contoh"}
#: What else a person can send, as the Bot API shows it.
THINGS: Mapping[str, Json] = {
    "photo": {"photo": [{**_FILE, "width": 90, "height": 60}, {**_FILE, "width": 1280, "height": 853}]},
    "sticker": {
        "sticker": {
            **_FILE,
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "👍",
        }
    },
    "voice": {"voice": {**_FILE, "duration": 4, "mime_type": "audio/ogg"}},
    "video": {"video": {**_FILE, "width": 640, "height": 360, "duration": 9}},
    "video_note": {"video_note": {**_FILE, "length": 240, "duration": 5}},
    "audio": {"audio": {**_FILE, "duration": 60}},
    "document": {"document": {**_FILE, "file_name": "contoh.pdf", "mime_type": "application/pdf"}},
    "animation": {
        "animation": {**_FILE, "width": 320, "height": 240, "duration": 2},
        "document": _FILE,
    },
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
}


class People:
    """Acts for the people of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def write(self, person: Person, text: str) -> Json:
        """Write a message; a command is marked as one, as the app does."""
        content: Json = {"text": text}
        if text.startswith("/") and text[1:2].isalnum():
            command = text.split(maxsplit=1)[0]
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(command)}]
        return await self._say(person, content)

    async def start(self, person: Person, payload: str = "") -> Json:
        """Press Start, perhaps after coming by a link."""
        return await self.write(person, f"/start {payload}".strip())

    async def send(self, person: Person, thing: str, caption: str = "", file: str | None = None) -> Json:
        """Send a photo (`file`: this one, in base64), sticker, voice note or the like."""
        if thing not in THINGS:
            raise bad(f"nobody knows how to send {thing}")
        if thing == "photo":
            return await self.send_photo(person, b64decode(file) if file else sample_photo(), caption)
        return await self._say(person, {**THINGS[thing], **({"caption": caption} if caption else {})})

    async def send_photo(self, person: Person, content: bytes, caption: str = "") -> Json:
        """Send this photo. Telegram itself would shrink it and take its metadata out; here it stays what it is."""
        size = self._world.keep_photo(content, 1280, 853)
        sizes = [{**size, "file_id": f"{size['file_id']}-kecil", "width": 90, "height": 60}, size]
        return await self._say(person, {"photo": sizes, **({"caption": caption} if caption else {})})

    async def share_contact(self, person: Person, *, own: bool = True) -> Json:
        """Share their own phone number, or somebody else's card."""
        card: Json = {
            "phone_number": person.phone.removeprefix("+") or "6281200000000",
            "first_name": person.first_name,
        }
        return await self._say(person, {"contact": card | ({"user_id": person.id} if own else {})})

    async def share_location(self, person: Person, latitude: float, longitude: float) -> Json:
        """Share where they are."""
        return await self._say(person, {"location": {"latitude": latitude, "longitude": longitude}})

    async def tap(self, person: Person, message: int, data: str) -> Json:
        """Tap an inline button."""
        shown = self._world.find(person.id, message)
        rows = (shown or {}).get("reply_markup", {}).get("inline_keyboard", [])
        if shown is None or not any(button.get("callback_data") == data for row in rows for button in row):
            raise bad("there is no such button")
        query = str(next(_queries))
        self._world.asked[query] = {"at": self._world.now, "person": person.id, "answer": None}
        tapped: Json = {
            "id": query,
            "from": person.user(),
            "chat_instance": str(person.id),
            "message": shown,
            "data": data,
        }
        await self._world.updates.add("callback_query", tapped)
        return tapped

    async def edit(self, person: Person, message: int, text: str) -> Json:
        """Correct a message of their own."""
        said = self._world.find(person.id, message)
        if said is None or said["from"]["id"] != person.id:
            raise bad("message to edit not found")
        said.update(text=text, edit_date=int(self._world.now))
        await self._world.updates.add("edited_message", dict(said))
        return said

    async def block(self, person: Person, *, blocked: bool = True) -> None:
        """Block the bot, or think better of it."""
        if person.blocked == blocked:
            return
        person.blocked = blocked
        await self._membership(
            person.chat(), person.user(), *(("member", "kicked") if blocked else ("kicked", "member"))
        )

    def delete_account(self, person: Person) -> None:
        """Leave Telegram."""
        person.gone = True

    async def found_group(self, person: Person, title: str) -> Group:
        """Put the bot into a new group."""
        group = Group(-400_000_001 - len(self._world.groups), title)
        self._world.groups[group.id] = group
        await self._membership(group.chat(), person.user(), "left", "member")
        content: Json = {"group_chat_created": True}
        message = self._world.keep(group.chat(), person.user(), content)
        await self._world.updates.add("message", message)
        return group

    async def write_in_group(self, person: Person, group: Group, text: str) -> Json:
        """Write in a group; the bot hears of it while it is a member."""
        message = self._world.keep(group.chat(), person.user(), {"text": text})
        if group.member:
            await self._world.updates.add("message", message)
        return message

    async def grow_group(self, person: Person, group: Group) -> Group:
        """The group becomes a supergroup and so gets a new id."""
        grown = Group(-1_000_000_000_000 + group.id, group.title)
        group.moved_to = grown.id
        self._world.groups[grown.id] = grown
        left = self._world.keep(group.chat(), person.user(), {"migrate_to_chat_id": grown.id})
        await self._world.updates.add("message", left)
        arrived = self._world.keep(grown.chat(), person.user(), {"migrate_from_chat_id": group.id})
        await self._world.updates.add("message", arrived)
        return grown

    async def _say(self, person: Person, content: Json) -> Json:
        await self.block(person, blocked=False)
        person.started = True
        message = self._world.keep(person.chat(), person.user(), content)
        await self._world.updates.add("message", dict(message))
        return message

    async def _membership(self, chat: Json, by: Json, before: str, after: str) -> None:
        change: Json = {"chat": chat, "from": by, "date": int(self._world.now)}
        change["old_chat_member"] = self._member(before)
        change["new_chat_member"] = self._member(after)
        await self._world.updates.add("my_chat_member", change)

    def _member(self, status: str) -> Json:
        shown: Json = {"user": self._world.bot, "status": status}
        return shown | ({"until_date": 0} if status == "kicked" else {})


async def act(people: People, person: Person, action: str, told: Mapping[str, Any]) -> Any:
    """Carry out one action by its name, as the page and the tests ask for it.

    Raises:
        Refusal: there is no such action, or it cannot be done.
    """
    actions: Mapping[str, Callable[[], Any]] = {
        "text": lambda: people.write(person, str(told.get("text", ""))),
        "start": lambda: people.start(person, str(told.get("payload", ""))),
        "tap": lambda: people.tap(person, int(told.get("message_id", 0)), str(told.get("data", ""))),
        "send": lambda: people.send(person, str(told.get("thing", "")), str(told.get("caption", "")), told.get("file")),
        "contact": lambda: people.share_contact(person, own=bool(told.get("own", True))),
        "location": lambda: people.share_location(
            person, float(told.get("latitude", 0)), float(told.get("longitude", 0))
        ),
        "edit": lambda: people.edit(person, int(told.get("message_id", 0)), str(told.get("text", ""))),
        "block": lambda: people.block(person),
        "unblock": lambda: people.block(person, blocked=False),
        "group": lambda: people.found_group(person, str(told.get("title", ""))),
    }
    if action == "delete":
        return people.delete_account(person)
    if action not in actions:
        raise bad("there is no such action")
    return await actions[action]()
