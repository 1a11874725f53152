"""Every way a content file may be broken gives a clear sentence at the right line, and never a traceback."""

# ruff: noqa: E501  one case a line, so that the table can be read

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import content
from content import ContentBroken, Known
from content.model import Problem
from content.usage import Names

EXAMPLE = Path(__file__).parent / "example_content"
DAY = date(2026, 11, 21)
KNOWN = Known(
    actions=frozenset({"save"}),
    asks=frozenset({"yes_no", "name", "income"}),
    names=Names(frozenset({"contoh.dipakai"})),
)
FACTS, REPLIES, BUTTONS, SLOTS = (f"{area}/contoh.yaml" for area in ("facts", "replies", "buttons", "slots"))
FLOW, ANSWERS, INTENTS, SOURCES = "flows/daftar.yaml", "flows/jawaban.yaml", "intents/contoh.yml", "sources.yaml"
NEW = "{value: 22222222, from: 2026-07-01, source: contoh-pp-baru, confidence: H}"
THIRTY = "kata " * 30


@dataclass(frozen=True)
class Broken:
    """Replace `old` by `new` in `file`; the check must then say `says` under `rule` on the line holding `at`."""

    name: str
    file: str
    old: str
    new: str
    rule: str
    at: str
    says: str


BREAKS = [
    # the file
    Broken("tab", FACTS, "  santunan:", "\tsantunan:", "yaml.tab", "\tsantunan", "tab"),
    Broken("doubled key", FACTS, "    kind: percent", "    kind: percent\n    kind: rupiah", "yaml.doubled", "kind: rupiah", "baris"),
    Broken("doubled fact", FACTS, "  bagian:", "  santunan:", "yaml.doubled", "  santunan:", "dua kali"),
    Broken("open quote", REPLIES, "text: Siapa nama", 'text: "Siapa nama', "yaml.syntax", "", "tidak ditutup"),
    Broken("colon in sentence", REPLIES, "text: Siapa nama", "text: Siapa: nama", "yaml.syntax", "Siapa: nama", "Titik dua"),
    Broken("open bracket", REPLIES, "[ya, batal]", "[ya, batal", "yaml.syntax", "tanya_nama:", "siku"),
    Broken("anchor", SLOTS, "nama: {", "nama: &n {", "yaml.anchor", "nama: &n", "Jangkar"),
    Broken("alias", SLOTS, "kind: rupiah", "kind: *n", "yaml.alias", "*n", "Rujukan"),
    Broken("tag", FACTS, "value: 3,", "value: !!int 3,", "yaml.tag", "!!int", "Tanda jenis"),
    Broken("two documents", SLOTS, "nama: {", "---\nnama: {", "yaml.documents", "---", "satu dokumen"),
    Broken("list as key", SLOTS, "nama: {", "[a]: x\nnama: {", "yaml.key", "[a]", "satu kata"),
    Broken("control character", REPLIES, "Siapa nama", "Siapa\x07 nama", "yaml.character", "Siapa", "tidak terlihat"),
    # types
    Broken("16.800", FACTS, "value: 22222222", "value: 16.800", "fact.type", "16.800", "tulis 16800"),
    Broken("Rp16.800", FACTS, "value: 22222222", "value: Rp16.800", "fact.type", "Rp16.800", "tulis 16800"),
    Broken("amount in words", FACTS, "value: 22222222", "value: sejuta", "fact.type", "sejuta", "bilangan bulat"),
    Broken("decimal comma", FACTS, "value: 0.24", 'value: "0,24"', "fact.type", "0,24", "tulis 0.24"),
    Broken("percent sign", FACTS, "value: 0.24", "value: 0.24%", "fact.type", "0.24%", "tulis 0.24"),
    Broken("local date", FACTS, "from: 2026-07-01", "from: 01-07-2026", "schema.date", "01-07-2026", "tulis 2026-07-01"),
    Broken("no such day", FACTS, "from: 2026-07-01", "from: 2026-02-30", "schema.date", "2026-02-30", "kalender"),
    Broken("date in words", FACTS, "from: 2026-07-01", "from: Juli", "schema.date", "from: Juli", "bukan tanggal"),
    Broken("unknown kind", FACTS, "kind: months", "kind: monthss", "schema.choice", "monthss", '"months"'),
    Broken("kind of one column", FACTS, "base: rupiah", "base: rupiahs", "schema.choice", "rupiahs", "Kolom"),
    Broken("flag in English", FACTS, "by_month: ya", 'by_month: "yes"', "schema.type", "by_month", "ya atau tidak"),
    Broken("bad address", SOURCES, "https://peraturan.example.id/baru", "peraturan", "schema.type", "url: peraturan", "https"),
    # keys
    Broken("unknown key", FACTS, "    kind: months", "    knd: months", "schema.unknown", "knd:", '"kind"'),
    Broken("missing key", FACTS, "    kind: months\n", "", "schema.missing", "Masa tunggu", '"kind"'),
    Broken("unknown source key", SOURCES, "  article:", "  artikel:", "schema.unknown", "artikel", '"article"'),
    Broken("empty text", REPLIES, "text: Siapa nama di kartunya?", "text:", "schema.empty", "text:", "kosong"),
    Broken("bad id", REPLIES, "tanya_nama:", "Tanya-Nama:", "schema.id", "Tanya-Nama", "huruf kecil"),
    Broken("wrong program", FACTS, "program: contoh", "program: jkm", "fact.program", "program: jkm", "tulis contoh"),
    # facts
    Broken("no recheck date", FACTS, "    recheck_by: 2026-12-31\n", "", "fact.recheck_by", "Potongan CONTOH", "recheck_by"),
    Broken("gap", FACTS, "until: 2026-06-30", "until: 2026-05-31", "fact.gap", NEW, "1 Juni 2026 sampai 30 Juni 2026"),
    Broken("overlap", FACTS, "until: 2026-06-30", "until: 2026-07-15", "fact.overlap", NEW, "15 Juli 2026"),
    Broken("never closed", FACTS, "until: 2026-06-30, ", "", "fact.overlap", NEW, "belum ditutup"),
    Broken("ends first", FACTS, "until: 2026-06-30", "until: 2019-06-30", "fact.backwards", "11111111", "sebelum mulai"),
    Broken("half a month", FACTS, "until: 2026-12-31, source", "until: 2026-12-15, source", "fact.month", "value: 50", "bulan"),
    Broken("unknown source", FACTS, NEW, NEW.replace("baru", "barru"), "fact.unknown", "barru", '"contoh-pp-baru"'),
    Broken("revoked source", FACTS, NEW, NEW.replace("baru", "lama"), "fact.revoked", "value: 22222222", "dicabut"),
    Broken("confidence L", FACTS, NEW, NEW.replace(": H", ": L"), "fact.confidence", "value: 22222222", "keyakinan L"),
    Broken("confidence X", FACTS, NEW, NEW.replace(": H", ": X"), "schema.choice", "value: 22222222", "H, M"),
    Broken("no values", FACTS, "    values:\n      - {value: 3, from: 2020-01-01, source: contoh-pp-baru, confidence: H}", "    values: []", "schema.shape", "values: []", "daftar"),
    Broken("unused fact", FACTS, "    unused: boleh\n    why_unused: Dipakai penghitung, bukan balasan\n", "", "fact.unused", "  pita:", "tidak dipakai"),
    Broken("no reason", FACTS, "    why_unused: Dipakai penghitung, bukan balasan\n", "", "fact.why_unused", "unused: boleh", "alasan"),
    Broken("table from 1", FACTS, "- [0, 1000]", "- [1, 1000]", "table.start", "[1, 1000]", "mulai dari 0"),
    Broken("bands fall", FACTS, "- [4000, 5000]", "- [2000, 5000]", "table.order", "[2000, 5000]", "selalu naik"),
    Broken("narrow row", FACTS, "- [4000, 5000]", "- [4000]", "table.width", "[4000]", "income_from, base"),
    Broken("cell with points", FACTS, "- [4000, 5000]", "- [4.000, 5000]", "table.type", "4.000", "tulis 4000"),
    Broken("read tomorrow", SOURCES, "read_on: 2026-02-10", "read_on: 2027-02-10", "source.future", "2027-02-10", "masa depan"),
    Broken("unknown status", SOURCES, "status: berlaku", "status: aktif", "schema.choice", "aktif", "berlaku"),
    # replies
    Broken("amount", REPLIES, "{fact.contoh.santunan} sekaligus", "Rp10.000 sekaligus", "reply.number", "Rp10.000", "Pakai fakta"),
    Broken("amount in jt", REPLIES, "{fact.contoh.santunan} sekaligus", "42 juta sekaligus", "reply.number", "42 juta", "uang"),
    Broken("percentage", REPLIES, "Iurannya {fact.contoh.bagian}", "Iurannya 2% dan {fact.contoh.bagian}", "reply.number", "2%", "Persen"),
    Broken("article", REPLIES, "Dasar: {source", "Dasar pasal 4: {source", "reply.number", "pasal 4", "Pasal"),
    Broken("law number", REPLIES, "Dasar: {source", "Dasar PP 82: {source", "reply.number", "PP 82", "peraturan"),
    Broken("hotline", REPLIES, "Telepon {fact.contoh.telepon}", "Telepon 175 atau {fact.contoh.telepon}", "reply.number", "175", "telepon"),
    Broken("mobile phone", REPLIES, "Telepon {fact.contoh.telepon}", "Telepon 0812-3456-7890 atau {fact.contoh.telepon}", "reply.number", "0812", "telepon"),
    Broken("double unit", REPLIES, "{fact.contoh.tunggu}.", "{fact.contoh.tunggu} bulan.", "reply.unit", "tunggu} bulan", "dua kali"),
    Broken("double Rp", REPLIES, "menerima {fact", "menerima Rp{fact", "reply.unit", "Rp{fact", "dua kali"),
    Broken("unknown fact", REPLIES, "{fact.contoh.tunggu}", "{fact.contoh.tungu}", "reply.placeholder", "tungu", '"contoh.tunggu"'),
    Broken("unknown slot", REPLIES, "{slot.nama}", "{slot.namma}", "reply.placeholder", "namma", '"nama"'),
    Broken("unknown kind of place", REPLIES, "{slot.nama}", "{nama}", "reply.placeholder", "{nama}", "bukan penanda"),
    Broken("open brace", REPLIES, "{slot.nama}", "{slot.nama", "reply.placeholder", "{slot.nama. ", "bukan penanda"),
    Broken("table in a sentence", REPLIES, "{fact.contoh.tunggu}", "{fact.contoh.pita} {fact.contoh.tunggu}", "reply.placeholder", "pita", "tabel"),
    Broken("until of an open fact", REPLIES, "{until.contoh.potongan}", "{until.contoh.bagian}", "reply.until", "until.contoh.bagian", "akhir"),
    Broken("unknown button", REPLIES, "[ya, batal]", "[ya, btal]", "reply.unknown", "btal", '"batal"'),
    Broken("four buttons", REPLIES, "[ya, batal]", "[ya, batal, daftar, tanya_sapa]", "reply.buttons", "[ya, batal, d", "paling banyak 3"),
    Broken("eleven choices", REPLIES, "choices: [daftar, tanya_sapa]", f"choices: [{', '.join(['daftar'] * 11)}]", "reply.choices", "choices: [daftar", "10"),
    Broken("too long", REPLIES, "Baik, tidak ada yang disimpan.", "Baik, ini. " * 60, "reply.length", "Baik, ini.", "600"),
    Broken("English", REPLIES, "Siapa nama di kartunya?", "Please enter your name", "reply.english", "Please", "please"),
    Broken("no Indonesian", REPLIES, "Siapa nama di kartunya?", "Lorem ipsum dolor sit amet consectetur elit", "reply.language", "Lorem", "bahasa Indonesia"),
    Broken("long sentence", REPLIES, "Siapa nama di kartunya?", THIRTY, "reply.long_sentences", "kata kata", "Bagi kalimat"),
    Broken("Bapak/Ibu twice", REPLIES, "Ada yang bisa saya bantu?", "Ada apa, Bapak/Ibu?", "reply.address", "Ada apa", "sekali"),
    Broken("abbreviation", REPLIES, "Siapa nama di kartunya?", "Siapa yang menerima JKM?", "reply.abbreviation", "JKM", "Jaminan Kematian"),
    Broken("unused reply", REPLIES, "selesai:\n", "lain:\n  for: x\n  text: Baik.\nselesai:\n", "reply.unused", "lain:", "tidak dipakai"),
    Broken("long label", BUTTONS, "Daftar sekarang", "Daftar sekarang juga ya", "button.label", "juga ya", "paling banyak 20"),
    Broken("long hint", BUTTONS, "Apa yang diterima keluarga", "x" * 73, "button.hint", "xxx", "72"),
    Broken("amount on a button", BUTTONS, "Sapa lagi", "Bayar Rp5.000", "button.number", "Rp5.000", "fakta"),
    Broken("same label", BUTTONS, "label: Batal", "label: Ya", "reply.same_label", "[ya, batal]", '"Ya"'),
    Broken("place on a button", BUTTONS, "Sapa lagi", '"Sapa {slot.nama}"', "button.placeholder", "Sapa {", "penanda"),
    Broken("two actions", BUTTONS, "intent: greet", "intent: greet, say: sapaan", "button.action", "say: sapaan", "tepat satu"),
    Broken("unknown command", BUTTONS, "command: cancel", "command: cancle", "schema.choice", "cancle", '"cancel"'),
    Broken("unused button", BUTTONS, "batal: {", "cadangan: {label: Cadangan, command: menu}\nbatal: {", "button.unused", "cadangan", "tidak dipakai"),
    Broken("unused slot", SLOTS, "nama: {", "hobi: {kind: text, purpose: Iseng}\nnama: {", "slot.unused", "hobi", "tidak dipakai"),
    # flows
    Broken("no exit", FLOW, "    attempts: 2\n    give_up: berhenti\n", "    attempts: 2\n", "flow.exit", "ask: name", "Ke mana bila 2 kali salah?"),
    Broken("no say", FLOW, "    say: tanya_nama\n", "", "flow.exit", "ask: name", '"say"'),
    Broken("unknown target", FLOW, '{"no": berhenti}', '{"no": berhentti}', "step.unknown", "berhentti", '"berhenti"'),
    Broken("unknown reply", FLOW, "say: tanya_nama", "say: tanya_namaa", "step.unknown", "tanya_namaa", '"tanya_nama"'),
    Broken("unknown action", FLOW, "do: save", "do: svae", "flow.action", "svae", '"save"'),
    Broken("unknown ask", FLOW, "ask: income", "ask: incom", "flow.ask", "ask: incom", '"income"'),
    Broken("unknown slot of a step", FLOW, "slot: penghasilan", "slot: gaji", "flow.slot", "slot: gaji", "content/slots"),
    Broken("unreachable", FLOW, "  - {id: berhenti", "  - {id: pulau, say: selesai, end: ya}\n  - {id: berhenti", "flow.unreachable", "pulau", "tercapai"),
    Broken("circle", FLOW, "do: save}", 'do: save, next: {"*": simpan}}', "flow.circle", "id: simpan", "berputar"),
    Broken("consent later", FLOW, "    slot: setuju\n", "", "flow.consent", "id: nama", "persetujuan"),
    Broken("same step twice", FLOW, "id: tutup", "id: simpan", "flow.doubled", "id: simpan, say", "sudah ada"),
    Broken("question at the end", FLOW, "    ask: income\n", "    ask: income\n    end: ya\n", "flow.end", "id: penghasilan", "mengakhiri"),
    Broken("unused flow", BUTTONS, "start: daftar", "say: sapaan", "flow.unused", "", "tidak dipakai"),
    Broken("attempts 0", FLOW, "attempts: 2", "attempts: 0", "flow.attempts", "attempts: 0", "antara"),
    Broken("idle step", FLOW, "{id: simpan, do: save}", "{id: simpan}", "flow.idle", "id: simpan", "tidak berbuat"),
    # intents and answers
    Broken("few examples", INTENTS, "    - halo\n", "", "intent.few", "intent: greet", "14 contoh"),
    Broken("two meanings", INTENTS, "    - setor berapa", "    - Halo!", "intent.two_meanings", "Halo!", '"greet"'),
    Broken("repeated", INTENTS, "    - setor berapa", "    - brp iuran?", "intent.repeated", "brp iuran?", "dua kali"),
    Broken("half a mark", INTENTS, "[petani](occupation)", "[petani(occupation)", "intent.mark", "[petani(", "kurung"),
    Broken("no dash", INTENTS, "    - setor berapa", "    setor berapa", "intent.examples", "    setor", '"- "'),
    Broken("no meaning", INTENTS, "    meaning: Menyapa", "    makna: Menyapa", "schema.missing", "makna", '"meaning"'),
    Broken("unanswered", ANSWERS, "  money: {say: potongan}\n", "", "intent.unanswered", "", "jawaban"),
    Broken("unknown intent", ANSWERS, "  greet: {", "  gret: {", "answer.unknown", "gret:", '"greet"'),
    Broken("two answers", ANSWERS, "{say: potongan}", "{say: potongan, start: daftar}", "answer.action", "start: daftar", "tepat satu"),
    Broken("role of nobody", ANSWERS, "help: greet", "help: hello", "role.unknown", "help: hello", "tidak ada"),
    Broken("closer without words", ANSWERS, "words: [meninggal, santunan], ", "", "finer.words", "intent: money", "words"),
    # consent
    Broken("no front matter", "consent/persetujuan-v1.md", "---\npurposes", "purposes", "consent.front", "purposes", "---"),
    Broken("no words to agree to", "consent/persetujuan-v1.md", "Nama disimpan agar petugas dapat menghubungi (CONTOH).", "", "consent.empty", "---", "kosong"),
    Broken("no purposes", "consent/persetujuan-v1.md", "[pendaftaran]", "[]", "consent.purposes", "purposes", "tujuan"),
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "content"))


