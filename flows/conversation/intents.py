"""What the bot does with an intent: the reply, action or flow that content/flows/jawaban.yaml names."""

from __future__ import annotations

from dataclasses import replace

from flows.conversation import actions
from flows.conversation.scene import Scene


def answer_intent(scene: Scene, intent: str) -> None:
    """Say, do or (at the end of the turn) start what content answers this intent with."""
    scene.session = replace(scene.session, unsure=0, last_intent=intent)
    understanding = scene.understanding
    if understanding is not None:
        program = understanding.first("program")
        if program is not None:
            scene.session = replace(scene.session, about=str(program.value))
    answer = scene.content.answer_for(intent, understanding.normalised if understanding else "")
    if answer.start:
        scene.wants_flow = answer.start
    elif answer.do:
        branch = actions.do(scene, answer.do)
        if branch and branch.startswith("start:"):
            scene.wants_flow = branch.removeprefix("start:")
    else:
        scene.say(answer.say or "tidak_paham")
