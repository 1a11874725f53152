"""A WhatsApp Cloud API to run at home: a real HTTP server that keeps state and enforces the platform's own limits.

Made from Meta's public documentation. The part Meta's clients talk to is here; the rules are in `whatsapp_state`, the
forms in `whatsapp_shape`, webhooks in `whatsapp_payloads` and `whatsapp_courier`, and the page where a person is
played, with everything tests need, in `whatsapp_stage`. Not emulated: groups, calls, flows, inbound traffic counting
towards the 80 a second, and prices.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from aiohttp import web

from bot.channels.channel import media_type
from bot.channels.whatsapp_limits import PlatformLimits
from bot.channels.whatsapp_templates import Template
from bot.clock import Clock
from bot.emulators.whatsapp_courier import Courier
from bot.emulators.whatsapp_payloads import Sender
from bot.emulators.whatsapp_shape import GraphError
from bot.emulators.whatsapp_state import Taken, WhatsAppState

LARGEST_IMAGE = 5 * 1024 * 1024
_ATTACHMENTS = "/whatsapp_business/attachments/"
_PICTURES = ("image/png", "image/jpeg")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class EmulatedAccount:
    """What the emulator believes to be our account. None of it is secret: it exists only here."""

    phone_id: str = "100000000000001"
    waba_id: str = "200000000000002"
    display: str = "62800000001"
    token: str = "emulator-token"  # noqa: S105  # opens nothing but this emulator
    app_secret: str = "emulator-secret"  # noqa: S105  # same
    tier: str = "TIER_250"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one coming request to send: drop_before, drop_after, slow, error, gateway or garbage."""

    kind: str
    code: int = 0
    status: int = 400
    seconds: float = 0.0
    retry_after: int | None = None


