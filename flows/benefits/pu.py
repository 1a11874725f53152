"""Contributions of waged workers by wage, risk class and contribution month (facts.md section 2).

Sources: PP 44/2015 (JKK, JKM), PP 46/2015 (JHT), PP 45/2015 Pasal 29 (JP and its wage ceiling, new every March),
PP 7/2025 and PP 36/2025 (labour-intensive industry, ended). JKP costs neither side anything extra.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from content import Content
from flows.benefits.law import Rupiah, percent, rupiah, share


class Risk(StrEnum):
    """The five risk classes of JKK; the value ends the fact's name."""

    VERY_LOW = "sangat_rendah"
    LOW = "rendah"
    MEDIUM = "sedang"
    HIGH = "tinggi"
    VERY_HIGH = "sangat_tinggi"


@dataclass(frozen=True, slots=True)
class Pension:
    """The JP part: only the wage up to the ceiling counts."""

    month: date
    wage: Rupiah
    ceiling: Rupiah
    counted: Rupiah
    worker: Rupiah
    employer: Rupiah

    @property
    def total(self) -> Rupiah:
        """Both sides."""
        return self.worker + self.employer


@dataclass(frozen=True, slots=True)
class WagedContribution:
    """What one contribution month costs the employer and the worker. `full_jkk` is without the industry discount."""

    month: date
    wage: Rupiah
    risk: Risk
    jkk: Rupiah
    full_jkk: Rupiah
    jkm: Rupiah
    jht_employer: Rupiah
    jht_worker: Rupiah
    pension: Pension

    @property
    def worker(self) -> Rupiah:
        """What may be taken from the wage: JHT and JP, never JKK or JKM."""
        return self.jht_worker + self.pension.worker

    @property
    def employer(self) -> Rupiah:
        """What the employer pays on top."""
        return self.jkk + self.jkm + self.jht_employer + self.pension.employer

    @property
    def total(self) -> Rupiah:
        """Both sides."""
        return self.worker + self.employer


def pension(content: Content, wage: Rupiah, month: date) -> Pension:
    """The JP contribution of that month.

    Raises:
        NotInForce: the ceiling of that month is not known (a new one comes every March).
        ValueError: the wage is negative.
    """
    month = _month(wage, month)
    ceiling = rupiah(content, "iuran_pu.jp_batas_upah", month)
    counted = min(wage, ceiling)
    return Pension(
        month=month,
        wage=wage,
        ceiling=ceiling,
        counted=counted,
        worker=share(counted, percent(content, "iuran_pu.jp_pekerja", month)),
        employer=share(counted, percent(content, "iuran_pu.jp_perusahaan", month)),
    )


def contribution(
    content: Content, wage: Rupiah, risk: Risk, month: date, *, labour_intensive: bool = False
) -> WagedContribution:
    """All four programmes for that month; raises as `pension` does."""
    month = _month(wage, month)
    jkk = share(wage, percent(content, f"iuran_pu.jkk_{risk.value}", month))
    off = percent(content, "iuran_pu.padat_karya", month) if labour_intensive else Decimal(0)
    return WagedContribution(
        month=month,
        wage=wage,
        risk=risk,
        jkk=jkk - share(jkk, off),
        full_jkk=jkk,
        jkm=share(wage, percent(content, "iuran_pu.jkm", month)),
        jht_employer=share(wage, percent(content, "iuran_pu.jht_perusahaan", month)),
        jht_worker=share(wage, percent(content, "iuran_pu.jht_pekerja", month)),
        pension=pension(content, wage, month),
    )


def _month(wage: Rupiah, month: date) -> date:
    if wage < 0:
        raise ValueError("wage is negative")
    return month.replace(day=1)
