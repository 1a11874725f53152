"""BPU contributions: the whole band table of facts.md, the discount windows, and the worked cases of section 3.3."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from benefit_helpers import number, real
from hypothesis import given
from hypothesis import strategies as st

from content import NotInForce
from flows.benefits.contribution import Amounts, Payer, Sector, add_months, base_for, contribution, contributions

_ROW = re.compile(r"^\| (\d+) \|([^|]+)\|(.+)\|$")
_TABLE = (Path(__file__).parent / "data" / "bpu_bands.md").read_text(encoding="utf-8")
ROWS = [match.groups() for line in _TABLE.splitlines() if (match := _ROW.match(line))]
NORMAL, DISCOUNTED = date(2026, 2, 1), date(2026, 11, 1)
FARMER_FROM, FARMER_LAST = date(2026, 4, 1), date(2026, 12, 1)
RIDER_FROM, RIDER_LAST = date(2026, 1, 1), date(2027, 3, 1)


def bounds(text: str) -> list[int]:
    """The amounts of "up to 1.099.000", "1.100.000 – 1.299.000" or "20.200.000 and above"."""
    said = [number(found) for found in re.findall(r"\d[\d.]+", text)]
    return [0, *said] if "up to" in text else said


def starts() -> list[int]:
    return [bounds(row[1])[0] for row in ROWS]


def test_the_table_has_33_rows() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 34))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"band {row[0]}")
def test_every_row_of_the_table(row: tuple[str, str, str]) -> None:
    base, jkk, jkm, jht, two, three, two_off, three_off = (number(cell.strip()) for cell in row[2].split("|"))
    for income in bounds(row[1]):
        normal = contribution(real(), income, Sector.OTHER, NORMAL)
        reduced = contribution(real(), income, Sector.OTHER, DISCOUNTED)
        assert (normal.base, normal.jkk, normal.jkm, normal.jht) == (base, jkk, jkm, jht)
        assert (normal.two, normal.three) == (two, three)
        assert (reduced.two, reduced.three, reduced.full_two, reduced.full_three) == (two_off, three_off, two, three)


@pytest.mark.parametrize("band", range(1, 33))
def test_between_two_bands_the_lower_one_counts(band: int) -> None:
    upper = bounds(ROWS[band - 1][1])[-1]
    following = starts()[band]
    lower_base = number(ROWS[band - 1][2].split("|")[0].strip())
    for income in (upper, upper + 1, following - 1):
        assert base_for(real(), income, NORMAL) == lower_base
    assert base_for(real(), following, NORMAL) > lower_base


@pytest.mark.parametrize(
    ("sector", "month", "due"),
    [
        (Sector.OTHER, date(2026, 11, 1), 8_400),
        (Sector.OTHER, date(2027, 1, 1), 16_800),
        (Sector.TRANSPORT, date(2027, 1, 1), 8_400),
        (Sector.TRANSPORT, date(2027, 4, 1), 16_800),
    ],
)
def test_worked_cases_of_one_month(sector: Sector, month: date, due: int) -> None:
    assert contribution(real(), 1_000_000, sector, month).two == due


@pytest.mark.parametrize(("sector", "due"), [(Sector.OTHER, 184_800), (Sector.TRANSPORT, 159_600)])
def test_worked_cases_of_a_year(sector: Sector, due: int) -> None:
    assert sum(one.two for one in contributions(real(), 1_000_000, sector, date(2026, 11, 1), 12)) == due


def test_paid_from_the_budget_there_is_no_discount() -> None:
    due = contribution(real(), 1_000_000, Sector.OTHER, DISCOUNTED, Payer.BUDGET)
    assert (due.two, due.discount_percent) == (16_800, 0)


@pytest.mark.parametrize(
    ("sector", "first", "last"),
    [(Sector.OTHER, FARMER_FROM, FARMER_LAST), (Sector.TRANSPORT, RIDER_FROM, RIDER_LAST)],
)
def test_the_windows_are_exact_at_both_ends(sector: Sector, first: date, last: date) -> None:
    def due(month: date) -> int:
        return contribution(real(), 1_000_000, sector, month).two

    assert (due(add_months(first, -1)), due(first)) == (16_800, 8_400)
    assert (due(last), due(last.replace(day=28)), due(add_months(last, 1))) == (8_400, 8_400, 16_800)


def test_before_the_rule_it_declines() -> None:
    with pytest.raises(NotInForce):
        contribution(real(), 1_000_000, Sector.OTHER, date(2015, 6, 1))


def test_a_negative_income_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        base_for(real(), -1, NORMAL)


INCOMES = st.integers(0, 60_000_000)
MONTHS = st.dates(date(2022, 1, 1), date(2030, 12, 31))


@given(INCOMES, INCOMES, st.sampled_from(Sector), MONTHS)
def test_who_earns_more_never_pays_less(one: int, other: int, sector: Sector, month: date) -> None:
    low, high = (contribution(real(), income, sector, month) for income in sorted((one, other)))
    assert low.base <= high.base
    assert low.two <= high.two
    assert low.three <= high.three


@given(INCOMES, st.sampled_from(Sector), MONTHS)
def test_the_discount_touches_jkk_and_jkm_only(income: int, sector: Sector, month: date) -> None:
    due = contribution(real(), income, sector, month)
    budget = contribution(real(), income, sector, month, Payer.BUDGET)
    assert due.jht == budget.jht
    assert due.full_two == budget.two
    assert due.two * 100 == due.full_two * (100 - due.discount_percent)  # no fractions of a rupiah


@given(INCOMES, st.sampled_from(Sector), MONTHS, st.integers(1, 24))
def test_many_months_are_the_sum_of_each(income: int, sector: Sector, first: date, months: int) -> None:
    each = contributions(real(), income, sector, first, months)
    assert [one.month for one in each] == [add_months(first, number) for number in range(months)]
    assert each[-1] == contribution(real(), income, sector, add_months(first, months - 1))


def test_what_many_people_owe_is_what_each_of_them_owes() -> None:
    amounts = Amounts(real())
    asked = [
        (income, sector, first)
        for first in (DISCOUNTED, FARMER_LAST, RIDER_LAST, date(2026, 10, 15))
        for sector in Sector
        for income in (0, 1_000_000, 1_050_000, 2_400_000, 20_200_000)
    ]
    for income, sector, first in [*asked, *asked]:
        assert amounts.of(income, sector, first, 3) == contributions(real(), income, sector, first, 3)
