"""Several people share one phone: each has a conversation, a form and reminders of their own behind the one chat."""

from __future__ import annotations

from datetime import datetime

from content.model import Button
from flows.contact import PhoneMate
from flows.conversation import form
from flows.conversation.registration_talk import REGISTRATION
from flows.conversation.scene import Scene
from flows.conversation.sharing_talk import SHARED
from flows.events import OthersNamed, PersonLeft, PersonSwitched
from flows.message import NEWCOMER, HeardKind
from nlu.understanding import JsonValue

#: The tap that names a person on this phone, and what is put before a tap on a message that was for one of several.
PERSON, FOR = "person:", "for:"
_LONGEST_LABEL = 24


def take(scene: Scene, said: str) -> bool:
    """Act on "saya Siti", where a Siti uses this phone. Returns whether it was that."""
    if not scene.contact.mates or (scene.step is not None and scene.step.ask == "name"):
        return False
    first, _, name = said.partition(" ")
    if first not in scene.content.lexicon["anytime"]["i_am"] or not name:
        return False
    people = [*scene.contact.mates, PhoneMate(scene.contact.id, scene.contact.name)]
    found = [mate for mate in people if _is_called(mate, name)]
    if len(found) != 1:
        return False
    switch(scene, found[0].id)
    return True


def _is_called(mate: PhoneMate, name: str) -> bool:
    called = (mate.name or "").casefold()
    return bool(called) and name in {called, called.split()[0]}


def ask_who(scene: Scene) -> None:
    """Ask who has the phone now."""
    if not scene.contact.mates:
        scene.say("hp_dipakai_sendiri")
        return
    choices = [Button(f"{PERSON}{mate.id}", _label(scene, mate)) for mate in scene.contact.mates]
    scene.note(OthersNamed())
    scene.say("siapa_memakai_hp", choices=[*choices, scene.content.buttons["orang_baru"]][:10])


def _label(scene: Scene, mate: PhoneMate) -> str:
    return (mate.name or str(scene.content.lexicon["anytime"]["nameless"]))[:_LONGEST_LABEL]


def switch(scene: Scene, to: int, then: str = "") -> None:
    """Go on with that person, if they use this phone."""
    if to == scene.contact.id:
        _greet(scene)
    elif any(mate.id == to for mate in scene.contact.mates):
        scene.note(PersonSwitched(to, {}, then))
    else:
        scene.say("tombol_lama")


def newcomer(scene: Scene) -> None:
    """Somebody new takes the phone, and need not repeat what a family shares."""
    known = scene.slot(SHARED)
    shared: dict[str, JsonValue] = dict(known) if isinstance(known, dict) else {}
    scene.note(PersonSwitched(None, shared))


def arrive(scene: Scene) -> None:
    """Somebody else has the phone now: a newcomer is asked for their own consent, others go on where they were."""
    if scene.heard.text == NEWCOMER:
        scene.say("orang_baru_mulai")
        form.start(scene, REGISTRATION)
        return
    _greet(scene)
    if not scene.heard.text and scene.step is not None:
        form.offer_to_resume(scene)  # its answers are not shown before that person goes on


def _greet(scene: Scene) -> None:
    name = scene.contact.name or str(scene.content.lexicon["anytime"]["nameless"])
    scene.say("sekarang_dengan", {"nama": name})


def say_who(scene: Scene, since: datetime | None) -> None:
    """After a pause nobody remembers whose conversation this is: it is said before the answer."""
    paused = since is not None and scene.given.now - since > form.PAUSE
    switched = any(isinstance(event, PersonSwitched | PersonLeft) for event in scene.events)
    if paused and not switched and scene.contact.mates and scene.heard.kind is not HeardKind.ARRIVED:
        answered, scene.said = scene.said, []
        _greet(scene)
        scene.said += answered


def for_whom(option: str) -> tuple[int | None, str]:
    """Who a tap on a message belongs to, where that was for one of several; with it, the tap itself."""
    head, _, rest = option.removeprefix(FOR).partition(":")
    return (int(head), rest) if option.startswith(FOR) and head.isdecimal() else (None, option)
