"""Links that open a chat with us and carry a code, on each platform whose address the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from bot.channels.telegram_link import deep_link
from bot.channels.whatsapp_link import said_link, village_link
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

    def to_door(self, number: str) -> dict[str, str]:
        """What each platform's code at the door of a gathering holds, by platform; whoever follows it is present.

        On WhatsApp the words are only put into the person's hands, ready to send.
        """
        links = {
            "telegram": deep_link(self.telegram.removeprefix("@"), f"hadir-{number}") if self.telegram else None,
            "whatsapp": said_link(self.whatsapp, f"HADIR {number}") if self.whatsapp else None,
            "web": f"{self.web.rstrip('/')}/?desa=hadir-{number}" if self.web else None,
        }
        return {platform: link for platform, link in links.items() if link is not None}


#: For a bot that nobody can be sent to.
NOWHERE = Links()
