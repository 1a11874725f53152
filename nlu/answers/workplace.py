"""Reads where someone works and from when to when: "pasar contoh, jam 6 pagi sampai jam 2 siang"."""

from __future__ import annotations

import re

from nlu.answers.reading import Asked, refused, understood
from nlu.lexicon import any_of
from nlu.understanding import FormAnswer

_LONGEST = 120
_CLOCK = r"(?:jam|jm|pukul|pkl|pk)\.?\s*"
_TO = r"(?:-|sampai|sampe|smpe|smp|sampek|s/d|sd|hingga|nganti|tekan)"
_LEADING = re.compile(
    r"^\W*(?:(?:saya|sy|aku|biasanya|kerja|kerjanya|bekerja|tempatnya|tempat kerja|lokasi(?:nya)?|dari|di|ke)\s+)+"
)
_TRAILING = re.compile(r"(?:^|\s)(?:dari|mulai|kerja|setiap hari|tiap hari|dan|biasanya|jamnya|waktunya)\s*$")


def work_place(asked: Asked) -> FormAnswer:
    """{"place": str or None, "hours": "06.00-14.00" or words or None}; at least one of them."""
    hours, rest = hours_in(asked, asked.said)
    place = place_in(rest)
    if not hours and not place:
        return refused(asked.text, "tempat_kerja_tidak_jelas")
    return understood(asked.text, {"place": place or None, "hours": hours or None})


def hours_in(asked: Asked, said: str) -> tuple[str | None, str]:
    """The working hours of a folded sentence, and the sentence without them."""
    day = any_of(asked.readers.part_of_day)
    time = rf"(?:{_CLOCK})?(\d{{1,2}})(?:[.:](\d\d))?\s*({day})?(?![\d\w])"
    spelt = _in_digits(asked, said)
    match = re.search(rf"(?<![\d.,])(?:dari\s+|mulai\s+)?{time}\s*{_TO}\s*{time}", spelt)
    if match:
        start, end = _hour(asked, match[1], match[3]), _hour(asked, match[4], match[6])
        if start is not None and end is not None:
            later = end + 12 if end <= start and end < 12 and not match[6] else end
            hours = f"{start:02}.{match[2] or '00'}-{later:02}.{match[5] or '00'}"
            return hours, f"{spelt[: match.start()]} {spelt[match.end() :]}"
    match = re.search(rf"(?<!\w)(?:dari\s+)?({day})\s*{_TO}\s*({day})(?!\w)", spelt) or asked.readers.any_time.search(
        spelt
    )
    if match:
        return match[0].removeprefix("dari ").strip(), f"{spelt[: match.start()]} {spelt[match.end() :]}"
    return None, said


def place_in(said: str) -> str:
    """What is left of a sentence once it says where: letters needed, no leading "di"."""
    bare = " ".join(_TRAILING.sub("", said.strip(" .,;:-")).split()).strip(" .,;:-")
    place = _LEADING.sub("", f"{bare} ").strip(" .,;:-")[:_LONGEST]
    letters = re.sub(r"[^a-z]", "", place)
    return place.capitalize() if len(letters) > 2 and len(set(letters)) > 1 else ""


def _in_digits(asked: Asked, said: str) -> str:
    """Hours said in words as digits: "jam tujuh" is "jam 7"."""
    numbers = {word: value for word, value in asked.readers.entities.numbers.items() if 1 <= value <= 24}
    clock = re.compile(rf"((?:{_CLOCK}|{_TO}\s*))({any_of(numbers)})(?!\w)")
    return clock.sub(lambda match: f"{match[1]}{numbers[match[2]]}", said)


def _hour(asked: Asked, number: str, part: str | None) -> int | None:
    hour, around = int(number), asked.readers.part_of_day.get(part or "")
    if around is not None and around >= 12 and hour < 12 and not (around < 15 and hour >= 9):
        hour += 12
    return hour if 0 <= hour <= 24 else None
