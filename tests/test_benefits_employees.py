"""Contributions of waged workers, construction projects and migrants: worked cases, ceilings and slice ends."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from benefit_helpers import TODAY, real
from hypothesis import given
from hypothesis import strategies as st

from content import NotInForce
from flows.benefits import jakon, pmi, pu
from flows.benefits.pu import Risk

MONTH = date(2026, 11, 1)
RATES = {
    Risk.VERY_LOW: Decimal("0.24"),
    Risk.LOW: Decimal("0.54"),
    Risk.MEDIUM: Decimal("0.89"),
    Risk.HIGH: Decimal("1.27"),
    Risk.VERY_HIGH: Decimal("1.74"),
}


@pytest.mark.parametrize(
    ("first", "last", "ceiling", "worker", "employer"),
    [
        (date(2023, 3, 1), date(2024, 2, 1), 9_559_600, 95_596, 191_192),
        (date(2024, 3, 1), date(2025, 2, 1), 10_042_300, 100_423, 200_846),
        (date(2025, 3, 1), date(2026, 2, 1), 10_547_400, 105_474, 210_948),
        (date(2026, 3, 1), date(2027, 2, 28), 11_086_300, 110_863, 221_726),
    ],
)
def test_the_pension_ceiling_by_month(first: date, last: date, ceiling: int, worker: int, employer: int) -> None:
    for month in (first, last):
        for wage in (ceiling, ceiling + 1, 50_000_000):
            due = pu.pension(real(), wage, month)
            assert (due.ceiling, due.counted, due.worker, due.employer) == (ceiling, ceiling, worker, employer)
        assert pu.pension(real(), ceiling - 100, month).worker == worker - 1


def test_the_ceiling_after_february_2027_is_unknown() -> None:
    with pytest.raises(NotInForce):
        pu.pension(real(), 5_000_000, date(2027, 3, 1))
    with pytest.raises(NotInForce):
        pu.contribution(real(), 5_000_000, Risk.LOW, date(2027, 3, 1))


@pytest.mark.parametrize("risk", Risk)
def test_all_programmes_of_five_million(risk: Risk) -> None:
    due = pu.contribution(real(), 5_000_000, risk, MONTH)
    assert due.jkk == 5_000_000 * RATES[risk] / 100
    assert (due.jkm, due.jht_employer, due.jht_worker) == (15_000, 185_000, 100_000)
    assert (due.pension.employer, due.pension.worker, due.worker) == (100_000, 50_000, 150_000)
    assert due.employer == due.jkk + 15_000 + 185_000 + 100_000
    assert due.total == due.employer + due.worker


def test_labour_intensive_industry_had_half_off_until_january_2026() -> None:
    def jkk(month: date) -> int:
        return pu.contribution(real(), 10_000_000, Risk.VERY_HIGH, month, labour_intensive=True).jkk

    assert jkk(date(2025, 1, 1)) == jkk(date(2026, 2, 1)) == 174_000
    assert jkk(date(2025, 2, 1)) == jkk(date(2026, 1, 31)) == 87_000
    assert pu.contribution(real(), 10_000_000, Risk.VERY_HIGH, date(2025, 6, 1)).jkk == 174_000


WAGES = st.integers(0, 100_000_000)


@given(WAGES, WAGES, st.sampled_from(Risk))
def test_a_higher_wage_never_costs_less(one: int, other: int, risk: Risk) -> None:
    low, high = (pu.contribution(real(), wage, risk, MONTH) for wage in sorted((one, other)))
    assert (low.worker, low.employer) <= (high.worker, high.employer)
    assert low.employer <= high.employer


@given(WAGES)
def test_a_riskier_class_never_costs_less(wage: int) -> None:
    each = [pu.contribution(real(), wage, risk, MONTH).jkk for risk in Risk]
    assert each == sorted(each)


def test_a_negative_wage_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        pu.pension(real(), -1, MONTH)


@pytest.mark.parametrize(
    ("value", "jkk", "jkm", "total"),
    [
        (0, 0, 0, 0),
        (100_000_000, 210_000, 30_000, 240_000),
        (400_000_000, 720_000, 90_000, 810_000),
        (500_000_000, 890_000, 110_000, 1_000_000),
        (1_000_000_000, 1_540_000, 210_000, 1_750_000),
        (5_000_000_000, 5_940_000, 610_000, 6_550_000),
        (6_000_000_000, 6_840_000, 710_000, 7_550_000),
    ],
)
def test_projects_by_contract_value(value: int, jkk: int, jkm: int, total: int) -> None:
    due = jakon.by_contract(real(), value, TODAY)
    assert (due.jkk, due.jkm, due.total) == (jkk, jkm, total)


def test_the_slices_show_the_working() -> None:
    due = jakon.by_contract(real(), 400_000_000, TODAY)
    assert [(one.amount, one.rate, one.due) for one in due.slices] == [
        (100_000_000, Decimal("0.24"), 240_000),
        (300_000_000, Decimal("0.19"), 570_000),
    ]


@given(st.integers(0, 20_000_000_000), st.integers(0, 20_000_000_000))
def test_a_bigger_project_never_costs_less(one: int, other: int) -> None:
    low, high = (jakon.by_contract(real(), value, TODAY) for value in sorted((one, other)))
    assert low.total <= high.total
    assert sum(piece.amount for piece in high.slices) == high.value


@given(st.sampled_from([100_000_000, 500_000_000, 1_000_000_000, 5_000_000_000]))
def test_no_jump_at_a_slice_end(end: int) -> None:
    below, at, above = (jakon.by_contract(real(), end + step, TODAY).total for step in (-1000, 0, 1000))
    assert 0 <= above - at <= at - below <= 3


def test_projects_by_wages() -> None:
    due = jakon.by_wages(real(), 10_000_000, TODAY)
    assert (due.jkk, due.jkm, due.total) == (174_000, 30_000, 204_000)


@pytest.mark.parametrize("of", [jakon.by_contract, jakon.by_wages])
def test_projects_before_the_rule_and_below_nothing(of: object) -> None:
    assert callable(of)
    with pytest.raises(NotInForce):
        of(real(), 1, date(2015, 6, 30))
    with pytest.raises(ValueError, match="negative"):
        of(real(), -1, TODAY)


@pytest.mark.parametrize(
    ("months", "alone", "agency"),
    [
        (6, 108_000, 145_500),
        (12, 189_000, 226_500),
        (24, 332_500, 370_000),
        (26, 359_500, 397_000),
        (7, 121_500, 159_000),
    ],
)
def test_migrants(months: int, alone: int, agency: int) -> None:
    due = pmi.contribution(real(), months, TODAY)
    assert (due.independent, due.through_agency) == (alone, agency)


def test_a_migrant_contract_below_six_months_is_not_in_the_rule() -> None:
    with pytest.raises(ValueError, match="shorter"):
        pmi.contribution(real(), 5, TODAY)
    with pytest.raises(NotInForce):
        pmi.contribution(real(), 6, date(2023, 12, 31))
