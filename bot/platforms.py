"""Telegram and WhatsApp beside the web chat: switched on by their secrets, received through one door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.app import App
from bot.channels.channel import Arrived, Channel
from bot.channels.errors import SendError
from bot.config import Secrets
from bot.front_door import FrontDoor
from bot.inbox import receive_soon
from flows.contact import Channel as ChannelName

log = structlog.get_logger()

Receive = Callable[[Sequence[Arrived]], Awaitable[None]]


class Platforms:
    """The platforms a bot is on. Opened in the event loop that serves."""

    def __init__(self, app: App, secrets: Secrets, wake: Callable[[], None], *, polls: bool = True) -> None:
        self._app = app
        self._secrets = secrets
        self._wake = wake
        self._polls = polls  # only one process may fetch updates
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._channels: list[Channel] = []

    async def open(self, server: FrontDoor) -> None:
        """Start what is configured; what fails is logged with its reason and stays off, the rest goes on."""
        for name, start in ((ChannelName.TELEGRAM, self._telegram), (ChannelName.WHATSAPP, self._whatsapp)):
            try:
                channel = await start(server)
            except SendError as wrong:
                log.error("channel_off", channel=name.value, code=wrong.code)  # noqa: TRY400  # no traceback: no news
                continue
            if channel is not None:
                self._channels.append(channel)
                self._app.channels[channel.name, channel.account] = channel
                log.info("channel_on", channel=name.value)

    async def close(self) -> None:
        """Stop fetching and let go of connections."""
        self._stop.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for channel in self._channels:
            await channel.close()

    def _receiver(self, name: ChannelName, account: str) -> Receive:
        async def store(arrived: Sequence[Arrived]) -> None:
            now = self._app.clock.now()
            await receive_soon(self._app.database, name, account, arrived, now)
            self._wake()

        return store

    async def _telegram(self, server: FrontDoor) -> Channel | None:
        token = self._secrets.telegram_token.get_secret_value()
        if not token:
            return None
        from bot.channels import telegram_receive  # noqa: PLC0415  # aiogram is loaded only by those who use it
        from bot.channels.telegram import TelegramChannel  # noqa: PLC0415

        settings = self._app.settings.telegram
        channel = TelegramChannel(token, self._app.content.current.lexicon["telegram"], api=settings.api)
        store = self._receiver(channel.name, channel.account)
        if settings.public_address:
            secret = self._secrets.telegram_webhook_secret.get_secret_value()
            server.include_router(telegram_receive.webhook_router(channel, secret, store, self._app.clock))
            await telegram_receive.set_webhook(channel, settings.public_address, secret)
        elif self._polls:
            polling = telegram_receive.poll(channel, store, self._stop, self._app.clock)
            self._tasks.append(asyncio.create_task(polling))
        return channel

    async def _whatsapp(self, server: FrontDoor) -> Channel | None:
        token = self._secrets.whatsapp_token
        settings = self._app.settings.whatsapp
        if not token.get_secret_value() or not settings.phone_id:
            return None
        from bot.channels.whatsapp import WhatsAppAccount, WhatsAppChannel  # noqa: PLC0415  # same
        from bot.channels.whatsapp_templates import load_templates  # noqa: PLC0415
        from bot.channels.whatsapp_webhook import webhook_router  # noqa: PLC0415

        content = self._app.content.current
        account = WhatsAppAccount(settings.phone_id, settings.waba_id, token, settings.api, settings.version)
        channel = WhatsAppChannel(account, load_templates(content.buttons), content.lexicon["whatsapp"]["words"])
        router = webhook_router(
            channel,
            self._secrets.whatsapp_verify_token.get_secret_value(),
            self._secrets.whatsapp_app_secret.get_secret_value(),
            self._receiver(channel.name, channel.account),
        )
        server.include_router(router)
        return channel
