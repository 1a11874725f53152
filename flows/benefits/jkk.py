"""Cash benefits after a work accident (facts.md section 1.3, PP 82/2019).

Never partial disability: its table is unverified. "Wage" is the reported wage of a waged worker, or
the base of the band of a self-employed one (`contribution.base_for`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from content import Content
from flows.benefits.law import Rupiah, count, percent, rupiah, share


@dataclass(frozen=True, slots=True)
class WagePay:
    """Pay while unable to work (STMB): some months at the first rate, the rest at the second."""

    wage: Rupiah
    first_months: int
    first_monthly: Rupiah
    later_months: int
    later_monthly: Rupiah

    @property
    def months(self) -> int:
        """All of them."""
        return self.first_months + self.later_months

    @property
    def total(self) -> Rupiah:
        """Over the whole time."""
        return self.first_months * self.first_monthly + self.later_months * self.later_monthly


@dataclass(frozen=True, slots=True)
class TotalDisability:
    """A multiple of the wage. Whether `periodic` is added is disputed (facts.md section 13): it is never in `sure`."""

    wage: Rupiah
    times: int
    compensation: Rupiah
    periodic: Rupiah

    @property
    def sure(self) -> Rupiah:
        """What may be said."""
        return self.compensation


@dataclass(frozen=True, slots=True)
class WorkDeath:
    """Death by work accident. `sure` may be said; `with_periodic` only after the office confirmed "ditambah"."""

    wage: Rupiah
    times: int
    compensation: Rupiah
    funeral: Rupiah
    periodic: Rupiah
    scholarship_at_most: Rupiah

    @property
    def sure(self) -> Rupiah:
        """Compensation and funeral."""
        return self.compensation + self.funeral

    @property
    def with_periodic(self) -> Rupiah:
        """As branch offices quote it."""
        return self.sure + self.periodic

    @property
    def with_scholarship(self) -> Rupiah:
        """The same with the most that two children can get."""
        return self.with_periodic + self.scholarship_at_most


def wage_pay(content: Content, wage: Rupiah, months: int, day: date) -> WagePay:
    """Pay for so many months without work.

    Raises:
        NotInForce: the rates of that day are not known.
        ValueError: wage or months are negative.
    """
    if months < 0:
        raise ValueError("months are negative")
    _checked(wage)
    first = min(months, count(content, "jkk.stmb_awal_lama", day))
    return WagePay(
        wage=wage,
        first_months=first,
        first_monthly=share(wage, percent(content, "jkk.stmb_awal", day)),
        later_months=months - first,
        later_monthly=share(wage, percent(content, "jkk.stmb_lanjut", day)),
    )


def total_disability(content: Content, wage: Rupiah, day: date) -> TotalDisability:
    """Permanent total disability; raises as `wage_pay` does."""
    _checked(wage)
    times = count(content, "jkk.cacat_total_kali", day)
    return TotalDisability(wage, times, times * wage, rupiah(content, "jkk.cacat_total_berkala", day))


def death(content: Content, wage: Rupiah, day: date) -> WorkDeath:
    """Death by work accident; raises as `wage_pay` does."""
    _checked(wage)
    times = count(content, "jkk.kematian_kali", day)
    return WorkDeath(
        wage=wage,
        times=times,
        compensation=times * wage,
        funeral=rupiah(content, "jkk.kematian_pemakaman", day),
        periodic=rupiah(content, "jkk.kematian_berkala", day),
        scholarship_at_most=rupiah(content, "beasiswa.maksimal", day),
    )


def _checked(wage: Rupiah) -> None:
    if wage < 0:
        raise ValueError("wage is negative")
