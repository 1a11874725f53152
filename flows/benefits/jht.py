"""Taking out old-age savings: tax, what is left, and through which channel (facts.md section 1.6).

Only the tax of a payout at once is worked out (PP 68/2009); sources disagree about partial payouts, so those are
given as a limit without tax. Returns are never forecast.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from content import Content
from flows.benefits.law import Rupiah, count, percent, rupiah, share


class Purpose(StrEnum):
    """Why a part is taken out; the value ends the fact's name."""

    HOUSING = "rumah"
    RETIREMENT = "pensiun"


@dataclass(frozen=True, slots=True)
class Payout:
    """All of the balance, paid within two calendar years."""

    balance: Rupiah
    free: Rupiah
    taxed: Rupiah
    tax: Rupiah
    app_limit: Rupiah

    @property
    def net(self) -> Rupiah:
        """What arrives."""
        return self.balance - self.tax

    @property
    def through_app(self) -> bool:
        """Whether the app takes the claim; above its limit the website or a branch does."""
        return self.balance <= self.app_limit


@dataclass(frozen=True, slots=True)
class PartialPayout:
    """The most that may be taken out once, before tax. Not `allowed`: too few years as a member."""

    balance: Rupiah
    years_needed: int
    at_most: Rupiah
    allowed: bool


def payout(content: Content, balance: Rupiah, day: date) -> Payout:
    """All of the balance at once.

    Raises:
        NotInForce: tax or limit of that day are not known.
        ValueError: the balance is negative.
    """
    _checked(balance)
    free = min(balance, rupiah(content, "jht.pajak_bebas", day))
    return Payout(
        balance=balance,
        free=free,
        taxed=balance - free,
        tax=share(balance - free, percent(content, "jht.pajak_tarif", day)),
        app_limit=rupiah(content, "jht.batas_jmo", day),
    )


def partial(content: Content, balance: Rupiah, member_years: int, purpose: Purpose, day: date) -> PartialPayout:
    """A part of the balance; raises as `payout` does."""
    _checked(balance)
    needed = count(content, "jht.sebagian_tahun", day)
    at_most = share(balance, percent(content, f"jht.sebagian_{purpose.value}", day))
    return PartialPayout(balance, needed, at_most, member_years >= needed)


def _checked(balance: Rupiah) -> None:
    if balance < 0:
        raise ValueError("balance is negative")
