"""Answering what was asked in free words: the most urgent first, and asking instead of guessing."""

from __future__ import annotations

from dataclasses import replace

from content.model import Button
from flows.conversation.intents import answer_intent
from flows.conversation.scene import Scene
from flows.events import GraveHeard, HandoffRequested, NotUnderstood
from nlu.understanding import Grave

#: Unclear this many times in a row: a person is offered.
UNSURE_BEFORE_PERSON = 2


def answer(scene: Scene) -> None:
    """Answer the message as a question."""
    understanding = scene.understanding
    if understanding is None:
        scene.say("tidak_paham")
        return
    if understanding.grave is not None:
        scene.note(GraveHeard(understanding.grave.value))
    if understanding.grave in {Grave.SELF_HARM, Grave.THREAT}:
        scene.note(HandoffRequested(understanding.grave.value))
        scene.say("darurat" if understanding.grave is Grave.THREAT else "darurat_jiwa")
        return
    if understanding.intent is None:
        _ask_which(scene)
        return
    answer_intent(scene, understanding.intent)
    for other in understanding.others[:1]:
        _offer_other(scene, other)


def _ask_which(scene: Scene) -> None:
    """Not sure: two or three plain choices; the second time in a row, a person."""
    understanding = scene.understanding
    ranking = understanding.ranking if understanding else ()
    scene.note(NotUnderstood(ranking[:5]))
    unsure = scene.session.unsure + 1
    scene.session = replace(scene.session, unsure=unsure)
    if unsure >= UNSURE_BEFORE_PERSON:
        scene.say("tidak_paham_lagi")
        return
    labels = scene.content.lexicon.get("intent_labels", {}).get("labels", {})
    guesses = [
        Button(id=f"intent:{intent}", label=labels[intent], intent=intent) for intent, _ in ranking if intent in labels
    ][:3]
    if len(guesses) < 2:
        scene.say("tidak_paham")
    else:
        scene.say("maksudnya_yang_mana", buttons=guesses)


def _offer_other(scene: Scene, intent: str) -> None:
    """A second thing was asked in the same message: answer it too when it is a plain reply that still fits."""
    answer_to = scene.content.answers.get(intent)
    if answer_to is None or not answer_to.say:
        return
    said = scene.content.replies[answer_to.say]
    if sum(len(message.text) for message in scene.said) + len(said.text) < 900:
        scene.say(answer_to.say)
