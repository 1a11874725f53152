"""Benefits after an accident, a death, old age and a lost job: worked cases to the rupiah and the law's boundaries."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from benefit_helpers import TODAY, real
from hypothesis import given
from hypothesis import strategies as st

from content import NotInForce
from flows.benefits import jht, jkk, jkm, jkp, jp, scholarship
from flows.benefits.contribution import base_for
from flows.benefits.jht import Purpose
from flows.benefits.scholarship import Level

WAGES = st.integers(0, 50_000_000)


# --- work accidents -----------------------------------------------------------------------------------------------


def test_the_check_example_of_a_death_at_work() -> None:
    due = jkk.death(real(), base_for(real(), 1_000_000, TODAY), TODAY)
    assert (due.compensation, due.funeral, due.periodic) == (48_000_000, 10_000_000, 12_000_000)
    assert due.sure == 58_000_000
    assert due.with_periodic == 70_000_000
    assert due.with_scholarship == 244_000_000


def test_total_disability_is_56_wages_and_never_counts_the_disputed_part() -> None:
    due = jkk.total_disability(real(), 1_000_000, TODAY)
    assert (due.times, due.compensation, due.sure, due.periodic) == (56, 56_000_000, 56_000_000, 12_000_000)


@pytest.mark.parametrize(
    ("months", "first", "later", "total"),
    [(0, 0, 0, 0), (3, 3, 0, 3_000_000), (12, 12, 0, 12_000_000), (13, 12, 1, 12_500_000), (24, 12, 12, 18_000_000)],
)
def test_pay_while_unable_to_work(months: int, first: int, later: int, total: int) -> None:
    due = jkk.wage_pay(real(), 1_000_000, months, TODAY)
    assert (due.first_months, due.later_months, due.months, due.total) == (first, later, months, total)
    assert (due.first_monthly, due.later_monthly) == (1_000_000, 500_000)


@given(WAGES, WAGES, st.integers(0, 60), st.integers(0, 60))
def test_more_wage_or_more_months_never_bring_less(one: int, other: int, few: int, many: int) -> None:
    (low, high), (short, long) = sorted((one, other)), sorted((few, many))
    assert jkk.wage_pay(real(), low, short, TODAY).total <= jkk.wage_pay(real(), high, long, TODAY).total
    assert jkk.death(real(), low, TODAY).sure <= jkk.death(real(), high, TODAY).sure
    assert jkk.total_disability(real(), low, TODAY).sure <= jkk.total_disability(real(), high, TODAY).sure


def test_accidents_before_pp_82_2019_are_declined() -> None:
    with pytest.raises(NotInForce):
        jkk.death(real(), 1_000_000, date(2019, 12, 1))
    assert jkk.death(real(), 1_000_000, date(2019, 12, 2)).sure == 58_000_000


def test_partial_disability_is_never_offered() -> None:
    assert [name for name in dir(jkk) if "partial" in name] == []


# --- death --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("months", "died", "total"),
    [
        (0, TODAY, 10_000_000),
        (2, TODAY, 10_000_000),
        (3, TODAY, 42_000_000),
        (36, TODAY, 42_000_000),
        (2, date(2025, 2, 24), 10_000_000),
        (3, date(2025, 2, 24), 42_000_000),
        (0, date(2025, 2, 23), 42_000_000),
        (0, date(2019, 12, 2), 42_000_000),
    ],
)
def test_the_three_month_rule(months: int, died: date, total: int) -> None:
    due = jkm.benefit(real(), months, died)
    assert due.total == total
    assert due.full == (total == 42_000_000)


def test_the_parts_of_the_full_sum() -> None:
    due = jkm.benefit(real(), 12, TODAY)
    assert (due.lump_sum, due.periodic, due.funeral) == (20_000_000, 12_000_000, 10_000_000)
    assert due.total == real().fact("jkm.total", TODAY).value


@pytest.mark.parametrize(("months", "scholarship_too"), [(35, False), (36, True)])
def test_the_scholarship_needs_three_years(months: int, scholarship_too: bool) -> None:
    assert jkm.benefit(real(), months, TODAY).scholarship is scholarship_too


@given(st.integers(0, 120), st.integers(0, 120), st.dates(date(2019, 12, 2), date(2030, 1, 1)))
def test_more_months_never_bring_less(one: int, other: int, died: date) -> None:
    low, high = (jkm.benefit(real(), months, died) for months in sorted((one, other)))
    assert low.total <= high.total
    assert low.scholarship <= high.scholarship


def test_deaths_before_the_rule_are_declined() -> None:
    with pytest.raises(NotInForce):
        jkm.benefit(real(), 12, date(2019, 12, 1))
    with pytest.raises(ValueError, match="negative"):
        jkm.benefit(real(), -1, TODAY)


# --- scholarships -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "yearly", "years", "most"),
    [
        (Level.KINDERGARTEN, 1_500_000, 2, 3_000_000),
        (Level.PRIMARY, 1_500_000, 6, 9_000_000),
        (Level.JUNIOR, 2_000_000, 3, 6_000_000),
        (Level.SENIOR, 3_000_000, 3, 9_000_000),
        (Level.COLLEGE, 12_000_000, 5, 60_000_000),
    ],
)
def test_every_level(level: Level, yearly: int, years: int, most: int) -> None:
    for asked in (years, years + 1, 99):
        due = scholarship.stage(real(), level, asked, TODAY)
        assert (due.yearly, due.years, due.total) == (yearly, years, most)
    assert scholarship.stage(real(), level, years - 1, TODAY).total == most - yearly
    assert scholarship.stage(real(), level, 0, TODAY).total == 0


def test_one_child_gets_87_million_and_two_174() -> None:
    one = scholarship.for_family(real(), [Level.KINDERGARTEN], TODAY)
    two = scholarship.for_family(real(), [Level.KINDERGARTEN] * 2, TODAY)
    assert (one.total, two.total) == (87_000_000, 174_000_000)
    assert one.total == real().fact("beasiswa.per_anak", TODAY).value
    assert two.total == real().fact("beasiswa.maksimal", TODAY).value


def test_children_in_primary_and_junior_school() -> None:
    due = scholarship.for_family(real(), [Level.PRIMARY, Level.JUNIOR], TODAY)
    assert (due.yearly, due.total, due.left_out) == (3_500_000, 84_000_000 + 75_000_000, 0)


def test_a_child_half_way_through_a_level() -> None:
    due = scholarship.for_child(real(), Level.SENIOR, TODAY, years_left=1)
    assert (due.yearly, due.total) == (3_000_000, 63_000_000)


@given(st.lists(st.sampled_from(Level), min_size=1, max_size=6))
def test_never_more_than_two_children_nor_174_million(levels: list[Level]) -> None:
    due = scholarship.for_family(real(), levels, TODAY)
    assert len(due.children) == min(2, len(levels))
    assert due.left_out == max(0, len(levels) - 2)
    assert due.total <= 174_000_000
    assert due.total >= scholarship.for_family(real(), levels[:1], TODAY).total


def test_children_of_23_are_too_old() -> None:
    assert scholarship.young_enough(real(), 22, TODAY)
    assert not scholarship.young_enough(real(), 23, TODAY)
    with pytest.raises(ValueError, match="negative"):
        scholarship.stage(real(), Level.PRIMARY, -1, TODAY)


# --- old-age savings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("balance", "tax"),
    [(0, 0), (50_000_000, 0), (50_000_019, 1), (80_000_000, 1_500_000), (100_000_000, 2_500_000)],
)
def test_tax_begins_above_fifty_million(balance: int, tax: int) -> None:
    due = jht.payout(real(), balance, TODAY)
    assert (due.tax, due.net, due.free + due.taxed) == (tax, balance - tax, balance)


@pytest.mark.parametrize(("balance", "app"), [(15_000_000, True), (15_000_001, False)])
def test_the_app_takes_up_to_fifteen_million(balance: int, app: bool) -> None:
    assert jht.payout(real(), balance, TODAY).through_app is app
    with pytest.raises(NotInForce):
        jht.payout(real(), balance, date(2025, 4, 30))


@pytest.mark.parametrize(("purpose", "most"), [(Purpose.HOUSING, 30_000_000), (Purpose.RETIREMENT, 10_000_000)])
@pytest.mark.parametrize(("years", "allowed"), [(9, False), (10, True)])
def test_a_part_after_ten_years(purpose: Purpose, most: int, years: int, allowed: bool) -> None:
    due = jht.partial(real(), 100_000_000, years, purpose, TODAY)
    assert (due.at_most, due.allowed, due.years_needed) == (most, allowed, 10)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_bigger_balance_never_leaves_less(one: int, other: int) -> None:
    low, high = (jht.payout(real(), balance, TODAY) for balance in sorted((one, other)))
    assert low.tax <= high.tax
    assert low.net <= high.net


# --- pension ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "age"),
    [
        (2019, 2021, 57),
        (2022, 2024, 58),
        (2025, 2027, 59),
        (2028, 2030, 60),
        (2031, 2033, 61),
        (2034, 2036, 62),
        (2037, 2039, 63),
        (2040, 2042, 64),
        (2043, 2060, 65),
    ],
)
def test_the_pension_age_by_year(first: int, last: int, age: int) -> None:
    assert jp.age_in(real(), date(first, 1, 1)) == jp.age_in(real(), date(last, 12, 31)) == age


@pytest.mark.parametrize(
    ("born", "age", "year"),
    [
        (1959, 56, 2015),
        (1962, 56, 2018),
        (1963, 57, 2020),
        (1966, 58, 2024),
        (1967, 59, 2026),
        (1968, 59, 2027),
        (1969, 60, 2029),
        (1970, 60, 2030),
        (1971, 61, 2032),
        (1977, 64, 2041),
        (1978, 64, 2042),
        (1979, 65, 2044),
        (2000, 65, 2065),
    ],
)
def test_the_pension_age_by_birth_year(born: int, age: int, year: int) -> None:
    found = jp.pension_age(real(), born)
    assert (found.age, found.year) == (age, year)


@given(st.integers(1959, 2015))
def test_the_pension_age_is_the_first_that_holds(born: int) -> None:
    found = jp.pension_age(real(), born)
    assert found.age >= jp.age_in(real(), date(found.year, 12, 31))
    if found.year > 2015:
        assert found.age - 1 < jp.age_in(real(), date(found.year - 1, 12, 31))


@given(st.integers(1959, 2014))
def test_the_younger_never_retire_earlier(born: int) -> None:
    older, younger = jp.pension_age(real(), born), jp.pension_age(real(), born + 1)
    assert older.age <= younger.age
    assert older.year < younger.year


def test_who_was_old_enough_before_the_rule_is_declined() -> None:
    with pytest.raises(NotInForce):
        jp.pension_age(real(), 1950)


@pytest.mark.parametrize(
    ("months", "monthly", "missing"), [(179, False, 1), (180, True, 0), (181, True, 0), (0, False, 180)]
)
def test_a_monthly_pension_needs_180_months(months: int, monthly: bool, missing: int) -> None:
    due = jp.entitlement(real(), months, TODAY)
    assert (due.monthly, due.missing) == (monthly, missing)


@pytest.mark.parametrize(
    ("months", "yearly", "monthly"),
    [(180, 48_000_000, 600_000), (240, 48_000_000, 800_000), (360, 120_000_000, 3_000_000), (186, 60_000_000, 775_000)],
)
def test_the_formula_of_the_first_year(months: int, yearly: int, monthly: int) -> None:
    due = jp.first_year(real(), months, yearly, TODAY)
    assert (due.rate, due.monthly) == (Decimal(1), monthly)


@given(st.integers(180, 600), st.integers(180, 600), WAGES)
def test_longer_paid_is_never_less(one: int, other: int, wage: int) -> None:
    low, high = (jp.first_year(real(), months, wage * 12, TODAY).monthly for months in sorted((one, other)))
    assert low <= high


# --- job loss -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wage", "monthly", "total"),
    [
        (4_000_000, 2_400_000, 14_400_000),
        (4_999_999, 2_999_999, 17_999_994),
        (5_000_000, 3_000_000, 18_000_000),
        (5_000_001, 3_000_000, 18_000_000),
        (12_000_000, 3_000_000, 18_000_000),
    ],
)
def test_job_loss(wage: int, monthly: int, total: int) -> None:
    due = jkp.schedule(real(), wage, TODAY)
    assert due.months == (monthly,) * 6
    assert (due.monthly, due.total) == (monthly, total)


def test_the_cap_ties_with_the_sums_in_the_facts() -> None:
    due = jkp.schedule(real(), 50_000_000, TODAY)
    assert due.monthly == real().fact("jkp.maks_bulanan", TODAY).value
    assert due.total == real().fact("jkp.maks_total", TODAY).value


def test_jobs_lost_before_the_new_rule_are_declined() -> None:
    assert jkp.schedule(real(), 4_000_000, date(2025, 2, 7)).monthly == 2_400_000
    with pytest.raises(NotInForce):
        jkp.schedule(real(), 4_000_000, date(2025, 2, 6))
    with pytest.raises(ValueError, match="negative"):
        jkp.schedule(real(), -1, TODAY)


@given(WAGES, WAGES)
def test_a_higher_wage_never_brings_less(one: int, other: int) -> None:
    low, high = (jkp.schedule(real(), wage, TODAY) for wage in sorted((one, other)))
    assert low.total <= high.total
