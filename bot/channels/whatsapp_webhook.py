"""The door for WhatsApp's webhooks: proves who is there, stores what arrived, and only then says 200."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable

import structlog
from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.channel import Arrived
from bot.channels.whatsapp import WhatsAppChannel
from bot.channels.whatsapp_read import read_webhook

log = structlog.get_logger()

PATH = "/webhook/whatsapp"
LARGEST_BODY = 3 * 1024 * 1024  # Meta's own limit for one webhook
_SCHEME = "sha256="
_LONGEST_CHALLENGE = 200

Receive = Callable[[list[Arrived]], Awaitable[None]]


def verify_signature(raw: bytes, header: str | None, app_secret: str) -> bool:
    """Whether X-Hub-Signature-256 is Meta's over exactly these bytes. An empty secret proves nothing."""
    if header is None or not app_secret or not header.startswith(_SCHEME):
        return False
    signature = hmac.new(app_secret.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(header.removeprefix(_SCHEME).encode("utf-8", "replace"), signature.encode())


def webhook_router(
    channel: WhatsAppChannel, verify_token: str, app_secret: str, receive: Receive, path: str = PATH
) -> APIRouter:
    """The two routes Meta calls: GET once to see that we are us, POST for everything that happens.

    Args:
        channel: only what is meant for its number is received; the rest is ignored.
        verify_token: the word we told Meta when naming this address.
        app_secret: the app's secret, which signs every request.
        receive: stores what arrived durably before it returns; when it raises, Meta is told to come again.
        path: where both routes are.
    """
    door = _Door(channel, verify_token, app_secret, receive)
    router = APIRouter()
    router.add_route(path, door.verified, methods=["GET"], include_in_schema=False)
    router.add_route(path, door.arrived, methods=["POST"], include_in_schema=False)
    return router


class _Door:
    def __init__(self, channel: WhatsAppChannel, verify_token: str, app_secret: str, receive: Receive) -> None:
        self._channel = channel
        self._verify_token = verify_token
        self._app_secret = app_secret
        self._receive = receive

    async def verified(self, request: Request) -> Response:
        asked = request.query_params
        given, expected = asked.get("hub.verify_token", ""), self._verify_token
        known = hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
        challenge = asked.get("hub.challenge", "")
        if not known or not expected or asked.get("hub.mode") != "subscribe" or len(challenge) > _LONGEST_CHALLENGE:
            log.warning("webhook_not_verified", channel=self._channel.name.value)
            return Response(status_code=403)
        return PlainTextResponse(challenge, headers={"X-Content-Type-Options": "nosniff"})

    async def arrived(self, request: Request) -> Response:
        signature = request.headers.get("x-hub-signature-256")
        if signature is None:
            return self._refused(401, "no_signature")
        try:
            raw = await _body(request)
        except ClientDisconnect:
            return self._refused(400, "disconnected")
        if raw is None:
            return self._refused(413, "too_large")
        if not verify_signature(raw, signature, self._app_secret):
            return self._refused(401, "wrong_signature")
        try:
            await self._receive(read_webhook(raw, self._channel.account))
        except Exception as failed:  # noqa: BLE001  # whatever storage says, nothing is lost: Meta comes again
            # no traceback: it may hold the payload
            log.error("webhook_not_stored", channel=self._channel.name.value, error=type(failed).__name__)  # noqa: TRY400
            return Response(status_code=503)
        return Response(status_code=200)

    def _refused(self, status: int, why: str) -> Response:
        log.warning("webhook_refused", channel=self._channel.name.value, why=why)
        return Response(status_code=status)


async def _body(request: Request) -> bytes | None:
    """The raw body, or None as soon as it is too large."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:20]) > LARGEST_BODY:
        return None
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > LARGEST_BODY:
            return None
        pieces.append(piece)
    return b"".join(pieces)
