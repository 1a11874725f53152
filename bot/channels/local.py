"""Channels without a platform behind them: web chat and terminal read what was sent from the rows themselves."""

from __future__ import annotations

from itertools import count

from bot.channels.channel import Limits, Outgoing
from bot.channels.errors import Refused
from flows.contact import Channel as ChannelName


class LocalChannel:
    """Takes every message at once: being recorded as sent is being delivered."""

    def __init__(self, name: ChannelName, account: str = "local") -> None:
        self.name = name
        self.account = account
        self.limits = Limits(text=4096, buttons=10, button_label=40, choices=10, images=False)  # pages fetch theirs
        self._numbers = count(1)

    async def send(self, message: Outgoing) -> str:
        """Nothing to do: the page reads the row."""
        return self.send_now(message)

    def send_now(self, message: Outgoing) -> str:
        """The same without waiting."""
        del message
        return f"{self.name.value}-{next(self._numbers)}"

    async def download(self, file: str, most: int) -> bytes:
        """Nobody can send a photo here."""
        del file, most
        raise Refused(detail="no_photos_here")

    async def close(self) -> None:
        """Nothing to let go of."""
