"""What an operator should know of the accounts' settings: for `rangkul channels setup` and `rangkul doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.findings import Finding

if TYPE_CHECKING:  # the commands load in a blink only without the platforms' libraries
    from bot.channels.telegram import AccountSet
    from bot.config import Secrets, TelegramSettings, WhatsAppSettings


def account_findings(done: AccountSet, settings: TelegramSettings, *, known_secret: bool) -> list[Finding]:
    """Of a Telegram account that was just set up."""
    values = {"name": done.name, "username": done.username, "commands": str(done.commands)}
    found = [Finding("token_ok", "ok", values), Finding("commands", "ok", values)]
    ours = settings.username.removeprefix("@")
    if not ours:
        found.append(Finding("username_missing", "warn", values))
    elif ours.lower() != done.username.lower():
        found.append(Finding("username_differs", "bad", {**values, "ours": ours}))
    if not settings.public_address:
        found.append(Finding("polling", "ok", {}))
    elif known_secret:
        found.append(Finding("webhook", "ok", {"address": settings.public_address}))
    else:
        found.append(Finding("webhook_secret_missing", "bad", {}))
    return found


def whatsapp_lacks(settings: WhatsAppSettings, secrets: Secrets) -> tuple[list[str], list[str]]:
    """Names of what is not set: to ask WhatsApp anything at all, and to let people's messages in."""
    asking = {
        "RANGKUL_WHATSAPP_TOKEN": secrets.whatsapp_token.get_secret_value(),
        "whatsapp.phone_id": settings.phone_id,
        "whatsapp.waba_id": settings.waba_id,
    }
    door = {
        "RANGKUL_WHATSAPP_APP_SECRET": secrets.whatsapp_app_secret.get_secret_value(),
        "RANGKUL_WHATSAPP_VERIFY_TOKEN": secrets.whatsapp_verify_token.get_secret_value(),
    }
    return [name for name, value in asking.items() if not value], [name for name, value in door.items() if not value]
