"""The picture that goes with the announcement an official is writing: where it is kept, shown, and dropped."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from content.model import Step
from flows.contact import Channel
from flows.conversation.scene import Scene
from flows.conversation.session import Session
from flows.events import BroadcastSent, PictureDropped
from flows.outreach.picture import PICTURE_WAITS, mark_of

#: Where the form keeps it: {"id": number, "at": ISO moment}.
SLOT = "gambar_siaran"
#: Where a person can send us a photo.
_TAKES_PHOTOS = frozenset({Channel.TELEGRAM, Channel.WHATSAPP})


def begin(scene: Scene) -> str:
    """The official wants to add a picture: asked for where the chat can take one."""
    return "*" if scene.contact.channel in _TAKES_PHOTOS else "tanpa_foto"


def drop(scene: Scene) -> None:
    """The official no longer wants the picture."""
    scene.forget(SLOT)


def attached(session: Session) -> int | None:
    """The picture that goes with the announcement being written."""
    kept = session.slots.get(SLOT)
    number = kept.get("id") if isinstance(kept, dict) else None
    return number if isinstance(number, int) else None


def is_gone(scene: Scene) -> bool:
    """Whether the picture waited for too long to be sent still."""
    kept = scene.slot(SLOT)
    return isinstance(kept, dict) and scene.given.now - datetime.fromisoformat(str(kept["at"])) >= PICTURE_WAITS


def show(scene: Scene, step: Step) -> None:
    """The question that was just put shows the picture, where its words speak of it."""
    if SLOT in step.say_if and scene.slot(SLOT) is not None and scene.said:
        scene.said[-1] = replace(scene.said[-1], image=mark_of(attached(scene.session)))


def tidy(scene: Scene, before: Session) -> None:
    """What was attached and neither is any more nor was sent is forgotten at once."""
    was = attached(before)
    sent = any(isinstance(event, BroadcastSent) and event.picture == was for event in scene.events)
    if was is not None and was != attached(scene.session) and not sent:
        scene.note(PictureDropped(was))
