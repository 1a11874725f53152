"""Links that open a chat with us and carry a code, on each platform whose address the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from bot.channels.telegram_link import deep_link
from bot.channels.whatsapp_link import village_link
from bot.config import Settings


@dataclass(frozen=True, slots=True)
class Links:
    """Where people reach us; empty where they don't."""

    telegram: str = ""  # the bot's username
    whatsapp: str = ""  # number beginning with the country code
    web: str = ""  # address of the web chat

    @classmethod
    def of(cls, settings: Settings) -> Links:
        """As the settings say."""
        return cls(settings.telegram.username, settings.whatsapp.number, settings.web.public_address)

    def to(self, code: str, greeting: str) -> tuple[str, ...]:
        """One link for each platform; WhatsApp sends `greeting` with the code behind it."""
        found: list[str] = []
        if self.telegram:
            found.append(deep_link(self.telegram.removeprefix("@"), code))
        if self.whatsapp:
            found.append(village_link(self.whatsapp, greeting, code))
        if self.web:
            found.append(f"{self.web.rstrip('/')}/?{urlencode({'start': code})}")
        return tuple(found)


#: For a bot that nobody can be sent to.
NOWHERE = Links()
