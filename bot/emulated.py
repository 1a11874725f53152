"""`rangkul run --emulate telegram,whatsapp`: both platforms beside the bot, to be seen without an account."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from pydantic import SecretStr

from bot.app import App
from bot.config import Secrets, Settings

PLATFORMS = ("telegram", "whatsapp")


@dataclass(frozen=True, slots=True)
class Emulated:
    """What an emulator needs the bot to believe, and where its page is."""

    settings: Settings
    secrets: Secrets
    pages: tuple[tuple[str, str], ...]


async def start(names: tuple[str, ...], app: App, secrets: Secrets, stack: AsyncExitStack) -> Emulated:
    """Start the emulators on the ports after the bot's; they end with the stack."""
    settings, pages = app.settings, []
    lexicon = app.content.current.lexicon
    host, port = settings.web.host, settings.web.port
    if "telegram" in names:
        from bot.emulators import telegram  # noqa: PLC0415  # only who emulates pays for it

        words = lexicon["emulator_telegram"]["telegram"]
        emulator = await stack.enter_async_context(telegram.serve(host, port + 1, app.clock, words))
        part = settings.telegram.model_copy(update={"api": emulator.address, "public_address": ""})
        settings = settings.model_copy(update={"telegram": part})
        secrets = secrets.model_copy(update={"telegram_token": SecretStr(emulator.token)})
        pages.append(("telegram", emulator.address + "/"))
    if "whatsapp" in names:
        settings, secrets, page = await _whatsapp(app, settings, secrets, stack, port + 2)
        pages.append(("whatsapp", page))
    return Emulated(settings, secrets, tuple(pages))


async def _whatsapp(
    app: App, settings: Settings, secrets: Secrets, stack: AsyncExitStack, port: int
) -> tuple[Settings, Secrets, str]:
    from bot.channels.whatsapp_limits import limits_on  # noqa: PLC0415  # only who emulates pays for it
    from bot.channels.whatsapp_templates import load_templates  # noqa: PLC0415
    from bot.channels.whatsapp_webhook import PATH  # noqa: PLC0415
    from bot.emulators.whatsapp import WhatsAppEmulator  # noqa: PLC0415
    from bot.emulators.whatsapp_stage import stage  # noqa: PLC0415

    content, host = app.content.current, settings.web.host
    limits = limits_on(content.lexicon["whatsapp_limits"], app.clock.now().date())
    webhook = f"http://{host}:{settings.web.port}{PATH}"
    templates = load_templates(content.buttons).values()
    emulator = WhatsAppEmulator(app.clock, limits, templates, webhook_url=webhook)
    words = content.lexicon["emulator_whatsapp"]["words"]
    address = await emulator.start(host, port, stage(emulator, words))
    stack.push_async_callback(emulator.stop)
    account = emulator.account
    part = settings.whatsapp.model_copy(
        update={"api": address, "phone_id": account.phone_id, "waba_id": account.waba_id}
    )
    known = {"whatsapp_token": SecretStr(account.token), "whatsapp_app_secret": SecretStr(account.app_secret)}
    return settings.model_copy(update={"whatsapp": part}), secrets.model_copy(update=known), f"{address}/emulator"
