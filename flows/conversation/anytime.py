"""Words that work at every step: batal, kembali, ubah NIK, menu, lanjut, petugas, BERHENTI, MULAI."""

from __future__ import annotations

import re

from flows.conversation import actions, form, joining, reminder_talk, sharing, stop_talk
from flows.conversation.answers import FREE, SURE
from flows.conversation.intents import answer_intent
from flows.conversation.scene import Scene

#: Commands that are actions of another name.
_ACTIONS = {"paid": "mark_paid", "paid_until": "mark_paid_until"}
_PUNCTUATION = re.compile(r"[^\w\s/]+")


def take(scene: Scene, text: str) -> bool:
    """Act on the text if it is one of the words. Returns whether it was."""
    said = " ".join(_PUNCTUATION.sub(" ", text.casefold()).split())
    words = scene.content.lexicon.get("anytime", {})
    if sharing.take(scene, said):
        return True
    for command, forms in words.get("commands", {}).items():
        if said in forms:
            return do_command(scene, command)
    for intent, forms in words.get("intents", {}).items():
        if said in forms:
            answer_intent(scene, intent)
            form.ask_again(scene)
            return True
    if scene.flow is not None:
        first, _, rest = said.partition(" ")
        if first in words.get("change", ()) and rest:
            return form.change_by_name(scene, rest)
    if scene.step is None and reminder_talk.tells_protection(scene, text):
        scene.wants_flow = "pengingat_perlindungan"
        return True
    meant = reminder_talk.answers_reminder(scene, text) if scene.step is None else None
    if meant is not None:
        return do_command(scene, meant)
    free = scene.step is not None and scene.step.ask in FREE
    if not free and "?" not in text and stop_talk.stops_one_of_two(scene, text):
        return do_command(scene, "stop")
    understanding = scene.understanding
    if understanding is not None and understanding.intent in _always(scene) | _named(scene, text):
        answer_intent(scene, understanding.intent)
        form.ask_again(scene)
        return True
    return False


def _always(scene: Scene) -> set[str]:
    """Intents that act even while a form waits, but only when they were exact words ("BERHENTI", "MULAI")."""
    understanding = scene.understanding
    if understanding is None or not understanding.why.startswith("rule"):
        return set()
    roles = scene.content.roles
    return {roles[role] for role in ("stop", "resume") if role in roles}


def _named(scene: Scene, text: str) -> set[str]:
    """Intents that act in a form because the words name or tell to stop: "jangan kirim acara, pengingat boleh"."""
    understanding, step, roles = scene.understanding, scene.step, scene.content.roles
    if understanding is None or step is None or step.ask in FREE or understanding.confidence < SURE:
        return set()
    if not (stop_talk.names_some(scene, text) or stop_talk.tells_to_stop(scene, text)):
        return set()
    return {roles[role] for role in ("stop", "stop_reminder", "resume") if role in roles}


def do_command(scene: Scene, command: str) -> bool:
    """Carry out an anytime command. Returns True: it has been dealt with."""
    match command:
        case "cancel":
            form.cancel(scene)
        case "back":
            form.back(scene)
        case "resume_flow":
            form.resume(scene)
        case "paid" | "paid_until" | "snooze" | "stop_reminder" | "not_contacted":
            actions.do(scene, _ACTIONS.get(command, command))
            form.ask_again(scene)
        case "stop_follow_ups":
            actions.do(scene, command)
            form.set_aside(scene)  # who does not want to be asked about the form is not asked its next question
        case "person":
            answer_intent(scene, scene.content.roles["person"])
            form.ask_again(scene)
        case "who":
            sharing.ask_who(scene)
        case "newcomer":
            sharing.newcomer(scene)
        case "leave_phone" | "withdraw":
            scene.wants_flow = {"leave_phone": "lupakan_hp"}.get(command, "cabut_izin")
        case "join":
            joining.show_code(scene)
        case "stop" | "resume":
            answer_intent(scene, scene.content.roles[command])
            form.ask_again(scene)
        case _:
            answer_intent(scene, scene.content.roles["help"])
            form.ask_again(scene)
    return True
