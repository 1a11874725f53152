"""Every reply, intent and question appears in some conversation, or is on a list that may only shrink."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest
import yaml
from stage import Seen
from world_fixtures import CONVERSATIONS, content_in_force, conversations, play

LIST = CONVERSATIONS / "belum.yaml"


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
