"""Running a flow: asking, hearing an answer, going back, changing, cancelling, resuming."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from content.model import Button, FlowDef, Step
from flows.contact import Village
from flows.conversation import actions, attached, own_data, prefill, registration_talk
from flows.conversation.answers import SURE, Read, question, read_choice, read_text
from flows.conversation.choices import changeable, choices_for
from flows.conversation.corrections import read_correction
from flows.conversation.intents import answer_intent
from flows.conversation.kept import hold, keep_found
from flows.conversation.scene import Scene
from flows.conversation.several import read_several
from flows.events import ConversationFailed, DraftReminderPlanned, ProfileLearned
from flows.message import HeardKind
from nlu.lexicon import whole_words
from nlu.understanding import JsonValue

#: A loop in content must not become a loop here.
MAX_STEPS_PER_TURN = 60
#: After this long a form is not simply continued: the person is told where it stood.
PAUSE = timedelta(hours=6)
#: Shorter messages tell no whole form.
_SHORTEST_FORM = 30
#: Slots the engine keeps for itself while a form runs.
_WORKING = ("menyerah_di", "pilihan_desa", "penghasilan_satuan", "penghasilan_mingguan")
#: Slots that an answer fills besides its own; they go with it.
_BESIDE = {
    "pekerjaan": ("pekerjaan_2",),
    "lokasi_kerja": ("jam_kerja",),
    "pembayar": ("jumlah_bulan_bayar", "dibayar_lain"),
}
#: A whole form can be told before any form waits, if it has at least the NIK and this many answers.
_BEGINS_FORM = 3
_CONSENT = "setuju"


def start(scene: Scene, flow_id: str) -> None:
    """Enter a flow at its first step; the form that was waiting is set aside until this one ends."""
    flow = scene.content.flows[flow_id]
    if scene.session.flow == flow_id and scene.step is not None:
        ask_again(scene)
        return
    if flow.officials_only and scene.contact.role != "official":
        scene.say("hanya_perangkat_desa")
        return
    parked = scene.session.parked
    if scene.session.flow and scene.session.step:
        parked = ((scene.session.flow, scene.session.step), *parked)[:2]
    parked = tuple(form for form in parked if form[0] != flow_id)
    scene.session = replace(scene.session, flow=flow_id, step=None, attempts=0, history=(), parked=parked)
    prefill.from_contact(scene, flow)
    prefill.from_words(scene, flow)
    hold(scene, flow, scene.heard.text)
    run_from(scene, flow.steps[0].id)


def run_from(scene: Scene, step_id: str) -> None:
    """Go through steps from there until one waits for an answer or the flow ends."""
    flow = scene.content.flows[scene.session.flow or ""]
    ids = [step.id for step in flow.steps]
    at: str | None = step_id
    for _ in range(MAX_STEPS_PER_TURN):
        if at is None:
            finish(scene)
            return
        step = flow.steps[ids.index(at)]
        if not applies(scene, step):
            at = _following(flow, step)
            continue
        if step.ask:
            scene.session = replace(scene.session, step=step.id, attempts=0)
            ask(scene, step)
            return
        branch = "*"
        if step.do:
            branch = actions.do(scene, step.do) or "*"
        if step.say:
            scene.say(_reply_for(scene, step))
        if step.end:
            finish(scene)
            return
        at = step.next.get(branch) or step.next.get("*") or _following(flow, step)
    scene.note(ConversationFailed("too_many_steps"))
    finish(scene)


def applies(scene: Scene, step: Step) -> bool:
    """Whether the step is for this person now: not already answered, and its condition holds."""
    if step.unless and scene.slot(step.unless) is not None:
        return False
    if step.ask and step.slot and scene.slot(step.slot) is not None:
        return False
    for name, wanted in step.only_if.items():
        value = scene.slot(name)
        if value is None or (wanted != "*" and _text(value) != wanted):
            return False
    return True


def ask(scene: Scene, step: Step) -> None:
    """Put the step's question; what the person said about it by the way is heard as the answer."""
    named = _named(scene) if step.ask == "change_field" else None
    if named is not None:
        change(scene, named.id)
        return
    unclear = scene.slot("belum_jelas")
    if isinstance(unclear, dict) and isinstance(said := unclear.get(step.id), str):
        scene.keep(belum_jelas={name: piece for name, piece in unclear.items() if name != step.id})
        read = read_text(scene, step, said)
        if not read.is_question:
            _take(scene, step, read)
            return
    scene.say(_reply_for(scene, step), choices=choices_for(scene, step))
    attached.show(scene, step)


