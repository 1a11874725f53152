"""Pension: from which age, whether monthly, and how much in the first year (facts.md section 1.7, PP 45/2015).

The lowest and highest monthly pension of 2025 on are unknown, so a result is the bare formula. The pension age rises
by a year every three years; a person reaches it in the first year in which their age is that high.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from content import Content
from flows.benefits.law import Rupiah, count, percent, whole


@dataclass(frozen=True, slots=True)
class PensionAge:
    """At which age and in which year someone born in `born` may retire."""

    born: int
    age: int

    @property
    def year(self) -> int:
        """The calendar year of that birthday."""
        return self.born + self.age


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Monthly for those who paid long enough; else contributions and their result at once."""

    months: int
    months_needed: int

    @property
    def monthly(self) -> bool:
        """Whether the pension is monthly."""
        return self.months >= self.months_needed

    @property
    def missing(self) -> int:
        """Months still to pay for a monthly pension."""
        return max(0, self.months_needed - self.months)


@dataclass(frozen=True, slots=True)
class FirstYear:
    """The monthly pension of the first year by the formula."""

    months: int
    yearly_wage: Rupiah
    rate: Decimal
    monthly: Rupiah


def age_in(content: Content, day: date) -> int:
    """The pension age in force on that day."""
    return count(content, "jp.usia", day)


def pension_age(content: Content, born: int) -> PensionAge:
    """The first year in which someone born that year is old enough.

    Raises:
        NotInForce: no pension age was in force yet in the year that would decide.
    """
    ages = sorted(int(str(value.value)) for value in content.facts["jp.usia"].values)
    # the rule began in mid-2015 and changes at New Year, so a year's last day decides for all birthdays in it
    return next(PensionAge(born, age) for age in ages if age >= age_in(content, date(born + age, 12, 31)))


def entitlement(content: Content, months: int, day: date) -> Entitlement:
    """Whether so many contribution months give a monthly pension.

    Raises:
        NotInForce: the rule of that day is not known.
        ValueError: the months are negative.
    """
    if months < 0:
        raise ValueError("months are negative")
    return Entitlement(months, count(content, "jp.min_bulan", day))


def first_year(content: Content, months: int, yearly_wage: Rupiah, day: date) -> FirstYear:
    """Rate x (months / 12) x average indexed yearly wage / 12; raises as `entitlement` does.

    Meaningful only where `entitlement` says monthly; the caller looks first.
    """
    if months < 0 or yearly_wage < 0:
        raise ValueError("months or wage are negative")
    rate = percent(content, "jp.rumus", day)
    monthly = whole(rate / 100 * months / 12 * yearly_wage / 12)
    return FirstYear(months, yearly_wage, rate, monthly)
