"""Conversations as Markdown that reads like a chat: `render(parse(text)) == text`, exactly.

A claim as the title, `- kunci: nilai`, `**Siapa:** words` with `[Tombol]` below, `> jenis: rincian`, `## moment`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ZONES = {"WIB": ZoneInfo("Asia/Jakarta"), "WITA": ZoneInfo("Asia/Makassar"), "WIT": ZoneInfo("Asia/Jayapura")}
_SAID = re.compile(r"\*\*([^*]+):\*\* ?(.*)")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}) (WIB|WITA|WIT)")
_TAPS = re.compile(r"\[[^\[\]]+\](?: \[[^\[\]]+\])*")


class Unreadable(Exception):
    """A line that is not part of the grammar."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"baris {line}: {why}")


@dataclass(frozen=True)
class Said:
    """One message. `who` is as written between the stars: Pekerja, Bot, Bot kepada Budi, Petugas, Staf, a name."""

    who: str
    text: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Effect:
    """One thing that happened: `> kind: detail`."""

    kind: str
    detail: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Moment:
    """The clock moves to here and what became due runs."""

    at: datetime
    zone: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Script:
    """One conversation."""

    title: str
    headers: tuple[tuple[str, str], ...]
    items: tuple[Said | Effect | Moment, ...]


def read(path: Path) -> Script:
    """The conversation in a file."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Script:
    """Read a conversation; what is not of the grammar is an error that names its line."""
    lines = text.splitlines()
    if not lines or not lines[0].startswith("# "):
        raise Unreadable(1, 'baris pertama harus "# judul"')
    headers: list[tuple[str, str]] = []
    items: list[Said | Effect | Moment] = []
    for number, line in enumerate(lines[1:], start=2):
        last = items[-1] if items else None
        if line.startswith("- ") and not items and ": " in line:
            key, _, value = line[2:].partition(": ")
            headers.append((key, value))
        elif line.startswith("## "):
            items.append(_moment(number, line[3:]))
        elif said := _SAID.fullmatch(line):
            items.append(Said(said[1], said[2], number))
        elif line.startswith("> ") and ": " in line:
            items.append(Effect(*line[2:].split(": ", 1), number))
        elif isinstance(last, Said):
            items[-1] = Said(last.who, f"{last.text}\n{line}", last.line)
        elif line:
            raise Unreadable(number, f'"{line}" bukan pesan, keterangan, atau waktu')
    tidy = tuple(Said(i.who, i.text.rstrip("\n"), i.line) if isinstance(i, Said) else i for i in items)
    return Script(lines[0][2:], tuple(headers), tidy)


def render(script: Script) -> str:
    """The conversation as its file holds it."""
    blocks = [f"# {script.title}", "\n".join(f"- {key}: {value}" for key, value in script.headers)]
    last: object = None
    for item in script.items:
        if isinstance(item, Effect) and isinstance(last, Effect):
            blocks[-1] += f"\n> {item.kind}: {item.detail}"
        else:
            blocks.append(_block(item))
        last = item
    return "\n\n".join(blocks) + "\n"


def moment(text: str) -> tuple[datetime, str] | None:
    """ "2026-03-02 09:15 WIB" as a moment and the zone it was written in."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=ZONES[found[2]]), found[2]


def show_moment(at: datetime, zone: str) -> str:
    """The reverse of `moment`."""
    return f"{at.astimezone(ZONES[zone]):%Y-%m-%d %H:%M} {zone}"


def taps_in(text: str) -> str | None:
    """The one button a person's message taps, if that is what it is."""
    return text[1:-1] if _TAPS.fullmatch(text) and text.count("[") == 1 else None


def _moment(number: int, text: str) -> Moment:
    found = moment(text)
    if found is None:
        raise Unreadable(number, f'"{text}" bukan waktu seperti 2026-03-02 09:15 WIB')
    return Moment(*found, number)


def _block(item: Said | Effect | Moment) -> str:
    match item:
        case Said():
            return f"**{item.who}:** {item.text}" if item.text else f"**{item.who}:**"
        case Effect():
            return f"> {item.kind}: {item.detail}"
        case Moment():
            return f"## {show_moment(item.at, item.zone)}"
