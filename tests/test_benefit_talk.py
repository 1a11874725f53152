"""Sums in chat: one message where enough was said, else only what is missing, and questions that follow on.

Entities are read by the real reader; the intent is given, so no model has to be learnt.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from benefit_helpers import real

from flows.contact import Channel, Contact
from flows.conversation.benefit_sums import SUMS
from flows.conversation.engine import take_turn
from flows.conversation.session import Session
from flows.conversation.worked import Inputs
from flows.events import ReplyChosen
from flows.message import Given, Heard, HeardKind
from nlu.entities import EntityReader
from nlu.folding import fold
from nlu.understanding import Understanding

WIB = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 21, 9, tzinfo=WIB)
PERSON = Contact(id=1, channel=Channel.WEB)


@cache
def reader() -> EntityReader:
    return EntityReader(real().lexicon)


class Talk:
    """One person talking; `say` gives the names of the replies and their text."""

    def __init__(self) -> None:
        self.session = Session()
        self.said = ""

    def say(self, text: str, intent: str | None = "benefit_amount", kind: HeardKind = HeardKind.TEXT) -> str:
        entities = reader().read(fold(text), NOW.date())
        plain = " ".join(re.findall(r"\w+", text.lower()))
        understanding = Understanding(text, plain, intent, 0.9 if intent else 0.2, entities=entities)
        heard = Heard(kind, text, understanding if kind is HeardKind.TEXT else None)
        turn = take_turn(Session.from_json(self.session.to_json()), heard, real(), self._given())
        self.session = turn.session
        chosen = [event.rendered for event in turn.events if isinstance(event, ReplyChosen)]
        self.said = "\n".join(rendered.text for rendered in chosen)
        return "+".join(rendered.reply for rendered in chosen)

    def tap(self, button: str) -> str:
        return self.say(button, kind=HeardKind.BUTTON)

    @staticmethod
    def _given() -> Given:
        return Given(NOW, PERSON, "1")


CASES = [
    ("gaji 4 juta kena PHK dapat berapa", "benefit_amount", "hitung_jkp", ["Rp2.400.000 sebulan", "Rp14.400.000"]),
    (
        "kalau meninggal kecelakaan kerja penghasilan sejuta dapat berapa",
        "benefit_amount",
        "hitung_jkk_meninggal+hitung_dasar",
        ["48 × Rp1.000.000 = Rp48.000.000", "Rp58.000.000", "cek ke 175"],
    ),
    (
        "anak 2 SD dan SMP beasiswa berapa",
        "scholarship",
        "hitung_beasiswa",
        ["Rp3.500.000", "paling banyak Rp159.000.000"],
    ),
    ("anak saya kuliah dapat beasiswa berapa", "scholarship", "hitung_beasiswa_satu", ["Rp12.000.000", "Rp60.000.000"]),
    ("beasiswa dua anak berapa", "scholarship", "hitung_beasiswa_anak", ["Rp87.000.000", "Rp174.000.000"]),
    ("anak umur 24 kuliah beasiswa berapa", "scholarship", "hitung_beasiswa_usia", ["24 tahun", "23 tahun"]),
    ("lahir 1970 pensiun umur berapa", "explain_jp", "hitung_usia_pensiun", ["60 tahun", "2030", "1 Januari 2028"]),
    ("kelahiran 62 pensiun kapan", "claim_jp", "hitung_usia_pensiun_lewat", ["56 tahun", "2018"]),
    (
        "nilai proyek 400 juta iuran berapa",
        "construction_project",
        "hitung_proyek",
        ["= Rp810.000", "0,19% × Rp300.000.000"],
    ),
    ("proyek bangunan upah 50 juta iuran berapa", "construction_project", "hitung_proyek_upah", ["Rp1.020.000"]),
    ("ke malaysia 24 bulan bayar berapa", "migrant_worker", "hitung_migran", ["Rp332.500", "Rp370.000"]),
    ("kontrak taiwan 3 tahun bayar berapa", "migrant_worker", "hitung_migran_tambahan", ["Rp494.500"]),
    ("ke korea 3 bulan bayar berapa", "migrant_worker", "pmi_iuran", ["Rp108.000"]),
    ("gaji 12 juta potongan JP berapa", "explain_jp", "hitung_potongan_jp", ["Rp110.863", "Rp221.726", "1 Maret 2026"]),
    ("maret 2027 gaji 12 juta potongan jp berapa", "explain_jp", "fakta_lewat", ["175"]),
    ("saldo 80 juta kena pajak berapa", "claim_jht", "hitung_jht_pajak", ["Rp1.500.000", "Rp78.500.000", "175"]),
    ("saldo 30 juta kena pajak?", "claim_jht", "hitung_jht_tanpa_pajak", ["Rp15.000.000", "Mei 2025"]),
    ("saldo JHT 14 juta bisa lewat JMO?", "claim_jht", "hitung_jht_jmo", ["Rp14.000.000"]),
    ("saldo 100 juta mau ambil 30%", "claim_jht", "hitung_jht_sebagian", ["Rp30.000.000"]),
    ("saldo 100 juta mau ambil 30 persen", "claim_jht", "hitung_jht_sebagian", ["Rp30.000.000", "Rp10.000.000", "175"]),
    (
        "nggak bisa kerja 14 bulan penghasilan 2 juta dapat berapa",
        "benefit_amount",
        "hitung_jkk_stmb_lama+hitung_dasar",
        ["Rp24.000.000", "Rp26.000.000"],
    ),
    ("tidak bisa kerja 3 bulan karyawan gaji 3 juta dapat berapa", None, "hitung_jkk_stmb", ["Rp9.000.000"]),
    ("cacat total karyawan gaji 3 juta dapat berapa", "benefit_amount", "hitung_jkk_cacat_total", ["56 × Rp3.000.000"]),
    ("baru bayar 2 bulan terus meninggal dapat berapa", "benefit_amount", "hitung_jkm_belum", ["Rp10.000.000"]),
    ("sudah bayar 5 bulan meninggal dapat berapa", "benefit_amount", "hitung_jkm_penuh", ["= Rp42.000.000"]),
    ("iur 12 tahun dapat pensiun bulanan nggak", "explain_jp", "hitung_pensiun_sekaligus", ["kurang 36 bulan"]),
    ("iur 16 tahun dapat pensiun bulanan nggak", "explain_jp", "hitung_pensiun_bulanan", ["192 bulan"]),
    ("gaji 4 juta masa kerja 20 tahun pensiunnya berapa", "explain_jp", "hitung_pensiun", ["= Rp800.000 sebulan"]),
    (
        "iuran karyawan gaji 5 juta berapa",
        "contribution_amount",
        "hitung_karyawan",
        ["Rp150.000", "Rp312.000 sampai Rp387.000"],
    ),
    ("karyawan gaji 3 juta risiko rendah iurannya berapa", "employer_service", "hitung_karyawan_risiko", ["Rp196.200"]),
    ("penghasilan sejuta dibayar APBD iurannya berapa", "desa_sadar", "hitung_iuran_anggaran", ["Rp16.800"]),
    (
        "penghasilan sejuta dibayar dana desa iuran berapa",
        "contribution_amount",
        "hitung_iuran_desa",
        ["Rp16.800", "175"],
    ),
    ("tahun 2023 iurannya berapa", "contribution_amount", "iuran_umum", ["Desember 2023", "Rp16.800"]),
]


@pytest.mark.parametrize(("text", "intent", "reply", "parts"), CASES, ids=[case[0] for case in CASES])
def test_one_message_is_enough(text: str, intent: str | None, reply: str, parts: list[str]) -> None:
    talk = Talk()
    assert talk.say(text, intent) == reply
    for part in parts:
        assert part in talk.said
    assert len(talk.said) <= 600


@pytest.mark.parametrize(
    ("text", "intent", "reply"),
    [
        ("kena PHK dapat berapa", "benefit_amount", "manfaat_semua"),
        ("Kalau cacat dapat berapa? penghasilan 2 juta", "benefit_amount", "jkk_cacat"),
        ("Anak saya sudah kuliah, masih bisa?", "scholarship", "beasiswa_kuliah"),
        ("Beasiswa 174 juta itu langsung cair semua?", "scholarship", "beasiswa_sekaligus"),
        ("Kena pajak nggak?", "claim_jht", "jht_pajak"),
        ("Pensiun umur berapa sekarang?", "explain_jp", "jp_umur"),
        ("Iuran saya belum 15 tahun, dapat apa?", "claim_jp", "jp_kurang_lima_belas"),
    ],
)
def test_without_numbers_the_plain_reply_stays(text: str, intent: str, reply: str) -> None:
    assert Talk().say(text, intent) == reply


WORKED = [
    (("penghasilan sejuta petani iuran november 2026", "Rp8.400"),),
    (("penghasilan sejuta petani iuran januari 2027", "Rp16.800"),),
    (("ojol penghasilan sejuta iuran januari 2027", "Rp8.400"),),
    (("ojol penghasilan sejuta iuran april 2027", "Rp16.800"),),
    (("petani penghasilan sejuta bayar 12 bulan mulai november 2026 berapa", "Rp184.800"),),
    (("ojol penghasilan sejuta bayar 12 bulan mulai november 2026 berapa", "Rp159.600"),),
]


@pytest.mark.parametrize("lines", WORKED)
def test_the_worked_cases_of_the_discount(lines: tuple[tuple[str, str], ...]) -> None:
    talk = Talk()
    for text, amount in lines:
        talk.say(text, "contribution_amount")
        assert f": {amount}" in talk.said


def test_only_what_is_missing_is_asked() -> None:
    talk = Talk()
    assert talk.say("tidak bisa kerja 14 bulan dapat berapa") == "tanya_penghasilan_santunan"
    assert talk.say("2 juta", None) == "hitung_jkk_stmb_lama+hitung_dasar"
    assert talk.session.flow is None
    assert "hitung_upah" not in talk.session.slots


def test_a_daily_wage_is_asked_about() -> None:
    talk = Talk()
    assert talk.say("upah 100 ribu sehari kena phk dapat berapa") == "tanya_hari_kerja"
    assert talk.say("25", None) == "penghasilan_dihitung+hitung_jkp"
    assert "Rp1.500.000 sebulan" in talk.said


@pytest.mark.parametrize(
    ("wish", "question", "answers", "reply"),
    [
        ("hitung JKP", "tanya_upah_terakhir", ["3 juta"], "hitung_jkp"),
        ("hitung pensiun saya", "tanya_lama_pensiun", ["20 tahun", "4 juta"], "hitung_pensiun"),
        ("hitung usia pensiun", "tanya_tahun_lahir", ["70"], "hitung_usia_pensiun"),
        ("hitung beasiswa", "tanya_jenjang", ["SMK dan TK"], "hitung_beasiswa"),
        ("hitung pajak saldo", "tanya_saldo", ["80 juta"], "hitung_jht_pajak"),
        ("hitung iuran proyek", "tanya_nilai_proyek", ["400 juta"], "hitung_proyek"),
        ("hitung iuran tki", "tanya_lama_kontrak", ["24"], "hitung_migran"),
    ],
)
def test_a_wish_without_numbers_asks(wish: str, question: str, answers: list[str], reply: str) -> None:
    talk = Talk()
    assert talk.say(wish, "out_of_scope") == question
    for answer in answers[:-1]:
        talk.say(answer, None)
    assert talk.say(answers[-1], None) == reply
    assert talk.session.flow is None


@pytest.mark.parametrize(
    ("button", "question"),
    [
        ("hitung_uang_phk", "tanya_upah_terakhir"),
        ("hitung_pengganti", "tanya_lama_tidak_bekerja"),
        ("hitung_santunan_kerja", "tanya_penghasilan_santunan"),
        ("hitung_santunan_cacat", "tanya_penghasilan_santunan"),
        ("hitung_potongan", "tanya_upah_karyawan"),
        ("hitung_iuran_pu", "tanya_upah_karyawan"),
        ("hitung_uang_pensiun", "tanya_lama_pensiun"),
    ],
)
def test_buttons_start_the_question(button: str, question: str) -> None:
    assert Talk().tap(button) == question


def test_a_choice_answers_the_school_level() -> None:
    talk = Talk()
    assert talk.tap("hitung_beasiswa_anak_tombol") == "tanya_jenjang"
    assert talk.say("2", None) == "hitung_beasiswa_satu"
    assert "SD Rp1.500.000" in talk.said


def test_what_cannot_be_read_is_asked_again_and_then_given_up() -> None:
    talk = Talk()
    talk.tap("hitung_tahun_pensiun")
    assert talk.say("entahlah", None) == "hitung_belum_jelas+tanya_tahun_lahir"
    assert talk.say("20 tahun", None) == "hitung_belum_jelas+tanya_tahun_lahir"
    assert talk.say("hmm", None) == "jp_umur"
    assert talk.session.flow is None


@pytest.mark.parametrize(
    ("first", "intent", "follow", "part"),
    [
        ("anak SD beasiswa berapa", "scholarship", "terus kalau dua anak?", "= Rp3.000.000"),
        ("anak SD beasiswa berapa", "scholarship", "kalau kuliah?", "kuliah Rp12.000.000"),
        ("gaji 4 juta kena PHK dapat berapa", "benefit_amount", "kalau gajinya 6 juta?", "Rp18.000.000"),
        ("gaji 4 juta kena PHK dapat berapa", "benefit_amount", "yang itu berapa?", "Rp14.400.000"),
        ("gaji 4 juta kena PHK dapat berapa", "benefit_amount", "desember 2024?", "175"),
        ("gaji 12 juta potongan JP berapa", "explain_jp", "tahun 2023 berapa", "Rp95.596"),
        ("gaji 12 juta potongan JP berapa", "explain_jp", "maret 2027?", "175"),
        ("penghasilan sejuta petani iuran berapa", "contribution_amount", "mulai Januari?", "Januari 2027"),
        ("penghasilan sejuta petani iuran berapa", "contribution_amount", "kalau 3 juta?", "Rp18.150"),
        ("penghasilan sejuta petani iuran berapa", "contribution_amount", "tahun 2023 berapa", "Rp16.800"),
        ("ke malaysia 24 bulan bayar berapa", "migrant_worker", "kalau 12 bulan?", "Rp226.500"),
        ("saldo 80 juta kena pajak berapa", "claim_jht", "kalau 100 juta?", "Rp2.500.000"),
        ("gaji 4 juta masa kerja 20 tahun pensiunnya berapa", "explain_jp", "kalau 30 tahun?", "Rp1.200.000"),
        ("iuran karyawan gaji 5 juta berapa", "employer_service", "kalau risiko tinggi?", "Rp63.500"),
        ("diskonnya sampai kapan", "contribution_discount", "mulai Januari?", "Januari 2027"),
    ],
)
@pytest.mark.parametrize("heard_as", ["out_of_scope", "benefit_amount", None])
def test_questions_that_follow(first: str, intent: str, follow: str, part: str, heard_as: str | None) -> None:
    talk = Talk()
    talk.say(first, intent)
    talk.say(follow, heard_as)
    assert part in talk.said


def test_another_question_is_no_follow_up() -> None:
    talk = Talk()
    talk.say("gaji 4 juta kena PHK dapat berapa")
    assert talk.say("kalau gaji 5 juta iuran berapa?", "contribution_amount") == "iuran_diskon_other"
    talk.say("Dokumennya apa aja?", "claim_documents")
    assert talk.session.worked is None


def test_thanks_does_not_lose_the_thread() -> None:
    talk = Talk()
    talk.say("gaji 4 juta kena PHK dapat berapa")
    talk.say("terima kasih", "thanks")
    assert talk.say("kalau 3 juta?") == "hitung_jkp"


def test_the_thread_is_lost_after_a_long_pause() -> None:
    talk = Talk()
    talk.say("gaji 4 juta kena PHK dapat berapa")
    talk.session = replace(talk.session, updated_at=NOW - timedelta(hours=7))
    assert talk.say("kalau 3 juta?") != "hitung_jkp"


def test_birth_year_and_age_are_not_kept() -> None:
    talk = Talk()
    talk.say("lahir 1970 pensiun umur berapa", "explain_jp")
    assert "1970" not in talk.session.to_json()


def test_a_session_without_the_field_still_reads() -> None:
    assert Session.from_json("{}").worked is None
    assert Session.from_json(Session(worked={"sum": "jkp"}).to_json()).worked == {"sum": "jkp"}


def test_inputs_survive_the_session() -> None:
    inputs = Inputs(money=5, levels=("sd", "smp"), employee=True, month="2027-01")
    assert Inputs.from_json(inputs.to_json()) == inputs
    assert Inputs.from_json({"money": 5, "unknown": 1}).money == 5
    assert Inputs(month="2027-01").day(date(2026, 11, 21)) == date(2027, 1, 1)


def test_every_rule_names_a_sum_and_known_intents() -> None:
    lexicon = real().lexicon["hitung"]
    known = set(real().intents)
    assert set(lexicon["intents"]) <= known
    for rule in lexicon["rules"]:
        assert rule["sum"] in {*SUMS, "iuran"}
        assert {*rule.get("intents", ()), *rule.get("intents_only", ())} <= known
        assert rule.get("needs") or rule.get("all_needs")
        assert set(rule.get("needs", ())) | set(rule.get("all_needs", ())) <= set(Inputs.__dataclass_fields__)
