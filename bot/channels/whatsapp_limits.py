"""What WhatsApp allows on a day, out of content/lexicon/whatsapp_limits.yaml: Meta changes these, so they are dated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class PlatformLimits:
    """The limits in force. A tier of None has no end."""

    per_second: int
    pair_pause: timedelta
    pair_burst: int
    window: timedelta
    tiers: Mapping[str, int | None]


def limits_on(lexicon: Mapping[str, Any], day: date) -> PlatformLimits:
    """The limits in force on `day`.

    Args:
        lexicon: the lexicon entry `whatsapp_limits`.
        day: the day asked for.

    Raises:
        LookupError: there are none for that day.
    """
    in_force = [entry for entry in lexicon["limits"] if date.fromisoformat(entry["from"]) <= day]
    if not in_force:
        raise LookupError(f"content/lexicon/whatsapp_limits.yaml has no limits for {day.isoformat()}")
    entry = max(in_force, key=lambda entry: date.fromisoformat(entry["from"]))
    return PlatformLimits(
        per_second=int(entry["per_second"]),
        pair_pause=timedelta(seconds=int(entry["pair_seconds"])),
        pair_burst=int(entry["pair_burst"]),
        window=timedelta(hours=int(entry["window_hours"])),
        tiers={name: None if most == "tanpa batas" else int(most) for name, most in entry["tiers"].items()},
    )
