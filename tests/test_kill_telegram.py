"""kill -9 hundreds of times while a bot talks on Telegram."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from killed import Aftermath, KilledOften, killed_often


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    with killed_often("telegram", tmp_path_factory.mktemp("kill")) as after:
        yield after


class TestTelegram(KilledOften):
    pass
