"""Starting everything in one process, and telling the operator where to look."""

from __future__ import annotations

import asyncio
import secrets
import socket
import sys

from rich.console import Console
from sqlalchemy.exc import OperationalError

from bot import log
from bot.app import App, build
from bot.config import Settings
from bot.run import Pages, Part, Runner
from content import ContentBroken
from storage.database import DatabaseTooNew, WrongKeys
from storage.sealed import StorageSecretsError
from storage.words import StaffRole

FIRST_LOGIN = "admin"
#: How long a turn may keep Python to itself while a request is being stored. By default ten times as long, and storing
#: asks for it back after every statement.
_SWITCH_SECONDS = 0.0005


def start(
    settings: Settings, out: Console, err: Console, *, emulate: tuple[str, ...] = (), parts: Part = Part.ALL
) -> int:
    """Run until Ctrl-C. Returns the exit code; every expected fault is one clear sentence."""
    log.set_up(as_json=settings.log.format == "json", level=settings.log.level)
    if Part.WEB in parts and _port_taken(settings.web.host, settings.web.port):
        err.print(
            f"Port {settings.web.port} is in use. Stop what uses it, or start with another: "
            f"RANGKUL_WEB__PORT={settings.web.port + 1} make run",
            highlight=False,
        )
        return 2
    try:
        with err.status("starting"):
            app = build(settings)
            if Part.WORK in parts:
                app.engines.warm_up(app.content.current)
            password = first_staff(app) if Part.WEB in parts else None
    except ContentBroken as broken:
        for problem in broken.problems:
            err.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        return 2
    except (StorageSecretsError, WrongKeys, DatabaseTooNew) as wrong:
        err.print(str(wrong) or type(wrong).__doc__ or "", markup=False, highlight=False)
        return 2
    except (OperationalError, OSError) as wrong:
        err.print(f"The database can't be opened: {getattr(wrong, 'orig', wrong)}", markup=False, highlight=False)
        return 2
    _tell(settings, password, out, parts)
    sys.setswitchinterval(_SWITCH_SECONDS)
    runner = Runner(app, parts=parts, emulate=emulate, announce=lambda pages: _tell_pages(pages, out))
    try:
        asyncio.run(runner.serve())
    except KeyboardInterrupt:
        pass
    finally:
        app.close()
    out.print("Stopped. Every conversation goes on where it stood.")
    return 0


def first_staff(app: App) -> str | None:
    """Make the first staff user when there is none; returns the password to show once."""
    with app.database.transaction() as store:
        if store.staff.count():
            return None
        password = secrets.token_urlsafe(9)
        store.staff.add("Admin", FIRST_LOGIN, password, app.clock.now(), StaffRole.ADMIN)
        return password


def _tell(settings: Settings, password: str | None, out: Console, parts: Part) -> None:
    if Part.WEB not in parts:
        out.print("Rangkul is running. Stop it with Ctrl-C.", highlight=False)
        return
    base = f"http://{settings.web.host}:{settings.web.port}"
    out.print("[bold]Rangkul is running.[/bold] Stop it with Ctrl-C.", highlight=False)
    out.print(f"  web chat   {base}/", highlight=False)
    if password:
        out.print(
            f"  console    {base}/konsol   sign in: {FIRST_LOGIN} / {password}   (shown once: keep it)",
            highlight=False,
            soft_wrap=True,
        )
    else:
        out.print(f"  console    {base}/konsol", highlight=False)
    out.print(f"  health     {base}/health", highlight=False)


def _tell_pages(pages: Pages, out: Console) -> None:
    for platform, address in pages:
        out.print(f"  {platform:<10} {address}   (emulated: play a person here)", highlight=False)


def _port_taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
