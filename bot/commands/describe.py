"""Events and understandings as plain values for scripts; personal numbers are masked."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from content.model import Rendered
from flows.events import Event
from nlu.understanding import Understanding

_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_PRIVATE = {"nik": 4, "hp": 3, "phone": 3}


def describe_event(event: Event) -> dict[str, Any]:
    """The event's name in snake case and its fields."""
    shown: dict[str, Any] = {"type": _WORD.sub("_", type(event).__name__).lower()}
    for field in fields(event):
        shown[field.name] = _plain(getattr(event, field.name), field.name)
    return shown


def describe_understanding(understanding: Understanding | None) -> dict[str, Any] | None:
    """Intent, confidence, entities and why."""
    if understanding is None:
        return None
    return {
        "intent": understanding.intent,
        "confidence": round(understanding.confidence, 3),
        "entities": [
            {
                "kind": e.kind,
                "value": _plain(e.value, e.kind),
                "text": _plain(e.text, e.kind),
                "start": e.start,
                "end": e.end,
            }
            for e in understanding.entities
        ],
        "others": list(understanding.others),
        "grave": understanding.grave.value if understanding.grave else None,
        "why": understanding.why,
    }


def _plain(value: Any, name: str) -> Any:
    if name in _PRIVATE and isinstance(value, str):
        return "…" + value[-_PRIVATE[name] :]
    match value:
        case Rendered():
            return value.reply
        case Enum():
            return value.value
        case dict():
            return {key: _plain(inner, key) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner, name) for inner in value]
        case date():
            return value.isoformat()
        case _ if is_dataclass(value):
            return {field.name: _plain(getattr(value, field.name), field.name) for field in fields(value)}
        case _:
            return value
