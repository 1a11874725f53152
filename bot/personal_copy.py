"""A person's own data as a text they can read: everything held, in Indonesian, nothing masked, because it is theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from content import Content
from content.render import write_date, write_rupiah
from storage.conversation import Line, Who
from storage.personal import Held

_WIB = ZoneInfo("Asia/Jakarta")
_MONEY = {"amount", "upah_dasar", "iuran_pilihan", "iuran_2", "iuran_3"}

#: Columns that hold a word of ours, not of the person's.
_CODES = {"via", "action", "close_reason", "reason", "flow"}


def personal_copy(held: Held, content: Content, now: datetime) -> str:
    """The whole text."""
    return "\n".join(_Copy(held, content, now).lines()) + "\n"


class _Copy:
    def __init__(self, held: Held, content: Content, now: datetime) -> None:
        self.held = held
        self.words: Mapping[str, Any] = content.lexicon["privacy"]
        self.now = now
        zone = held.rows["person"][0].get("zone")
        self.zone = ZoneInfo(zone) if zone else _WIB

    def lines(self) -> Iterator[str]:
        words = self.words["copy"]
        yield words["title"].upper()
        yield words["intro"].format(tanggal=self.moment(self.now))
        yield words["rights"]
        for name, title in self.words["sections"].items():
            rows = list(self.messages() if name == "messages" else self.section(name))
            yield f"\n{title}"
            yield from rows or [f"  {words['nothing']}"]

    def section(self, name: str) -> Iterator[str]:
        for number, row in enumerate(self.held.rows[name]):
            if number:
                yield ""
            for key, value in row.items():
                yield from self.entry(key, value)

    def entry(self, key: str, value: object) -> Iterator[str]:
        """One line; a form or a draft is one line for each answer."""
        if isinstance(value, dict) and key in {"fields", "slots", "payload", "plan"}:
            for inner, answer in value.items():
                yield from self.entry(inner, answer)
        elif value not in (None, "", [], {}):
            label = self.words["labels"].get(key) or self.words["fields"].get(key) or key.replace("_", " ")
            yield f"  {label}: {self.said(key, value)}"

    def said(self, key: str, value: object) -> str:
        words = self.words["copy"]
        match value:
            case bool():
                return str(words["yes"] if value else words["no"])
            case datetime():
                return self.moment(value)
            case Enum():
                return str(self.words["words"].get(str(value.value), value.value))
            case int() if key in _MONEY:
                return write_rupiah(value)
            case {"amount": int(amount)}:
                return write_rupiah(amount)
            case {"path": str(path)}:
                return path
            case {"name": str(name)}:
                return name
            case list():
                return ", ".join(self.said(key, item) for item in value)
            case str():
                return str(self.words["words"].get(value, value)) if key in _CODES else self.text(value)
            case _:
                return str(value)

    def text(self, value: str) -> str:
        try:
            return write_date(date.fromisoformat(value)) if len(value) == len("2026-11-21") else value
        except ValueError:
            return value

    def messages(self) -> Iterator[str]:
        for line in self.held.messages:
            if line.text:
                yield f"  {self.moment(line.at)} · {self.who(line)}: {line.text.replace(chr(10), ' / ')}"

    def who(self, line: Line) -> str:
        return str(self.words["copy"]["by_person" if line.who is Who.PERSON else "by_bot"])

    def moment(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{write_date(local.date())} {local:%H.%M}"
