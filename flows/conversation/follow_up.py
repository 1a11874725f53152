"""Notes when a registration is left half-way or not any more, so that the person can be asked how they got on."""

from __future__ import annotations

from flows.conversation.own_data import CHANGING
from flows.conversation.scene import Scene
from flows.conversation.session import Session
from flows.events import DraftReminderPlanned, FollowUpDropped, FollowUpPlanned
from flows.outreach.follow_up import FollowUp

_FORM = "pendaftaran"


def note(scene: Scene, before: Session) -> None:
    """Each turn in the form counts anew; nothing is asked of people who did not agree that we keep their answers."""
    if scene.slot(CHANGING) is not None:
        return  # it is registered already
    if _waits(scene.session) and scene.slot("setuju_data") is True:
        unwanted = any(isinstance(event, FollowUpDropped) and event.unwanted for event in scene.events)
        if any(isinstance(event, DraftReminderPlanned) for event in scene.events):  # their own wish stands for ours
            scene.note(FollowUpDropped((FollowUp.UNFINISHED,)))
        elif not unwanted:
            scene.note(FollowUpPlanned(FollowUp.UNFINISHED))
    elif _waits(before):
        scene.note(FollowUpDropped((FollowUp.UNFINISHED,)))


def _waits(session: Session) -> bool:
    return session.flow == _FORM or any(flow == _FORM for flow, _ in session.parked)