def _named(scene: Scene) -> Step | None:
    """The one answer whose name the message says ("ganti no hp saya"), to be changed without asking which."""
    flow, said = scene.flow, scene.heard.text.casefold()
    if flow is None or scene.heard.kind is not HeardKind.TEXT:
        return None
    found = [step for step in changeable(scene, flow) if whole_words(step.words).search(said)]
    return found[0] if len(found) == 1 else None


def tells_a_form(scene: Scene, text: str) -> bool:
    """Whether somebody who was not asked yet tells a whole registration: NIK, and two more answers."""
    starts = scene.content.answers.get(scene.content.roles.get("form", ""))
    flow = scene.content.flows.get(starts.start or "") if starts else None
    if flow is None or len(text) < _SHORTEST_FORM:
        return False
    found = read_several(scene, flow, text)
    return len(found.reads) >= _BEGINS_FORM and any(
        flow.step(step).ask == "nik" for step in (*found.reads, *found.unclear)
    )


def _hear_several(scene: Scene, flow: FlowDef, step: Step, text: str) -> bool:
    """Take a message that answers more than the waiting question, or answers it and asks something."""
    if step.slot and step.slot.startswith(_CONSENT):
        hold(scene, flow, text)
        return False
    if not prefill.has_agreed(scene) or not (step.words or step.ask == "extras"):
        return False
    found = read_several(scene, flow, text, waiting=step)
    asked = question(scene.understanding, SURE) if found.asks else None
    mine = step.id in found.reads or step.id in found.unclear
    many = len(found) > 1 or (len(found) == 1 and not mine and step.ask == "extras")
    if not many and not (mine and asked):
        return False
    keep_found(scene, flow, found)
    scene.session = replace(scene.session, unsure=0)
    if mine and step.id in found.reads:
        scene.session = replace(scene.session, attempts=0, history=(*scene.session.history, step.id)[-30:])
        scene.forget(*_WORKING)
    if step.ask == "extras":
        scene.keep(**{step.slot or "": True})
    if asked:
        answer_intent(scene, asked)
        scene.wants_flow = None  # the form that waits comes first; what it costs is told in it anyway
    read = found.reads.get(step.id)
    run_from(scene, (step.next.get(read.branch) if read else None) or step.id)
    return True


def _correct(scene: Scene, flow: FlowDef, step: Step, text: str) -> bool:
    """Take a correction of an earlier answer and go on where the form stood."""
    corrected = read_correction(scene, flow, step, text)
    if corrected is None:
        return False
    changed, read = corrected
    scene.forget(*_BESIDE.get(changed.slot or "", ()), *_WORKING, *_confirmations(flow, changed))
    scene.keep(**{changed.slot or "": read.value, **read.also})
    scene.session = replace(scene.session, attempts=0, unsure=0)
    scene.say("sudah_diubah", {"formulir": changed.words[0]})
    run_from(scene, changed.next.get(read.branch) or changed.id)
    return True


def ask_again(scene: Scene) -> None:
    """Put the waiting question once more, after something else was answered. Nothing waits: nothing is said."""
    step = scene.step
    if step is not None and step.ask and scene.wants_flow is None:
        ask(scene, step)


def hear(scene: Scene, text: str) -> bool:
    """Try the words as the waiting answer. Returns False when they are a question instead."""
    step = scene.step
    if step is None:
        return False
    if step.ask == "change_field" and (named := _named(scene)) is not None:
        change(scene, named.id)
        return True
    flow, heard = scene.flow, scene.understanding
    calm = heard is None or heard.grave is None
    if flow is not None and calm and (_correct(scene, flow, step, text) or _hear_several(scene, flow, step, text)):
        return True
    read = read_text(scene, step, text)
    if read.is_question:
        return False
    if scene.session.updated_at and scene.given.now - scene.session.updated_at > PAUSE and not read.ok:
        offer_to_resume(scene)
        return True
    _take(scene, step, read)
    return True


