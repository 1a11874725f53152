"""What a conversation remembers between turns. Serialised whole, sealed by storage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from nlu.understanding import JsonValue


@dataclass(frozen=True, slots=True)
class Session:
    """Where a conversation stands. `options` are the button ids shown last, so that "2" means the second."""

    flow: str | None = None
    step: str | None = None
    slots: Mapping[str, JsonValue] = field(default_factory=dict)
    attempts: int = 0
    unsure: int = 0  # turns in a row not understood
    about: str | None = None  # programme or topic last talked about
    last_intent: str | None = None
    options: tuple[tuple[str, str], ...] = ()  # (button id or dynamic value, label)
    history: tuple[str, ...] = ()  # steps passed, for "kembali"
    parked: tuple[tuple[str, str], ...] = ()  # forms set aside while another runs: (flow, step), newest first
    worked: Mapping[str, JsonValue] | None = None  # the sum worked out last and what with, for "kalau dua anak?"
    updated_at: datetime | None = None

    def with_slots(self, **slots: JsonValue) -> Session:
        """The same session with these slots set."""
        return replace(self, slots={**self.slots, **slots})

    def to_json(self) -> str:
        """All of it as JSON text; `from_json` restores it exactly."""
        return json.dumps(
            {
                "flow": self.flow,
                "step": self.step,
                "slots": dict(self.slots),
                "attempts": self.attempts,
                "unsure": self.unsure,
                "about": self.about,
                "last_intent": self.last_intent,
                "options": [list(option) for option in self.options],
                "history": list(self.history),
                "parked": [list(form) for form in self.parked],
                "worked": dict(self.worked) if self.worked else None,
                "updated_at": self.updated_at.isoformat() if self.updated_at else None,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Session:
        """Read what `to_json` wrote; unknown keys are ignored, so that an older process can read a newer row."""
        raw = json.loads(text)
        return cls(
            flow=raw.get("flow"),
            step=raw.get("step"),
            slots=raw.get("slots", {}),
            attempts=raw.get("attempts", 0),
            unsure=raw.get("unsure", 0),
            about=raw.get("about"),
            last_intent=raw.get("last_intent"),
            options=tuple((value, label) for value, label in raw.get("options", [])),
            history=tuple(raw.get("history", [])),
            parked=tuple((flow, step) for flow, step in raw.get("parked", [])),
            worked=raw.get("worked"),
            updated_at=datetime.fromisoformat(raw["updated_at"]) if raw.get("updated_at") else None,
        )
