"""What staff see of a change before it is made, and of every fact."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import content
from content.preview import changes, facts_table, sample_slots
from content.spoken import passages

EXAMPLE = Path(__file__).parent / "example_content"


def test_a_changed_number_shows_every_reply_it_touches(tmp_path: Path) -> None:
    new = Path(shutil.copytree(EXAMPLE, tmp_path / "content"))
    path = new / "facts" / "contoh.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("22222222", "33333333"), encoding="utf-8")

    found = changes(EXAMPLE, new, date(2026, 3, 1))

    assert [(change.reply, change.day) for change in found] == [("santunan", date(2026, 7, 1))]
    assert "Rp22.222.222" in (found[0].before or "")
    assert "Rp33.333.333" in (found[0].after or "")


def test_new_and_removed_replies_are_shown_too(tmp_path: Path) -> None:
    new = Path(shutil.copytree(EXAMPLE, tmp_path / "content"))
    (new / "replies" / "baru.yaml").write_text("baru:\n  for: x\n  text: Ini baru.\n", encoding="utf-8")
    assert [(change.before, change.after) for change in changes(EXAMPLE, new, date(2026, 3, 1))] == [
        (None, "Ini baru.")
    ]
    assert [change.after for change in changes(new, EXAMPLE, date(2026, 3, 1))] == [None]


def test_nothing_changed_shows_nothing() -> None:
    assert changes(EXAMPLE, EXAMPLE, date(2026, 3, 1)) == []


CONVERSATION = """# Ditanya santunan, lalu namanya

- Pekerja: Sari (orang contoh)
- Mulai: 2026-03-01 09:00 WIB

**Bot:** {before}
[Daftar]

## 2026-08-01 09:00 WIB

**Bot:** {after}
"""


def test_written_conversations_show_how_they_would_go(tmp_path: Path) -> None:
    old = content.load(EXAMPLE)
    said = {day: old.render("santunan", day, sample_slots(old)).text for day in (date(2026, 3, 1), date(2026, 8, 1))}
    path = tmp_path / "santunan.md"
    written = CONVERSATION.replace("{before}", said[date(2026, 3, 1)]).replace("{after}", said[date(2026, 8, 1)])
    path.write_text(written, encoding="utf-8")
    new = Path(shutil.copytree(EXAMPLE, tmp_path / "content"))
    facts = new / "facts" / "contoh.yaml"
    facts.write_text(facts.read_text(encoding="utf-8").replace("22222222", "33333333"), encoding="utf-8")

    found = list(passages(old, content.load(new), [path]))

    later = said[date(2026, 8, 1)]
    assert [(p.reply, p.before, p.after) for p in found] == [
        ("santunan", later, later.replace("Rp22.222.222", "Rp33.333.333"))
    ]
    assert written.splitlines()[found[0].line - 1].startswith("**Bot:**")


def test_what_a_person_said_stays_in_the_passage(tmp_path: Path) -> None:
    new = Path(shutil.copytree(EXAMPLE, tmp_path / "content"))
    (new / "replies" / "baru.yaml").write_text(
        "salam:\n  for: x\n  text: Terima kasih banyak {slot.nama}, sampai jumpa.\n", encoding="utf-8"
    )
    old = content.load(new)
    (new / "replies" / "baru.yaml").write_text(
        "salam:\n  for: x\n  text: Terima kasih {slot.nama}. Sampai jumpa lagi.\n", encoding="utf-8"
    )
    path = tmp_path / "salam.md"
    path.write_text(
        "# x\n\n- Mulai: 2026-03-01 09:00 WIB\n\n**Bot:** Terima kasih banyak Sari Dewi, sampai jumpa.\n",
        encoding="utf-8",
    )
    found = list(passages(old, content.load(new), [path]))
    assert [passage.after for passage in found] == ["Terima kasih Sari Dewi. Sampai jumpa lagi."]


def test_the_table_of_facts() -> None:
    rows = {row.key: row for row in facts_table(content.load(EXAMPLE), date(2026, 3, 1))}
    row = rows["contoh.santunan"]
    assert row.now == "Rp11.111.111 (s.d. 30 Juni 2026)"
    assert row.following == "Rp22.222.222 (1 Juli 2026)"
    assert row.source == "Aturan Contoh A Bagian Satu"
    assert row.said_in == ("santunan",)
    assert not row.overdue
    late = {row.key: row for row in facts_table(content.load(EXAMPLE), date(2027, 1, 1))}
    assert late["contoh.potongan"].now == "-"
    assert late["contoh.potongan"].overdue
