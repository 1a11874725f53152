"""A picture with an announcement: how message rows name it, what can be wrong with it, how long an unsent one waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

_MARK = "picture:"
#: A picture that was sent in the chat may be announced for so long.
PICTURE_WAITS = timedelta(days=2)
#: A little later it is forgotten, so that it never goes while somebody is still offered to send it.
PICTURE_STAYS = PICTURE_WAITS + timedelta(hours=1)


class PictureFault(StrEnum):
    """What is wrong with a picture, said in words of content/lexicon/console.yaml there and in replies in the chat."""

    TOO_LARGE = "too_large"
    NO_PICTURE = "no_picture"
    TOO_SMALL = "too_small"
    TOO_LONG = "too_long"
    UNREACHABLE = "unreachable"  # the platform did not hand it out; only in the chat


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of the photo in a message: kept under this number, or not, and why."""

    picture: int | None
    fault: PictureFault | None = None


def mark_of(picture_id: int | None) -> str | None:
    """How a message row names its picture."""
    return None if picture_id is None else f"{_MARK}{picture_id}"


def picture_of(mark: str | None) -> int | None:
    """The picture a message row names, if it names one and not a card."""
    number = mark.removeprefix(_MARK) if mark and mark.startswith(_MARK) else ""
    return int(number) if number.isdecimal() else None
