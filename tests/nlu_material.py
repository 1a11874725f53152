"""The real lexicon and intents, read once for the NLU tests without proving the rest of the content."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from content.model import IntentDef

CONTENT = Path(__file__).parent.parent / "content"
TODAY = date(2026, 11, 21)
VILLAGES = (("00.00.00.0001", "Desa Contoh", "Desa Contoh, Kecamatan Contoh, Kabupaten Contoh"),)


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


@lru_cache(maxsize=1)
def content() -> Any:
    """What nlu needs of a `Content`."""
    intents = {}
    for path in sorted((CONTENT / "intents").glob("*.yml")):
        for row in _read(path)["nlu"]:
            if "intent" in row:
                lines = tuple(line[2:] for line in row["examples"].splitlines() if line.startswith("- "))
                intents[row["intent"]] = IntentDef(row["intent"], "", lines)
    lexicon = {path.stem: _read(path) for path in sorted((CONTENT / "lexicon").glob("*.yaml"))}
    roles = {"stop": "unsubscribe", "resume": "resubscribe", "person": "speak_to_human", "yes": "affirm", "no": "deny"}
    return SimpleNamespace(version="test", intents=intents, lexicon=lexicon, roles=roles)
