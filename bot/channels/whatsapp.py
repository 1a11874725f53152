"""WhatsApp Cloud API: one `Channel` on one business number, over aiohttp.

Reading webhooks is in `whatsapp_read`, the door for them in `whatsapp_webhook`, the shape of messages in
`whatsapp_send`, checking an account in `whatsapp_check`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from bot.channels.channel import Limits, Outgoing, file_name, gathered, media_type
from bot.channels.errors import MediaRefused, SendError, Unknown, Unreachable
from bot.channels.whatsapp_errors import refusal
from bot.channels.whatsapp_json import identifier
from bot.channels.whatsapp_send import LARGEST_IMAGE, LIMITS, compose, fits_under_picture
from bot.channels.whatsapp_templates import Template
from flows.contact import Channel as ChannelName

#: What a photo may be by Meta's word, before any of it is read.
PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
_META = ("fbsbx.com", "facebook.com", "whatsapp.net")
_OK, _PIECE = 200, 64 * 1024
_UPLOADS_REMEMBERED = 64  # pictures sent to many are uploaded once; Meta keeps them for 30 days


@dataclass(frozen=True, slots=True)
class WhatsAppAccount:
    """One business number, and where its API is."""

    phone_id: str
    waba_id: str
    token: SecretStr
    base: str = "https://graph.facebook.com"
    version: str = "v23.0"
    timeout: float = 20.0  # seconds for one request
    connect_timeout: float = 5.0


class WhatsAppChannel:
    """Sends messages from one business number. Make and close it in the event loop that uses it."""

    name: ChannelName = ChannelName.WHATSAPP
    limits: Limits = LIMITS

    def __init__(self, account: WhatsAppAccount, templates: Mapping[str, Template], words: Mapping[str, str]) -> None:
        self.account: str = account.phone_id
        self.details = account
        self.templates = templates
        self._list_button = words["list_button"]
        self._session: aiohttp.ClientSession | None = None
        self._uploads: OrderedDict[bytes, str] = OrderedDict()
        self._uploading = asyncio.Lock()

    async def send(self, message: Outgoing) -> str:
        """Send it and return WhatsApp's id for it.

        A picture whose text does not fit under it goes ahead of the text; should the text then fail and be tried
        again, only the picture is repeated.

        Raises:
            SendError: what went wrong, and whether to try again.
        """
        picture = None if message.template is not None else message.image
        if picture is not None and not fits_under_picture(message):
            await self._send(Outgoing(to=message.to, text="", image=picture), picture)
            message, picture = replace(message, image=None), None
        return await self._send(message, picture)

    async def _send(self, message: Outgoing, picture: bytes | None) -> str:
        placeholder = "0" if picture is not None else None
        compose(message, placeholder, self.templates, self._list_button)  # refused before anything is uploaded
        media_id = await self._uploaded(picture) if picture is not None else None
        body = compose(message, media_id, self.templates, self._list_button)
        answer = await self._call("POST", f"{self.account}/messages", json=body)
        return _message_id(answer)

    async def download(self, file: str, most: int) -> bytes:
        """The photo behind a media id, of at most that many bytes.

        Raises:
            SendError: it can't be had; `MediaRefused` when it is too large or no photo.
        """
        told = await self.fetch(file)
        if str(told.get("mime_type")).partition(";")[0] not in PHOTO_TYPES:
            raise MediaRefused(detail="no_picture")
        size, address = told.get("file_size"), told.get("url")
        if isinstance(size, int) and size > most:
            raise MediaRefused(detail="too_large")
        if not isinstance(address, str) or not self._is_metas(address):
            raise Unreachable(detail="media_address")
        try:
            opening = self._client().get(address, allow_redirects=False, headers={"Accept": "*/*"})
            async with opening as response:
                if response.status != _OK:
                    raise Unreachable(detail=f"media {response.status}")
                return await gathered(response.content.iter_chunked(_PIECE), most)
        except (aiohttp.ClientError, TimeoutError, OSError) as broken:
            raise Unreachable(detail=type(broken).__name__) from None

    def _is_metas(self, address: str) -> bool:
        """Whether the address may be shown our token: Meta's own, or the API's that we were told to use."""
        there, api = urlsplit(address), urlsplit(self.details.base)
        if (there.scheme, there.netloc) == (api.scheme, api.netloc):
            return True
        host = there.hostname or ""
        return there.scheme == "https" and any(host == known or host.endswith(f".{known}") for known in _META)

    async def fetch(self, path: str, **params: str) -> dict[str, Any]:
        """Read something of the account: `fetch("123", fields="quality_rating")`. Raises `SendError`."""
        return await self._repeatable("GET", path, params=params)

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _uploaded(self, picture: bytes) -> str:
        """The media id of a picture, uploaded at most once."""
        if len(picture) > LARGEST_IMAGE:
            raise MediaRefused(detail="too_large")
        mark = hashlib.sha256(picture).digest()
        async with self._uploading:
            if mark not in self._uploads:
                self._uploads[mark] = await self._upload(picture)
                if len(self._uploads) > _UPLOADS_REMEMBERED:
                    self._uploads.popitem(last=False)
            return self._uploads[mark]

    async def _upload(self, picture: bytes) -> str:
        form = aiohttp.FormData()
        form.add_field("messaging_product", "whatsapp")
        form.add_field("type", media_type(picture))
        form.add_field("file", picture, filename=file_name(picture), content_type=media_type(picture))
        answer = await self._repeatable("POST", f"{self.account}/media", data=form)
        media_id = identifier(answer.get("id"))
        if media_id is None:
            raise Unreachable(detail="no_media_id")
        return media_id

    async def _repeatable(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        """A call that may be made twice, so that a broken connection is no ambiguity."""
        try:
            return await self._call(method, path, **what)
        except Unknown as unknown:
            raise Unreachable(detail=unknown.detail) from None

    async def _call(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        url = f"{self.details.base.rstrip('/')}/{self.details.version}/{path}"
        try:
            async with self._client().request(method, url, allow_redirects=False, **what) as response:
                return _answer(response, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as unreached:
            raise Unreachable(detail=type(unreached).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as broken:
            raise Unknown(detail=type(broken).__name__) from None

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            account = self.details
            self._session = aiohttp.ClientSession(
                headers={
                    "Authorization": f"Bearer {account.token.get_secret_value()}",
                    "User-Agent": f"rangkul/{version('rangkul')}",
                    "Accept": "application/json",
                },
                timeout=aiohttp.ClientTimeout(total=account.timeout, sock_connect=account.connect_timeout),
            )
        return self._session


def _answer(response: aiohttp.ClientResponse, raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not 200 <= response.status < 300:
        raise refusal(response.status, body, response.headers.get("Retry-After"))
    if not isinstance(body, dict):
        raise Unknown(detail="answer_unreadable")
    if "error" in body:
        raise refusal(400, body, None)
    return body


def _message_id(answer: Mapping[str, Any]) -> str:
    messages = answer.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    message_id = identifier(first.get("id")) if isinstance(first, dict) else None
    if message_id is None:
        raise Unknown(detail="no_message_id")
    return message_id


__all__ = ["SendError", "WhatsAppAccount", "WhatsAppChannel"]
