"""Draws picture cards as small PNGs that can be read on a narrow phone. Words come filled in; nothing here knows any.

The font is the one inside Pillow. A card travels with its message, so what was shown stays what it was.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import segno
import structlog
from PIL import Image, ImageDraw, ImageFont

from bot.channels.channel import Limits, Outgoing
from content.model import Card
from nlu.understanding import JsonValue

log = structlog.get_logger()

#: A phone shows the card about half as wide.
WIDTH = 720
MARGIN = 44
#: Where a message row keeps its card, beside the slots of its words.
SLOT = "card"

_WHITE, _INK, _SOFT, _LINE = "#ffffff", "#1f2933", "#52606d", "#d9e2ec"
_TITLE, _SUBTITLE, _LABEL, _VALUE, _NOTE = 58, 32, 32, 42, 27
_SMALLEST = 20
_LINE_HEIGHT = 1.28
_GAP = 22
_QR_SIZE = 300
_COLORS = 32
_PLAIN = str.maketrans({"•": "-", "–": "-", "—": "-", "×": "x", "“": '"', "”": '"', "’": "'", "…": "..."})


@dataclass(frozen=True, slots=True)
class Placed:
    """One line of words and where it stands."""

    text: str
    x: int
    y: int
    size: int
    color: str
    bold: bool = False

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + width_of(self.text, self.size, bold=self.bold)


@dataclass(frozen=True, slots=True)
class Layout:
    """A card laid out: words, rules between rows, and how high it all is."""

    words: tuple[Placed, ...]
    rules: tuple[int, ...]
    head: int
    height: int
    code_at: int | None = None


def as_slots(card: Card | None) -> dict[str, JsonValue] | None:
    """A card as a message row keeps it."""
    if card is None:
        return None
    told: dict[str, JsonValue] = {**asdict(card), "rows": [list(row) for row in card.rows]}
    return {SLOT: told}


def card_in(slots: Mapping[str, Any]) -> Card | None:
    """The card of a message row, if it has one that can be read."""
    told = slots.get(SLOT)
    try:
        return Card(**{**told, "rows": tuple((label, value) for label, value in told["rows"])}) if told else None
    except (TypeError, ValueError, KeyError):
        return None


def with_picture(message: Outgoing, slots: Mapping[str, Any], limits: Limits) -> Outgoing:
    """The message with its card drawn, where the channel shows pictures. The words go out whatever happens."""
    card = card_in(slots) if limits.images and message.template is None else None
    if card is None:
        return message
    try:
        return replace(message, image=draw(card))
    except Exception as wrong:  # a picture is an extra; the answer must not be lost with it
        log.exception("picture_failed", card=card.name, error=type(wrong).__name__)
        return message


@lru_cache(maxsize=256)
def draw(card: Card) -> bytes:
    """The card as PNG."""
    layout = lay_out(card)
    image = Image.new("RGB", (WIDTH, layout.height), _WHITE)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, WIDTH, layout.head), fill=card.color)
    for y in layout.rules:
        pen.line((MARGIN, y, WIDTH - MARGIN, y), fill=_LINE, width=2)
    for words in layout.words:
        write(pen, words)
    if layout.code_at is not None:
        draw_code(pen, card.code, ((WIDTH - _QR_SIZE) // 2, layout.code_at), _QR_SIZE)
    return png(image)


def lay_out(card: Card) -> Layout:
    """Where everything on the card stands."""
    words: list[Placed] = []
    y = _set(words, card.title, 38, _TITLE, _WHITE, bold=True)
    head = y = _set(words, card.subtitle, y, _SUBTITLE, _WHITE) + 28
    rules: list[int] = []
    for label, value in card.rows:
        if rules or y > head:
            rules.append(y + _GAP // 2)
        y = _set(words, label, y + _GAP, _LABEL, _SOFT)
        y = _set(words, value, y + 4, _VALUE, _INK, bold=True)
    code_at = None
    if card.code:
        code_at = y + _GAP
        y = code_at + _QR_SIZE
    rules.append(y + _GAP // 2)
    y = _set(words, card.note, y + _GAP + 6, _NOTE, _INK)
    y = _set(words, card.foot, y + 8, _NOTE, _SOFT)
    return Layout(tuple(words), tuple(rules), head, y + 28, code_at)


def _set(words: list[Placed], text: str, y: int, size: int, color: str, *, bold: bool = False) -> int:
    """Set text between the margins, in as many lines as it needs. Returns where the next begins."""
    for line, fitting in wrapped(text, size, WIDTH - 2 * MARGIN, bold=bold):
        words.append(Placed(line, MARGIN, y, fitting, color, bold))
        y += int(fitting * _LINE_HEIGHT)
    return y


def wrapped(text: str, size: int, room: int, *, bold: bool = False) -> Iterator[tuple[str, int]]:
    """The text in lines that fit; a word too long for a line makes all of it smaller."""
    plain = printable(text).split()
    while size > _SMALLEST and any(width_of(word, size, bold=bold) > room for word in plain):
        size -= 2
    pieces = [piece for word in plain for piece in _cut(word, size, room, bold=bold)]
    line = ""
    for piece in pieces:
        longer = f"{line} {piece}" if line else piece
        if line and width_of(longer, size, bold=bold) > room:
            yield line, size
            longer = piece
        line = longer
    if line:
        yield line, size


def _cut(word: str, size: int, room: int, *, bold: bool) -> Iterable[str]:
    """A word that fits in no line even in the smallest letters is broken."""
    piece = ""
    for letter in word:
        if piece and width_of(piece + letter, size, bold=bold) > room:
            yield piece
            piece = ""
        piece += letter
    yield piece


def printable(text: str) -> str:
    """The text with letters that the font has: accents go, what is left over is a question mark."""
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return "".join(letter if " " <= letter <= "~" else " " if letter.isspace() else "?" for letter in kept)


def width_of(text: str, size: int, *, bold: bool = False) -> float:
    """How wide a line is."""
    return font(size).getlength(text) + (2 * _stroke(size) if bold else 0)


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own letters, in any size."""
    made = ImageFont.load_default(size)
    if not isinstance(made, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType")
    return made


def write(pen: ImageDraw.ImageDraw, words: Placed) -> None:
    """Draw one line of words. The font has one weight: bold is the same letters with a rim."""
    rim = _stroke(words.size) if words.bold else 0
    at = (words.x + rim, words.y)
    pen.text(at, words.text, fill=words.color, font=font(words.size), stroke_width=rim, stroke_fill=words.color)


def _stroke(size: int) -> float:
    return size / 60


def draw_code(pen: ImageDraw.ImageDraw, text: str, at: tuple[int, int], size: int) -> None:
    """Draw a QR code as a square of about that size; whole pixels only, so that every phone reads it."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False, boost_error=True).matrix_iter(border=4)]
    scale = max(1, size // len(rows))
    left, top = (place + (size - scale * len(rows)) // 2 for place in at)
    pen.rectangle((left, top, left + scale * len(rows) - 1, top + scale * len(rows) - 1), fill=_WHITE)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                corner = (left + x * scale, top + y * scale)
                pen.rectangle((*corner, corner[0] + scale - 1, corner[1] + scale - 1), fill="#000000")


def png(image: Image.Image, colors: int = _COLORS) -> bytes:
    """A small PNG: few colours are enough for letters on a plain ground."""
    packed = io.BytesIO()
    image.quantize(colors, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(packed, "PNG", compress_level=9)
    return packed.getvalue()
