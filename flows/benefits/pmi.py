"""The one-time contribution of migrant workers by length of contract (facts.md section 1.9, Permenaker 4/2023).

Three lengths are in the rule; a month beyond one of them costs the extra-month rate. Shorter contracts are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from content import Content
from flows.benefits.law import Rupiah, rupiah

#: Contract months in the rule, longest first, and the fact with their price.
_LISTED = ((24, "pmi.dua_empat_bulan"), (12, "pmi.dua_belas_bulan"), (6, "pmi.enam_bulan"))
SHORTEST = _LISTED[-1][0]


@dataclass(frozen=True, slots=True)
class MigrantContribution:
    """What is paid once. `placement` comes on top when a placement agency sends the worker."""

    months: int
    listed_months: int
    contract: Rupiah
    extra_months: int
    extra: Rupiah
    placement: Rupiah

    @property
    def independent(self) -> Rupiah:
        """For a worker who goes alone."""
        return self.contract + self.extra

    @property
    def through_agency(self) -> Rupiah:
        """With the part for the time before leaving."""
        return self.independent + self.placement


def contribution(content: Content, months: int, day: date) -> MigrantContribution:
    """What a contract of so many months costs.

    Raises:
        NotInForce: no price is in force that day.
        ValueError: the contract is shorter than any in the rule.
    """
    if months < SHORTEST:
        raise ValueError("shorter than any listed contract")
    listed, fact = next(row for row in _LISTED if row[0] <= months)
    extra = months - listed
    return MigrantContribution(
        months=months,
        listed_months=listed,
        contract=rupiah(content, fact, day),
        extra_months=extra,
        extra=extra * rupiah(content, "pmi.bulan_tambahan", day),
        placement=rupiah(content, "pmi.sebelum_berangkat", day),
    )
