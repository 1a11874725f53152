"""`rangkul chat`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bot.commands.options import ConfigOption, JsonOption, fail, out, settings_from


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(chat)


def chat(
    config: ConfigOption = None,
    json: JsonOption = False,
    role: Annotated[str, typer.Option("--as", help="worker or official.")] = "worker",
    contact: Annotated[str | None, typer.Option(help="Who is writing; the same id goes on where it stood.")] = None,
    village: Annotated[str | None, typer.Option(help="Village code, for example 00.00.00.0001 (Desa Contoh).")] = None,
    channel: Annotated[str, typer.Option(help="terminal, telegram, whatsapp or web.")] = "terminal",
    at: Annotated[str | None, typer.Option(help="Start at this moment, ISO 8601.")] = None,
    db: Annotated[str | None, typer.Option(help="Database file or address (default: a temporary one).")] = None,
) -> None:
    """Talk to the bot in this terminal; with --json, one JSON object per line in and out."""
    from bot import log
    from bot.commands.chat import open_world, person_on, run_json, run_terminal
    from flows.contact import Channel, Role
    from flows.village import find_village

    settings = settings_from(config)
    log.set_up(as_json=False, level="warning")
    if role not in set(Role):
        fail(f'--as "{role}" is not known: worker or official.')
    if channel not in set(Channel):
        fail(f'--channel "{channel}" is not known: {", ".join(Channel)}.')
    start = read_moment(at) if at else None
    with open_world(settings, at=start, db=db) as world:
        if village is not None and find_village(village, world.app.content.current) is None:
            fail(f'--village "{village}" is not a village code.')
        person = person_on(Channel(channel), contact)
        world.set_up(person, role=Role(role), village=village)
        if json:
            raise typer.Exit(run_json(world, person))
        run_terminal(world, person, out)


def read_moment(text: str) -> datetime:
    """An ISO 8601 moment; without a zone it is western Indonesian time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f'--at "{text}" is not a moment such as 2026-11-21T09:00+07:00.')
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("Asia/Jakarta"))
