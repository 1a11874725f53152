"""`rangkul channels setup telegram|whatsapp` and `rangkul doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import typer

from bot.channels.findings import Finding
from bot.commands.account_findings import account_findings, whatsapp_lacks
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

    lexicon, secrets, settings = load_or_fail(None).lexicon, Secrets(), settings_from(config).telegram
    words: Mapping[str, str] = lexicon["telegram"]["setup"]
    token = secrets.telegram_token.get_secret_value()
    if not token:
        fail(words["token_missing"])
    try:
        channel = TelegramChannel(token, lexicon["telegram"], api=settings.api)
        try:
            done = await set_up(channel)
        finally:
            await channel.close()
    except SendError as wrong:
        fail(words.get(wrong.code) or lexicon["send_errors"]["errors"][wrong.code])
    known_secret = bool(secrets.telegram_webhook_secret.get_secret_value())
    findings = account_findings(done, settings, known_secret=known_secret)
    _say([(finding.level, finding.sentence(words)) for finding in findings])


async def _whatsapp(config: ConfigOption) -> None:
    from bot.channels.whatsapp import WhatsAppAccount, WhatsAppChannel
    from bot.channels.whatsapp_check import check
    from bot.channels.whatsapp_limits import limits_on
    from bot.channels.whatsapp_templates import load_templates
    from bot.config import Secrets

    secrets, settings, content = Secrets(), settings_from(config).whatsapp, load_or_fail(None)
    words = content.lexicon["whatsapp"]
    asking, door = whatsapp_lacks(settings, secrets)
    if asking:
        fail(words["findings"]["settings_missing"].format(missing=", ".join(asking + door)))
    account = WhatsAppAccount(
        settings.phone_id, settings.waba_id, secrets.whatsapp_token, settings.api, settings.version
    )
    channel = WhatsAppChannel(account, load_templates(content.buttons), words["words"])
    try:
        findings = await check(channel, limits_on(content.lexicon["whatsapp_limits"], today()).tiers)
    finally:
        await channel.close()
    if door:
        findings.append(Finding("door_missing", "bad", {"missing": ", ".join(door)}))
    _say([(finding.level, finding.sentence(words["findings"])) for finding in findings])


def _say(findings: list[tuple[str, str]]) -> None:
    colours = {"ok": "green", "warn": "yellow", "bad": "red"}
    for level, sentence in findings:
        out.print(sentence, style=colours[level], markup=False, highlight=False, soft_wrap=True)
    if any(level == "bad" for level, _ in findings):
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
