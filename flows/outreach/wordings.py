"""Reviewed words with blanks, as content/lexicon/siaran.yaml lists them, and what may fill a blank."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from content import Content
from content.model import Rendered, SlotValue

_TELLING = re.compile(r"https?:|www\.|\w\.(?:com|id|net|org|me|ly|link)\b|(?:\d[\s.-]?){7,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wording:
    """One reviewed announcement: the reply it is, and the slots left blank in it."""

    id: str
    name: str
    reply: str
    blanks: tuple[str, ...]


def wordings(content: Content) -> tuple[Wording, ...]:
    """All of them, in order."""
    raw: Mapping[str, Any] = content.lexicon["siaran"]
    return tuple(Wording(one["id"], one["name"], one["reply"], tuple(one["blanks"])) for one in raw["wordings"])


def wording(content: Content, wording_id: object) -> Wording | None:
    """The one with that id, if there is one."""
    return next((one for one in wordings(content) if one.id == wording_id), None)


def free_reply(content: Content, *, staff: bool) -> str:
    """The reply around words somebody wrote themselves."""
    return str(content.lexicon["siaran"]["free"]["staff" if staff else "official"])


def fills_a_blank(content: Content, text: str) -> bool:
    """Whether this may stand in reviewed words: one short line with neither link nor phone number."""
    longest = int(content.lexicon["siaran"]["longest_blank"])
    return 0 < len(text.strip()) <= longest and "\n" not in text.strip() and not _TELLING.search(text)


def is_blank(content: Content, slot: str | None) -> bool:
    """Whether this slot is a blank of reviewed words."""
    return slot in content.lexicon["siaran"]["blanks"]


def announced(
    content: Content, wording_id: str | None, slots: Mapping[str, SlotValue], day: date, *, staff: bool
) -> Rendered:
    """The announcement as people will read it: reviewed words, or somebody's own (slot `isi_siaran`)."""
    chosen = wording(content, wording_id)
    return content.render(chosen.reply if chosen else free_reply(content, staff=staff), day, slots)


def duration(content: Content, seconds: float) -> str:
    """About how long, in the words of content: "satu menit", "3 menit", "2 jam"."""
    words: Mapping[str, str] = content.lexicon["siaran"]["durations"]
    minutes = math.ceil(seconds / 60)
    if minutes <= 1:
        return words["minute"]
    return words["minutes"].format(count=minutes) if minutes < 120 else words["hours"].format(count=round(minutes / 60))
