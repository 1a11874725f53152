"""What has been read so far, together with what only the checks need: lines and allowances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from content.model import Answer, Button, ConsentText, Fact, Finer, FlowDef, IntentDef, Reply, SlotDef, Source
from content.problems import Place, Places, Report


@dataclass(slots=True)
class Draft:
    """Content under construction. Nothing outside `content` sees it."""

    report: Report = field(default_factory=Report)
    places: Places = field(default_factory=Places)
    unread: bool = False  # a file could not be read at all, so names may be missing for no other reason
    sources: dict[str, Source] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    slots: dict[str, SlotDef] = field(default_factory=dict)
    buttons: dict[str, Button] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    flows: dict[str, FlowDef] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    finer: list[Finer] = field(default_factory=list)
    intents: dict[str, IntentDef] = field(default_factory=dict)
    consents: dict[str, ConsentText] = field(default_factory=dict)
    lexicon: dict[str, Any] = field(default_factory=dict)
    gaps_allowed: set[str] = field(default_factory=set)  # facts whose periods may leave days without a value
    unused_allowed: set[str] = field(default_factory=set)  # facts nobody says yet, with a reason written beside them

    def add(self, rule: str, sentence: str, *name: str) -> None:
        """Note a problem where that thing was written."""
        place = self.places.at(*name)
        self.report.add(place.path, place.line, rule, sentence)

    def claim(self, known: Mapping[str, object], area: str, name: str, place: Place) -> bool:
        """Remember where `name` is written; refuse a second one of the same name."""
        if name in known:
            first = self.places.at(area, name)
            sentence = f'"{name}" sudah ada di {first}. Beri nama lain atau hapus salah satu.'
            self.report.add(place.path, place.line, f"{area}.doubled", sentence)
            return False
        self.places.note(place, area, name)
        return True
