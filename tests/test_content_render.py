"""Rendering: Indonesian notation, dates in force, and slots that are never read as templates."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import content
from content import Content, NotInForce, SlotMissing, plain_text
from content.model import Kind, Step
from content.render import Template, write, write_date, write_number, write_rupiah

EXAMPLE = Path(__file__).parent / "example_content"
CONTENT: Content = content.load(EXAMPLE)
NOW = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (16800, Kind.RUPIAH, "Rp16.800"),
        (0, Kind.RUPIAH, "Rp0"),
        (-500, Kind.RUPIAH, "-Rp500"),
        ("16800", Kind.RUPIAH, "Rp16.800"),
        ("kira-kira sejuta", Kind.RUPIAH, "kira-kira sejuta"),
        (Decimal("0.24"), Kind.PERCENT, "0,24%"),
        (Decimal("5.70"), Kind.PERCENT, "5,7%"),
        (50, Kind.PERCENT, "50%"),
        (1234567, Kind.NUMBER, "1.234.567"),
        (3, Kind.MONTHS, "3 bulan"),
        (56, Kind.YEARS, "56 tahun"),
        (7, Kind.DAYS, "7 hari"),
        (48, Kind.HOURS, "48 jam"),
        (date(2026, 11, 15), Kind.DATE, "15 November 2026"),
        ("2026-11-15", Kind.DATE, "15 November 2026"),
        (date(2026, 12, 1), Kind.MONTH, "Desember 2026"),
        ("2026-12", Kind.MONTH, "Desember 2026"),
        ("175", Kind.PHONE, "175"),
        (True, Kind.TEXT, "ya"),
        (None, Kind.TEXT, "-"),
        (["JKK", "JKM"], Kind.TEXT, "JKK, JKM"),
        ({"a": 1}, Kind.TEXT, "{'a': 1}"),
    ],
)
def test_notation(value: object, kind: Kind, said: str) -> None:
    assert write(value, kind) == said


def test_a_value_switches_on_its_date() -> None:
    before = CONTENT.render("santunan", date(2026, 6, 30)).text
    after = CONTENT.render("santunan", date(2026, 7, 1)).text
    assert "Rp11.111.111" in before
    assert "Aturan Contoh A Bagian Satu" in before
    assert "Rp22.222.222" in after
    assert "sejak 1 Juli 2026" in after


def test_a_month_fact_ends_with_its_month() -> None:
    assert CONTENT.render("potongan", NOW).text == "Iurannya 0,24%. Ada potongan 50% sampai Desember 2026."


def test_a_lapsed_fact_is_not_said() -> None:
    with pytest.raises(NotInForce) as lapsed:
        CONTENT.render("potongan", date(2027, 1, 1))
    assert lapsed.value.fact == "contoh.potongan"


def test_buttons_come_as_what_they_do() -> None:
    first = CONTENT.render("sapaan", NOW).buttons[0]
    assert (first.label, first.start) == ("Daftar sekarang", "daftar")
    assert CONTENT.render("santunan", NOW).options[1].intent == "greet"


def test_a_missing_slot_is_the_flows_mistake() -> None:
    with pytest.raises(SlotMissing):
        CONTENT.render("tanya_penghasilan", NOW, {})


@given(st.text())
def test_what_a_person_writes_is_said_as_written(words: str) -> None:
    said = CONTENT.render("tanya_penghasilan", NOW, {"nama": words}).text
    assert said == f"Terima kasih, {words}. Berapa penghasilan sebulan?"


@given(st.sampled_from(["{fact.contoh.santunan}", "{slot.penghasilan}", "{", "}}", "{{slot.nama}}", "%s {0}"]))
def test_braces_in_a_slot_are_never_interpreted(braces: str) -> None:
    assert braces in CONTENT.render("tanya_penghasilan", NOW, {"nama": braces, "penghasilan": 1}).text


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_rupiah_can_be_read_back(amount: int) -> None:
    said = write_rupiah(amount)
    assert int(said.replace("Rp", "").replace(".", "")) == amount
    assert all(len(group) == 3 for group in said.split(".")[1:])


@given(st.decimals(min_value=0, max_value=10**6, places=4, allow_nan=False))
def test_numbers_can_be_read_back(number: Decimal) -> None:
    assert Decimal(write_number(number).replace(".", "").replace(",", ".")) == number


@given(st.dates())
def test_dates_name_day_month_and_year(day: date) -> None:
    number, month, year = write_date(day).split()
    assert (int(number), int(year)) == (day.day, day.year)
    assert write_date(day, by_month=True) == f"{month} {year}"


@given(st.text())
def test_cutting_loses_nothing(text: str) -> None:
    parts = Template.cut(text).parts
    assert "".join(part if isinstance(part, str) else f"{{{part.area}.{part.name}}}" for part in parts) == text


@given(st.dates())
def test_a_fact_says_one_value_a_day_or_declines(day: date) -> None:
    try:
        value = CONTENT.fact("contoh.santunan", day).value
    except NotInForce:
        assert day < date(2020, 1, 1)
    else:
        assert value == (11111111 if day < date(2026, 7, 1) else 22222222)


def test_everything_read_is_frozen_and_typed() -> None:
    assert CONTENT.facts["contoh.pita"].values[0].value == ((0, 1000), (2000, 3000), (4000, 5000))
    assert CONTENT.facts["contoh.bagian"].values[0].value == Decimal("0.24")
    assert CONTENT.lexicon["kata"] == {"ya": ("ya", "yes", "0812", "16.800")}
    assert CONTENT.consents["persetujuan-v1"].purposes == ("pendaftaran",)
    assert CONTENT.flows["daftar"].step("nama").words == ("nama",)
    assert isinstance(CONTENT.flows["daftar"].steps[0], Step)
    assert CONTENT.roles == {"help": "greet"}
    assert CONTENT.said("contoh.tunggu", NOW) == "3 bulan"
    with pytest.raises(TypeError):
        CONTENT.facts["x"] = CONTENT.facts["contoh.pita"]  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        CONTENT.version = "x"  # type: ignore[misc]


def test_a_closer_answer_needs_its_words() -> None:
    assert CONTENT.answer_for("money", "santunan untuk keluarga berapa").say == "santunan"
    assert CONTENT.answer_for("money", "santunan berapa").say == "potongan"
    assert CONTENT.answer_for("greet").say == "sapaan"


def test_marks_leave_plain_sentences() -> None:
    assert plain_text('iuran [petani](occupation) [sejuta]{"entity": "money"} brp') == "iuran petani sejuta brp"


def test_the_version_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_bytes((EXAMPLE / "sources.yaml").read_bytes())
    first = content.load(tmp_path).version
    assert first == content.load(tmp_path).version
    with (tmp_path / "sources.yaml").open("a", encoding="utf-8") as file:
        file.write("# catatan\n")
    assert content.load(tmp_path).version != first
