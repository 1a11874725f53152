"""Reads short answers: yes or no, two or three programmes, months, a day, an hour, free text."""

from __future__ import annotations

import re

from nlu.answers.reading import Asked, plain, refused, understood
from nlu.folding import fold
from nlu.understanding import FormAnswer

_LONGEST_TEXT = 1000
_POLITE = frozenset(["pak", "bu", "kak", "min", "mas", "mbak", "bang", "bapak", "ibu", "dong", "deh", "aja", "saja", "kok", "ya", "yaa", "sih", "lah", "nih", "terima", "kasih", "makasih", "mksh", "tolong", "banget", "sekali", "admin", "om", "tante", "kang", "teh", "bli", "insyaallah", "alhamdulillah", "maaf"])  # fmt: skip  # noqa: E501 (one pattern or table)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2})(?:\s*[.:]\s*([0-5]\d))?(?!\d)")


def yes_no(asked: Asked) -> FormAnswer:
    """Whether the whole answer means yes or no."""
    for said in _tried(asked):
        each = said.split()
        if len(each) > 1 and all(word in asked.readers.yes for word in each):
            return understood(asked.text, True)
        if said in asked.readers.unsure:
            return refused(asked.text, "ya_tidak_jelas")
        if said in asked.readers.no:
            return understood(asked.text, False)
        if said in asked.readers.yes:
            return understood(asked.text, True)
    return refused(asked.text, "ya_tidak_jelas")


def _tried(asked: Asked) -> list[str]:
    """The answer as it is, with stretched letters shortened, in standard words, and without polite words."""
    said = plain(asked.readers.spelt_out(asked.said)) or asked.said
    short = re.sub(r"([a-z])\1+", r"\1", re.sub(r"([a-z])\1{2,}", r"\1", said))
    standard = " ".join(asked.readers.forms.get(word, word) for word in said.split())
    bare = [" ".join(word for word in form.split() if word not in _POLITE) for form in (said, standard)]
    first = (
        said.split()[0] if "," in asked.said.split()[0] + "," and len(said.split()) > 1 and "," in asked.said else ""
    )
    return [form for form in (said, re.sub(r"([a-z])\1{2,}", r"\1", said), standard, *bare, short, first) if form]


def programs(asked: Asked) -> FormAnswer:
    """As in "2" for JKK and JKM, "3" with JHT."""
    said = plain(asked.said)
    named = set(re.findall(r"\b(jkk|jkm|jht|jp|jkp)\b", said))
    if re.search(r"\b(?:semua|lengkap|komplit|kabeh|sadaya|ketiganya|tiga-tiganya|tiga tiganya)\b", said):
        return understood(asked.text, "3")
    if named & {"jp", "jkp"}:
        return refused(asked.text, "program_tidak_jelas")
    if named:
        return understood(asked.text, "3") if "jht" in named else understood(asked.text, "2")
    number = _only_number(asked, said)
    return understood(asked.text, str(number)) if number in (2, 3) else refused(asked.text, "program_tidak_jelas")


def months(asked: Asked) -> FormAnswer:
    """A number of months, 1 to 36; a year is twelve. An amount of money is none ("3 juta")."""
    found = asked.readers.entities.read(fold(asked.text), None)
    if any(entity.kind == "money" for entity in found):
        return refused(asked.text, "jumlah_tidak_jelas")
    for count in (entity.value for entity in found if entity.kind == "months" and isinstance(entity.value, int)):
        return understood(asked.text, count) if 1 <= count <= 36 else refused(asked.text, "jumlah_tidak_jelas")
    if re.search(r"\b(?:sebulan|sesasi|sewulan|sabulan)\b", asked.said):
        return understood(asked.text, 1)
    number = _only_number(asked, plain(asked.said))
    return understood(asked.text, number) if number and 1 <= number <= 36 else refused(asked.text, "jumlah_tidak_jelas")


def day(asked: Asked) -> FormAnswer:
    """A day of the month, 1 to 28 (every month has those)."""
    if re.search(r"\bawal\b", asked.said) and not re.search(r"\d", asked.said):
        return understood(asked.text, 1)
    number = _only_number(asked, plain(asked.said))
    return understood(asked.text, number) if number and 1 <= number <= 28 else refused(asked.text, "hari_tidak_jelas")


def hour(asked: Asked) -> FormAnswer:
    """An hour, 0 to 23; "7 malam" is 19, "jam 3" alone is afternoon only when said so."""
    said = asked.said
    offset = next(
        (place for form, place in asked.readers.part_of_day.items() if re.search(rf"\b{re.escape(form)}\b", said)), None
    )
    match = _CLOCK.search(said)
    number = (
        int(match[1])
        if match
        else _only_number(asked, re.sub(r"\b(?:jam|pukul|jm|pkl|pagi|siang|sore|malam|mlm|subuh)\b", "", plain(said)))
    )
    if number is None:
        return understood(asked.text, offset) if offset is not None else refused(asked.text, "jam_tidak_jelas")
    if offset is not None and offset >= 19 and number == 12:
        return understood(asked.text, 0)
    if offset is not None and offset >= 12 and number < 12 and not (offset < 15 and number == 11):
        number += 12
    return understood(asked.text, number) if 0 <= number <= 23 else refused(asked.text, "jam_tidak_jelas")


def paper(asked: Asked) -> FormAnswer:
    """The number of a paper as written on it: short, with a digit."""
    said = " ".join(asked.text.split()).strip(" .,;:")
    number = re.sub(r"(?i)^(?:nomor(?:nya)?|no|kertas|izin)\b[\s.:]*", "", said)
    fits = 1 <= len(number) <= 30 and re.search(r"\d", number) and len(number.split()) <= 4
    return understood(asked.text, number) if fits else refused(asked.text, "izin_kertas_tidak_jelas")


def free_text(asked: Asked) -> FormAnswer:
    """Anything written, without control characters."""
    kept = "".join(char for char in asked.text[:_LONGEST_TEXT] if char == "\n" or char.isprintable())
    kept = "\n".join(line.rstrip() for line in kept.strip().split("\n"))
    return understood(asked.text, kept) if kept else refused(asked.text, "teks_kosong")


def _only_number(asked: Asked, said: str) -> int | None:
    """The one number said, in digits or words."""
    digits = re.findall(r"\d+", said)
    if digits:
        return int(digits[0]) if len(digits) == 1 and len(digits[0]) < 4 else None
    tried = [
        said,
        *(
            " ".join(said.split()[start:stop])
            for start in range(len(said.split()))
            for stop in range(len(said.split()), start, -1)
        ),
    ]
    return next((number for part in tried if (number := asked.readers.entities.numbers.get(part)) is not None), None)
