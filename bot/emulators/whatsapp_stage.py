"""The emulated WhatsApp's own side: a page where a person is played, and the levers tests and benchmarks pull.

All under /emulator. People write, tap and block; time is moved; faults are ordered. Every word of the page is in
content/lexicon/emulator_whatsapp.yaml.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.channels.channel import media_type
from bot.emulators.sample import sample_photo
from bot.emulators.whatsapp import Fault, WhatsAppEmulator
from bot.emulators.whatsapp_courier import Manners
from bot.emulators.whatsapp_shape import Shown
from bot.emulators.whatsapp_state import Bubble, Person

_PAGE = "emulator_whatsapp.html"
_TEMPLATES = Path(__file__).parents[1] / "templates"
Ordered = Mapping[str, Any]


def stage(emulator: WhatsAppEmulator, words: Mapping[str, str]) -> list[web.RouteDef]:
    """The routes, for `WhatsAppEmulator.start`.

    Args:
        emulator: whose stage it is.
        words: `words` of content/lexicon/emulator_whatsapp.yaml.
    """
    acting = _Stage(emulator)
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    page = environment.get_template(_PAGE).render(w=words, words=dict(words))

    async def shown(_: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html")

    return [
        web.get("/emulator", shown),
        web.get("/emulator/people", acting.people),
        web.get("/emulator/people/{id}/messages", acting.messages),
        web.get("/emulator/media/{id}", acting.media),
        web.get("/emulator/state", acting.counts),
        web.post("/emulator/people", _ordered(acting.meet)),
        web.post("/emulator/people/{id}/say", _ordered(acting.say)),
        web.post("/emulator/people/{id}/do", _ordered(acting.do)),
        web.post("/emulator/time", _ordered(acting.time)),
        web.post("/emulator/faults", _ordered(acting.faults)),
        web.post("/emulator/templates", _ordered(acting.template)),
        web.post("/emulator/account", _ordered(acting.account)),
        web.post("/emulator/webhook", _ordered(acting.webhook)),
        web.post("/emulator/flush", _ordered(acting.flush)),
    ]


def _ordered(
    handler: Callable[[web.Request, Ordered], Awaitable[dict[str, Any]]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A lever: JSON in, JSON out; what it does not understand is 400. Only JSON, so that no other page can pull it."""

    async def pulled(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return web.json_response({"error": "content type"}, status=415)
        try:
            order = json.loads(await request.read() or b"{}")
            return web.json_response(await handler(request, order))
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            return web.json_response({"error": type(wrong).__name__}, status=400)

    return pulled


class _Stage:
    def __init__(self, emulator: WhatsAppEmulator) -> None:
        self._emulator = emulator
        self._state = emulator.state

    async def people(self, _: web.Request) -> web.Response:
        return web.json_response([_person(person) for person in self._state.people.values()])

    async def messages(self, request: web.Request) -> web.Response:
        person = self._state.people.get(request.match_info["id"])
        after = int(request.query.get("after", "0"))
        bubbles = person.bubbles[after:] if person is not None else []
        return web.json_response([_bubble(bubble) for bubble in bubbles])

    async def media(self, request: web.Request) -> web.Response:
        picture = self._state.media.get(request.match_info["id"])
        if picture is None:
            return web.Response(status=404)
        return web.Response(body=picture, content_type=media_type(picture))

    async def counts(self, _: web.Request) -> web.Response:
        received = [sum(not b.mine for b in person.bubbles) for person in self._state.people.values()]
        return web.json_response(
            {
                "now": self._emulator.now(),
                "counts": dict(self._state.counts),
                "webhooks": dict(self._emulator.courier.counts),
                "people": len(received),
                "received_once": received.count(1),
                "received_more": sum(number > 1 for number in received),
            }
        )

    async def meet(self, _: web.Request, order: Ordered) -> dict[str, Any]:
        traits = {key: order[key] for key in ("username", "hides_phone", "has_whatsapp", "reads") if key in order}
        people = [
            self._state.meet(order["name"], order.get("phone"), **traits) for _ in range(int(order.get("count", 1)))
        ]
        return {"people": [_person(person) for person in people]}

    async def say(self, request: web.Request, order: Ordered) -> dict[str, Any]:
        """The person writes (`text`), taps (`tap` and `label`), sends a photo or any `message` of Meta's form.

        `photo` is one in base64, or true for the sample; `caption` goes with it.
        """
        person, now = self._state.people[request.match_info["id"]], self._emulator.now()
        message_id = order.get("id") or self._state.new_id("wamid.IN")
        photo = self._photo(order["photo"]) if "photo" in order else None
        said = _photographed(photo, order.get("caption")) if photo else _said(order, person)
        person.wrote_at = now
        words = order.get("text") or order.get("label") or order.get("caption")
        seen = Shown(words or ("" if photo else f"[{said['type']}]"), image=photo)
        person.bubbles.append(Bubble(message_id, mine=True, shown=seen, at=now))
        self._emulator.courier.post(self._emulator.sender.message(person, message_id, now, said))
        return {"id": message_id}

    def _photo(self, given: object) -> str:
        """Keep a photo as Meta would; returns its id."""
        media_id = self._state.new_id("30")
        self._state.media[media_id] = b64decode(given, validate=True) if isinstance(given, str) else sample_photo()
        return media_id

    async def do(self, request: web.Request, order: Ordered) -> dict[str, Any]:
        """The person blocks, unblocks, stops or resumes marketing, or gets a new id or number."""
        person = self._state.people[request.match_info["id"]]
        emulator, now = self._emulator, self._emulator.now()
        match order["action"]:
            case "block":
                for field, kept in self._state.complain(person, now):
                    emulator.courier.post(emulator.sender.template(field, kept, now))
            case "unblock":
                person.blocked = False
            case "stop" | "resume":
                person.stopped = order["action"] == "stop"
                emulator.courier.post(emulator.sender.preference(person, now, stop=person.stopped))
            case "new_id" | "new_number":
                old_phone = person.phone
                renumbered = order["action"] == "new_number"
                old, _new = self._state.move(person, order["phone"] if renumbered else None)
                emulator.courier.post(
                    emulator.sender.moved(person, old, old_phone, self._state.new_id("wamid.SYS"), now)
                )
            case _:
                raise ValueError
        return _person(person)

    async def time(self, _: web.Request, order: Ordered) -> dict[str, Any]:
        self._emulator.offset += timedelta(seconds=float(order["advance"]))
        self._emulator.courier.nudge()
        return {"now": self._emulator.now()}

    async def faults(self, _: web.Request, order: Ordered) -> dict[str, Any]:
        """`messages`: what goes wrong with the next requests; `webhooks`: how webhooks are delivered from now on."""
        self._emulator.faults.extend(Fault(**fault) for fault in order.get("messages", ()))
        if "webhooks" in order:
            self._emulator.courier.manners = Manners(**order["webhooks"])
        return {"messages": len(self._emulator.faults)}

    async def template(self, _: web.Request, order: Ordered) -> dict[str, Any]:
        """Meta decides about a template: its `status` or `quality`."""
        kept, now = self._state.templates[order["name"]], self._emulator.now()
        for key, field in (
            ("status", "message_template_status_update"),
            ("quality", "message_template_quality_update"),
        ):
            if key in order:
                setattr(kept, key, order[key])
                self._emulator.courier.post(self._emulator.sender.template(field, kept, now))
        return {"name": order["name"], "status": kept.status, "quality": kept.quality}

    async def account(self, _: web.Request, order: Ordered) -> dict[str, Any]:
        """Meta decides about the account: `tier`, `quality`, `scopes`, `subscribed`."""
        if "tier" in order:
            self._state.limits.tiers[order["tier"]]  # KeyError for a tier that does not exist
            self._state.tier = order["tier"]
        emulator = self._emulator
        emulator.quality = order.get("quality", emulator.quality)
        emulator.scopes = order.get("scopes", emulator.scopes)
        emulator.subscribed = order.get("subscribed", emulator.subscribed)
        return {"tier": self._state.tier, "quality": emulator.quality}

    async def webhook(self, _: web.Request, order: Ordered) -> dict[str, Any]:
        """Where webhooks go from now on, or one `payload` to deliver as it is."""
        if "url" in order:
            self._emulator.courier.url = order["url"]
        if "payload" in order:
            self._emulator.courier.post(order["payload"])
        return {"url": self._emulator.courier.url}

    async def flush(self, _: web.Request, _order: Ordered) -> dict[str, Any]:
        return {"later": await self._emulator.courier.flush()}


def _photographed(media_id: str, caption: str | None) -> dict[str, Any]:
    image = {"id": media_id, "mime_type": "image/jpeg", "sha256": "-"}
    return {"type": "image", "image": image | ({"caption": caption} if caption else {})}


def _said(order: Ordered, person: Person) -> dict[str, Any]:
    if "message" in order:
        return dict(order["message"])
    if "tap" not in order:
        return {"type": "text", "text": {"body": order["text"]}}
    tap, label = order["tap"], order.get("label", "")
    bubble = next((b for b in reversed(person.bubbles) if tap in _taps(b.shown)), None)
    if bubble is not None and bubble.shown.template is not None:
        return {"type": "button", "button": {"payload": tap, "text": label}, "context": {"id": bubble.id}}
    kind = "list_reply" if bubble is not None and bubble.shown.rows else "button_reply"
    interactive = {"type": kind, kind: {"id": tap, "title": label}}
    return {"type": "interactive", "interactive": interactive} | ({"context": {"id": bubble.id}} if bubble else {})


def _taps(seen: Shown) -> list[str]:
    return [tap for tap, _, _ in (*seen.buttons, *seen.rows)]


def _person(person: Person) -> dict[str, Any]:
    traits = ("user_id", "phone", "name", "username", "hides_phone", "has_whatsapp", "blocked", "stopped")
    return {trait: getattr(person, trait) for trait in traits}


def _bubble(bubble: Bubble) -> dict[str, Any]:
    seen = bubble.shown
    return {
        "id": bubble.id,
        "mine": bubble.mine,
        "at": bubble.at,
        "text": seen.text,
        "buttons": seen.buttons,
        "rows": seen.rows,
        "image": f"/emulator/media/{seen.image}" if seen.image else None,
        "template": seen.template,
    }