class WhatsAppEmulator:
    """The server. Its clock is `clock` moved on by `offset`, so that a day passes in no time."""

    def __init__(
        self,
        clock: Clock,
        limits: PlatformLimits,
        templates: Iterable[Template] = (),
        *,
        account: EmulatedAccount | None = None,
        webhook_url: str | None = None,
        seed: int = 0,
    ) -> None:
        self.account = account or EmulatedAccount()
        self.offset = timedelta()
        self.state = WhatsAppState(limits, self.account.tier, templates)
        self.sender = Sender(self.account.phone_id, self.account.waba_id, self.account.display)
        self.courier = Courier(webhook_url, self.account.app_secret, self.now, seed)
        self.faults: deque[Fault] = deque()
        self.quality = "GREEN"
        self.subscribed = True
        self.scopes = ["whatsapp_business_messaging", "whatsapp_business_management"]
        self._clock = clock
        self._runner: web.AppRunner | None = None

    def now(self) -> float:
        """The emulated time, in seconds."""
        return (self._clock.now() + self.offset).timestamp()

    async def start(self, host: str = "127.0.0.1", port: int = 0, stage: Iterable[web.RouteDef] = ()) -> str:
        """Serve, and return the base address. `stage` adds the routes of `whatsapp_stage`."""
        app = web.Application(client_max_size=2 * LARGEST_IMAGE)
        app.add_routes([*stage, *self._routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.courier.start()
        return f"http://{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop serving and delivering."""
        await self.courier.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    def _routes(self) -> list[web.RouteDef]:
        phone, waba = self.account.phone_id, self.account.waba_id
        return [
            web.post(f"/{{version}}/{phone}/messages", self._guarded(self._messages)),
            web.post(f"/{{version}}/{phone}/media", self._guarded(self._media)),
            web.get(f"/{{version}}/{phone}", self._guarded(self._number)),
            web.get(f"/{{version}}/{waba}/message_templates", self._guarded(self._templates)),
            web.post(f"/{{version}}/{waba}/message_templates", self._guarded(self._register)),
            web.get(f"/{{version}}/{waba}/subscribed_apps", self._guarded(self._apps)),
            web.get("/{version}/debug_token", self._guarded(self._debug_token)),
            web.get("/{version}/{media:[0-9]+}", self._guarded(self._told)),
            web.get(_ATTACHMENTS, self._guarded(self._handed_out)),
            web.route("*", "/{version}/{rest:.*}", self._guarded(self._unknown)),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                self._authorise(request)
                return await handler(request)
            except GraphError as error:
                refused = error
            except (AttributeError, KeyError, TypeError, ValueError):
                refused = GraphError(100, "Invalid parameter.")
            self.state.counts[f"refused_{refused.code}"] += 1
            headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
            return web.json_response(refused.body(), status=refused.status, headers=headers)

        return guarded

    def _authorise(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.account.token}":
            raise GraphError(190, "Invalid OAuth access token.", 401)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else Fault("none")
        body = await _json(request)
        if fault.kind == "drop_before":
            return _dropped(request)
        if fault.kind == "error":
            raise GraphError(fault.code, "emulated", fault.status, fault.retry_after)
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        taken = self.state.take(body, self.now())
        self._report(taken)
        if fault.kind == "drop_after":
            return _dropped(request)
        if fault.kind == "gateway":
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        if fault.kind == "garbage":
            return web.Response(status=200, text="{", content_type="application/json")
        named = body.get("to") or body.get("recipient")
        known = {"wa_id": taken.person.phone} if body.get("to") else {"user_id": taken.person.user_id}
        contacts = [{"input": named, **known}]
        messages = [{"id": taken.id, **({"message_status": "accepted"} if taken.shown.template else {})}]
        return web.json_response({"messaging_product": "whatsapp", "contacts": contacts, "messages": messages})

    def _report(self, taken: Taken) -> None:
        """Tell by webhook what becomes of the message."""
        if taken.failure is not None:
            statuses = ["failed"]
        elif taken.person.blocked:
            statuses = ["sent"]
        else:
            statuses = ["sent", "delivered", *(["read"] if taken.person.reads else [])]
        for status in statuses:
            self.courier.post(self.sender.status(taken, status, self.now()))

    async def _media(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        held = form.get("file")
        if form.get("messaging_product") != "whatsapp" or not isinstance(held, web.FileField):
            raise GraphError(100, "messaging_product and file are required.")
        picture = held.file.read()
        if held.content_type not in _PICTURES or not 0 < len(picture) <= LARGEST_IMAGE:
            raise GraphError(131053, "Media upload error.")
        media_id = self.state.new_id("30")
        self.state.media[media_id] = picture
        self.state.counts["uploads"] += 1
        return web.json_response({"id": media_id})

    async def _told(self, request: web.Request) -> web.StreamResponse:
        """What a picture is and where it can be fetched, with the same token."""
        media_id = request.match_info["media"]
        picture = self._kept(media_id)
        told = {"messaging_product": "whatsapp", "id": media_id, "mime_type": media_type(picture)}
        told["url"] = str(request.url.origin().with_path(_ATTACHMENTS).with_query(mid=media_id))
        return web.json_response({**told, "sha256": sha256(picture).hexdigest(), "file_size": len(picture)})

    async def _handed_out(self, request: web.Request) -> web.StreamResponse:
        picture = self._kept(request.query["mid"])
        self.state.counts["downloads"] += 1
        return web.Response(body=picture, content_type=media_type(picture))

    def _kept(self, media_id: str) -> bytes:
        picture = self.state.media.get(media_id)
        if picture is None:
            raise GraphError(100, "Unsupported get request. Object does not exist.")
        return picture

    async def _number(self, request: web.Request) -> web.StreamResponse:
        known = {
            "display_phone_number": self.account.display,
            "verified_name": "Rangkul (emulator)",
            "quality_rating": self.quality,
            "name_status": "APPROVED",
            "status": "CONNECTED",
            "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API",
            "whatsapp_business_manager_messaging_limit": self.state.tier,
        }
        asked = request.query.get("fields", ",".join(known)).split(",")
        told = {name: known[name] for name in asked if name in known}
        return web.json_response({**told, "id": self.account.phone_id})

    async def _templates(self, request: web.Request) -> web.StreamResponse:
        """All templates, a page at a time."""
        listed = list(self.state.templates.values())
        begin = int(request.query.get("after", "0"))
        end = begin + int(request.query.get("limit", "25"))
        told = [
            {"id": t.id, **t.form, "status": t.status, "quality_score": {"score": t.quality}, "rejected_reason": "NONE"}
            for t in listed[begin:end]
        ]
        paging: dict[str, Any] = {"cursors": {"before": str(begin), "after": str(end)}}
        if end < len(listed):
            paging["next"] = str(request.url.update_query(after=str(end)))
        return web.json_response({"data": told, "paging": paging})

    async def _register(self, request: web.Request) -> web.StreamResponse:
        form = await _json(request)
        if not isinstance(form.get("name"), str) or not isinstance(form.get("components"), list):
            raise GraphError(100, "name and components are required.")
        kept = self.state.register(dict(form), "PENDING")
        return web.json_response({"id": kept.id, "status": kept.status, "category": form.get("category")})

    async def _apps(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002  # aiohttp hands it over
        app = {"whatsapp_business_api_data": {"id": "1", "name": "Rangkul (emulator)"}}
        return web.json_response({"data": [app] if self.subscribed else []})

    async def _debug_token(self, request: web.Request) -> web.StreamResponse:
        valid = request.query.get("input_token") == self.account.token
        told = {"is_valid": valid, "expires_at": 0, "scopes": self.scopes, "type": "SYSTEM_USER", "app_id": "1"}
        return web.json_response({"data": told})

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        raise GraphError(100, f"Unsupported {request.method} request.")


def _dropped(request: web.Request) -> web.StreamResponse:
    """The connection breaks without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _json(request: web.Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise GraphError(100, "The body is not valid JSON.")
    return body