def check(root: Path) -> list[Problem]:
    return content.check(root, DAY, KNOWN)


def test_the_example_itself_has_no_problem(root: Path) -> None:
    assert check(root) == []


def test_there_are_more_than_forty_ways() -> None:
    assert len({broken.name for broken in BREAKS}) == len(BREAKS) > 40


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.name)
def test_each_break_is_named_at_its_line(root: Path, broken: Broken) -> None:
    path = root / broken.file
    good = path.read_text(encoding="utf-8")
    assert broken.old in good, "the example no longer has what this case breaks"
    bad = good.replace(broken.old, broken.new, 1)
    path.write_text(bad, encoding="utf-8")

    found = [problem for problem in check(root) if problem.rule == broken.rule]

    assert found, [str(problem) for problem in check(root)]
    assert any(broken.says in problem.sentence for problem in found), [str(problem) for problem in found]
    if broken.at:
        assert any(broken.at in _line(root, problem) for problem in found), [str(problem) for problem in found]


def _line(root: Path, problem: Problem) -> str:
    text = (root.parent / problem.path).read_text(encoding="utf-8")
    return text.split("\n")[problem.line - 1]


def test_all_problems_are_said_at_once(root: Path) -> None:
    for broken in BREAKS:
        if broken.name in {"16.800", "unknown slot", "unknown target", "unknown source key"}:
            path = root / broken.file
            path.write_text(path.read_text(encoding="utf-8").replace(broken.old, broken.new, 1), encoding="utf-8")
    assert len({problem.rule for problem in check(root)}) >= 4


