"""Choices that depend on the moment: which answer to change on the review card, whom an announcement is for."""

from __future__ import annotations

from content.model import Button, FlowDef, Step
from flows.conversation import listeners
from flows.conversation.scene import Scene


def choices_for(scene: Scene, step: Step) -> tuple[Button, ...] | None:
    """Taps a step shows besides those of its reply, or None to keep the reply's own."""
    flow = scene.flow
    if step.ask == "audience":
        return listeners.choices(scene)
    if step.ask != "change_field" or flow is None:
        return None
    return tuple(Button(id=f"change:{field.id}", label=_label(scene, field)) for field in changeable(scene, flow))[:10]


def changeable(scene: Scene, flow: FlowDef) -> list[Step]:
    """Steps of the flow whose answers are known and may be changed."""
    return [step for step in flow.steps if step.words and step.slot and scene.slot(step.slot)]


def _label(scene: Scene, step: Step) -> str:
    labels = scene.content.lexicon.get("anytime", {}).get("fields", {})
    return str(labels.get(step.id, step.words[0]))
