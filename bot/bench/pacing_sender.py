"""A process that sends: `python -m bot.bench.pacing_sender URL JSON`, until its input is closed. Keys: RANGKUL_KEYS."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from datetime import time
from typing import Any

import structlog
from pydantic import SecretStr

from bot.app import make_sender
from bot.bench.child import tell
from bot.bench.databases import open_database
from bot.channels.channel import Channel
from bot.channels.telegram import TelegramChannel
from bot.channels.whatsapp import WhatsAppAccount, WhatsAppChannel
from bot.channels.whatsapp_templates import load_templates
from bot.clock import SystemClock
from bot.config import SendingSettings, Settings
from bot.content_watch import ContentInForce
from content import Content
from storage.sealed import KEYS_VARIABLE, KeyRing


async def send(url: str, platform: dict[str, Any]) -> None:
    """Send what is due until told to stop."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    content = ContentInForce()
    always = SendingSettings(awake_from=time.min, awake_until=time.max)
    with open_database(url, content.current, KeyRing.read(os.environ[KEYS_VARIABLE])) as database:
        channel = channel_of(platform, content.current)
        channels = {(channel.name, channel.account): channel}
        sender = make_sender(Settings(sending=always), database, channels, SystemClock(), content)
        stop, wake = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(sender.run(stop, wake))
        tell({"ready": True})
        await asyncio.to_thread(sys.stdin.read)
        stop.set()
        await running
        await channel.close()


def channel_of(platform: dict[str, Any], content: Content) -> Channel:
    """Our channel to the emulator that told this."""
    if "phone_id" not in platform:
        return TelegramChannel(platform["token"], content.lexicon["telegram"], api=platform["address"])
    ids = platform["phone_id"], platform["waba_id"]
    account = WhatsAppAccount(*ids, SecretStr(platform["token"]), platform["address"])
    return WhatsAppChannel(account, load_templates(content.buttons), content.lexicon["whatsapp"]["words"])


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], json.loads(sys.argv[2])))
