"""`rangkul run|doctor|db`: starting, looking after, backing up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.options import ConfigOption, err, fail, out, settings_from


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    for command in (web, work, clock):
        app.command()(command)
    db = typer.Typer(no_args_is_help=True, help="The database: upgrade, back up, restore.")
    db.command()(upgrade)
    db.command()(backup)
    db.command()(restore)
    app.add_typer(db, name="db")


def run(
    config: ConfigOption = None,
    port: Annotated[int | None, typer.Option(help="Port instead of that of the settings.")] = None,
    emulate: Annotated[str, typer.Option(help="telegram,whatsapp: run them beside the bot, no account needed.")] = "",
) -> None:
    """Start everything in one process: web chat, console, sender and clock. Ctrl-C stops it cleanly."""
    from bot.commands.start import start
    from bot.emulated import PLATFORMS

    settings = settings_from(config)
    if port is not None:
        settings = settings.model_copy(update={"web": settings.web.model_copy(update={"port": port})})
    names = tuple(name.strip() for name in emulate.split(",") if name.strip())
    for name in names:
        if name not in PLATFORMS:
            fail(f'--emulate "{name}" is not known: {", ".join(PLATFORMS)}.')
    raise typer.Exit(start(settings, out, err, emulate=names))


def web(config: ConfigOption = None) -> None:
    """Only web chat, console, health page and webhooks: one of the parts for more than one machine."""
    _start_part(config, "WEB")


def work(config: ConfigOption = None) -> None:
    """Only turns and sending; run as many as needed."""
    _start_part(config, "WORK")


def clock(config: ConfigOption = None) -> None:
    """Only the ticks, and fetching from platforms that are polled; a second one waits until the first ends."""
    _start_part(config, "CLOCK")


def _start_part(config: Path | None, name: str) -> None:
    from sqlalchemy import make_url

    from bot.commands.start import start
    from bot.run import Part

    settings = settings_from(config)
    if make_url(settings.store.url).get_backend_name() == "sqlite":
        fail("Parts as separate processes need PostgreSQL (store.url); on SQLite use `rangkul run`.")
    raise typer.Exit(start(settings, out, err, parts=Part[name]))


def upgrade(config: ConfigOption = None) -> None:
    """Bring the database to the newest schema."""
    from bot.commands.staff_commands import opened
    from storage.database import HEAD

    with opened(settings_from(config)):
        out.print(f"schema {HEAD}")


def backup(
    target: Annotated[Path, typer.Argument(help="File to write; must not exist.")],
    config: ConfigOption = None,
) -> None:
    """Copy the database to a file while it is in use. The keys are not in it: keep their file apart."""
    from bot.commands.backups import BackupRefused, back_up

    try:
        size = back_up(settings_from(config), target, out)
    except BackupRefused as wrong:
        fail(str(wrong))
    out.print(
        f"{target}: {size:,} bytes. The key file is not in it; keep a copy of it somewhere else.", highlight=False
    )


def restore(
    source: Annotated[Path, typer.Argument(help="A file made by `rangkul db backup`.")],
    config: ConfigOption = None,
) -> None:
    """Put a backup in the place of the database. The old database is kept beside it."""
    from bot.commands.backups import BackupRefused, put_back

    try:
        kept = put_back(settings_from(config), source)
    except BackupRefused as wrong:
        fail(str(wrong))
    out.print(f"restored from {source}" + (f"; the database before is {kept}" if kept else ""), highlight=False)
