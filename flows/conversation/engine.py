"""One turn: (session, heard, content, given) -> (session, events). Pure: no I/O, no clock, no dice.

Order of precedence: a tap · words that work anywhere (batal, kembali, ubah …, BERHENTI) · the form that waits ·
what was asked. Everything said in a turn becomes one message where it fits.
"""

from __future__ import annotations

import re
from dataclasses import replace

from content import Content
from content.model import Button
from flows.conversation import (
    anytime,
    attached,
    contribution_talk,
    follow_up,
    form,
    gathering_talk,
    joining,
    picture_talk,
    questions,
    sharing,
)
from flows.conversation.answers import FREE, SURE
from flows.conversation.intents import answer_intent
from flows.conversation.options import chosen_option, labelled
from flows.conversation.scene import Scene
from flows.conversation.session import Session
from flows.gathering import door_number
from flows.message import NEWCOMER, Given, Heard, HeardKind, Turn
from flows.village import find_village

#: Longer messages are not guessed at: the person is asked for the point of it, in a sentence or two.
LONGEST_READ = 2000

_READABLE = re.compile(r"[A-Za-z0-9]")


def take_turn(session: Session, heard: Heard, content: Content, given: Given) -> Turn:
    """Run the conversation until it needs the person again.

    Never raises for what a person wrote. A mistake in content or code may raise; the caller then answers with the
    fixed apology and keeps the message.
    """
    scene = Scene(session, heard, content, given)
    match heard.kind:
        case HeardKind.START:
            _start(scene)
        case HeardKind.ARRIVED:
            sharing.arrive(scene)
            if heard.text != NEWCOMER and heard.text:
                _tap(scene, heard.text)
        case HeardKind.UNSUPPORTED:
            scene.say("tidak_bisa_dibaca")
            form.ask_again(scene)
        case HeardKind.PHOTO:
            picture_talk.hear(scene, _hear_text)
        case HeardKind.CONTACT_CARD:
            _hear_text(scene)
        case HeardKind.BUTTON:
            _tap(scene, heard.text)
        case HeardKind.TEXT:
            _hear_text(scene)
    if scene.wants_flow is not None:
        flow, scene.wants_flow = scene.wants_flow, None
        form.start(scene, flow)
    attached.tidy(scene, session)
    sharing.say_who(scene, session.updated_at)
    follow_up.note(scene, session)
    return scene.turn()


def _start(scene: Scene) -> None:
    """The chat was opened, perhaps by a village's link."""
    if joining.take(scene):
        return
    code = scene.heard.text.strip()
    door = door_number(code)
    if door is not None:
        gathering_talk.check_in(scene, door)
        form.ask_again(scene)
        return
    village = find_village(code, scene.content) if code else None
    if village is not None:
        form.learn_village(scene, village)
    if scene.step is not None:
        form.offer_to_resume(scene)
        return
    scene.say("sapaan_desa" if village is not None else "sapaan", {"desa": village.name} if village else None)


def _hear_text(scene: Scene) -> None:
    text = scene.heard.text.strip()
    contribution_talk.overhear(scene)
    if joining.take(scene):
        return
    option = chosen_option(scene, text) or labelled(scene, text)
    if option is not None:
        _tap(scene, option)
        return
    unread = not text or (scene.step is None and not _READABLE.search(text))
    if unread or len(text) > LONGEST_READ:
        scene.say("pesan_kosong" if unread else "pesan_terlalu_panjang")
        form.ask_again(scene)
        return
    if gathering_talk.hear(scene, text):
        form.ask_again(scene)
        return
    if anytime.take(scene, text):
        return
    if scene.step is not None and _puts_off(scene):
        scene.say("formulir_ditunda")
        return
    if scene.step is not None:
        if not form.hear(scene, text):
            if scene.understanding is not None and scene.understanding.grave is not None:
                form.set_aside(scene)
            questions.answer(scene)
            form.ask_again(scene)
        return
    if form.tells_a_form(scene, text):
        answer_intent(scene, scene.content.roles["form"])
        return
    questions.answer(scene)


def _puts_off(scene: Scene) -> bool:
    """Whether it is a goodbye inside a form: the form waits, and is not asked again at once."""
    understanding, step = scene.understanding, scene.step
    if understanding is None or step is None or step.ask in FREE:  # an announcement may say goodbye
        return False
    return understanding.intent == scene.content.roles.get("later") and understanding.confidence >= SURE


def _tap(scene: Scene, option: str) -> None:
    """A button or list row, by its id. Taps on an older message act only where that can't be mistaken."""
    whom, option = sharing.for_whom(option)
    if whom is not None and whom != scene.contact.id:
        sharing.switch(scene, whom, option)
        return
    button = scene.content.buttons.get(option)
    fresh = any(option == known for known, _ in scene.session.options)
    match button:
        case Button(command=str(command)):
            anytime.do_command(scene, command)
        case Button(intent=str(intent)):
            _asked(scene, intent, button.program)
        case Button(start=str(flow)):
            scene.wants_flow = flow
        case Button(say=str(reply)):
            scene.say(reply)
            form.ask_again(scene)
        case Button(answer=str(answer)) if fresh and scene.step is not None:
            form.hear_choice(scene, answer)
        case None if option.startswith(sharing.PERSON):
            sharing.switch(scene, int(option.removeprefix(sharing.PERSON) or 0))
        case None if option.startswith("intent:"):
            _asked(scene, option.removeprefix("intent:"), None)
        case None if option.startswith("value:") and fresh and scene.step is not None:
            form.hear_choice(scene, option.removeprefix("value:"))
        case None if gathering_talk.tap(scene, option):
            form.ask_again(scene)
        case None if option.startswith("change:") and scene.step is not None:
            form.change(scene, option.removeprefix("change:"))
        case _:
            scene.say("tombol_lama")
            form.ask_again(scene)


def _asked(scene: Scene, intent: str, program: str | None) -> None:
    if program:
        scene.session = replace(scene.session, about=program)
    in_form = scene.step is not None
    answer_intent(scene, intent)
    if in_form:
        form.ask_again(scene)
