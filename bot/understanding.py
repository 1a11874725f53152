"""The engine that understands, kept in step with the content in force, chosen by the settings."""

from __future__ import annotations

import threading
from pathlib import Path

import nlu
from bot.config import NluSettings
from content import Content
from nlu import places
from nlu.understanding import Understander


class Engines:
    """Trains or loads once per content version; a change of words that doesn't touch training loads from cache."""

    def __init__(self, settings: NluSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._made: tuple[str, Understander] | None = None

    def of(self, content: Content) -> Understander:
        """The engine for this content."""
        with self._lock:
            if self._made is None or self._made[0] != content.version:
                self._made = (content.version, self._make(content))
            return self._made[1]

    def warm_up(self, content: Content) -> None:
        """Load now what is otherwise loaded in the first turns: seconds for which people would wait."""
        sentences = (intent.examples[0] for intent in content.intents.values() if intent.examples)
        self.of(content).understand(next(sentences, ""))
        places.load()

    def _make(self, content: Content) -> Understander:
        default = nlu.load(content, cache_dir=Path(self._settings.cache))
        if self._settings.engine == "rasa":
            from nlu.rasa_server import RasaEngine, RasaServer  # noqa: PLC0415  # only who chose it pays for it

            return RasaEngine(RasaServer(self._settings.rasa_url, self._settings.rasa_timeout), default)
        return default