def hear_choice(scene: Scene, value: str) -> None:
    """A tap that answers the waiting step."""
    step = scene.step
    if step is not None:
        _take(scene, step, read_choice(scene, step, value))


def _take(scene: Scene, step: Step, read: Read) -> None:
    if not read.ok:
        _refuse(scene, step, read)
        return
    scene.forget(*_WORKING)
    if step.slot:
        scene.keep(**{step.slot: read.value})
    scene.keep(**read.also)
    for reply in read.remarks:
        scene.say(reply)
    scene.session = replace(scene.session, attempts=0, unsure=0, history=(*scene.session.history, step.id)[-30:])
    if read.asked_too:
        answer_intent(scene, read.asked_too)
    prefill.from_words(scene, scene.content.flows[scene.session.flow or ""])
    flow = scene.content.flows[scene.session.flow or ""]
    target = step.next.get(read.branch) or step.next.get("*") or _following(flow, step)
    if target is None:
        finish(scene)
    else:
        run_from(scene, target)


def _refuse(scene: Scene, step: Step, read: Read) -> None:
    """Say what is wrong. A narrowing question (which village? how many days?) is not a failed attempt."""
    scene.keep(**read.also)
    if read.keep_draft:
        scene.note(DraftReminderPlanned())
    if read.narrowing:
        scene.say(read.ask or step.invalid or "jawaban_tidak_jelas", read.slots, choices=read.choices)
        return
    attempts = scene.session.attempts + 1
    scene.session = replace(scene.session, attempts=attempts)
    if attempts >= step.attempts and step.give_up:
        scene.session = replace(scene.session, attempts=0)
        scene.keep(menyerah_di=step.id)
        run_from(scene, step.give_up)
        return
    current = choices_for(scene, step)
    reply = read.ask or step.invalid or "jawaban_tidak_jelas"
    scene.say(reply, read.slots, buttons=_buttons_of(scene, step, reply), choices=read.choices or current)


def _buttons_of(scene: Scene, step: Step, reply: str) -> tuple[Button, ...] | None:
    """The taps of the waiting question, for a refusal that has none of its own."""
    replies = scene.content.replies
    if replies[reply].buttons or _reply_for(scene, step) not in replies:
        return None
    return tuple(scene.content.buttons[button] for button in replies[_reply_for(scene, step)].buttons)


def back(scene: Scene) -> None:
    """To the question before, whose answer is forgotten."""
    flow = scene.flow
    if flow is None or scene.step is None:
        scene.say("tidak_ada_yang_diulang")
        return
    history = list(scene.session.history)
    while history:
        step = flow.step(history.pop())
        if step.id == scene.session.step:
            continue
        if step.slot:
            scene.forget(step.slot, *_BESIDE.get(step.slot, ()), *_WORKING)
        scene.session = replace(scene.session, history=tuple(history))
        run_from(scene, step.id)
        return
    scene.say("ini_yang_pertama")
    ask_again(scene)


def change_by_name(scene: Scene, name: str) -> bool:
    """To the step people call that ("ubah NIK"). Returns False when no step has that name."""
    flow = scene.flow
    if flow is None:
        return False
    said = name.removesuffix("nya").strip()
    for step in flow.steps:
        if said in step.words or name in step.words:
            change(scene, step.id)
            return True
    return False


def change(scene: Scene, step_id: str) -> None:
    """Forget one answer and ask it again; the answers after it stay."""
    flow = scene.flow
    step = next((step for step in flow.steps if step.id == step_id), None) if flow else None
    if flow is None or step is None:
        scene.say("tombol_lama")
        ask_again(scene)
        return
    if step.slot:
        scene.forget(step.slot, *_BESIDE.get(step.slot, ()), *_WORKING)
    scene.forget(*_confirmations(flow, step))
    scene.session = replace(scene.session, step=step.id, attempts=0)
    ask(scene, step)


