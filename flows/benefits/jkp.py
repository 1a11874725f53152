"""Cash after losing a job: a share of the last wage up to a cap, for some months (facts.md section 1.8, PP 6/2025)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from content import Content
from flows.benefits.law import Rupiah, count, percent, rupiah, share


@dataclass(frozen=True, slots=True)
class JobLoss:
    """Month by month what is paid at most; `counted` is the wage up to the cap."""

    wage: Rupiah
    cap: Rupiah
    counted: Rupiah
    months: tuple[Rupiah, ...]

    @property
    def monthly(self) -> Rupiah:
        """Each month."""
        return self.months[0]

    @property
    def total(self) -> Rupiah:
        """Over all months."""
        return sum(self.months)


def schedule(content: Content, wage: Rupiah, lost: date) -> JobLoss:
    """What a job lost on that day brings.

    Raises:
        NotInForce: the rule of that day is not known here (before PP 6/2025).
        ValueError: the wage is negative.
    """
    if wage < 0:
        raise ValueError("wage is negative")
    cap = rupiah(content, "jkp.batas_upah", lost)
    counted = min(wage, cap)
    monthly = share(counted, percent(content, "jkp.persen", lost))
    return JobLoss(wage, cap, counted, (monthly,) * count(content, "jkp.bulan", lost))
