"""Death not caused by work: the full sum, or only funeral money before three months of contributions (section 1.4).

The three-month rule (Permenaker 1/2025) is confirmed for the self-employed only; the stricter reading counts months
paid in a row. Sources: PP 82/2019, Permenaker 1/2025.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from content import Content
from flows.benefits.law import Rupiah, count, rupiah


@dataclass(frozen=True, slots=True)
class DeathBenefit:
    """What the heirs of a self-employed member get. Not `full`: only `funeral` is paid."""

    months_paid: int
    months_needed: int
    lump_sum: Rupiah
    periodic: Rupiah
    funeral: Rupiah
    scholarship: bool

    @property
    def full(self) -> bool:
        """Whether enough months in a row were paid."""
        return self.months_paid >= self.months_needed

    @property
    def total(self) -> Rupiah:
        """All that is paid."""
        return self.lump_sum + self.periodic + self.funeral


def benefit(content: Content, months_paid: int, died: date) -> DeathBenefit:
    """What is paid when an active member died on that day after so many months paid in a row.

    Raises:
        NotInForce: the amounts of that day are not known.
        ValueError: the months are negative.
    """
    if months_paid < 0:
        raise ValueError("months are negative")
    needed = count(content, "jkm.syarat_bulan", died)
    full = months_paid >= needed
    funeral = "jkm.pemakaman" if full else "jkm.belum_tiga_bulan"
    return DeathBenefit(
        months_paid=months_paid,
        months_needed=needed,
        lump_sum=rupiah(content, "jkm.santunan", died) if full else 0,
        periodic=rupiah(content, "jkm.berkala", died) if full else 0,
        funeral=rupiah(content, funeral, died),
        scholarship=months_paid >= 12 * count(content, "beasiswa.jkm_tahun", died),
    )
