"""Finds dates and months in folded text: absolute, partial ("12 agustus 85") and relative ("tgl 5 bln depan")."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from nlu.lexicon import RawLexicon, any_of, pairs, part

_DAYS_AWAY = {"hari ini": 0, "skrg": 0, "besok lusa": 2, "besok": 1, "bsk": 1, "bsok": 1, "besuk": 1, "sesuk": 1, "isuk": 1, "enjing": 1,  # noqa: E501 (one pattern or table)
              "lusa": 2, "kemarin lusa": -2, "kemarin": -1, "kmrn": -1, "kmrin": -1, "wingi": -1, "kamari": -1}  # fmt: skip  # noqa: E501 (one pattern or table)
_COUNT = {"se": 1, "satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "enam": 6, "tujuh": 7}
_NEXT = r"(?:depan|dpn|ngarep|hareup|payun|mendatang|yang akan datang|yad)"
_PAST = r"(?:lalu|kemarin|kmrn|yang lalu|yg lalu|kepungkur|tadi)"
_DAY = r"(?:tanggal|tgl|tg|tggl)\.?\s*"


@dataclass(frozen=True, slots=True)
class Found:
    """A day (`2027-01-05`) or a month (`2027-01`) at `start:end` of the folded text."""

    kind: str
    value: str
    start: int
    end: int


class DateReader:
    """Reads dates with the month names of the lexicon."""

    def __init__(self, lexicon: RawLexicon) -> None:
        self.months = {form: int(value) for form, value in pairs(part(lexicon, "months", "months")).items()}
        self._weekdays = {form: int(value) for form, value in pairs(part(lexicon, "months", "weekdays")).items()}
        name = any_of(self.months)
        year = r"(?:\d{4}|'?\d{2})(?!\d)"
        self._finders: list[tuple[re.Pattern[str], Callable[[re.Match[str], date], tuple[str, str] | None]]] = [
            (re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)"), _iso),
            (re.compile(r"(?<![\d.,])(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d{2})(?![\d.,]?\d)"), _numeric),
            (re.compile(rf"(?<![\d.,])(?:{_DAY})?(\d{{1,2}})[\s-]*({name})(?![a-z])[\s,-]*({year})?"), self._named),
            (re.compile(rf"{_DAY}(\d{{1,2}})(?!\d)\s*(?:(?:bulan|bln|sasi|wulan)\s*({_NEXT}|ini|iki)(?![a-z]))?"), _day_of_month),  # noqa: E501 (one pattern or table)
            (re.compile(rf"(?<![a-z])({name})(?![a-z])[\s,-]*(\d{{4}}(?!\d))?"), self._month),
            (re.compile(rf"(?<![a-z])(?:bulan|bln|sasi|wulan)\s*({_NEXT}|{_PAST}|ini|iki)(?![a-z])"), _month_away),
            (re.compile(rf"(?<![a-z])(?:minggu|mgg|pekan)\s*({_NEXT}|{_PAST})(?![a-z])"), _week_away),
            (re.compile(rf"(?<![a-z])(?:hari\s+)?({any_of(self._weekdays)})(?![a-z])(\s*(?:{_NEXT}|{_PAST}))?"), self._weekday),  # noqa: E501 (one pattern or table)
            (re.compile(rf"(?<![a-z])(\d{{1,2}}|{any_of(_COUNT)})\s*(hari|minggu|mgg|bulan|bln)\s+(?:lagi|kedepan|ke depan)(?![a-z])"),  # noqa: E501 (one pattern or table)
             _from_now),
            (re.compile(rf"(?<![a-z])({any_of(_DAYS_AWAY)})(?![a-z])"), _days_away),
        ]  # fmt: skip
        self._hint = re.compile(
            rf"\d[-/. ]+\d|tgl|tg|tanggal|tggl|{name}|bulan|bln|sasi|wulan|minggu|mgg|pekan|{any_of(self._weekdays)}|{any_of(_DAYS_AWAY)}|lagi|depan"  # noqa: E501 (one pattern or table)
        )

    def read(self, text: str, today: date | None) -> list[Found]:
        """All dates in order; what is relative is left out where `today` is unknown."""
        if not self._hint.search(text):
            return []
        found: list[Found] = []
        for pattern, value_of in self._finders:
            for match in pattern.finditer(text):
                if any(match.start() < other.end and other.start < match.end() for other in found):
                    continue
                value = self._value(value_of, match, today)
                if value is not None:
                    found.append(Found(value[0], value[1], match.start(), match.start() + len(match[0].rstrip(" ,-"))))
        return sorted(found, key=lambda one: one.start)

    @staticmethod
    def _value(
        value_of: Callable[[re.Match[str], date], tuple[str, str] | None], match: re.Match[str], today: date | None
    ) -> tuple[str, str] | None:
        if today is None and value_of not in (_iso, _numeric):
            return None
        return value_of(match, today or date(2000, 1, 1))

    def _named(self, match: re.Match[str], today: date) -> tuple[str, str] | None:
        month = self.months[_single(match[2])]
        if match[3]:
            return _day_value(_full_year(match[3].strip("'"), today), month, int(match[1]))
        this_year = _made(today.year, month, int(match[1]))
        if this_year is None:
            return None
        chosen = this_year if this_year >= today else _made(today.year + 1, month, int(match[1]))
        return ("date", chosen.isoformat()) if chosen else None

    def _month(self, match: re.Match[str], today: date) -> tuple[str, str] | None:
        if _single(match[1]) in _UNCLEAR_ALONE and not match[2]:
            return None
        month = self.months[_single(match[1])]
        year = int(match[2]) if match[2] else today.year + (month < today.month)
        return ("month", f"{year:04}-{month:02}") if 1900 <= year <= 2200 else None

    def _weekday(self, match: re.Match[str], today: date) -> tuple[str, str] | None:
        if match[1] in _SHORT_DAYS and not (match[0].startswith("hari") or match[2]):
            return None
        ahead = (self._weekdays[match[1]] - today.weekday()) % 7
        if match[2] and re.fullmatch(rf"\s*{_PAST}", match[2]):
            ahead -= 7
        elif match[2]:
            monday = today - timedelta(days=today.weekday())
            return "date", (monday + timedelta(days=7 + self._weekdays[match[1]])).isoformat()
        return "date", (today + timedelta(days=ahead)).isoformat()


#: Short month names that are also words or names; they count only beside a day or year.
_UNCLEAR_ALONE = frozenset(
    {
        "mar",
        "jan",
        "sep",
        "des",
        "agus",
        "agu",
        "jun",
        "jul",
        "nov",
        "apr",
        "okt",
        "feb",
        "may",
        "apl",
        "mey",
        "agustusan",
    }
)
#: Short weekday names that count only after "hari".
_SHORT_DAYS = frozenset(
    {"min", "sen", "kam", "jum", "sab", "minggu", "soma", "buda", "akad", "kms", "snn", "sbt", "jmt"}
)


def _single(text: str) -> str:
    return " ".join(text.split())


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _full_year(digits: str, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    year = today.year // 100 * 100 + int(digits)
    return year if year <= today.year + 5 else year - 100


def _day_value(year: int, month: int, day: int) -> tuple[str, str] | None:
    made = _made(year, month, day) if 1900 <= year <= 2200 else None
    return ("date", made.isoformat()) if made else None


def _iso(match: re.Match[str], _today: date) -> tuple[str, str] | None:
    return _day_value(int(match[1]), int(match[2]), int(match[3]))


def _numeric(match: re.Match[str], today: date) -> tuple[str, str] | None:
    return _day_value(_full_year(match[3], today), int(match[2]), int(match[1]))


def _in_month(today: date, months: int) -> date:
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _day_of_month(match: re.Match[str], today: date) -> tuple[str, str] | None:
    day = int(match[1])
    ahead = 0 if match[2] is None or match[2] in {"ini", "iki"} else 1
    first = _in_month(today.replace(day=1), ahead)
    made = _made(first.year, first.month, day)
    if match[2] is None and (made is None or made < today):
        following = _in_month(first, 1)
        made = _made(following.year, following.month, day)
    return ("date", made.isoformat()) if made else None


def _months_off(word: str) -> int:
    if word in {"ini", "iki"}:
        return 0
    return 1 if re.fullmatch(_NEXT, word) else -1


def _month_away(match: re.Match[str], today: date) -> tuple[str, str] | None:
    return "month", _in_month(today.replace(day=1), _months_off(match[1])).isoformat()[:7]


def _week_away(match: re.Match[str], today: date) -> tuple[str, str] | None:
    return "date", (today + timedelta(days=7 * _months_off(match[1]))).isoformat()


def _from_now(match: re.Match[str], today: date) -> tuple[str, str] | None:
    count = int(match[1]) if match[1].isdigit() else _COUNT[match[1]]
    if match[2] in {"bulan", "bln"}:
        return "month", _in_month(today.replace(day=1), count).isoformat()[:7]
    return "date", (today + timedelta(days=count * (1 if match[2] == "hari" else 7))).isoformat()


def _days_away(match: re.Match[str], today: date) -> tuple[str, str] | None:
    return "date", (today + timedelta(days=_DAYS_AWAY[_single(match[1])])).isoformat()
