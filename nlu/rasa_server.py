"""Understands through a Rasa server's HTTP API, with a time limit; what it can't answer the default engine does.

Entities, grave words and fixed rules stay ours: Rasa only names the intent.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from typing import Any, Protocol

from nlu.understanding import Understander, Understanding

_OWN_RULES = ("rule:", "grave:")


class RasaFailed(Exception):
    """The Rasa server did not answer with an intent in time."""


@dataclass(frozen=True, slots=True)
class RasaServer:
    """Where the server is and how long to wait for it."""

    url: str = "http://127.0.0.1:5005"
    timeout_seconds: float = 0.5
    token: str | None = None


class Asking(Protocol):
    """Sends a JSON object to the server and returns its answer."""

    def __call__(self, server: RasaServer, text: str) -> Any:
        """The parsed answer.

        Raises:
            RasaFailed: there was none.
        """
        ...


class RasaEngine:
    """Implements `Understander`: the intent from Rasa, everything else (and every failure) from the default engine."""

    def __init__(
        self, server: RasaServer, fallback: Understander, threshold: float = 0.4, ask: Asking | None = None
    ) -> None:
        if not server.url.startswith(("http://", "https://")):
            raise ValueError("the Rasa server's address must be http or https")
        self._server = server
        self._fallback = fallback
        self._threshold = threshold
        self._ask: Asking = ask or parse

    def understand(self, text: str, *, expecting: str | None = None, today: str | None = None) -> Understanding:
        """Understand one message."""
        own = self._fallback.understand(text, expecting=expecting, today=today)
        if own.why.startswith(_OWN_RULES) or not own.normalised:
            return own
        try:
            ranking = _ranking(self._ask(self._server, own.normalised))
        except RasaFailed:
            return replace(own, why=f"{own.why}; rasa:unavailable")
        intent, confidence = ranking[0]
        if own.grave is None and confidence < self._threshold:
            why = f"abstain:{confidence:.2f}<{self._threshold:.2f}"
            return replace(own, intent=None, confidence=confidence, ranking=ranking, others=(), why=why)
        return replace(own, intent=intent, confidence=confidence, ranking=ranking, why="rasa")


def parse(server: RasaServer, text: str) -> Any:
    """Ask the server's /model/parse; normalised text only, so nothing the server logs has more than needed.

    Raises:
        RasaFailed: no answer in time, or not one of Rasa's.
    """
    query = f"?token={server.token}" if server.token else ""
    request = urllib.request.Request(  # noqa: S310 (RasaEngine checks the scheme)
        f"{server.url.rstrip('/')}/model/parse{query}",
        data=json.dumps({"text": text}).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=server.timeout_seconds) as answer:  # noqa: S310 (as above)
            return json.load(answer)
    except (OSError, ValueError, urllib.error.URLError) as failure:
        raise RasaFailed from failure


def _ranking(answer: Any) -> tuple[tuple[str, float], ...]:
    try:
        rows = answer["intent_ranking"] or [answer["intent"]]
        found = tuple((str(row["name"]), round(float(row["confidence"]), 4)) for row in rows if row.get("name"))
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise RasaFailed from wrong
    if not found:
        raise RasaFailed
    return found[:8]