def test_a_problem_reads_as_file_line_rule_sentence() -> None:
    problem = Problem("content/replies/jkm.yaml", 4, "reply.number", "Pakai fakta.")
    assert str(problem) == "content/replies/jkm.yaml:4: [reply.number] Pakai fakta."


def test_load_refuses_what_leads_nowhere(root: Path) -> None:
    path = root / REPLIES
    path.write_text(path.read_text(encoding="utf-8").replace("{slot.nama}", "{slot.namma}"), encoding="utf-8")
    with pytest.raises(ContentBroken, match=r"reply\.placeholder"):
        content.load(root)


def test_a_same_key_in_two_files_names_the_first(root: Path) -> None:
    (root / "replies" / "lain.yaml").write_text("sapaan:\n  for: x\n  text: Halo, ini saya.\n", encoding="utf-8")
    found = [problem for problem in check(root) if problem.rule == "reply.doubled"]
    assert "content/replies/contoh.yaml:1" in found[0].sentence


def test_empty_binary_and_missing_files(root: Path, tmp_path: Path) -> None:
    (root / "replies" / "kosong.yaml").write_text("# belum ada\n", encoding="utf-8")
    (root / "replies" / "biner.yaml").write_bytes(b"a: b\n\xff\xfe\x00")
    (root / "replies" / "lain.yml").write_text("a: b\n", encoding="utf-8")
    (root / "facts" / "daftar.yaml").write_text("- a\n", encoding="utf-8")
    rules = {(problem.rule, problem.line) for problem in check(root)}
    assert {("yaml.empty", 1), ("file.encoding", 2), ("file.suffix", 1), ("schema.shape", 1)} <= rules
    assert [problem.rule for problem in content.check(tmp_path / "nowhere", DAY)] == ["file.none"]


def test_deep_nesting_is_refused_and_not_a_crash(root: Path) -> None:
    (root / "lexicon" / "dalam.yaml").write_text("a: " + "[" * 900 + "]" * 900 + "\n", encoding="utf-8")
    assert [problem.rule for problem in check(root)] == ["yaml.depth"]


def test_a_huge_file_is_refused(root: Path) -> None:
    (root / REPLIES).write_text("# penuh\n" * 300_000, encoding="utf-8")
    assert [problem.rule for problem in check(root)] == ["file.large"]


def test_an_unreadable_file_is_said_alone(root: Path) -> None:
    (root / BUTTONS).write_text("daftar: {label: Daftar\n", encoding="utf-8")
    assert [problem.path for problem in check(root)] == ["content/buttons/contoh.yaml"]


def test_gaps_may_be_allowed_in_writing(root: Path) -> None:
    path = root / FACTS
    text = path.read_text(encoding="utf-8").replace("until: 2026-06-30", "until: 2026-05-31")
    path.write_text(text.replace("    kind: rupiah\n", "    kind: rupiah\n    gap: boleh\n", 1), encoding="utf-8")
    assert check(root) == []
