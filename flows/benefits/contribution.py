"""BPU contributions by income band, sector, payer and contribution month (facts.md section 3).

Pure arithmetic over facts, in whole rupiah. The law counts contribution months, not payment dates, so every
function takes the month the contribution is for. Sources: PP 44/2015 Lampiran II (JKK), PP 46/2015 (JHT), PP 50/2025.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import cast

from content import Content

Rupiah = int


class Sector(StrEnum):
    """What decides the discount window: transport (ojek, drivers, couriers) or anything else."""

    TRANSPORT = "transport"
    OTHER = "other"


class Payer(StrEnum):
    """Who pays. The discount is not for contributions paid from APBN or APBD (PP 50/2025)."""

    SELF = "self"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one contribution month costs. `full_*` are the amounts without the discount."""

    month: date
    base: Rupiah
    jkk: Rupiah
    jkm: Rupiah
    jht: Rupiah
    discount_percent: int
    full_jkk: Rupiah
    full_jkm: Rupiah

    @property
    def two(self) -> Rupiah:
        """JKK and JKM."""
        return self.jkk + self.jkm

    @property
    def three(self) -> Rupiah:
        """JKK, JKM and JHT; the discount never touches JHT."""
        return self.two + self.jht

    @property
    def full_two(self) -> Rupiah:
        """JKK and JKM at the normal rate."""
        return self.full_jkk + self.full_jkm

    @property
    def full_three(self) -> Rupiah:
        """JKK, JKM and JHT at the normal rate."""
        return self.full_two + self.jht


def discount_fact(sector: Sector) -> str:
    """The fact that holds the discount of that sector, with its contribution months."""
    return "iuran_bpu.diskon_transport" if sector is Sector.TRANSPORT else "iuran_bpu.diskon_lain"


def base_for(content: Content, income: Rupiah, month: date) -> Rupiah:
    """The fixed base of the band a monthly income falls in; between two bands the lower one counts.

    Raises:
        NotInForce: no band table is in force in that month.
        ValueError: the income is negative.
    """
    if income < 0:
        raise ValueError("income is negative")
    rows = cast(tuple[tuple[Rupiah, Rupiah], ...], content.fact("iuran_bpu.pita", month).value)  # the schema types it
    starts = [starts_at for starts_at, _ in rows]
    return rows[bisect_right(starts, income) - 1][1]


def contribution(
    content: Content, income: Rupiah, sector: Sector, month: date, payer: Payer = Payer.SELF
) -> Contribution:
    """What that contribution month costs for that monthly income.

    Raises:
        NotInForce: a rate is not known for that month; the bot declines and names 175.
    """
    month = month.replace(day=1)
    return _of_band(content, base_for(content, income, month), sector, month, payer)


def _of_band(content: Content, base: Rupiah, sector: Sector, month: date, payer: Payer) -> Contribution:
    jkk = share(base, _percent(content, "iuran_bpu.jkk_persen", month))
    jht = share(base, _percent(content, "iuran_bpu.jht_persen", month))
    jkm = int(content.fact("iuran_bpu.jkm", month).value)  # type: ignore[arg-type]
    off = Decimal(0) if payer is Payer.BUDGET else _percent(content, discount_fact(sector), month)
    return Contribution(
        month=month,
        base=base,
        jkk=jkk - share(jkk, off),
        jkm=jkm - share(jkm, off),
        jht=jht,
        discount_percent=int(off),
        full_jkk=jkk,
        full_jkm=jkm,
    )


def contributions(
    content: Content, income: Rupiah, sector: Sector, first: date, months: int, *, payer: Payer = Payer.SELF
) -> tuple[Contribution, ...]:
    """One contribution for each of `months` contribution months from `first` on."""
    return tuple(contribution(content, income, sector, add_months(first, i), payer) for i in range(months))


class Amounts:
    """What very many people owe, each paying alone: a month of a band and sector is worked out once."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._known: dict[tuple[Rupiah, Sector, date], Contribution] = {}

    def of(self, income: Rupiah, sector: Sector, first: date, months: int) -> tuple[Contribution, ...]:
        """As `contributions`."""
        return tuple(self._month(income, sector, add_months(first, i)) for i in range(months))

    def _month(self, income: Rupiah, sector: Sector, month: date) -> Contribution:
        base = base_for(self._content, income, month)
        known = self._known.get((base, sector, month))
        if known is None:
            known = self._known[base, sector, month] = _of_band(self._content, base, sector, month, Payer.SELF)
        return known


def add_months(day: date, months: int) -> date:
    """The first day of the month that many months later."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def share(amount: Rupiah, percent: Decimal) -> Rupiah:
    """That percentage of an amount in whole rupiah, halves up."""
    return int((Decimal(amount) * percent / 100 + Decimal("0.5")).to_integral_value(rounding="ROUND_FLOOR"))


def _percent(content: Content, key: str, day: date) -> Decimal:
    return Decimal(str(content.fact(key, day).value))
