"""Every conversation in tests/conversations/ goes exactly as it is written there, and together they show all content.

Every reply, intent and question appears in some conversation, or is on a list that may only shrink. Both are asked in
one file, so that one process plays the conversations once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
import transcript
import yaml
from stage import Seen, Stage
from world_fixtures import CONVERSATIONS, SATURDAY, content_in_force, conversations, open_world, play

LIST = CONVERSATIONS / "belum.yaml"


@pytest.mark.parametrize("path", conversations(), ids=lambda path: path.stem)
def test_conversation(path: Path, rewrite: bool) -> None:
    played = transcript.render(play(path).script)
    if rewrite:
        path.write_text(played, encoding="utf-8")
    assert played == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", conversations(), ids=lambda path: path.stem)
def test_conversation_is_written_as_it_would_be_rendered(path: Path, rewrite: bool) -> None:
    text = path.read_text(encoding="utf-8")
    assert transcript.render(transcript.parse(text)) == text


@pytest.mark.parametrize("path", conversations(), ids=lambda path: path.stem)
def test_one_turn_gives_one_message(path: Path) -> None:
    assert play(path).seen.most_replies <= 1


def test_there_are_conversations() -> None:
    assert len(conversations()) >= 25


def test_every_conversation_claims_something_of_its_own() -> None:
    titles = [transcript.read(path).title for path in conversations()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Halo", 'baris 1: baris pertama harus "# judul"'),
        ("# a\n\n- Mulai: 2026-03-02 09:15 WIB\n\nhalo\n", 'baris 5: "halo" bukan pesan'),
        ("# a\n\n## 2 Maret jam 8\n", 'baris 3: "2 Maret jam 8" bukan waktu'),
    ],
)
def test_a_line_outside_the_grammar_is_named(text: str, error: str) -> None:
    with pytest.raises(transcript.Unreadable, match=error.replace("(", r"\(")):
        transcript.parse(text)


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ("**Budi:** halo", 'baris 6: "Budi" tidak ada'),
        ("**Pekerja:** [Terbang]", r"baris 6: tombol \[Terbang\] tidak pernah ditampilkan"),
        ("**Pekerja:** (pesan yang sama terkirim lagi)", "baris 6: belum ada pesan"),
        ("**Staf:** pindahkan Sari ke dihubungi", "baris 6: Sari belum mendaftar"),
        ("**Staf:** tidur", "baris 6: staf bisa"),
    ],
)
def test_what_nobody_can_do_is_named(lines: str, error: str) -> None:
    text = f"# a\n\n- Pekerja: Sari (orang contoh)\n- Mulai: 2026-11-21 09:00 WIB\n\n{lines}\n"
    with open_world(SATURDAY) as world, pytest.raises(Exception, match=error):
        Stage(world, transcript.parse(text)).play()


def test_a_header_that_is_not_known_is_named() -> None:
    script = transcript.parse("# a\n\n- Pekerja: Sari, desa mana saja\n- Mulai: 2026-11-21 09:00 WIB\n")
    with open_world(SATURDAY) as world, pytest.raises(Exception, match='baris 3: tulis seperti "Pekerja: Sari'):
        Stage(world, script)


@cache
def seen() -> Seen:
    everything = Seen()
    for path in conversations():
        everything.add(play(path).seen)
    return everything


@cache
def declared() -> Mapping[str, frozenset[str]]:
    content = content_in_force().current
    steps = {f"{name}.{step.id}" for name, flow in content.flows.items() for step in flow.steps if step.ask}
    return {
        "balasan": frozenset(content.replies),
        "niat": frozenset(intent for intent in content.answers),
        "langkah": frozenset(steps),
        "alasan": frozenset(content.lexicon["reasons"]["skip"]),
    }


def shown(kind: str) -> set[str]:
    return {"balasan": seen().replies, "niat": seen().intents, "langkah": seen().steps, "alasan": seen().reasons}[kind]


def listed(kind: str) -> set[str]:
    return set(yaml.safe_load(LIST.read_text(encoding="utf-8")).get(kind) or ())


KINDS = ("balasan", "niat", "langkah", "alasan")


@pytest.mark.parametrize("kind", KINDS)
def test_everything_declared_is_shown_or_listed(kind: str, rewrite: bool) -> None:
    missing = declared()[kind] - shown(kind) - listed(kind)
    assert not missing, f"Tambahkan percakapan yang memakai {kind}: {', '.join(sorted(missing))}"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_is_no_longer_listed(kind: str) -> None:
    covered = listed(kind) & shown(kind)
    assert not covered, f"Sudah ada percakapannya, hapus dari belum.yaml: {', '.join(sorted(covered))}"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_listed_exists(kind: str) -> None:
    gone = listed(kind) - declared()[kind]
    assert not gone, f"Tidak ada lagi, hapus dari belum.yaml: {', '.join(sorted(gone))}"


@pytest.mark.parametrize("kind", KINDS)
def test_something_is_shown(kind: str) -> None:
    assert shown(kind)
