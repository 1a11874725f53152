"""The web chat's page and its three files, made once at start and sent packed.

The template holds no word of its own; a word that page, script or refusals need and content lacks stops the start.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.web_message import REFUSALS, TEXT_LIMIT

_HERE = Path(__file__).parents[1]
_TEMPLATE = _HERE / "templates" / "chat.html"
_KINDS = {"chat.css": "text/css", "chat.js": "text/javascript", "chat.svg": "image/svg+xml"}


class WordsMissing(Exception):
    """The page needs words that content/lexicon/web_chat.yaml does not have."""


@dataclass(frozen=True, slots=True)
class File:
    """A file kept ready to send, plain and packed; `version` names its content."""

    raw: bytes
    packed: bytes
    kind: str
    version: str

    @classmethod
    def of(cls, raw: bytes, kind: str) -> File:
        """Packs `raw` once."""
        return cls(raw, gzip.compress(raw, mtime=0), kind, hashlib.sha256(raw).hexdigest()[:12])

    def response(self, request: Request, headers: Mapping[str, str]) -> Response:
        """The file as this browser can take it."""
        gzipped = "gzip" in request.headers.get("accept-encoding", "")
        extra = {"Content-Encoding": "gzip"} if gzipped else {}
        return Response(
            self.packed if gzipped else self.raw,
            media_type=self.kind,
            headers={**headers, **extra, "Vary": "Accept-Encoding"},
        )


@dataclass(frozen=True, slots=True)
class Site:
    """The page, what it loads, and the words it was made with."""

    page: File
    assets: Mapping[str, File]
    words: Mapping[str, str]


def build_site(words: Mapping[str, str]) -> Site:
    """Fills the page with `words` and packs everything.

    Raises:
        WordsMissing: `words` lacks some that the page needs.
    """
    said = _filled(words)
    assets = {name: File.of((_HERE / "static" / name).read_bytes(), kind) for name, kind in _KINDS.items()}
    html = _html(said, {name: file.version for name, file in assets.items()})
    return Site(File.of(html, "text/html"), assets, said)


def _html(words: Mapping[str, str], versions: Mapping[str, str]) -> bytes:
    templates = Environment(loader=FileSystemLoader(_TEMPLATE.parent), autoescape=True, undefined=StrictUndefined)
    return templates.get_template(_TEMPLATE.name).render(words=words, versions=versions, limit=TEXT_LIMIT).encode()


def _filled(words: Mapping[str, str]) -> dict[str, str]:
    missing = sorted(needed_words() - words.keys())
    if missing:
        raise WordsMissing(", ".join(missing))
    limit = f"{TEXT_LIMIT:,}".replace(",", ".")
    return {key: word.replace("{limit}", limit) for key, word in words.items()}


def needed_words() -> set[str]:
    """Keys that template, script and refusals use."""
    parts = (_TEMPLATE, _HERE / "static" / "chat.js")
    used = {key for part in parts for key in re.findall(r"\bwords\.([a-z_0-9]+)", part.read_text(encoding="utf-8"))}
    return used | {why.word for why in REFUSALS}
