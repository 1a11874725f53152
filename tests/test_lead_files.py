"""Spreadsheets in and out: every problem with its cell, nothing that runs in a spreadsheet, memory that stays flat."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from storage_fixtures import NOW, VILLAGE
from world_fixtures import ROOT, content_in_force

import nlu.answers
from bot.bench.leads import _people, _write_people
from flows.contact import ConsentState, LeadState, Purpose
from flows.events import LeadSubmitted
from flows.outreach.audience import Target, leaving
from flows.outreach.sending_policy import SendingRules
from storage.contacts import Corner
from storage.lead_columns import columns_of, sheet_words
from storage.lead_export import Order as Export
from storage.lead_export import export, safe_cell
from storage.lead_import import PAPER, LeadImport, errors_file, template_file
from storage.lead_import import Order as Import
from storage.lead_sheet import LeadSheet, open_sheet
from storage.leads import MERGED, MergeRefused
from storage.repository import NotFound
from storage.sheets import Row, SheetUnreadable, count_rows, read_rows
from storage.words import DuplicateOf
from storage.xlsx import FORMULA, Mark, Sheet, column_name, xlsx_bytes

TODAY = date(2026, 11, 21)
MARK = Mark("judul", "Ratna", datetime(2026, 11, 21, 2, tzinfo=UTC))
CONTENT = content_in_force().current
WORDS = sheet_words(CONTENT)
PROBLEMS = WORDS["problems"]
HEADINGS = ["NIK", "Nama", "Tgl Lahir", "Desa", "No HP", "Pekerjaan", "Penghasilan", "Program"]
GOOD = ["0000011208850001", "Siti Contoh", "12-08-1985", "Desa Contoh", "081234567890", "petani", "1.500.000", "3"]
#: One cell each that is wrong, and what is said about it.
WRONG = [
    ("NIK", "000001120885001", "A2: NIK terdiri dari 16 angka, yang tertulis 15"),
    ("NIK", "00000112088500011", "A2: NIK terdiri dari 16 angka, yang tertulis 17"),
    ("NIK", "tidak tahu", "A2: NIK hanya berisi angka, ada 16 angka"),
    ("NIK", "0000017508850001", "A2: angka ke-7 sampai ke-12 NIK adalah tanggal lahir, dan 75 bukan tanggal"),
    ("NIK", "9901011208859901", "A2: angka awal NIK adalah kode daerah, dan 99 tidak dikenal"),
    ("NIK", "", "A2: NIK belum diisi"),
    ("Nama", "12345", "B2: nama belum terbaca. Tulis seperti di KTP"),
    ("Nama", "=1+1", "B2: nama belum terbaca. Tulis seperti di KTP"),
    ("Tgl Lahir", "31-02-1985", "C2: tanggal lahir itu tidak ada di kalender"),
    ("Tgl Lahir", "12-08-2031", "C2: tanggal lahir itu belum lewat"),
    ("Tgl Lahir", "lupa", "C2: tanggal lahir belum terbaca. Tulis seperti ini: 12-08-1985"),
    ("Tgl Lahir", "22-11-2008", f"C2: {PROBLEMS['umur_muda'].format(batas=18)}"),
    ("Tgl Lahir", "21-11-1961", f"C2: {PROBLEMS['umur_tua'].format(batas=65)}"),
    ("Desa", "Negeri Antah Berantah", "D2: desa tidak ditemukan. Tulis desa, kecamatan, dan kabupatennya"),
    ("Desa", "Sukamaju", "D2: ada 119 desa dengan nama itu. Tambahkan kecamatan dan kabupatennya"),
    ("No HP", "12", "E2: nomor HP belum benar. Tulis lengkap dari angka nol di depan"),
    ("Pekerjaan", "buruh pabrik", f"F2: {PROBLEMS['segmen_pu']}"),
    ("Pekerjaan", "qwrtzxy", "F2: pekerjaan belum dikenal. Coba kata lain, misalnya petani atau pedagang"),
    ("Penghasilan", "50rb sehari", "G2: penghasilan tertulis per hari. Tulis rata-rata sebulan"),
    ("Penghasilan", "300rb seminggu", "G2: penghasilan tertulis per minggu. Tulis rata-rata sebulan"),
    ("Penghasilan", "tidak tentu", "G2: penghasilan ditulis satu angka, rata-rata sebulan"),
    ("Penghasilan", "banyak", "G2: penghasilan belum terbaca. Tulis rupiah rata-rata sebulan"),
    ("Program", "5", "H2: program diisi 2 atau 3"),
]  # fmt: skip


def row_with(**changes):
    named = dict(zip(HEADINGS, GOOD, strict=True)) | changes
    return [named[heading] for heading in HEADINGS]


def sheet_of(headings=HEADINGS):
    return LeadSheet(Row(1, tuple(headings)), CONTENT, TODAY)


def said(row):
    checked = sheet_of().check(Row(2, tuple(row)))
    return checked.said(checked.problems)


def write_csv(path, rows, headings=HEADINGS):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([headings, *rows])
    return path


def write_xlsx(path, rows, headings=HEADINGS):
    path.write_bytes(b"".join(xlsx_bytes([Sheet("Pekerja", headings, rows)], MARK)))
    return path


def numbers():
    fresh = count(1)
    return lambda: f"RK-{next(fresh)}"


def take(db, path, *, dry=False, number=None):
    order = Import("Ratna", NOW, "KP-12", dry)
    taking = LeadImport(db, CONTENT, order, TODAY, number or numbers())
    return taking, list(taking.run(path))


# -- one row ---------------------------------------------------------------------------------------------------------


def test_a_good_row_has_no_problems():
    assert said(GOOD) == []


@pytest.mark.parametrize(("heading", "value", "sentence"), WRONG)
def test_each_problem_is_said_with_its_cell(heading, value, sentence):
    assert said(row_with(**{heading: value})) == [sentence]


def test_all_problems_of_a_row_are_said():
    sentences = said(["1", "2", "x", "y", "z", "qwrtzxy", "v", "9"])
    assert [sentence.split(":")[0] for sentence in sentences] == ["A2", "B2", "C2", "D2", "E2", "F2", "G2", "H2"]


def test_every_reply_a_reader_asks_with_has_a_sentence_here():
    source = "\n".join(path.read_text("utf-8") for path in Path(nlu.answers.__file__).parent.glob("*.py"))
    keys = set(
        re.findall(r'"((?:nama|nik|kpj|tanggal|pekerjaan|penghasilan|hp|email|alamat|desa|program)_\w+)"', source)
    )
    keys |= {"tanya_hari_kerja", "tanya_minggu_kerja", "tanya_kisaran_penghasilan", "pilih_desa", "jumlah_tidak_jelas"}
    assert len(keys) > 15
    assert keys <= set(WORDS["problems"])


@given(st.lists(st.text(max_size=40), min_size=8, max_size=8))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_row_breaks_the_reader(cells):
    checked = sheet_of().check(Row(2, tuple(cells)))
    assert all(re.fullmatch(r"[A-H]2: \S.*", line) and "{" not in line for line in checked.said(checked.problems))


def test_a_different_birth_date_or_sex_is_noted_not_refused():
    sheet = sheet_of([*HEADINGS, "L/P"])
    checked = sheet.check(Row(2, (*row_with(**{"Tgl Lahir": "13-08-1985"}), "perempuan")))
    assert checked.problems == []
    assert [note.split(":")[0] for note in checked.said(checked.notes)] == ["I2", "C2"]
    assert (checked.fields["lahir_beda"], checked.fields["jenis_kelamin"]) == (True, "P")


def test_two_kinds_of_work_from_one_cell_or_two():
    one = sheet_of().check(Row(2, tuple(row_with(Pekerjaan="petani dan ojek")))).fields["pekerjaan"]
    two = sheet_of([*HEADINGS, "Pekerjaan kedua"]).check(Row(2, (*GOOD, "ojek"))).fields["pekerjaan"]
    assert [work["id"] for work in one] == [work["id"] for work in two] == ["petani", "tukang_ojek"]


def test_a_nik_that_a_spreadsheet_may_have_rounded_is_not_believed(tmp_path):
    book = Workbook()
    book.active.append(HEADINGS)
    book.active.append([3_201_011_208_850_000, *GOOD[1:]])
    book.save(tmp_path / "rounded.xlsx")
    rows = read_rows(tmp_path / "rounded.xlsx")
    sheet = open_sheet(rows, CONTENT, TODAY)
    checked = sheet.check(next(rows))
    assert "Jadikan selnya teks" in checked.said(checked.problems)[0]


def test_dates_and_numbers_typed_in_excel_are_read(tmp_path):
    book = Workbook()
    book.active.append(["Daftar pekerja"])
    book.active.append([])
    book.active.append(HEADINGS)
    book.active.append(
        ["0000011208850001", "Siti", date(1985, 8, 12), "Desa Contoh", "081234567890", "petani", 1_500_000, 3]
    )
    book.save(tmp_path / "typed.xlsx")
    rows = read_rows(tmp_path / "typed.xlsx")
    checked = open_sheet(rows, CONTENT, TODAY).check(next(rows))
    assert (checked.problems, checked.row.number) == ([], 4)
    assert checked.fields["penghasilan"] == {"amount": 1_500_000, "period": "month"}


# -- whole files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_a_dry_run_keeps_nothing_and_says_the_same_as_the_real_one(db, tmp_path, write):
    bad = row_with(NIK="0000011208850002", Program="9")
    path = write(tmp_path / f"in.{write.__name__[6:]}", [GOOD, row_with(), bad])
    dry, rows = take(db, path, dry=True)
    with db.reading() as store:
        assert store.leads.count() == 0
        assert store.audit.recent() == []
    real, again = take(db, path)
    assert [row.said(row.problems) for row in rows] == [row.said(row.problems) for row in again]
    assert [row.said(row.problems) for row in again] == [
        [],
        ["A3: NIK sama dengan baris 2"],
        ["H4: program diisi 2 atau 3"],
    ]
    assert dry.counts == real.counts
    assert (real.counts.good, real.counts.bad) == (1, 2)


def test_good_rows_become_leads_with_consent_on_paper(db, tmp_path):
    take(db, write_csv(tmp_path / "in.csv", [GOOD]))
    with db.reading() as store:
        lead = store.leads.find("RK-1")
        consents = store.consents.history(lead.contact_id)
        contact = store.contacts.view(lead.contact_id)
        line = store.audit.recent()[0]
    assert (lead.name, lead.nik.reveal(), lead.village_code) == ("Siti Contoh", GOOD[0], "00.00.00.0001")
    assert (lead.fields["izin_kertas"], lead.fields["upah_dasar"], lead.fields["iuran_pilihan"]) == (
        "KP-12",
        1_600_000,
        43_400,
    )
    assert [(c.purpose, c.state, c.version, c.via) for c in consents] == [
        (Purpose.REGISTRATION, ConsentState.GIVEN, max(CONTENT.consents), PAPER)
    ]
    assert contact.consents[Purpose.ANNOUNCEMENTS] is ConsentState.UNKNOWN
    assert (line.who, line.action, line.target) == ("Ratna", "leads_imported", "paper:KP-12")


CORNERS = [("003/002", "Jawa"), ("RT 03 RW 02", "bahasa jowo"), ("RW 5", "Sunda"), ("", "Indonesia"), ("", "")]


def test_rt_rw_and_language_are_kept_with_the_person_and_narrow_an_audience(db, tmp_path):
    headings = [*HEADINGS, "RT / RW", "Bahasa"]
    people = [[f"000001120885{at + 1:04}", *GOOD[1:], *corner] for at, corner in enumerate(CORNERS)]
    taking, rows = take(db, write_csv(tmp_path / "in.csv", people, headings))
    assert (taking.counts.good, [row.problems for row in rows]) == (5, [[]] * 5)
    with db.reading() as store:
        leads = [store.leads.find(f"RK-{number}") for number in range(1, 6)]
        corners = [store.contacts.corner(lead.contact_id) for lead in leads]
        target = Target(("00.00.00.0001",), neighbourhoods=("3/2",), languages=("jv",))
        when = leaving(CONTENT.lexicon, "siaran_isi", NOW, SendingRules())
        meant = store.broadcasts.forecast(target, when, without=None)
    near = Corner("3", "2", "jv")
    assert corners == [near, near, Corner(rw="5", language="su"), Corner(), Corner()]
    assert meant.wont == {"no_address": 2}
    assert {"rt_rw", "bahasa"}.isdisjoint(leads[0].fields), "they are no part of the lead"
    exported = b"".join(export([leads[0]], Export("Ratna", NOW), CONTENT, "csv")).decode()
    assert "RT/RW" not in exported


@pytest.mark.parametrize(
    ("corner", "sentence"),
    [
        (("dekat masjid", "Jawa"), "I2: RT/RW belum terbaca. Tulis seperti ini: RT 3 RW 2. Boleh dikosongkan"),
        (("RT 3", ""), "I2: RT/RW belum terbaca. Tulis seperti ini: RT 3 RW 2. Boleh dikosongkan"),
        (
            ("3/2", "Klingon"),
            "J2: bahasa itu belum ada di daftar. Tulis misalnya Jawa atau Sunda, atau kosongkan",
        ),
    ],
)
def test_a_corner_that_cannot_be_read_is_said_with_its_cell(corner, sentence):
    checked = sheet_of([*HEADINGS, "RT/RW", "Bahasa sehari-hari"]).check(Row(2, (*GOOD, *corner)))
    assert checked.said(checked.problems) == [sentence]


def test_who_is_known_comes_back_with_the_receipt_number(db, tmp_path):
    path, number = write_csv(tmp_path / "in.csv", [GOOD]), numbers()
    take(db, path, number=number)
    _, rows = take(db, path, number=number)
    assert rows[0].said(rows[0].problems) == ["A2: NIK ini sudah tercatat, nomor RK-1"]


def test_an_interrupted_import_is_finished_by_sending_the_file_again(db, tmp_path, monkeypatch):
    monkeypatch.setattr("storage.lead_import._BATCH", 10)
    people = [row_with(NIK=f"000001120885{number:04}") for number in range(1, 25)]
    path, number = write_csv(tmp_path / "in.csv", people), numbers()
    half = LeadImport(db, CONTENT, Import("Ratna", NOW, "KP-12"), TODAY, number).run(path)
    for _ in range(12):
        next(half)
    half.close()
    again, rows = take(db, path, number=number)
    with db.reading() as store:
        assert store.leads.count() == 24
    assert (again.counts.good, again.counts.bad) == (4, 20)
    assert all("sudah tercatat" in row.said(row.problems)[0] for row in rows[:20])


def test_the_rows_to_correct_come_back_and_are_taken_once_corrected(db, tmp_path):
    path = write_csv(tmp_path / "in.csv", [GOOD, row_with(NIK="0000011208850002", Nama="=cmd|' /C calc'!A0")])
    taking = LeadImport(db, CONTENT, Import("Ratna", NOW, "KP-12"), TODAY, numbers())
    bad = (row for row in taking.run(path) if row.problems)
    back = tmp_path / "back.xlsx"
    back.write_bytes(b"".join(errors_file(taking.headings(path), bad, taking.order, CONTENT)))
    book = load_workbook(back)
    assert [[cell.value for cell in row] for row in book.active.iter_rows(min_row=2)] == [
        ["0000011208850002", "=cmd|' /C calc'!A0", *GOOD[2:], "B3: nama belum terbaca. Tulis seperti di KTP"]
    ]
    assert all(cell.data_type == "s" for row in book.active.iter_rows() for cell in row)
    book.active["B2"] = "Wati Contoh"
    book.save(back)
    _, rows = take(db, back, number=lambda: "RK-9")
    assert [row.problems for row in rows] == [[]]


def test_the_template_is_read_by_its_own_reader(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_bytes(b"".join(template_file("Ratna", NOW, CONTENT)))
    sheet = open_sheet(read_rows(path), CONTENT, TODAY)
    assert [column.slot for column in sheet.columns.values()] == [column.slot for column in columns_of(CONTENT)]
    example = sheet.check(Row(2, tuple(column.example for column in columns_of(CONTENT))))
    assert example.problems == []
    assert load_workbook(path).sheetnames == [WORDS["sheets"]["people"], WORDS["sheets"]["how"]]


def test_headings_are_known_by_many_names():
    names = [name for column in columns_of(CONTENT) for name in (column.heading, *column.also)]
    assert len({re.sub(r"[^a-z0-9]+", " ", name.lower()).strip() for name in names}) == len(names)
    for column in columns_of(CONTENT):
        for name in (column.heading.upper(), *column.also):
            others = [c.heading for c in columns_of(CONTENT) if c.slot != column.slot]
            assert column.slot in {found.slot for found in sheet_of([name, *others]).columns.values()}


def unreadable(path):
    with pytest.raises(SheetUnreadable) as caught:
        open_sheet(read_rows(path), CONTENT, TODAY)
    assert caught.value.why in WORDS["unreadable"]
    return caught.value.why


def test_files_that_are_no_spreadsheet_are_refused_with_a_reason(tmp_path):
    path = tmp_path / "x"
    assert unreadable(path) == "no_file"
    for content, why in (
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not_a_sheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_or_locked"),
        (b"PK\x05\x06" + b"\0" * 18, "damaged"),
        (b"apa saja\nbukan tabel\n", "no_headings"),
        (b"NIK;Nama;Desa;No HP\n", "missing"),
    ):
        path.write_bytes(content)
        assert unreadable(path) == why


def test_a_small_file_that_unfolds_into_gigabytes_is_refused_unread(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 250_000_000)
    assert path.stat().st_size < 1_000_000
    assert unreadable(path) == "too_large"


@given(st.binary(max_size=300))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_file_breaks_the_reader(tmp_path, data):
    path = tmp_path / "any"
    path.write_bytes(data)
    with suppress(SheetUnreadable):
        list(read_rows(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_as_offices_write_it(tmp_path, encoding, delimiter):
    path = tmp_path / "x.csv"
    rows = [HEADINGS, row_with(Nama="René Contoh")]
    path.write_bytes("\r\n".join(delimiter.join(row) for row in rows).encode(encoding))
    assert [row.cells[1] for row in read_rows(path)] == ["Nama", "René Contoh"]


def test_rows_are_counted_before_reading(tmp_path):
    assert count_rows(write_xlsx(tmp_path / "a.xlsx", [GOOD] * 7)) == 8
    assert count_rows(write_csv(tmp_path / "a.csv", [GOOD] * 7)) == 8
    assert count_rows(tmp_path / "none") is None


# -- out -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def leads(db, people):
    contact, _ = people.make("sari", village=VILLAGE.code)
    names = ["=HYPERLINK(1)", "+62811", "-1", "@SUM(A1)", "Siti & <Contoh>", "\tTab"]
    with db.transaction() as store:
        for number, name in enumerate(names):
            fields = {
                "nama": name,
                "nik": "0000011208850001",
                "hp": "+6281234567890",
                "lahir": "1985-08-12",
                "penghasilan": {"amount": 1_500_000, "period": "month"},
                "program": "3",
                "desa": {"code": "00.00.00.0001", "name": "Desa Contoh", "path": "x"},
                "pekerjaan": [{"id": "a", "name": "Petani", "sector": "other"}, {"id": "b", "name": "Ojek"}],
            }
            store.leads.submit(contact, LeadSubmitted(f"RK-{number}", fields, "persetujuan-v1"), NOW)
    return names


def exported(db, kind, *, full=False):
    with db.reading() as store:
        return b"".join(export(store.leads.export(), Export("=Ratna", NOW, full), CONTENT, kind))


def test_csv_has_nothing_that_a_spreadsheet_runs(db, leads):
    rows = list(csv.DictReader(io.StringIO(exported(db, "csv").decode("utf-8-sig"))))
    assert [row["Nama lengkap"].lstrip("'") for row in rows] == leads
    assert not any(cell.startswith(FORMULA) for row in rows for cell in row.values())
    assert {row["Diambil oleh"] for row in rows} == {"'=Ratna"}
    assert {row["NIK"] for row in rows} == {"NIK …0001"}
    assert rows[0]["Pekerjaan"], rows[0]["Pekerjaan kedua"] == ("Petani", "Ojek")


def test_xlsx_holds_text_as_text_and_says_who_took_it_out(db, leads):
    book = load_workbook(io.BytesIO(exported(db, "xlsx", full=True)))
    people, mark = book.worksheets
    headings = [cell.value for cell in people[1]]
    rows = [dict(zip(headings, row, strict=True)) for row in people.iter_rows(min_row=2, values_only=True)]
    assert [row["Nama lengkap"] for row in rows] == leads
    assert not [cell for row in people.iter_rows() for cell in row if cell.data_type == "f"]
    assert (rows[0]["NIK"], rows[0]["Nomor HP"], rows[0]["Penghasilan sebulan"]) == (
        "0000011208850001",
        "081234567890",
        1_500_000,
    )
    assert rows[0]["Tanggal lahir"] == datetime(1985, 8, 12)  # noqa: DTZ001 (a date cell)
    assert people["A2"].number_format == "@"
    assert people["B2"].quotePrefix
    assert {row[0]: row[1] for row in mark.iter_rows(values_only=True)}["Jumlah orang"] == len(leads)
    assert (book.properties.creator, book.properties.created.date()) == ("=Ratna", NOW.date())


@given(st.text(max_size=20))
def test_no_text_becomes_a_formula(text):
    assert not safe_cell(text).startswith(FORMULA)


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=15), min_size=2, max_size=2), max_size=5))
@settings(deadline=None)
def test_xlsx_gives_back_what_was_written(rows):
    book = load_workbook(io.BytesIO(b"".join(xlsx_bytes([Sheet("a", ["x", "y"], rows)], MARK))))
    clean = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
    wanted = [[clean.sub("", cell).replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows]
    read = [[cell or "" for cell in row] for row in book.active.iter_rows(min_row=2, values_only=True)]
    assert read == wanted


def test_a_sheet_that_is_too_long_goes_on_in_another(monkeypatch):
    monkeypatch.setattr("storage.xlsx._MOST_ROWS", 3)
    book = load_workbook(io.BytesIO(b"".join(xlsx_bytes([Sheet("a", ["x"], [[n] for n in range(7)])], MARK))))
    assert [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book] == [
        ["x", 0, 1, 2],
        ["x", 3, 4, 5],
        ["x", 6],
    ]


def test_columns_are_named_like_a_spreadsheet_names_them():
    assert [column_name(index) for index in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_writing_keeps_memory_flat():
    def peak(rows):
        tracemalloc.start()
        for _ in xlsx_bytes([Sheet("a", ["x"] * 10, (["Siti Contoh"] * 10 for _ in range(rows)))], MARK):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(20_000) < peak(2_000) + 300_000


def test_a_long_dry_run_stays_within_its_memory(db, tmp_path):
    """The bench measures 50,000 rows; here is that nothing but the NIK of each row is kept."""
    _write_people(tmp_path / "people.csv", 1_000)
    tracemalloc.start()
    taking = LeadImport(db, CONTENT, Import("bench", NOW, "KP", dry_run=True), TODAY, str)
    for _ in taking.run(tmp_path / "people.csv"):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000
    assert taking.counts.good > 900
    assert taking.counts.good + taking.counts.bad == 1_000 == len(list(_people(1_000)))


# -- two leads, one person -------------------------------------------------------------------------------------------


def submit(store, contact, number, **fields):
    return store.leads.submit(contact, LeadSubmitted(number, fields, "persetujuan-v1"), NOW)


@pytest.fixture
def twins(db, people):
    one, _ = people.make("sari", village=VILLAGE.code)
    two, _ = people.make("sari-hp-lain")
    with db.transaction() as store:
        submit(store, one, "RK-A", nama="Siti", nik="0000011208850001", hp="+6281200000001")
        submit(store, two, "RK-B", nama="Siti C", nik="0000011208850001", hp="+6281200000002", kpj="12345678901")
        a, b = store.leads.find("RK-A"), store.leads.find("RK-B")
        store.leads.move(a.id, LeadState.CONTACTED, "ratna", NOW, "dihubungi")
        store.leads.move(b.id, LeadState.CONTACTED, "joko", NOW, "dihubungi juga")
        store.leads.move(b.id, LeadState.HANDED_OVER, "joko", NOW, official_number="OF-1")
    return a.id, b.id, one, two


def test_merging_keeps_both_histories_and_conversations(db, twins):
    a, b, one, two = twins
    with db.transaction() as store:
        store.leads.merge(a, b, "ratna", NOW)
        kept, gone = store.leads.get(a), store.leads.get(b)
        moves = store.leads.moves(a)
        assert store.leads.contacts_of(a) == (one, two)
        assert [lead.number for lead in store.leads.merged_into(a)] == ["RK-B"]
    assert (gone.state, gone.close_reason, gone.duplicate_of) == (LeadState.CLOSED, MERGED, a)
    assert (kept.name, kept.fields["hp"], kept.fields["kpj"]) == ("Siti", "+6281200000001", "12345678901")
    assert (kept.state, kept.official_number, kept.duplicate_of) == (LeadState.HANDED_OVER, "OF-1", None)
    assert gone.fields["hp"] == "+6281200000002"
    assert [move.by for move in moves] == ["ratna", "joko", "joko", "ratna", "ratna"]
    assert [move.note for move in moves][-2:] == ["merged: RK-B", "merged: RK-A"]


def test_a_later_double_is_shown_beside_the_kept_lead(db, twins, people):
    a, b, *_ = twins
    three, _ = people.make("tiga")
    with db.transaction() as store:
        store.leads.merge(b, a, "ratna", NOW)  # the first lead is the one that goes
        twin = submit(store, three, "RK-C", nama="Siti", nik="0000011208850001")
        assert (twin.lead_id, twin.number, twin.by) == (b, "RK-B", DuplicateOf.NIK)
        store.leads.merge(b, store.leads.find("RK-C").id, "ratna", NOW)
        assert [lead.number for lead in store.leads.merged_into(b)] == ["RK-A", "RK-C"]


def test_what_was_merged_into_the_other_comes_along(db, twins, people):
    a, b, *_ = twins
    three, _ = people.make("tiga")
    with db.transaction() as store:
        submit(store, three, "RK-C", nama="Siti", nik="0000011208850001")
        c = store.leads.find("RK-C").id
        store.leads.merge(a, c, "ratna", NOW)
        store.leads.merge(b, a, "ratna", NOW)
        assert [lead.number for lead in store.leads.merged_into(b)] == ["RK-A", "RK-C"]


def test_what_cannot_be_one_is_refused(db, twins):
    a, b, one, _ = twins
    with db.transaction() as store:
        with pytest.raises(MergeRefused):
            store.leads.merge(a, a, "ratna", NOW)
        with pytest.raises(NotFound):
            store.leads.merge(a, 999, "ratna", NOW)
        store.leads.merge(a, b, "ratna", NOW)
        for keep, other in ((a, b), (b, a)):
            with pytest.raises(MergeRefused):
                store.leads.merge(keep, other, "ratna", NOW)
        submit(store, one, "RK-D", nama="Siti")
        d = store.leads.find("RK-D").id
        store.leads.move(d, LeadState.CONTACTED, "r", NOW)
        store.leads.move(d, LeadState.HANDED_OVER, "r", NOW, official_number="OF-2")
        with pytest.raises(MergeRefused):
            store.leads.merge(a, d, "ratna", NOW)  # each has an official number of its own


def test_the_repository_has_no_stray_files():
    assert not list(ROOT.glob("*.xlsx"))
