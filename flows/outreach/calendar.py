"""Which days people work and which they keep free: weekends and national holidays (lokal-id, SKB 3 Menteri).

A year whose decree is not out yet has weekends only; Islamic dates may still move by the sidang isbat.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from lokal.holidays import HOLIDAY_YEARS, get_holidays

_SATURDAY = 5


def is_holiday(day: date) -> bool:
    """Whether the whole country keeps the day free (libur nasional; cuti bersama is leave, not a holiday)."""
    return day in _holidays(day.year)[0]


def is_working_day(day: date) -> bool:
    """Whether banks and offices work: no weekend, no holiday, no cuti bersama."""
    return day.weekday() < _SATURDAY and not any(day in days for days in _holidays(day.year))


def working_day_from(day: date) -> date:
    """The day itself, or the next working day."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


@cache
def _holidays(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """National holidays, and days of collective leave."""
    if year not in HOLIDAY_YEARS:
        return frozenset(), frozenset()
    found = get_holidays(year).holidays
    free = frozenset(date.fromisoformat(one.date) for one in found if one.type == "libur_nasional")
    return free, frozenset(date.fromisoformat(one.date) for one in found if one.type == "cuti_bersama")
