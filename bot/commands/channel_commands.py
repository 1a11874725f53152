"""`rangkul channels setup telegram|whatsapp` and `rangkul doctor`."""

from __future__ import annotations

import asyncio

import typer

from bot.commands.content_commands import load_or_fail, today
from bot.commands.options import ConfigOption, fail, out, settings_from


def register(app: typer.Typer) -> None:
    """Add the commands."""
    channels = typer.Typer(no_args_is_help=True, help="Telegram and WhatsApp accounts.")
    channels.command()(setup)
    app.add_typer(channels, name="channels")
    app.command()(doctor)


def setup(platform: str, config: ConfigOption = None) -> None:
    """Set up or check an account, and say in plain words what is missing or wrong."""
    match platform:
        case "telegram":
            asyncio.run(_telegram(config))
        case "whatsapp":
            asyncio.run(_whatsapp(config))
        case _:
            fail(f'"{platform}" is not known: telegram, whatsapp.')


async def _telegram(config: ConfigOption) -> None:
    from bot.channels.errors import SendError
    from bot.channels.telegram import TelegramChannel
    from bot.channels.telegram import setup as set_up
    from bot.config import Secrets

    token = Secrets().telegram_token.get_secret_value()
    if not token:
        fail("RANGKUL_TELEGRAM_TOKEN is not set: ask @BotFather for a token (docs/channels.md).")
    settings = settings_from(config)
    try:
        channel = TelegramChannel(token, load_or_fail(None).lexicon["telegram"], api=settings.telegram.api)
        try:
            done = await set_up(channel)
        finally:
            await channel.close()
    except SendError as wrong:
        fail(f"Telegram: {wrong.__doc__} ({wrong.code})")
    out.print(f"Telegram: {done}", highlight=False, markup=False)


async def _whatsapp(config: ConfigOption) -> None:
    from bot.channels.whatsapp import WhatsAppAccount, WhatsAppChannel
    from bot.channels.whatsapp_check import check
    from bot.channels.whatsapp_limits import limits_on
    from bot.channels.whatsapp_templates import load_templates
    from bot.config import Secrets

    secrets, settings, content = Secrets(), settings_from(config).whatsapp, load_or_fail(None)
    if not secrets.whatsapp_token.get_secret_value() or not settings.phone_id or not settings.waba_id:
        fail("Set RANGKUL_WHATSAPP_TOKEN and whatsapp.phone_id and whatsapp.waba_id first (docs/channels.md).")
    account = WhatsAppAccount(
        settings.phone_id, settings.waba_id, secrets.whatsapp_token, settings.api, settings.version
    )
    words = content.lexicon["whatsapp"]
    channel = WhatsAppChannel(account, load_templates(content.buttons), words["words"])
    try:
        findings = await check(channel, limits_on(content.lexicon["whatsapp_limits"], today()).tiers)
    finally:
        await channel.close()
    colours = {"ok": "green", "warn": "yellow", "bad": "red"}
    for finding in findings:
        out.print(finding.sentence(words["findings"]), style=colours[finding.level], markup=False, highlight=False)
    if any(finding.level == "bad" for finding in findings):
        raise typer.Exit(1)


def doctor(config: ConfigOption = None) -> None:
    """Look at settings, keys, database, content and channels, and say what is missing and how to get it."""
    from bot.commands.examination import examine

    worst = 0
    for finding in examine(settings_from(config)):
        mark, colour = {0: ("ok  ", "green"), 1: ("note", "yellow"), 2: ("BAD ", "red")}[finding.level]
        out.print(f"{mark} {finding.sentence}", style=colour, markup=False, highlight=False, soft_wrap=True)
        worst = max(worst, finding.level)
    if worst == 2:
        raise typer.Exit(1)
