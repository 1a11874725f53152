"""Reads a date of birth in the many ways people write one; names what is impossible."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from nlu.answers.reading import Asked, refused, understood
from nlu.lexicon import any_of
from nlu.understanding import FormAnswer

#: Of two centuries the one that makes a worker of this age.
_YOUNGEST, _OLDEST = 15, 100
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})\s*[-/. ,]\s*(\d{1,2})\s*[-/. ,]\s*'?(\d{4}|\d{2})(?!\d)")
_ISO = re.compile(r"(?<!\d)(\d{4})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{1,2})(?!\d)")
_RUN = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{4}|\d{2})(?!\d)")


def birth_date(asked: Asked) -> FormAnswer:
    """ISO date of birth."""
    parts = _parts(asked)
    if parts is None:
        return refused(asked.text, "tanggal_tidak_jelas")
    day, month, written = parts
    year = _year(written, month, day, asked.today)
    if not 1 <= month <= 12:
        return refused(asked.text, "tanggal_mustahil", bagian=str(month))
    if not 1 <= day <= monthrange(year if 1 <= year <= 9998 else 2000, month)[1]:
        return refused(asked.text, "tanggal_mustahil", bagian=f"{day}-{month}-{year}")
    if year < 1900:
        return refused(asked.text, "tanggal_mustahil", bagian=str(year))
    if year > 9998 or date(year, month, day) > asked.today:
        return refused(asked.text, "tanggal_masa_depan", bagian=str(year))
    if year < asked.today.year - 120:
        return refused(asked.text, "tanggal_mustahil", bagian=str(year))
    return understood(asked.text, date(year, month, day).isoformat())


def _parts(asked: Asked) -> tuple[int, int, str] | None:
    """Day, month and the year as written."""
    said = asked.said
    iso = _ISO.search(said)
    if iso:
        return int(iso[3]), int(iso[2]), iso[1]
    for pattern in (_NUMERIC, _RUN):
        match = pattern.search(said)
        if match:
            return int(match[1]), int(match[2]), match[3]
    return _with_name(asked)


def _with_name(asked: Asked) -> tuple[int, int, str] | None:
    months = asked.readers.entities.dates.months
    numbers = asked.readers.entities.numbers
    names, counts = any_of(months), any_of(numbers)
    match = re.search(
        rf"(?<![\w])(\d{{1,2}}|{counts})\s*[-/., ]*\s*({names})(?![a-z])\s*[-/., ]*\s*(?:tahun|thn|th)?\s*'?(\d{{4}}|\d{{2}})(?!\d)",  # noqa: E501 (one pattern or table)
        asked.said,
    )
    if match:
        day = int(match[1]) if match[1].isdigit() else numbers[" ".join(match[1].split())]
        return day, months[" ".join(match[2].split())], match[3]
    turned = re.search(rf"(?<![a-z])({names})\s*[-/., ]*\s*(\d{{1,2}})\s*[-/., ]+\s*(\d{{4}})(?!\d)", asked.said)
    return (int(turned[2]), months[turned[1]], turned[3]) if turned else None


def _year(written: str, month: int, day: int, today: date) -> int:
    """Four digits as they are; of two the century that makes a worker."""
    if len(written) == 4:
        return int(written)
    this = today.year // 100 * 100 + int(written)
    passed = (month, day) <= (today.month, today.day)
    for year in (this, this - 100):
        if _YOUNGEST <= today.year - year - (not passed) <= _OLDEST:
            return year
    return this if this <= today.year else this - 100
