"""Reads what an official says of a gathering: its title, its place with a link to the map, its moment, its seats."""

from __future__ import annotations

import re
from datetime import date

from nlu.answers.choices import free_text, hour
from nlu.answers.reading import Asked, plain, refused, understood
from nlu.folding import fold
from nlu.understanding import FormAnswer, JsonValue

_LONGEST_TITLE, _LONGEST_PLACE = 80, 160
_MOST_SEATS = 100_000
_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
#: A time of day: after "jam", with minutes, or beside a part of the day.
_TIME = re.compile(
    r"(?:\b(?:jam|pukul|jm|pkl)\.?\s*|(?<![\d./-]))(\d{1,2})(?:\s*[.:]\s*([0-5]\d))?(?![\d/-])"
    r"(?:\s*(?:wib|wita|wit))?(?:\s*(?:pagi|siang|sore|malam|mlm|subuh))?"
)
_SAYS_TIME = re.compile(
    r"\b(?:jam|pukul|jm|pkl|pagi|siang|sore|malam|mlm|subuh|wib|wita|wit)\b|(?<!\d)\d{1,2}[:.][0-5]\d(?!\d|\.\d)"
)
_PART_OF_DAY = re.compile(r"\b(?:pagi|siang|sore|malam|mlm|subuh)\b")
_NO_LIMIT = re.compile(r"\b(?:bebas|tidak|tdk|tak|tanpa|ga|gak|nggak|ndak|semua|terserah|unlimited)\b")


def title(asked: Asked) -> FormAnswer:
    """A short name, in one line."""
    said = free_text(asked)
    one = " ".join(str(said.value or "").split())
    return (
        understood(asked.text, one)
        if 3 <= len(one) <= _LONGEST_TITLE
        else refused(asked.text, "judul_acara_tidak_jelas")
    )


def place(asked: Asked) -> FormAnswer:
    """Where it is, and the link to a map if one was given: {"name": …, "map": … or None}."""
    said = str(free_text(asked).value or "")
    link = _LINK.search(said)
    name = " ".join(_LINK.sub(" ", said).split()).strip(" ,;-")
    if not 2 <= len(name) <= _LONGEST_PLACE or (link is not None and len(link[0]) > _LONGEST_PLACE):
        return refused(asked.text, "tempat_acara_tidak_jelas")
    return understood(asked.text, {"name": name, "map": link[0] if link else None})


def moment(asked: Asked) -> FormAnswer:
    """A day and a time: "2026-11-23T09:00". With only one of them, ok is false and the value holds what was said."""
    day, time = _day(asked), _time(asked)
    if day is None and time is None:
        return refused(asked.text, "waktu_acara_tidak_jelas")
    if day is None or time is None:
        half: dict[str, JsonValue] = {"date": day.isoformat() if day else None, "time": time}
        return refused(asked.text, "tanya_jam_acara" if day else "tanya_tanggal_acara", half)
    return understood(asked.text, f"{day.isoformat()}T{time}")


def seats(asked: Asked) -> FormAnswer:
    """How many may come; 0 is no limit."""
    digits = re.findall(r"\d+", asked.said.replace(".", ""))
    if len(digits) == 1 and 1 <= int(digits[0]) <= _MOST_SEATS:
        return understood(asked.text, int(digits[0]))
    number = asked.readers.entities.numbers.get(plain(asked.said))
    if number is not None and number >= 1:
        return understood(asked.text, number)
    return (
        understood(asked.text, 0)
        if _NO_LIMIT.search(asked.said) and not digits
        else refused(asked.text, "kapasitas_acara_tidak_jelas")
    )


def _day(asked: Asked) -> date | None:
    found = asked.readers.entities.read(fold(asked.text), asked.today)
    days = [str(entity.value) for entity in found if entity.kind == "date"]
    return date.fromisoformat(days[0]) if len(days) == 1 else None


def _time(asked: Asked) -> str | None:
    """The time of day as "09:00"."""
    if not _SAYS_TIME.search(asked.said):
        alone = re.fullmatch(r"\d{1,2}", asked.said)
        return f"{int(alone[0]):02}:00" if alone and int(alone[0]) <= 23 else None
    marked = re.search(r"\b(?:jam|pukul|jm|pkl)\b.*", asked.said)
    rest = (
        marked[0]
        if marked
        else next((found[0] for found in _TIME.finditer(asked.said) if _SAYS_TIME.search(found[0])), "")
    )
    found = _TIME.search(rest)
    if found is None:
        return None
    told = _PART_OF_DAY.search(asked.said)  # "besok malam jam 9" is nine in the evening
    said = found[0] if told is None or _PART_OF_DAY.search(found[0]) else f"{found[0]} {told[0]}"
    read = hour(Asked(rest, said, asked.today, asked.readers))
    return f"{read.value:02}:{found[2] or '00'}" if read.ok and isinstance(read.value, int) else None
