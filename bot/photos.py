"""Photos that a turn asked for: fetched from the platform outside any transaction, checked, and brought to the turn.

The message itself is what is waited for: it is held in the inbox, with all that its sender writes after it, until the
photo is there. Should the process die meanwhile, it has its turn again and asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from bot.channels.channel import Channel
from bot.channels.errors import MediaRefused, SendError
from bot.clock import Clock
from bot.turn import Wanted
from flows.contact import Channel as ChannelName
from flows.outreach.picture import PictureFault
from nlu.understanding import JsonValue
from storage.database import Database
from storage.inbox import Claimed
from storage.pictures import LARGEST_FILE, NotAPicture, prepared

log = structlog.get_logger()

#: With what comes after it this ends before the message is free again (`bot.turn.FETCHING`).
_SECONDS = 20.0
_REFUSED = {"too_large": PictureFault.TOO_LARGE, "no_picture": PictureFault.NO_PICTURE}


class Photos:
    """Fetches photos for turns."""

    def __init__(self, database: Database, channels: Mapping[tuple[ChannelName, str], Channel], clock: Clock) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock

    async def fetch(self, wanted: Wanted) -> None:
        """Fetch the photo and let the message have its turn, with it or with what was wrong."""
        found = await self._download(wanted.message)
        brought = await asyncio.to_thread(self._bring, wanted, found)
        log.info("photo_fetched", inbound=wanted.message.id, outcome=brought)

    async def _download(self, message: Claimed) -> bytes | PictureFault:
        channel = self._channels.get((message.channel, message.account))
        if channel is None:
            return PictureFault.UNREACHABLE
        try:
            async with asyncio.timeout(_SECONDS):
                return await channel.download(str(message.body.get("file", "")), LARGEST_FILE)
        except MediaRefused as wrong:
            return _REFUSED.get(wrong.detail, PictureFault.UNREACHABLE)
        except (SendError, TimeoutError) as wrong:
            log.warning("photo_not_fetched", inbound=message.id, error=type(wrong).__name__)
        except Exception as wrong:  # a channel's bug is one photo's failure
            log.exception("photo_failed", inbound=message.id, error=type(wrong).__name__)
        return PictureFault.UNREACHABLE

    def _bring(self, wanted: Wanted, found: bytes | PictureFault) -> str:
        """Check it as the console does, keep it, and free the message, all or nothing."""
        message = wanted.message
        try:
            checked = prepared(found) if isinstance(found, bytes) else found
        except NotAPicture as wrong:
            checked = wrong.fault
        body: dict[str, JsonValue] = {name: value for name, value in message.body.items() if name != "file"}
        with self._database.transaction() as store:
            if not store.inbox.still_held(message, wanted.until):
                return "too_late"
            if isinstance(checked, PictureFault):
                body["fault"] = checked.value
            else:
                body["picture"] = store.pictures.keep(checked, self._clock.now(), unsent_by=message.contact_id)
            store.inbox.bring(message, body)
        return checked.value if isinstance(checked, PictureFault) else "kept"
