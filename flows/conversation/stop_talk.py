"""BERHENTI and MULAI: which messages a person lets us send, by tap, by the exact word, or in words of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flows.contact import ConsentState, Purpose
from flows.conversation.registration_talk import consent_version
from flows.conversation.scene import Scene
from flows.events import ConsentGiven, ConsentWithdrawn, ReminderStopped

_MESSAGES = (Purpose.REMINDERS, Purpose.ANNOUNCEMENTS)
_CLAUSE = re.compile(r"[,.;!?\n]+|\b(?:tapi|tetapi|namun|sedangkan)\b")
_EXCEPT = re.compile(r"\bkecuali\b")


def stop_reminder(scene: Scene) -> None:
    """Stop only the reminders, unless the words name something else."""
    if stopped(scene, scene.heard.text) == {Purpose.ANNOUNCEMENTS}:
        unsubscribe(scene)
        return
    if scene.contact.reminder is None and scene.contact.consents[Purpose.REMINDERS] is not ConsentState.GIVEN:
        scene.say("pengingat_tidak_ada")
        return
    scene.note(ReminderStopped())
    scene.note(ConsentWithdrawn((Purpose.REMINDERS,)))
    scene.say("pengingat_berhenti")


def unsubscribe(scene: Scene) -> None:
    """BERHENTI: no more reminders or announcements, or only what was named; questions are still answered."""
    if _guessed(scene, "stop") and _not_to_stop(scene):
        scene.say("mulai_atau_berhenti")
        return
    named = stopped(scene, scene.heard.text)
    if named == {Purpose.REMINDERS}:
        stop_reminder(scene)
    elif named == {Purpose.ANNOUNCEMENTS}:
        scene.note(ConsentWithdrawn((Purpose.ANNOUNCEMENTS,)))
        scene.say("berhenti_siaran")
    else:
        scene.note(ReminderStopped())
        scene.note(ConsentWithdrawn(_MESSAGES))
        scene.say("berhenti_semua")


def resubscribe(scene: Scene) -> None:
    """MULAI: messages may come again. A reminder has to be set anew, so that it comes when the person wants it.

    Consent is taken from a tap or plain words only. Others are asked about, since many a complaint sounds the same
    ("kok dikirimi lagi"), and those that forbid are BERHENTI.
    """
    if _guessed(scene, "resume") and not _asks_plainly(scene):
        if _forbids(scene) and not _not_to_stop(scene):
            unsubscribe(scene)
        else:
            scene.say("mulai_atau_berhenti")
        return
    named = _named(scene, scene.heard.text.casefold())
    purposes = tuple(named) if len(named) == 1 else _MESSAGES
    scene.note(ConsentGiven(purposes, consent_version(scene)))
    match purposes:
        case (Purpose.ANNOUNCEMENTS,):
            scene.say("mulai_siaran")
        case (Purpose.REMINDERS,):
            scene.wants_flow = "pengingat"
        case _:
            scene.say("mulai_lagi")


def _asks_plainly(scene: Scene) -> bool:
    """Whether every word belongs to asking for messages again: "mulai kirim kabar desa lagi"."""
    words, said = scene.content.lexicon["pengingat"], scene.heard.text.casefold()
    known = (*words["mulai"], *words["pengiring_mulai"], *(form for forms in words["jenis"].values() for form in forms))
    plainly = all(says_any(known, word) for word in re.findall(r"\w+", said))
    return plainly and says_any(words["mulai"], said)


def _forbids(scene: Scene) -> bool:
    return says_any(scene.content.lexicon["pengingat"]["larangan"], scene.heard.text.casefold())


def _guessed(scene: Scene, role: str) -> bool:
    """Whether the classifier heard it in free words: neither a tap nor the exact word."""
    understanding = scene.understanding
    if understanding is None or understanding.intent != scene.content.roles.get(role):
        return False
    return not understanding.why.startswith("rule")


def _not_to_stop(scene: Scene) -> bool:
    """Whether the stop itself is forbidden: "jangan berhenti kirim", "gak jadi stop"."""
    words = scene.content.lexicon["pengingat"]
    no, stop = ("|".join(map(re.escape, words[name])) for name in ("larangan", "henti"))
    return re.search(rf"\b(?:{no})\s+(?:jadi\s+|usah\s+|sampai\s+)?(?:{stop})", scene.heard.text.casefold()) is not None


def stopped(scene: Scene, text: str) -> set[Purpose]:
    """What the words stop; nothing named is nothing. "Jangan kirim acara, pengingat boleh" stops announcements only."""
    words = scene.content.lexicon["pengingat"]
    said = text.casefold()
    if says_any(words["semua"], said):
        return set()
    spared = [_named(scene, part) for part in _EXCEPT.split(said)[1:]]
    if spared:
        return set(_MESSAGES) - set().union(*spared)
    stop: set[Purpose] = set()
    keep: set[Purpose] = set()
    for clause in _CLAUSE.split(said):
        named = _named(scene, clause)
        allowed = says_any(words["boleh"], clause) and not says_any(words["larangan"], clause)
        (keep if allowed else stop).update(named)
    return stop - keep if stop - keep else set(_MESSAGES) - keep if keep else set()


def tells_to_stop(scene: Scene, text: str) -> bool:
    """Whether there is a word in it that forbids or ends."""
    words, said = scene.content.lexicon["pengingat"], text.casefold()
    return says_any(words["larangan"], said) or says_any(words["henti"], said)


def stops_one_of_two(scene: Scene, text: str) -> bool:
    """Whether the words forbid one kind of message and allow the other, whatever else was understood of them."""
    both = len(_named(scene, text.casefold())) == len(_MESSAGES)
    return both and _forbids(scene) and not _not_to_stop(scene) and len(stopped(scene, text)) == 1


def names_some(scene: Scene, text: str) -> bool:
    """Whether the words name what to stop or to go on with."""
    return bool(_named(scene, text.casefold()))


def _named(scene: Scene, said: str) -> set[Purpose]:
    kinds = scene.content.lexicon["pengingat"]["jenis"]
    return {Purpose(name) for name, forms in kinds.items() if says_any(forms, said)}


def says_any(forms: Iterable[str], said: str) -> bool:
    """Whether one of the words is said, whole or with an everyday ending."""
    return any(re.search(rf"\b{re.escape(form)}(?:nya|kan|in|an|i)?\b", said) for form in forms)
