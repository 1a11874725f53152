"""What staff see of a change before it is made, and of every fact."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import content
from content.preview import changes, facts_table

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
