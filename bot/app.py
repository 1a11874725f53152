"""Wiring: settings in, a bot with all its parts out. Nothing here decides anything."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url

from bot.channels.channel import Channel
from bot.channels.local import LocalChannel
from bot.claims import Channels
from bot.clock import Clock, SystemClock
from bot.config import Settings
from bot.content_watch import ContentInForce
from bot.ids import LeadNumbers
from bot.links import Links
from bot.outbox import Sender
from bot.pacing import Pace, pace_of
from bot.photos import Photos
from bot.templates import Filled, filled
from bot.turn import Turns
from bot.understanding import Engines
from flows.contact import Channel as ChannelName
from flows.contact import Contact, Village
from flows.village import find_village
from storage.database import Database
from storage.outbox import Due
from storage.sealed import KeyRing, Sealer, load_or_make_keys


@dataclass(slots=True)
class App:
    """A bot: every part of it, made once."""

    settings: Settings
    clock: Clock
    content: ContentInForce
    engines: Engines
    database: Database
    keys: KeyRing
    turns: Turns
    sender: Sender
    photos: Photos
    channels: dict[tuple[ChannelName, str], Channel] = field(default_factory=dict)

    def close(self) -> None:
        """Give everything back."""
        self.database.close()


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    content: ContentInForce | None = None,
    keys: KeyRing | None = None,
    numbers: LeadNumbers | None = None,
    engines: Engines | None = None,
    env: Mapping[str, str] = os.environ,
) -> App:
    """Make a bot from its settings and bring its database to the newest schema.

    Raises:
        content.ContentBroken: the content files have problems.
        storage.sealed.StorageSecretsError: the keys can't be used.
        storage.database.WrongKeys: the keys are not this database's.
    """
    clock = clock or SystemClock()
    content = content or ContentInForce()
    keys = keys or load_or_make_keys(settings.store.keys, env)
    database = open_database(settings, content, keys)
    database.upgrade()
    engines = engines or Engines(settings.nlu)
    channels: dict[tuple[ChannelName, str], Channel] = {}
    for name in (ChannelName.WEB, ChannelName.TERMINAL):
        channels[name, "local"] = LocalChannel(name)
    rules, links = settings.sending.rules, Links.of(settings)
    numbers = numbers or LeadNumbers()
    turns = Turns(database, content, engines, clock, numbers, rules=rules, links=links)
    sender = make_sender(settings, database, channels, clock, content)
    photos = Photos(database, channels, clock)
    return App(settings, clock, content, engines, database, keys, turns, sender, photos, channels)


def open_database(settings: Settings, content: ContentInForce, keys: KeyRing) -> Database:
    """The database of the settings, able to find villages."""
    url = make_url(settings.store.url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)

    def village_of(code: str) -> Village | None:
        return find_village(code, content.current)

    return Database(settings.store.url, Sealer(keys), village_of)


def make_sender(
    settings: Settings, database: Database, channels: Channels, clock: Clock, content: ContentInForce
) -> Sender:
    """A sender with a name of its own, so that rows of a dead one can be told apart."""

    def pace(channel: Channel) -> Pace | None:
        return pace_of(channel, content.current.lexicon, clock.now().date())

    def template(row: Due, channel: Channel) -> Filled | None:
        return filled(content.current, channel, row.reply, row.slots, clock.now().date())

    def addressed(contact: Contact, text: str) -> str:
        name = contact.name or str(content.current.lexicon["anytime"]["nameless"])
        whom = content.current.render("untuk_satu_orang", clock.now().date(), {"nama": name}).text.strip()
        return text if text.startswith(whom) else f"{whom}\n{text}"

    worker = f"{socket.gethostname()[:40]}-{os.getpid()}"
    rules = settings.sending.rules
    return Sender(
        database, channels, clock, rules, worker=worker, pace_of=pace, template_of=template, addressed=addressed
    )
