"""Every conversation in tests/conversations/ goes the same with everybody on Telegram, from payload to request."""

from __future__ import annotations

from pathlib import Path

import pytest
from platform_stage import played, without_shares
from world_fixtures import conversations

from flows.contact import Channel


@pytest.mark.parametrize("path", conversations(), ids=lambda path: path.stem)
def test_conversation(path: Path) -> None:
    assert without_shares(played(path, Channel.TELEGRAM)) == without_shares(path.read_text(encoding="utf-8"))
