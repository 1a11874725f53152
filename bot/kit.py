"""A village's kit: an A4 poster with QR codes, as PDF and PNG, and a page to read aloud.

The words are in content/lexicon/kit.yaml.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from PIL import Image, ImageDraw

from bot.channels.telegram_link import deep_link
from bot.channels.whatsapp_link import village_link
from bot.links import Links
from bot.pictures import Placed, draw_code, width_of, wrapped, write
from content import Content
from content.model import NotInForce
from content.render import Shelf, Template, fill
from flows.contact import Village

#: A4 at 200 dots an inch.
DPI = 200
WIDTH, HEIGHT = 1654, 2339
MARGIN = 120
_ROOM = WIDTH - 2 * MARGIN
_INK, _SOFT, _WHITE, _PALE = "#1f2933", "#52606d", "#ffffff", "#eef5f4"
_LINE_HEIGHT = 1.3
_HEAD_PAD = 64
#: How wide a QR code may be, by how many stand beside each other.
_CODE_SIZE = {1: 760, 2: 620, 3: 450}
_FOOT_PAD = 34


@dataclass(frozen=True, slots=True)
class Door:
    """One way into the chat: its name, its link, and what of it can be typed by hand."""

    name: str
    link: str
    shown: str


@dataclass(frozen=True, slots=True)
class _Printer:
    """Fills the kit's words for one village on one day."""

    content: Content
    village: Village
    day: date

    @property
    def words(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.content.lexicon["kit"]
        return found

    def said(self, text: str) -> str:
        shelf = Shelf(self.content.facts, self.content.sources, self.content.slots)
        return fill(Template.cut(text), shelf, self.day, {"desa": self.village.name, "tanggal": self.day})

    def in_force(self, texts: tuple[str, ...]) -> Iterator[str]:
        """The texts whose facts hold on the day."""
        for text in texts:
            try:
                yield self.said(text)
            except NotInForce:
                continue


def doors(content: Content, village: Village, day: date, addresses: Links) -> tuple[Door, ...]:
    """The village's links on each platform that has an address."""
    printer = _Printer(content, village, day)
    words = printer.words["poster"]
    found: list[Door] = []
    if addresses.whatsapp:
        link = village_link(addresses.whatsapp, printer.said(words["greeting"]), village.code)
        found.append(Door(words["whatsapp"], link, link.partition("?")[0].removeprefix("https://")))
    if addresses.telegram:
        link = deep_link(addresses.telegram.removeprefix("@"), village.code)
        found.append(Door(words["telegram"], link, f"@{addresses.telegram.removeprefix('@')}"))
    if addresses.web:
        base = addresses.web.rstrip("/")
        link = f"{base}/?{urlencode({'desa': village.code})}"
        parts = urlsplit(base)
        found.append(Door(words["web"], link, f"{parts.netloc}{parts.path}"))
    return tuple(found)


def write_kit(content: Content, village: Village, day: date, addresses: Links, folder: Path) -> list[Path]:
    """Write poster and script. Returns what was written.

    Raises:
        ValueError: no address was given, or one that no link can be made of.
    """
    files = kit_files(content, village, day, addresses)
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    return [folder / name for name in files]


def kit_files(content: Content, village: Village, day: date, addresses: Links) -> dict[str, bytes]:
    """Poster (PNG and PDF) and script, by the names of their files.

    Raises:
        ValueError: no address was given, or one that no link can be made of.
    """
    found = doors(content, village, day, addresses)
    if not found:
        raise ValueError("a poster needs at least one address")
    poster = draw_poster(content, village, day, found).image
    return {
        f"poster-{village.code}.png": as_png(poster),
        f"poster-{village.code}.pdf": as_pdf(poster, village.name),
        f"naskah-{village.code}.md": script(content, village, day, found).encode(),
    }


def script(content: Content, village: Village, day: date, found: tuple[Door, ...]) -> str:
    """One page to read aloud, in Markdown. Sentences whose facts no longer hold are left out."""
    printer = _Printer(content, village, day)
    words = printer.words["script"]
    blocks = [f"# {printer.said(words['title'])}", f"*{printer.said(words['advice'])}*"]
    for part in words["parts"]:
        lines = list(printer.in_force(part["lines"]))
        if lines:
            blocks.append("\n\n".join([f"## {part['heading']}", *lines]))
    links = "\n".join(f"- {door.name}: {door.link}" for door in found)
    blocks += [f"## {words['links']}\n\n{links}", f"*{printer.said(words['sources'])}*"]
    return "\n\n".join(blocks) + "\n"


def as_png(poster: Image.Image) -> bytes:
    """The poster for sharing in a chat group."""
    packed = io.BytesIO()
    few = poster.quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(packed, "PNG", dpi=(DPI, DPI), compress_level=9)
    return packed.getvalue()


def as_pdf(poster: Image.Image, title: str) -> bytes:
    """The poster for printing."""
    packed = io.BytesIO()
    poster.save(packed, "PDF", resolution=float(DPI), title=title, quality=92)
    return packed.getvalue()


def draw_poster(content: Content, village: Village, day: date, found: tuple[Door, ...]) -> Sheet:
    """The A4 page."""
    printer = _Printer(content, village, day)
    words = printer.words["poster"]
    sheet = Sheet()
    head = [
        *sheet.lines(words["title"], 104, _WHITE, bold=True),
        *sheet.lines(printer.said(words["village"]), 66, _WHITE),
    ]
    sheet.band(words["color"], sheet.height_of(head) + 2 * _HEAD_PAD)
    sheet.put(head, MARGIN, _HEAD_PAD)
    sheet.y = sheet.height_of(head) + 2 * _HEAD_PAD + 50
    sheet.text(words["intro"], 50, _INK)
    sheet.y += 44
    for number, step in enumerate(words["steps"], start=1):
        sheet.step(number, step, words["color"])
    top = sheet.foot(words["safety"], printer.said(words["doubt"]), village.path)
    sheet.codes(found, top)
    return sheet


class Sheet:
    """A page that is filled from top to bottom; `placed` keeps its words and where they stand."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH, HEIGHT), _WHITE)
        self._pen = ImageDraw.Draw(self.image)
        self.y = 0
        self.placed: list[Placed] = []

    def lines(
        self, text: str, size: int, color: str, *, bold: bool = False, room: int = _ROOM
    ) -> list[tuple[str, int, str, bool]]:
        """Text in lines that fit."""
        return [(line, fitting, color, bold) for line, fitting in wrapped(text, size, room, bold=bold)]

    def height_of(self, lines: list[tuple[str, int, str, bool]]) -> int:
        """How much room the lines take."""
        return sum(int(size * _LINE_HEIGHT) for _, size, _, _ in lines)

    def put(self, lines: list[tuple[str, int, str, bool]], x: int, y: int, *, centre: int | None = None) -> None:
        """Write lines from there downwards; with `centre`, each in the middle of that much room."""
        for text, size, color, bold in lines:
            left = x if centre is None else x + int((centre - width_of(text, size, bold=bold)) / 2)
            words = Placed(text, left, y, size, color, bold)
            write(self._pen, words)
            self.placed.append(words)
            y += int(size * _LINE_HEIGHT)

    def text(self, text: str, size: int, color: str, *, bold: bool = False) -> None:
        """Write a paragraph and go below it."""
        lines = self.lines(text, size, color, bold=bold)
        self.put(lines, MARGIN, self.y)
        self.y += self.height_of(lines)

    def band(self, color: str, height: int) -> None:
        """A coloured band at the top."""
        self._pen.rectangle((0, 0, WIDTH, height), fill=color)

    def step(self, number: int, text: str, color: str) -> None:
        """A numbered step."""
        radius, left = 38, MARGIN
        self._pen.ellipse((left, self.y, left + 2 * radius, self.y + 2 * radius), fill=color)
        self.put(self.lines(str(number), 48, _WHITE, bold=True), left, self.y + 10, centre=2 * radius)
        lines = self.lines(text, 54, _INK, bold=True, room=_ROOM - 2 * radius - 30)
        self.put(lines, left + 2 * radius + 30, self.y + 6)
        self.y += max(2 * radius, self.height_of(lines)) + 22

    def codes(self, found: tuple[Door, ...], bottom: int) -> None:
        """The QR codes beside each other, in the middle of what is left above `bottom`."""
        names, shown, gap = 92, 58, 30
        room = _ROOM // len(found)
        size = min(_CODE_SIZE[len(found)], bottom - self.y - names - shown - 2 * gap)
        top = self.y + (bottom - self.y - size - names - shown) // 2
        for place, door in enumerate(found):
            left = MARGIN + place * room
            self.put(self.lines(door.name, 60, _INK, bold=True, room=room), left, top, centre=room)
            draw_code(self._pen, door.link, (left + (room - size) // 2, top + names), size)
            self.put(self.lines(door.shown, 38, _SOFT, room=room - 20), left, top + names + size + 8, centre=room)
        self.y = top + names + size + shown

    def foot(self, safety: str, doubt: str, path: str) -> int:
        """What everybody should remember, and which village it is. Returns where it begins."""
        lines = [*self.lines(safety, 44, _INK), *self.lines(doubt, 56, _INK, bold=True), *self.lines(path, 32, _SOFT)]
        top = HEIGHT - self.height_of(lines) - 2 * _FOOT_PAD
        self._pen.rectangle((0, top, WIDTH, HEIGHT), fill=_PALE)
        self.put(lines, MARGIN, top + _FOOT_PAD)
        return top
