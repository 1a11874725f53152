"""Answering what was asked in free words: the most urgent first, and asking instead of guessing."""

from __future__ import annotations

from dataclasses import replace

from content.model import Button
from flows.contact import Role
from flows.conversation import benefit_talk
from flows.conversation.actions import FOR_OFFICIALS
from flows.conversation.intents import answer_intent
from flows.conversation.scene import Scene
from flows.events import GraveHeard, HandoffRequested, NotUnderstood
from nlu.understanding import Grave, Understanding

#: Unclear this many times in a row: a person is offered.
UNSURE_BEFORE_PERSON = 2
#: A guess less likely than this is noise, not a choice.
_LEAST_CHANCE = 0.08
#: A guess this likely is taken when content has a closer reply for the very words.
_LIKELY = 0.1
_SURE_OF_NOTHING = 0.6
#: What an answer to our own question may be taken for.
_LONGEST_ANSWER = 4
_NOT_A_QUESTION = frozenset({None, "out_of_scope"})


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
    if benefit_talk.worked_out(scene):
        scene.session = replace(scene.session, last_intent=understanding.intent or scene.session.last_intent)
        return
    intent = _about_their_work(scene) or _worded_guess(scene, understanding) or understanding.intent
    if intent is None:
        _ask_which(scene)
        return
    answer_intent(scene, intent)
    if understanding.grave is not None:  # condolence and first steps, nothing beside them
        return
    if _has_closer_reply(scene, understanding):  # it was written for the whole sentence, not for one part of it
        return
    for other in understanding.others[:1]:
        _offer_other(scene, other)


def _about_their_work(scene: Scene) -> str | None:
    """The question about joining, when its answer asked what they do and this says little but that, or an age."""
    understanding, before = scene.understanding, scene.session.last_intent
    answer_to = scene.content.answers.get(before or "")
    if understanding is None or answer_to is None or answer_to.do != "eligibility":
        return None
    told = understanding.first("occupation") or understanding.first("age")
    if told is None or "?" in understanding.text:
        return None
    short = len(understanding.text.split()) <= _LONGEST_ANSWER
    return before if short or understanding.intent in _NOT_A_QUESTION else None


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
        Button(id=f"intent:{intent}", label=labels[intent], intent=intent)
        for intent, chance in ranking
        if intent in labels and chance >= _LEAST_CHANCE and _for_them(scene, intent)
    ][:3]
    if len(guesses) < 2:
        scene.say("tidak_paham")
    else:
        scene.say("maksudnya_yang_mana", buttons=guesses)


def _for_them(scene: Scene, intent: str) -> bool:
    """Whether the person may get what the intent leads to: officials' matters are not offered to others."""
    answer_to = scene.content.answers.get(intent)
    if answer_to is None or scene.contact.role is Role.OFFICIAL:
        return answer_to is not None
    flow = scene.content.flows.get(answer_to.start) if answer_to.start else None
    return not (flow and flow.officials_only) and answer_to.do not in FOR_OFFICIALS


def _worded_guess(scene: Scene, understanding: Understanding) -> str | None:
    """Unsure, but a likely intent has a closer reply for these very words: that one it is."""
    if understanding.intent not in _NOT_A_QUESTION or understanding.confidence > _SURE_OF_NOTHING:
        return None
    likely = (intent for intent, chance in understanding.ranking[:3] if chance >= _LIKELY)
    return next((intent for intent in likely if _fits_closer(scene, intent, understanding.normalised)), None)


def _has_closer_reply(scene: Scene, understanding: Understanding) -> bool:
    return understanding.intent is not None and _fits_closer(scene, understanding.intent, understanding.normalised)


def _fits_closer(scene: Scene, intent: str, text: str) -> bool:
    return any(finer.intent == intent and finer.fits(text) for finer in scene.content.finer)


def _offer_other(scene: Scene, intent: str) -> None:
    """A second thing was asked in the same message: answer it too when it is a plain reply that still fits."""
    answer_to = scene.content.answers.get(intent)
    if answer_to is None or not answer_to.say:
        return
    said = scene.content.replies[answer_to.say]
    if sum(len(message.text) for message in scene.said) + len(said.text) < 900:
        scene.say(answer_to.say)
