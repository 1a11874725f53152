"""Form answers as people write them: one row a variant, `kind | text | value`, or `kind | text | ? reply key`."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nlu_material import TODAY, VILLAGES, content

from nlu.answers import KINDS, read_answer
from nlu.understanding import FormAnswer

GOOD = {
    "name": {
        "Budi Santoso": ["budi santoso", "Nama saya Budi Santoso", "nama sy budi santoso", "BUDI SANTOSO", "saya budi santoso",
                         "Pak Budi Santoso", "nama: Budi Santoso", "budi  santoso", "Budi Santoso pak", "namaku budi santoso"],
        "Siti Aminah": ["siti aminah", "ibu Siti Aminah", "Siti Aminah.", "nama lengkap saya Siti Aminah", "siti aminah, bu"],
        "I Made Sudarma": ["I Made Sudarma", "i made sudarma"], "Sri": ["Sri", "sri"], "M. Yusuf": ["m. yusuf", "M. Yusuf"],
        "Ni Luh Putu Ayu": ["ni luh putu ayu", "nama saya Ni Luh Putu Ayu"], "Nur'aini": ["nur'aini", "Nur’aini"],
    },
    "nik": {
        "3201014506859901": ["3201014506859901", "3201 0145 0685 9901", "32.01.01.450685.9901", "NIK saya 3201014506859901", "32010145O68599O1",
                             "3201-0145-0685-9901", "ini pak 3201014506859901", "3201014506859901 ya", "  3201014506859901  "],
        "0000001208850001": ["0000001208850001", "0000 0012 0885 0001"],
    },
    "kpj": {"12345678901": ["12345678901", "123 4567 8901", "kpj 12345678901", "no kpj saya 12345678901"]},
    "birth_date": {
        "1985-08-12": ["12 agustus 1985", "12 agustus 85", "12-8-1985", "12/08/85", "12.08.1985", "1985-08-12", "12081985", "120885", "12 8 1985",
                       "12 Agt 1985", "12 agst '85", "dua belas agustus 1985", "lahir 12 agustus 1985", "bogor, 12-08-1985", "12agustus1985",
                       "tgl 12 agustus 1985", "12 - 8 - 85", "agustus 12, 1985", "12 Agustus  1985", "saya lahir tanggal 12 agustus 1985"],
        "1999-01-01": ["1 jan 99", "1 januari 1999", "01/01/1999", "1-1-99"], "2010-05-05": ["5 mei 10", "5 mei 2010"],
        "1978-06-05": ["05.06.78", "5 juni 1978"], "2000-02-29": ["29 februari 2000", "29-2-2000", "29/02/00"], "1945-08-17": ["17 agustus 1945"],
    },
    "phone": {
        "+6281234567890": ["081234567890", "0812-3456-7890", "0812 3456 7890", "+62 812-3456-7890", "6281234567890", "+6281234567890",
                           "81234567890", "nomor saya 081234567890", "wa 0812 3456 7890 ya", "(0812) 34567890", "hp: 081234567890"],
        "+6285712345678": ["085712345678", "0857.1234.5678", "62 857 1234 5678"],
    },
    "email": {"budi@gmail.com": ["budi@gmail.com", "BUDI@GMAIL.COM", "budi @ gmail . com", "email saya budi@gmail.com", "budi (at) gmail.com"]},
    "yes_no": {
        True: ["iya", "ya", "y", "Y", "yes", "iyaaa", "boleh", "boleh pak", "gpp", "nggih", "inggih", "oke", "ok", "okee", "oke deh", "setuju", "mau",
               "lanjut", "betul", "benar", "siap", "siap pak", "bersedia", "ya, boleh", "ok sip", "👍", "✅", "monggo", "gas", "mw", "saya setuju", "iyo", "muhun"],
        False: ["tidak", "tdk", "gak", "ga", "nggak", "enggak", "g usah", "gak usah", "ga mau", "jangan", "no", "belum", "bukan", "ndak", "tidak usah",
                "nggak dulu", "emoh", "mboten", "gak pak", "❌", "tidak mau", "ogah"],
    },
    "programs": {"2": ["2", "dua", "2 program", "yang dua", "jkk jkm", "JKK dan JKM", "yang 2 aja"],
                 "3": ["3", "tiga", "3 program", "yang tiga", "semua", "lengkap", "jkk jkm jht", "pakai JHT"]},
    "months": {3: ["3", "3 bulan", "tiga bulan", "3bln", "tiga"], 12: ["setahun", "12", "12 bulan", "1 tahun", "satu tahun"], 1: ["sebulan", "1 bulan", "1"]},
    "day": {5: ["5", "tgl 5", "tanggal 5", "tanggal lima", "tiap tgl 5"], 10: ["10", "sepuluh", "tanggal sepuluh"], 1: ["1", "awal bulan"], 28: ["28"]},
    "hour": {8: ["8", "jam 8", "08.00", "jam 8 pagi", "8 pagi", "pukul 08:00", "jam delapan", "pagi"], 19: ["19", "jam 7 malam", "7 malam", "19.00", "malam"],
             13: ["jam 1 siang", "13"], 16: ["jam 4 sore", "sore"], 0: ["12 malam", "0"]},
    "work_days": {25: ["25", "25 hari", "sekitar 25 hari", "25 hari sebulan"], 20: ["20", "dua puluh", "dua puluh hari"], 30: ["tiap hari", "setiap hari"]},
}  # fmt: skip

WORK_PLACES = [
    ("di pasar contoh jam 6 pagi sampai jam 2 siang", "Pasar contoh", "06.00-14.00"),
    ("sawah, 07.00-15.30", "Sawah", "07.00-15.30"),
    ("keliling kampung", "Keliling kampung", None),
    ("jam tujuh sampai jam tiga", None, "07.00-15.00"),
    ("dari jam 8 malam sampai jam 4 pagi di gudang", "Gudang", "20.00-04.00"),
    ("di rumah, pagi sampai sore", "Rumah", "pagi sampai sore"),
    ("tidak tentu", None, "tidak tentu"),
    ("di laut, jam empat pagi smp jam 10", "Laut", "04.00-10.00"),
]
PAYMENTS = [
    ("3 bulan", 3, "self"),
    ("sebulan aja", 1, "self"),
    ("setahun", 12, "self"),
    ("bayar sendiri 6 bulan", 6, "self"),
    ("dibayar desa", None, "village"),
    ("dana desa 3 bulan", 3, "village"),
    ("dari pemda", None, "budget"),
    ("apbd", None, "budget"),
    ("donatur", None, "donor"),
    ("csr 12 bulan", 12, "donor"),
]
SEXES = {
    "L": ["laki-laki", "L", "pria", "laki", "cowok", "lanang"],
    "P": ["perempuan", "P", "wanita", "cewek", "saya perempuan"],
}

ASKED = {
    "work_place": {"tempat_kerja_tidak_jelas": ["123", "x", "😀", "?"]},
    "payment": {"bayar_tidak_jelas": ["terserah", "abc", "100", "😀"], "tanya_berapa_bulan": ["sendiri", "bayar sendiri"]},
    "sex": {"kelamin_tidak_jelas": ["abc", "laki perempuan", "1", "😀"]},
    "paper": {"izin_kertas_tidak_jelas": ["belum ada", "kertas", "😀", "izinnya sudah ada tapi nomornya tidak tahu 1 itu"]},
    "name": {"nama_tidak_jelas": ["a", "12", "123456", "budi2", "aaaa", "iurannya berapa", "nggak mau kasih nama", "???", "😀", "3201014506859901", "x y", "kenapa harus nama"]},
    "nik": {"nik_panjang": ["320101450685000", "32010145068599011", "123", "3201 0145 0685", "nik 320101"],
            "nik_bukan_angka": ["tidak punya", "lupa", "abc", "nanti aja pak", "😀"],
            "nik_tanggal": ["3201013208859901", "3201017208859901", "3201011213859901", "3201013002859901", "3201010012859901"],
            "nik_wilayah": ["9901011208859901", "1000001208859901"]},
    "kpj": {"kpj_tidak_jelas": ["1234", "123456789012", "tidak ada", "abc"]},
    "birth_date": {"tanggal_mustahil": ["31 februari 1990", "32-1-1990", "12-13-1990", "31-11-1980", "29-2-1999", "12 agustus 1650"],
                   "tanggal_masa_depan": ["1 januari 2030", "2027-01-01", "22 november 2026", "12-12-2099"],
                   "tanggal_tidak_jelas": ["besok", "12 agustus", "lupa", "tahun 85", "abc", "umur 40", "1985", "😀"]},
    "occupation": {"pekerjaan_tidak_jelas": ["qwerty", "xyz", "😀", "12345", "ya gitu deh"]},
    "income": {"tanya_hari_kerja": ["50rb sehari", "50 ribu per hari", "50rb/hari", "75000 sehari", "sehari 50 ribu", "Rp50.000 per hari", "lima puluh ribu sehari", "100k perhari", "seket ewu sedino"],
               "tanya_minggu_kerja": ["500 ribu seminggu", "500rb per minggu", "300rb/minggu", "mingguan 400 ribu"],
               "tanya_kisaran_penghasilan": ["gak tentu", "tidak tentu pak", "gk tentu", "tergantung panen", "1-2 juta", "1 sampai 2 juta", "10 juta sekali panen", "24 juta setahun", "naik turun", "gak tau", "ora mesti", "500 sampai 700 ribu"],
               "penghasilan_tidak_jelas": ["lumayan", "sedikit", "abc", "100", "2", "1,5", "rahasia", "😀"]},
    "amount": {"jumlah_tidak_jelas": ["abc", "banyak", "1-2 juta"]},
    "work_days": {"jumlah_tidak_jelas": ["40", "0", "abc", "kadang 20 kadang 25"]},
    "phone": {"hp_tidak_jelas": ["08123", "abc", "tidak punya", "0000000000", "021 5551234", "08123456789012345", "12345678901", "0811111111111"]},
    "email": {"email_tidak_jelas": ["budi", "budi@", "@gmail.com", "budi@gmail", "tidak punya"]},
    "address": {"alamat_tidak_jelas": ["x", "123", "aaaaaaa", "😀"]},
    "village": {"desa_tidak_ditemukan": ["qwertyuiop", "xx", "😀", "99999", "12"], "pilih_desa": ["sukamaju", "Desa Sukamaju", "sukamaju kab bogor", "16630", "mekarsari"]},
    "yes_no": {"ya_tidak_jelas": ["hmm", "mungkin", "apa itu", "bingung", "gak tau", "😐", "2027", "siapa kamu"]},
    "programs": {"program_tidak_jelas": ["4", "jp", "terserah", "apa bedanya"]},
    "months": {"jumlah_tidak_jelas": ["100", "0", "lama", "abc"]},
    "day": {"hari_tidak_jelas": ["31", "0", "besok", "abc", "29"]},
    "hour": {"jam_tidak_jelas": ["25", "99", "abc", "kapan saja"]},
}  # fmt: skip

INCOMES = {
    1_500_000: ["1,5jt", "1.5jt", "1,5 juta", "sejuta setengah", "sejuta setengah sebulan", "1.500.000", "1500000", "Rp 1.500.000", "rp1.500.000,-", "1500000 sebulan",
                "satu juta lima ratus ribu", "satu juta lima ratus", "1jt 500rb", "1500 ribu", "1500rb", "sekitar 1,5 juta", "kira-kira 1,5jt sebulan", "1,5jt/bln",
                "1,5 juta per bulan pak", "penghasilan saya 1,5jt", "gaji 1,5 juta", "1,5 jutaan", "1 juta 500 ribu", "sebulan 1,5 juta"],
    2_500_000: ["2,5jt", "dua juta setengah", "dua setengah juta", "dua juta lima ratus", "2.500.000", "2 juta 500", "2jt 500rb"],
    900_000: ["900rb", "900 ribu", "900.000", "900k", "sembilan ratus ribu", "sekitar 900 ribu", "900rb/bln"],
    2_000_000: ["2jt", "2 juta-an", "2jtan", "dua juta", "2.000.000", "2 juta"], 500_000: ["setengah juta", "500rb", "500 ribu sebulan", "gopek ribu"],
}  # fmt: skip

WORKS = {
    "petani": ["petani", "tani", "saya petani", "Petani pak"],
    "nelayan": ["nelayan", "nlayan", "kerja jadi nelayan"],
    "ojol": ["ojol", "ojek online", "driver ojol"],
}


def read(kind: str, text: str) -> FormAnswer:
    return read_answer(kind, text, content=content(), today=TODAY, extra_villages=VILLAGES)


@pytest.mark.parametrize(
    ("kind", "text", "value"), [(k, t, v) for k, rows in GOOD.items() for v, ts in rows.items() for t in ts]
)
def test_good_answers_are_normalised(kind: str, text: str, value: object) -> None:
    assert (read(kind, text).ok, read(kind, text).value) == (True, value)


@pytest.mark.parametrize(
    ("kind", "text", "ask"), [(k, t, a) for k, rows in ASKED.items() for a, ts in rows.items() for t in ts]
)
def test_bad_answers_are_asked_about(kind: str, text: str, ask: str) -> None:
    answer = read(kind, text)
    assert (answer.ok, answer.ask) == (False, ask)


@pytest.mark.parametrize(("text", "place", "hours"), WORK_PLACES)
def test_a_work_place_is_read_with_its_hours(text: str, place: str | None, hours: str | None) -> None:
    assert read("work_place", text).value == {"place": place, "hours": hours}


@pytest.mark.parametrize(("text", "months", "payer"), PAYMENTS)
def test_a_payment_is_months_and_payer(text: str, months: int | None, payer: str) -> None:
    assert read("payment", text).value == {"months": months, "payer": payer}


@pytest.mark.parametrize(("text", "letter"), [(t, v) for v, ts in SEXES.items() for t in ts])
def test_a_sex_is_the_letter_of_the_card(text: str, letter: str) -> None:
    assert read("sex", text).value == letter


@pytest.mark.parametrize("text", ["K-017", "nomor K-017", "no. K-017"])
def test_the_number_of_a_paper_is_kept_as_written(text: str) -> None:
    assert read("paper", text).value == "K-017"


@pytest.mark.parametrize(("text", "rupiah"), [(t, v) for v, ts in INCOMES.items() for t in ts])
def test_income_is_a_month_when_nothing_else_is_said(text: str, rupiah: int) -> None:
    assert read("income", text).value == {"amount": rupiah, "period": "month"}


@pytest.mark.parametrize(("text", "work"), [(t, w) for w, ts in WORKS.items() for t in ts])
def test_work_is_recognised(text: str, work: str) -> None:
    value = read("occupation", text).value
    assert isinstance(value, dict)
    assert value["id"] == work
    assert set(value) == {"id", "name", "sector", "segment"}


def test_a_daily_sum_is_kept_but_never_multiplied() -> None:
    answer = read("income", "50rb per hari")
    assert answer.value == {"amount": 50_000, "period": "day"}
    assert not answer.ok


def test_two_jobs_are_two_jobs() -> None:
    value = read("occupation", "pagi nelayan, sore ojek online").value
    assert isinstance(value, list)
    assert len(value) == 2


def test_a_nik_says_which_part_is_impossible() -> None:
    assert dict(read("nik", "3201013208859901").slots) == {"bagian": "32"}
    assert dict(read("nik", "3201011213859901").slots) == {"bagian": "13"}
    assert dict(read("nik", "320101450685000").slots) == {"panjang": 15}


@pytest.mark.parametrize(
    "text",
    [
        "sukamaju kec cibungbulang",
        "Sukamaju, Cibungbulang, Bogor",
        "desa sukamaju kecamatan cibungbulang kab. bogor",
        "sukamaju 16630",
    ],
)
def test_a_village_is_narrowed_by_what_it_lies_in(text: str) -> None:
    value = read("village", text).value
    assert isinstance(value, dict)
    assert str(value["path"]).startswith("Sukamaju, Cibungbulang")


def test_a_village_of_many_places_offers_ten_and_says_how_many() -> None:
    answer = read("village", "sukamaju")
    assert isinstance(answer.value, dict)
    assert len(answer.value["choices"]) == 10  # type: ignore[arg-type]
    assert dict(answer.slots)["total"] > 10  # type: ignore[operator]


def test_practice_villages_are_found_by_name_and_code() -> None:
    assert [read("village", text).ok for text in ("Desa Contoh", "desa contoh", "00.00.00.0001")] == [True, True, True]


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_a_reader(kind: str, text: str) -> None:
    answer = read(kind, text)
    assert answer.ok == (answer.ask is None)
    json.dumps(answer.value)


@given(st.dates(min_value=TODAY.replace(year=1927), max_value=TODAY))
@settings(deadline=None)
def test_dates_come_back(day) -> None:
    for text in (
        day.isoformat(),
        f"{day.day}-{day.month}-{day.year}",
        day.strftime("%d%m%Y"),
        f"{day.day}/{day.month}/{day.year}",
    ):
        assert read("birth_date", text).value == day.isoformat()


@given(st.dates(min_value=TODAY.replace(year=1930), max_value=TODAY), st.booleans(), st.integers(1, 9999))
@settings(deadline=None)
def test_niks_of_men_and_women_come_back(day, woman, serial) -> None:
    digits = f"320101{day.day + 40 * woman:02}{day.month:02}{day.year % 100:02}{serial:04}"
    spaced = " ".join(digits[i : i + 4] for i in range(0, 16, 4))
    assert read("nik", spaced).value == digits


@given(st.integers(50, 9_000).map(lambda n: n * 1000))
@settings(deadline=None)
def test_sums_come_back(rupiah) -> None:
    dotted = f"{rupiah:,}".replace(",", ".")
    for text in (
        str(rupiah),
        dotted,
        f"Rp {dotted}",
        f"Rp{dotted} sebulan",
        f"{rupiah // 1000}rb",
        f"{rupiah // 1000} ribu",
    ):
        assert read("income", text).value == {"amount": rupiah, "period": "month"}