def _confirmations(flow: FlowDef, changed: Step) -> list[str]:
    """Slots of later questions that only confirm what stood before: they have to be asked again."""
    later = flow.steps[flow.steps.index(changed) + 1 :]
    return [step.slot for step in later if step.ask and step.slot and not (step.words or step.optional)]


def cancel(scene: Scene) -> None:
    """Leave the form and forget what was typed into it."""
    if scene.step is None and scene.session.parked:
        flow_id, step_id = scene.session.parked[0]
        scene.session = replace(scene.session, flow=flow_id, step=step_id, parked=scene.session.parked[1:])
    flow = scene.flow
    if flow is None or scene.step is None:
        scene.say("tidak_ada_yang_dibatalkan")
        return
    registration_talk.refuse_entrusted(scene)
    scene.say("perubahan_batal" if scene.slot(own_data.CHANGING) else flow.cancelled or "dibatalkan")
    finish(scene)


def finish(scene: Scene) -> None:
    """The flow is over: forget its slots, and go back to the form that was set aside, if any."""
    flow = scene.flow
    if flow is not None:
        made = actions.MADE_BY_QUESTIONS if scene.session.parked else actions.MADE_BY_FORMS
        gone = set(made) - _said_by_waiting(scene)
        scene.forget(*(step.slot for step in flow.steps if step.slot), *_WORKING, *gone)
    parked = scene.session.parked
    scene.session = replace(scene.session, flow=None, step=None, attempts=0, history=(), parked=parked[1:])
    if parked:
        flow_id, step_id = parked[0]
        scene.session = replace(scene.session, flow=flow_id, step=step_id)
        ask_again(scene)


def _said_by_waiting(scene: Scene) -> set[str]:
    """Slots that the forms set aside will say again: what they computed is still theirs."""
    content = scene.content
    flows = (content.flows[flow] for flow, _ in scene.session.parked if flow in content.flows)
    steps = (step for flow in flows for step in flow.steps)
    replies = (reply for step in steps for reply in (step.say, step.invalid, *step.say_if.values()) if reply)
    return {place.name for reply in replies for place in content.templates[reply].placeholders if place.area == "slot"}


def set_aside(scene: Scene) -> None:
    """The form waits, unasked, until the person writes "lanjut" or starts it again."""
    session = scene.session
    if session.flow and session.step:
        parked = ((session.flow, session.step), *session.parked)[:2]
        scene.session = replace(session, flow=None, step=None, attempts=0, history=(), parked=parked)


def resume(scene: Scene) -> None:
    """Go on with the form that waits or was set aside; say so when there is none."""
    parked = scene.session.parked
    if scene.step is None and parked:
        flow, step = parked[0]
        scene.session = replace(scene.session, flow=flow, step=step, parked=parked[1:])
    if scene.step is None:
        scene.say("tidak_ada_yang_dilanjutkan")
    ask_again(scene)


def offer_to_resume(scene: Scene) -> None:
    """Come back after a pause: say where the form stood and let the person choose."""
    flow = scene.flow
    if flow is None or scene.step is None:
        return
    scene.say(flow.resume or "lanjutkan_formulir", {"formulir": flow.name})


def learn_village(scene: Scene, village: Village) -> None:
    """The person came by a village's link: place them there without asking."""
    scene.note(ProfileLearned(village=village.code))
    scene.given = replace(scene.given, contact=replace(scene.contact, village=village))


def _following(flow: FlowDef, step: Step) -> str | None:
    index = flow.steps.index(step)
    return flow.steps[index + 1].id if index + 1 < len(flow.steps) else None


def _reply_for(scene: Scene, step: Step) -> str:
    for slot, reply in step.say_if.items():
        if scene.slot(slot) is not None:
            return reply
    return step.say or "jawaban_tidak_jelas"


def _text(value: JsonValue) -> str:
    match value:
        case True:
            return "yes"
        case False:
            return "no"
        case {"id": str(text)}:
            return text
        case _:
            return str(value)
