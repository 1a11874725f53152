"""Contributions of construction projects, by contract value or by wages (facts.md section 4).

Only JKK and JKM, paid by the contractor. The contract value (without VAT) is cut into slices with falling rates, as
tax brackets are: each rate touches its own slice only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from content import Content
from flows.benefits.law import Rupiah, percent, rows, share, whole


@dataclass(frozen=True, slots=True)
class Slice:
    """One piece of the contract value and its rates in percent. `starts_at` is where the slice begins."""

    starts_at: Rupiah
    amount: Rupiah
    jkk_rate: Decimal
    jkm_rate: Decimal

    @property
    def rate(self) -> Decimal:
        """Both rates."""
        return self.jkk_rate + self.jkm_rate

    @property
    def due(self) -> Decimal:
        """What this slice costs, not yet rounded."""
        return self.amount * self.rate / 100


@dataclass(frozen=True, slots=True)
class ProjectContribution:
    """What a project costs once. `slices` shows the working."""

    value: Rupiah
    jkk: Rupiah
    jkm: Rupiah
    slices: tuple[Slice, ...]

    @property
    def total(self) -> Rupiah:
        """JKK and JKM."""
        return self.jkk + self.jkm


@dataclass(frozen=True, slots=True)
class WageContribution:
    """What a month of known wages costs."""

    wages: Rupiah
    jkk: Rupiah
    jkm: Rupiah

    @property
    def total(self) -> Rupiah:
        """JKK and JKM."""
        return self.jkk + self.jkm


def by_contract(content: Content, value: Rupiah, day: date) -> ProjectContribution:
    """The contribution of a contract of that value without VAT.

    Raises:
        NotInForce: no rates are in force that day.
        ValueError: the value is negative.
    """
    slices = tuple(_slices(content, _counted(value), day))
    return ProjectContribution(
        value=value,
        jkk=whole(sum((one.amount * one.jkk_rate / 100 for one in slices), Decimal(0))),
        jkm=whole(sum((one.amount * one.jkm_rate / 100 for one in slices), Decimal(0))),
        slices=slices,
    )


def by_wages(content: Content, wages: Rupiah, day: date) -> WageContribution:
    """The contribution of a month's wages; raises as `by_contract` does."""
    _counted(wages)
    return WageContribution(
        wages=wages,
        jkk=share(wages, percent(content, "jakon.jkk_upah", day)),
        jkm=share(wages, percent(content, "jakon.jkm_upah", day)),
    )


def _slices(content: Content, value: Rupiah, day: date) -> list[Slice]:
    table = rows(content, "jakon.lapisan", day)
    bounds = [*(int(str(row[0])) for row in table), max(value, int(str(table[-1][0])))]
    return [
        Slice(low, min(value, high) - low, Decimal(str(row[1])), Decimal(str(row[2])))
        for (low, high), row in zip(pairwise(bounds), table, strict=True)
        if value > low
    ]


def _counted(amount: Rupiah) -> Rupiah:
    if amount < 0:
        raise ValueError("amount is negative")
    return amount
