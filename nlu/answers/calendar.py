"""Reads a day to come and a month to come, as people write them: "30 november", "akhir bulan ini", "april depan"."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from nlu.answers.reading import Asked, refused, understood
from nlu.folding import fold
from nlu.understanding import FormAnswer


def future_date(asked: Asked) -> FormAnswer:
    """ISO date, today or later; a month alone is its last day."""
    for kind, value in _found(asked):
        day = date.fromisoformat(value) if kind == "date" else _last_of(value)
        if day >= asked.today:
            return understood(asked.text, day.isoformat())
    return refused(asked.text, "perlindungan_tidak_jelas")


def month(asked: Asked) -> FormAnswer:
    """ISO date of the first day of a month, this one or later."""
    for kind, value in _found(asked):
        first = date.fromisoformat(value).replace(day=1) if kind == "date" else date.fromisoformat(f"{value}-01")
        if first >= asked.today.replace(day=1):
            return understood(asked.text, first.isoformat())
    return refused(asked.text, "bulan_tidak_jelas")


def _found(asked: Asked) -> list[tuple[str, str]]:
    found = asked.readers.entities.dates.read(fold(asked.text).text, asked.today)
    return [(one.kind, one.value) for one in found]


def _last_of(month_text: str) -> date:
    first = date.fromisoformat(f"{month_text}-01")
    return first.replace(day=monthrange(first.year, first.month)[1])
