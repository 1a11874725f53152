"""The contract every channel keeps. The core never learns which platform it is on.

A channel does two things: it cuts a platform's payload into `Incoming`, `DeliveryReport`, `Blocked`, `Ignored` and
`Unread` values (pure, no I/O), and it sends one `Outgoing` message, naming what went wrong with a `SendError`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.channels.errors import MediaRefused
from content.model import Button
from flows.contact import Channel as ChannelName
from flows.message import HeardKind


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message from one person. `message_id` is the platform's own id: a repeat is recognised by it."""

    message_id: str
    person_id: str
    kind: HeardKind
    text: str
    at: datetime
    label: str | None = None  # what a tapped button showed
    phone: str | None = None  # E.164, where the platform tells it
    name: str | None = None  # display name, never trusted as the name on the KTP
    file: str | None = None  # where the platform keeps a photo; nothing is fetched until somebody asked for it


class Report(StrEnum):
    """What became of a message we sent. Reports come in any order and repeatedly."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A platform's word on a message of ours, by the id it gave when it took it."""

    external_id: str
    report: Report
    at: datetime
    reason: str | None = None  # a SendError's code, when failed


@dataclass(frozen=True, slots=True)
class Blocked:
    """The person blocked us (or unblocked, or changed their id): consent follows."""

    person_id: str
    blocked: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """The platform gave the person a new id (chat migration, user_id_update)."""

    old_id: str
    new_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StopWish:
    """The person used the platform's own stop or resume switch (WhatsApp user_preferences). It binds."""

    person_id: str
    stop: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Ignored:
    """Known and of no interest to us; answered 200 all the same."""

    reason: str


@dataclass(frozen=True, slots=True)
class AccountNews(Ignored):
    """News about our own account, for staff. `subject` is a template or number of ours, never a person."""

    subject: str = ""
    state: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """We can't read this part. It is kept, never lost and never a 500."""

    why: str
    payload: bytes


#: Buttons with these ids ask the phone for something; only some channels can (`SHARING`).
SHARE_CONTACT, SHARE_LOCATION = "share_contact", "share_location"
SHARES = frozenset({SHARE_CONTACT, SHARE_LOCATION})
#: Where a phone hands over its number or place at a tap. Elsewhere such buttons are not shown.
SHARING = frozenset({ChannelName.TELEGRAM})

#: So many bytes tell what kind of file it is.
_TELLING = 12

Arrived = Incoming | DeliveryReport | Blocked | Moved | StopWish | Ignored | Unread


@dataclass(frozen=True, slots=True)
class Limits:
    """What fits on this channel. Where there are fewer buttons than taps, numbered lines are added to the text."""

    text: int
    buttons: int
    button_label: int
    choices: int = 0
    choice_label: int = 24
    choice_hint: int = 72
    caption: int = 1024
    images: bool = True


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one person. `template` names an approved template where the window is closed."""

    to: str
    text: str
    buttons: tuple[Button, ...] = ()
    choices: tuple[Button, ...] = ()
    image: bytes | None = None  # PNG or JPEG
    template: str | None = None
    template_slots: tuple[tuple[str, str], ...] = ()


def media_type(image: bytes) -> str:
    """What a picture is, by how it begins: we send only these two."""
    return "image/png" if image.startswith(b"\x89PNG") else "image/jpeg"


def is_picture(beginning: bytes) -> bool:
    """Whether a file begins (12 bytes at least) like one of the kinds of photos that phones send."""
    return beginning.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP"
    )


async def gathered(pieces: AsyncIterator[bytes], most: int) -> bytes:
    """A photo as it comes over the network, given up at once when it is none, or too large.

    Raises:
        MediaRefused: `detail` is "no_picture" or "too_large".
    """
    held = bytearray()
    async for piece in pieces:
        held += piece
        if len(held) >= _TELLING and not is_picture(bytes(held[:_TELLING])):
            raise MediaRefused(detail="no_picture")
        if len(held) > most:
            raise MediaRefused(detail="too_large")
    return bytes(held)


def file_name(image: bytes) -> str:
    """What a picture is called where a platform wants a name."""
    return f"rangkul.{media_type(image).removeprefix('image/')}"


class Channel(Protocol):
    """A way to reach people."""

    name: ChannelName
    account: str
    limits: Limits

    async def send(self, message: Outgoing) -> str:
        """Send it and return the platform's id for it. Raises `bot.channels.errors.SendError`."""
        ...

    async def download(self, file: str, most: int) -> bytes:
        """The photo of an `Incoming.file`, of at most that many bytes.

        Raises:
            SendError: it can't be had; `MediaRefused` with `detail` "no_picture" or "too_large" when that is why.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def numbered(text: str, taps: Sequence[Button], room: int) -> str:
    """The text with its taps as numbered lines, for a channel or a place that has no buttons.

    Raises:
        ValueError: it does not fit; content checks make sure that it does.
    """
    lines = [text, *(f"{number}. {tap.label}" for number, tap in enumerate(taps, start=1))]
    joined = "\n".join(lines)
    if len(joined) > room:
        raise ValueError("the message does not fit this channel")
    return joined
