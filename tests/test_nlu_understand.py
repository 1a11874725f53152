"""Normalising, entities, situations and the engine as a whole, on the real lexicon and examples."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from nlu_material import CONTENT, TODAY, content
from rapidfuzz.distance import OSA

import nlu
from nlu import evaluate, export, model_file
from nlu.bench import noise, nonsense
from nlu.entities import EntityReader
from nlu.examples import sentences, vocabulary
from nlu.folding import fold
from nlu.nearest import Nearest, _skeleton
from nlu.normalise import Normaliser
from nlu.rasa_server import RasaEngine, RasaFailed, RasaServer
from nlu.situations import Situations
from nlu.understand import DefaultEngine
from nlu.understanding import Grave

NORMALISED = [
    ("sy mw dftr gmn crany", "saya mau daftar bagaimana caranya"), ("brp sih iuranny", "berapa sih iurannya"), ("haloooo pak", "halo pak"),
    ("anak2 sy", "anak-anak saya"), ("syarat2nya", "syarat-syaratnya"), ("4 orang", "4 orang"), ("bpjs ktenagakerjan", "bpjs ketenagakerjaan"),
    ("iuranx brapa", "iurannya berapa"), ("kcelakaan krja", "kecelakaan kerja"), ("DAFTAR!!!", "daftar"), ("daftar,gmn caranya?", "daftar bagaimana caranya"),
    ("sya ptani", "saya petani"), ("", ""), ("Rp1.500.000", "1.500.000"),
]  # fmt: skip
UNTOUCHED = [
    "tenda",
    "minat",
    "kontak",
    "daerah",
    "bukit",
    "saran",
    "makna",
    "model",
    "pisang",
    "banjir",
    "bebas",
    "terbang",
    "memasak",
    "rendang",
]
ENTITIES: list[tuple[str, str, Any, str]] = [
    ("penghasilan sejuta setengah sebulan", "money", {"amount": 1_500_000, "period": "month"}, "sejuta setengah"),
    ("50rb sehari", "money", {"amount": 50_000, "period": "day"}, "50rb"), ("1,5jt", "money", {"amount": 1_500_000, "period": None}, "1,5jt"),
    ("gaji 2 juta 3 anak", "money", {"amount": 2_000_000, "period": None}, "2 juta"), ("gaji 2 juta 3 anak", "child_count", 3, "3 anak"),
    ("satu juta lapan ratus", "money", {"amount": 1_800_000, "period": None}, "satu juta lapan ratus"),
    ("iuran kalau 2 juta berapa", "money", {"amount": 2_000_000, "period": None}, "2 juta"),
    ("dua juta lima ratus", "money", {"amount": 2_500_000, "period": None}, "dua juta lima ratus"),
    ("iurannya cuma Rp8.400?", "money", {"amount": 8_400, "period": None, "of": "price"}, "Rp8.400"),
    ("12 agustus 85", "date", "1985-08-12", "12 agustus 85"), ("12-8-1985", "date", "1985-08-12", "12-8-1985"),
    ("tgl 5 bln depan", "date", "2026-12-05", "tgl 5 bln depan"), ("minggu depan ada acara", "date", "2026-11-28", "minggu depan"),
    ("besok lusa", "date", "2026-11-23", "besok lusa"), ("mulai januari", "month", "2027-01", "januari"), ("bulan depan", "month", "2026-12", "bulan depan"),
    ("hp saya 0812-3456-7890", "phone", "+6281234567890", "0812-3456-7890"), ("NIK 3201 0145 0685 9901", "nik", "3201014506859901", "3201 0145 0685 9901"),
    ("kpj 12345678901", "kpj", "12345678901", "12345678901"), ("saya petani", "occupation", "petani", "petani"),
    ("saya buruh harian lepas", "occupation", "buruh_harian", "buruh harian lepas"), ("buruh harian 80 ribu", "period", "day", "harian"), ("driver ojek online", "sector", "transport", "driver ojek online"),
    ("desa Sukamaju kec. Cibungbulang", "village", "Sukamaju", "Sukamaju"), ("desa Sukamaju kec. Cibungbulang", "district", "Cibungbulang", "Cibungbulang"),
    ("kab Bogor", "regency", "Bogor", "Bogor"), ("suami saya", "relation", "suami", "suami"), ("kalau dua anak", "child_count", 2, "dua anak"),
    ("anak 3, umur 60", "child_count", 3, "anak 3"), ("umur 60 masih boleh?", "age", 60, "umur 60"), ("bayar 3 bulan", "months", 3, "3 bulan"),
    ("bisa setahun sekaligus?", "months", 12, "setahun"), ("JHTnya berapa", "program", "jht", "JHTnya"), ("😀 umur 60", "age", 60, "umur 60"),
]  # fmt: skip
GRAVE = [
    ("suami saya meninggal kemarin", Grave.DEATH), ("tolong, saya ketabrak truk", Grave.ACCIDENT), ("bapak jatuh dari pohon kelapa", Grave.ACCIDENT),
    ("saya mau bunuh diri", Grave.SELF_HARM), ("kalau begini mending bunuh diri", Grave.SELF_HARM), ("kalau suami sudah meninggal gimana", Grave.DEATH),
    ("kalau saya meninggal keluarga dapat berapa?", None), ("tolong, pas saya meninggal dapat apa", None), ("saya sudah tua, kalau aku mati gimana", None),
    ("suami sudah gak ada", Grave.DEATH), ("bapak saya sudah tiada", Grave.DEATH), ("suami sudah ga ada uang", None), ("uang sudah gak ada", None),
    ("kalau suami sudah gak ada dapat apa", None), ("saya kelindes motor", Grave.ACCIDENT), ("bapak kecebur laut", Grave.ACCIDENT),
    ("tetangga saya meninggal", Grave.DEATH), ("suami sy wafat", Grave.DEATH), ("apa itu jaminan kecelakaan kerja", None), ("brp iurannya", None),
]  # fmt: skip


@lru_cache(maxsize=1)
def normaliser() -> Normaliser:
    return Normaliser(content().lexicon, vocabulary(text for text, _ in sentences(content().intents)))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> DefaultEngine:
    return nlu.load(content(), tmp_path_factory.mktemp("nlu"))


@pytest.mark.parametrize(("text", "written"), NORMALISED)
def test_writing_is_made_standard(text: str, written: str) -> None:
    assert normaliser()(text) == written


@pytest.mark.parametrize("word", UNTOUCHED)
def test_right_words_stay(word: str) -> None:
    assert normaliser()(word) == word


@pytest.mark.parametrize("text", ["Bu Srii", "desa Karangasrii", "nama saya Tenti", "3201014506859901", "2.500.000"])
def test_names_places_and_numbers_stay(text: str) -> None:
    assert normaliser()(text).split()[-1] == text.lower().split()[-1]


@pytest.mark.parametrize(("text", "kind", "value", "written"), ENTITIES)
def test_entities_keep_their_place(text: str, kind: str, value: Any, written: str) -> None:
    found = [entity for entity in EntityReader(content().lexicon).read(fold(text), TODAY) if entity.kind == kind]
    assert [(entity.value, entity.text) for entity in found] == [(value, written)]
    assert text[found[0].start : found[0].end] == written


def test_relative_dates_need_a_day() -> None:
    assert EntityReader(content().lexicon).read(fold("besok"), None) == ()


@pytest.mark.parametrize(("text", "grave"), GRAVE)
def test_grave_topics_are_heard_when_told(text: str, grave: Grave | None) -> None:
    assert Situations(content().lexicon).grave(fold(text).text, normaliser()(text)) == grave


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("BERHENTI", "unsubscribe"),
        ("stop", "unsubscribe"),
        ("Stop!", "unsubscribe"),
        ("iya", "affirm"),
        ("g usah", "deny"),
    ],
)
def test_fixed_words_are_rules(engine: DefaultEngine, text: str, intent: str) -> None:
    heard = engine.understand(text)
    assert (heard.intent, heard.confidence) == (intent, 1.0)
    assert heard.why.startswith("rule:")


def test_the_urgent_comes_before_the_price(engine: DefaultEngine) -> None:
    heard = engine.understand("suami saya meninggal jatuh dari pohon, gimana klaimnya dan iurannya berapa")
    assert (heard.intent, heard.grave) == ("claim_jkm", Grave.DEATH)
    assert "contribution_amount" in heard.others


def test_what_is_negated_is_not_what_is_wanted(engine: DefaultEngine) -> None:
    heard = engine.understand("bukan daftar, mau klaim jht")
    assert heard.why == "negation"
    assert heard.intent != "register_how"


@pytest.mark.parametrize("text", ["saya mau bunuh diri", "xx ketabrak yy zz", "suami meninggal qq ww ee"])
def test_grave_topics_never_abstain(engine: DefaultEngine, text: str) -> None:
    assert engine.understand(text).intent is not None


@pytest.mark.parametrize(
    ("text", "why"),
    [("anu itu lho yang kemarin", "vague"), ("itu gimana ya", "vague"), ("pokoknya yang itu", "vague"), ("lupa pak", "vague"), ("kapan?", "vague"),
     ("lapor pak", "vague"), ("mau urus punya bapak", "vague"), ("mau ngurus punya suami", "vague"),
     ("Tarno", "unknown words"), ("Sutrisno Wibisono", "unknown words"), ("32-13-1985", "numbers"), ("9999999999999999", "numbers")],
)  # fmt: skip
def test_what_says_nothing_is_asked_about(engine: DefaultEngine, text: str, why: str) -> None:
    heard = engine.understand(text)
    assert (heard.intent, heard.why) == (None, f"abstain:{why}")


@pytest.mark.parametrize(
    ("text", "intent"),
    [("petani", "eligibility"), ("kalo ojek?", "eligibility"), ("saya ojek online bisa daftar?", "eligibility"), ("iya itu", "affirm"), ("bukan yang itu", "deny"),
     ("minta pengingat", "reminder_set"), ("pengingatnya matikan", "reminder_stop"), ("ini apa ya?", "help_menu"), ("iuran dibayar tanggal berapa", "contribution_due")],
)  # fmt: skip
def test_short_messages_are_understood(engine: DefaultEngine, text: str, intent: str) -> None:
    assert engine.understand(text).intent == intent


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("prkraan", "perkiraan"), ("perkrian", "perkiraan"), ("cca", "cuaca"), ("lauanan", "layanan"), ("bersikhan", "bersihkan"),
     ("tenda", "tenda"), ("zxqwv", "zxqwv"), ("cuaca", "cuaca"), ("17", "17"), ("été", "été")],
)  # fmt: skip
def test_the_classifier_takes_an_unknown_word_for_the_nearest_learnt_one(typed: str, meant: str) -> None:
    learnt = dict.fromkeys(("perkiraan", "cuaca", "layanan", "bersihkan", "denda"), 3.0)
    assert Nearest(learnt, frozenset(["tenda"]))([typed]) == [meant]


def test_no_near_word_is_missed_by_looking_only_at_words_of_like_size_and_letters() -> None:
    learnt = {
        word: 2.0 + len(word) / 50 for said, _ in sentences(content().intents)[::9] for word in said.lower().split()
    }
    words = [word for word in learnt if word.isalpha() and len(word) > 3]

    def apart(typed: str, word: str) -> float:
        slips = OSA.distance(typed, word) + OSA.distance(_skeleton(typed), _skeleton(word))
        return slips / 2 / max(len(typed), len(word)) + 0.15 * (typed[0] != word[0]) + 1e-3 * learnt[word]

    nearest = Nearest(learnt, frozenset())
    typed = [word for word in " ".join(noise.heavy(words[:150])).split() if word not in learnt and len(word) > 2]
    assert len(typed) > 60
    for word in typed:
        best = min(words, key=lambda learnt_word: apart(word, learnt_word))
        assert nearest([word]) == [best if apart(word, best) < 0.33 else word]


def test_a_long_message_of_unknown_words_is_looked_up_only_in_part() -> None:
    assert Nearest({"cuaca": 1.0}, frozenset())(["cuacq"] * 40).count("cuacq") == 28


def test_an_accident_only_suspected_in_one_part_is_not_put_first(engine: DefaultEngine) -> None:
    assert engine.understand("Bos nggak mau daftarin, lapor ke mana?").intent == "report_employer"


def test_a_follow_up_is_marked(engine: DefaultEngine) -> None:
    heard = engine.understand("terus kalau dua anak?")
    assert heard.why == "follow_up" or heard.intent is None


@pytest.mark.parametrize("text", nonsense.inputs(), ids=lambda text: f"{len(text)} {text[:12]!a}")
def test_nonsense_breaks_nothing(engine: DefaultEngine, text: str) -> None:
    heard = engine.understand(text, today="2026-11-21")
    assert heard.grave is None
    assert 0 <= heard.confidence <= 1


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_places_of_entities_are_in_the_raw_text(text: str) -> None:
    for entity in EntityReader(content().lexicon).read(fold(text), TODAY):
        assert text[entity.start : entity.end] == entity.text


def test_what_was_learnt_is_kept_and_gives_the_same(engine: DefaultEngine, tmp_path: Path) -> None:
    model_file.save(engine.classifier.model, tmp_path / "m.npz")
    kept = model_file.load(tmp_path / "m.npz")
    assert kept is not None
    assert (kept.labels, kept.doubt) == (engine.classifier.model.labels, engine.classifier.model.doubt)
    (tmp_path / "m.npz").write_bytes(b"broken")
    assert model_file.load(tmp_path / "m.npz") is None


def test_rasa_names_the_intent_and_failing_falls_back(engine: DefaultEngine) -> None:
    def answers(server: RasaServer, text: str) -> Any:
        return {"intent_ranking": [{"name": "card", "confidence": 0.9}, {"name": "greet", "confidence": 0.1}]}

    def fails(server: RasaServer, text: str) -> Any:
        raise RasaFailed

    assert RasaEngine(RasaServer(), engine, ask=answers).understand("kartu saya mana ya bu").intent == "card"
    assert (
        RasaEngine(RasaServer(), engine, ask=lambda server, text: {"odd": 1})
        .understand("kartu saya")
        .why.endswith("rasa:unavailable")
    )
    fallen = RasaEngine(RasaServer(), engine, ask=fails).understand("kartu saya mana ya bu")
    assert fallen.intent == engine.understand("kartu saya mana ya bu").intent
    assert RasaEngine(RasaServer(), engine, ask=answers).understand("stop").intent == "unsubscribe"


def test_a_server_that_is_not_there_is_noticed(engine: DefaultEngine) -> None:
    heard = RasaEngine(RasaServer("http://127.0.0.1:9", 0.2), engine).understand("mau tanya kartu saya")
    assert heard.why.endswith("rasa:unavailable")


def test_the_rasa_project_is_complete_and_readable(tmp_path: Path) -> None:
    written = {str(path.relative_to(tmp_path)) for path in export.export_rasa(content(), tmp_path)}
    assert {"config.yml", "domain.yml", "endpoints.yml", "credentials.yml", "data/nlu.yml"} <= written
    rows = yaml.safe_load((tmp_path / "data/nlu.yml").read_text(encoding="utf-8"))["nlu"]
    assert {row["intent"] for row in rows} == set(content().intents)
    for name in written:
        yaml.safe_load((tmp_path / name).read_text(encoding="utf-8"))


def test_the_committed_rasa_project_is_that_of_content(tmp_path: Path) -> None:
    kept = CONTENT.parent / "nlu" / "rasa"
    for path in export.export_rasa(content(), tmp_path, normaliser=normaliser()):
        name = path.relative_to(tmp_path)
        assert (kept / name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), (
            f"nlu/rasa/{name} is old: make rasa-project"
        )


def test_a_report_counts_right() -> None:
    judged = [
        evaluate.Judged("a", "x", "x", 0.9, False),
        evaluate.Judged("b", "x", "y", 0.6, False),
        evaluate.Judged("c", "y", "y", 0.3, True),
    ]
    found = evaluate.report(judged)
    assert (found.accuracy.value, found.coverage) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert found.confusions == (("x", "y", 1),)
    assert found.curve[0] == (0.0, 1.0, pytest.approx(2 / 3))
