"""kill -9 hundreds of times while a bot talks on WhatsApp."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from killed import Aftermath, KilledOften, killed_often


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    with killed_often("whatsapp", tmp_path_factory.mktemp("kill")) as after:
        yield after


class TestWhatsApp(KilledOften):
    pass
