"""The page where somebody can be played on a phone, and the routes it uses; tests use them too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.channels.channel import media_type
from bot.emulators.telegram_people import People, act
from bot.emulators.telegram_rules import Refusal
from bot.emulators.telegram_updates import Json
from bot.emulators.telegram_world import Person, World

_BOT = Path(__file__).parents[1]
_FILES = {"chat.svg": "image/svg+xml", "emulator_telegram.css": "text/css", "emulator_telegram.js": "text/javascript"}
_SAFETY = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def page_routes(world: World, people: People, words: Mapping[str, str]) -> list[web.RouteDef]:
    """All under /emulator/."""
    page = _Page(world, people, words)
    return [
        web.get("/", page.redirect),
        web.get("/emulator/", page.shown),
        web.get("/emulator/static/{name}", page.file),
        web.get("/emulator/people", page.everybody),
        web.post("/emulator/people", page.join),
        web.get("/emulator/people/{person}/chat", page.chat),
        web.post("/emulator/people/{person}/{action}", page.act),
        web.get("/emulator/photos/{name}", page.photo),
    ]


class _Page:
    def __init__(self, world: World, people: People, words: Mapping[str, str]) -> None:
        self._world = world
        self._people = people
        self._words = words

    async def redirect(self, _: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/emulator/")

    async def shown(self, _: web.Request) -> web.StreamResponse:
        templates = Environment(
            loader=FileSystemLoader(_BOT / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        html = templates.get_template("emulator_telegram.html").render(words=dict(self._words))
        return web.Response(text=html, content_type="text/html", headers=_SAFETY)

    async def file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in _FILES:
            raise web.HTTPNotFound
        body = (_BOT / "static" / name).read_bytes()
        return web.Response(body=body, content_type=_FILES[name], charset="utf-8", headers=_SAFETY)

    async def everybody(self, _: web.Request) -> web.StreamResponse:
        return _json([_described(person) for person in self._world.people.values()])

    async def join(self, request: web.Request) -> web.StreamResponse:
        wish = await told(request)
        name = str(wish.get("first_name") or self._words["new_person"]).strip()[:64]
        person = self._world.join(name, wish.get("username") or None, str(wish.get("phone") or ""))
        return _json(_described(person))

    async def chat(self, request: web.Request) -> web.StreamResponse:
        person = self._person(request)
        return _json(
            {
                "person": _described(person),
                "messages": [self._line(message) for message in self._world.said[person.id]],
                "typing": self._world.now < person.typing_until,
                "commands": self._world.profile.get("commands", []),
                "description": self._world.profile.get("description", ""),
            }
        )

    async def act(self, request: web.Request) -> web.StreamResponse:
        person = self._person(request)
        try:
            done = await act(self._people, person, request.match_info["action"], await told(request))
        except Refusal as refusal:
            return _json({"ok": False, "description": refusal.description}, status=refusal.status)
        except (TypeError, ValueError):
            return _json({"ok": False}, status=400)
        return _json({"ok": True, "result": done if isinstance(done, dict) else None})

    async def photo(self, request: web.Request) -> web.StreamResponse:
        photo = self._world.photos.get(request.match_info["name"])
        if photo is None:
            raise web.HTTPNotFound
        return web.Response(body=photo.content, content_type=media_type(photo.content), headers=_SAFETY)

    def _person(self, request: web.Request) -> Person:
        number = request.match_info["person"]
        person = self._world.people.get(int(number)) if number.isdecimal() else None
        if person is None:
            raise web.HTTPNotFound
        return person

    def _line(self, message: Json) -> Json:
        """A message as the page draws it."""
        return {
            "id": message["message_id"],
            "mine": message["from"]["id"] != self._world.bot["id"],
            "at": message["date"],
            "text": message.get("text") or message.get("caption") or "",
            "kind": next((kind for kind in _KINDS if kind in message), "text"),
            "photo": message["photo"][-1]["file_id"] if "photo" in message else None,
            "buttons": message.get("reply_markup", {}).get("inline_keyboard", []),
            "keyboard": message.get("keyboard", {}).get("keyboard", []),
            "edited": "edit_date" in message,
        }


_KINDS = ("contact", "location", "sticker", "voice", "video", "document", "audio", "animation", "dice", "photo")


def _described(person: Person) -> Json:
    return {
        "id": person.id,
        "first_name": person.first_name,
        "phone": person.phone,
        "started": person.started,
        "blocked": person.blocked,
        "gone": person.gone,
    }


async def told(request: web.Request) -> Mapping[str, Any]:
    """The JSON object sent; a page of another site cannot send one here unasked."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        wish = await request.json()
    except ValueError:
        raise web.HTTPBadRequest from None
    if not isinstance(wish, dict):
        raise web.HTTPBadRequest
    return wish


def _json(shown: Any, status: int = 200) -> web.Response:
    return web.json_response(shown, status=status, headers=_SAFETY)
