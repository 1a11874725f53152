"""How many messages it takes a person to register, counted in the conversations that show it."""

from __future__ import annotations

import pytest
import transcript
from world_fixtures import CONVERSATIONS

#: The bars of the issue: tapping and typing plainly, and writing everything in one message.
PLAINLY, AT_ONCE = 14, 6


def turns_until_lead(name: str) -> int:
    """Messages and taps of the person, opening the chat included, until the pre-registration is there."""
    count = 0
    for item in transcript.read(CONVERSATIONS / f"{name}.md").items:
        if isinstance(item, transcript.Said):
            count += item.who == "Pekerja"
        if isinstance(item, transcript.Effect) and item.kind == "prospek":
            return count
    raise AssertionError(f"{name} shows no registration")


@pytest.mark.parametrize(("name", "most"), [("daftar-paling-banyak-14", PLAINLY), ("daftar-satu-pesan", AT_ONCE)])
def test_registering_takes_few_messages(name: str, most: int) -> None:
    assert turns_until_lead(name) <= most
