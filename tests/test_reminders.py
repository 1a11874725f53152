"""When a contribution reminder comes, for which months, and with which amounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from world_fixtures import content_in_force

from flows.contact import Occurrence, ReminderPlan
from flows.outreach.reminder import due_moment, last_day_to_pay, months_later, moved_on, next_occurrence, paid, schedule
from flows.outreach.wording import wording

WIB = ZoneInfo("Asia/Jakarta")
PLAN = ReminderPlan(10, 8)


@pytest.fixture(scope="module")
def content():
    return content_in_force().current


def day(text):
    return date.fromisoformat(text)


def form(name, income, chosen, sector="other", nik="1"):
    return {
        "nama": name,
        "penghasilan": {"amount": income},
        "pekerjaan": {"sector": sector},
        "program": chosen,
        "nik": nik,
    }


def test_the_last_day_to_pay_moves_over_weekends_and_holidays(content):
    assert last_day_to_pay(content, day("2026-11-02")) == day("2026-11-16")  # the 15th is a Sunday
    assert last_day_to_pay(content, day("2026-12-01")) == day("2026-12-15")
    assert last_day_to_pay(content, day("2026-08-20")) == day("2026-08-18")  # Saturday, Sunday, Independence Day


def test_after_the_last_day_the_reminder_is_for_the_next_month(content):
    early, late = (next_occurrence(content, ReminderPlan(on, 8), day("2026-11-01")) for on in (10, 20))
    assert (early.on, early.month, early.deadline) == (day("2026-11-10"), day("2026-11-01"), day("2026-11-16"))
    assert (late.on, late.month, late.deadline) == (day("2026-11-20"), day("2026-12-01"), day("2026-12-15"))


def test_an_employer_pays_in_the_month_after(content):
    one = next_occurrence(content, replace(PLAN, employer=True), day("2026-11-01"))
    assert (one.month, one.deadline) == (day("2026-10-01"), day("2026-11-16"))


def test_a_month_is_a_month_and_its_last_day_stays_the_last():
    assert months_later(day("2027-12-31"), 2) == day("2028-02-29")
    assert months_later(day("2028-02-29"), 1) == day("2028-03-31")
    assert months_later(day("2027-01-30"), 1) == day("2027-02-28")
    assert months_later(day("2028-01-15"), 12) == day("2029-01-15")


def test_the_end_of_protection_drives_it_and_then_every_month_until_it_is_paid(content):
    plan = replace(PLAN, protected_until=day("2028-02-29"))
    found, at = [], day("2028-02-01")
    for _ in range(3):
        one = next_occurrence(content, plan, at)
        found.append((one.on.isoformat(), one.month.isoformat(), one.behind))
        at = one.on
    assert found == [("2028-02-22", "2028-03-01", 0), ("2028-03-24", "2028-04-01", 1), ("2028-04-23", "2028-05-01", 2)]


def test_what_is_paid_is_not_reminded_of_and_saying_it_twice_changes_nothing(content):
    now = datetime(2026, 11, 10, 9, tzinfo=WIB)
    reminded = moved_on(content, schedule(content, PLAN, WIB, datetime(2026, 11, 1, tzinfo=WIB)))
    once = paid(content, reminded, WIB, now)
    assert (once.paid_through, once.next.on) == (day("2026-11-01"), day("2026-12-10"))
    assert paid(content, once, WIB, now) == once
    ahead = schedule(content, replace(PLAN, paid_through=day("2027-05-01")), WIB, now)
    assert ahead.next.on == day("2027-06-10")


def test_one_moment_of_day_in_each_zone():
    one = Occurrence(day("2026-12-10"), day("2026-12-01"), day("2026-12-15"))
    moments = [due_moment(one, PLAN, ZoneInfo(f"Asia/{zone}")) for zone in ("Jayapura", "Makassar", "Jakarta")]
    assert [moment.hour for moment in moments] == [8, 8, 8]
    assert moments == sorted(moments)
    assert len({moment.timestamp() for moment in moments}) == 3


@pytest.mark.parametrize(
    ("month", "sector", "reply", "amount"),
    [
        ("2026-11-01", "other", "pengingat_iuran_jumlah", 8400),
        ("2026-12-01", "other", "pengingat_iuran_diskon", 8400),
        ("2027-01-01", "other", "pengingat_iuran_jumlah", 16800),
        ("2026-12-01", "transport", "pengingat_iuran_jumlah", 8400),
        ("2027-03-01", "transport", "pengingat_iuran_diskon", 8400),
        ("2027-04-01", "transport", "pengingat_iuran_jumlah", 16800),
    ],
)
def test_the_end_of_the_discount_is_said_once_and_in_advance(content, month, sector, reply, amount):
    one = Occurrence(day(month), day(month), day(month))
    found, slots = wording(content, PLAN, one, [form("Karso", 1_000_000, "2", sector)])
    assert (found, slots["jumlah"]) == (reply, amount)
    again, _ = wording(content, PLAN, replace(one, again=True), [form("Karso", 1_000_000, "2", sector)])
    assert again == "pengingat_iuran_jumlah"


def test_twelve_months_after_a_harvest_cost_what_each_month_costs(content):
    one = Occurrence(day("2026-11-10"), day("2026-11-01"), day("2026-11-16"), months=12)
    for sector, total in (("other", 184_800), ("transport", 159_600)):  # the worked cases of facts.md section 3.3
        reply, slots = wording(content, replace(PLAN, every=12), one, [form("Karso", 1_000_000, "2", sector)])
        assert (reply, slots["jumlah"], slots["bulan_akhir"]) == ("pengingat_panen_diskon", total, day("2027-10-01"))


def test_a_family_is_told_together_and_each_person_once(content):
    one = Occurrence(day("2027-02-05"), day("2027-02-01"), day("2027-02-15"))
    forms = [form("Budi", 2_000_000, "3", nik="2"), form("Sari", 1_200_000, "2"), form("Sari", 900_000, "3")]
    reply, slots = wording(content, PLAN, one, forms)
    assert (reply, slots["jumlah"]) == ("pengingat_iuran_keluarga", 66_800 + 18_800)


def test_who_told_nothing_gets_no_amount_and_no_arrears(content):
    one = Occurrence(day("2026-12-10"), day("2026-12-01"), day("2026-12-15"))
    assert wording(content, PLAN, one, [])[0] == "pengingat_iuran"
    assert wording(content, PLAN, one, [{"nama": "Sari"}])[0] == "pengingat_iuran"
    paid_by_village = form("Sari", 1_000_000, "2") | {"pembayar": {"months": None, "payer": "village"}}
    assert wording(content, PLAN, one, [paid_by_village])[0] == "pengingat_iuran"


def test_arrears_are_told_more_plainly_each_month(content):
    plan = replace(PLAN, paid_through=day("2026-09-01"))
    said, at = [], day("2026-10-31")
    for _ in range(4):
        one = next_occurrence(content, plan, at)
        reply, slots = wording(content, plan, one, [])
        said.append((one.on.month, reply, slots.get("batas_aktif")))
        at = one.on
    assert said == [
        (11, "pengingat_menunggak", day("2026-12-31")),
        (12, "pengingat_hampir_tidak_aktif", day("2026-12-31")),
        (1, "pengingat_cek_aktif", None),
        (2, "pengingat_cek_aktif", None),
    ]


def test_between_harvests_somebody_is_warned_before_three_months_of_arrears(content):
    plan = replace(PLAN, every=6, harvest=day("2027-04-01"), paid_through=day("2026-12-01"))
    warned = next_occurrence(content, plan, day("2027-01-15"))
    assert (warned.on, warned.behind) == (day("2027-03-10"), 2)
    harvest = next_occurrence(content, plan, warned.on)
    assert (harvest.on, harvest.month, harvest.behind) == (day("2027-04-10"), day("2027-01-01"), 0)
