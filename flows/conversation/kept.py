"""Keeping what one message answered besides its question; before consent the words wait and nothing is an answer."""

from __future__ import annotations

from content.model import FlowDef
from flows.conversation.scene import Scene
from flows.conversation.several import Found, read_several
from flows.message import HeardKind
from nlu.understanding import JsonValue

#: So many answers in one message, and nothing optional is asked any more.
_WHOLE_FORM = 5


def hold(scene: Scene, flow: FlowDef, text: str) -> None:
    """Answers told before consent are not kept as answers: the words wait, and go if the person says no."""
    if scene.heard.kind is HeardKind.TEXT and len(read_several(scene, flow, text)):
        scene.keep(titipan=text)


def hear_held(scene: Scene) -> None:
    """What was said before the person agreed, now that they have."""
    held, flow = scene.slot("titipan"), scene.flow
    scene.forget("titipan")
    if isinstance(held, str) and flow is not None:
        keep_found(scene, flow, read_several(scene, flow, held))


def keep_found(scene: Scene, flow: FlowDef, found: Found) -> None:
    """Keep answers to questions that are still open; a birth date read from the NIK is confirmed on the review card."""
    unclear = scene.slot("belum_jelas")
    pending: dict[str, JsonValue] = dict(unclear) if isinstance(unclear, dict) else {}
    for step_id, read in found.reads.items():
        step = flow.step(step_id)
        if step.slot and not scene.slot(step.slot):
            scene.keep(**{step.slot: read.value, **read.also})
    open_still = {name: piece for name, piece in found.unclear.items() if not scene.slot(flow.step(name).slot or "")}
    pending.update(open_still)
    if pending:
        scene.keep(belum_jelas=pending)
    if len(found.reads) >= _WHOLE_FORM:
        scene.keep(sekaligus=True)
        if scene.slot("lahir") is None and scene.slot("lahir_dari_nik") is not None:
            scene.keep(lahir=scene.slot("lahir_dari_nik"))
