"""Every conversation in tests/conversations/ goes the same with everybody on WhatsApp, from payload to request."""

from __future__ import annotations

from pathlib import Path

import pytest
from platform_stage import played, without_shares
from world_fixtures import content_in_force, conversations

from flows.contact import Channel

#: Where WhatsApp's own rule changes the story: who has not written for a day may only be sent approved templates.
WINDOW_CLOSED = {"siaran-petugas-cabang"}


@pytest.mark.parametrize("path", conversations(), ids=lambda path: path.stem)
def test_conversation(path: Path) -> None:
    as_written, as_played = path.read_text(encoding="utf-8"), played(path, Channel.WHATSAPP)
    if path.stem in WINDOW_CLOSED:
        why = content_in_force().current.lexicon["reasons"]["skip"]["window_closed"]
        assert (why in as_played, why in as_written) == (True, False)
    else:
        assert without_shares(as_played) == without_shares(as_written)
