"""The actions content may name with `do:`. Each takes the scene, says and notes what follows, and may name a branch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flows.conversation import (
    attached,
    benefit_talk,
    contribution_talk,
    gathering_talk,
    joining_talk,
    outreach_talk,
    own_data,
    registration_talk,
    reminder_talk,
    sharing_talk,
    stop_talk,
)
from flows.conversation.kept import hear_held
from flows.conversation.prefill import occupation
from flows.conversation.scene import Scene
from flows.events import HandoffRequested

Action = Callable[[Scene], str | None]

#: Slots that actions compute while a form runs; they go when it ends.
MADE_BY_QUESTIONS = (
    outreach_talk.COMPUTED
    + reminder_talk.COMPUTED
    + contribution_talk.COMPUTED
    + benefit_talk.COMPUTED
    + gathering_talk.COMPUTED
    + joining_talk.COMPUTED
)
#: The same with what the registration keeps: that stays while it waits behind another form.
MADE_BY_FORMS = registration_talk.COMPUTED + own_data.COMPUTED + MADE_BY_QUESTIONS


def do(scene: Scene, name: str) -> str | None:
    """Carry out an action. Returns a branch for the step's `next`, or "start:FLOW", or None."""
    return ACTIONS[name](scene)


def handoff(scene: Scene) -> None:
    """The person wants a person."""
    scene.note(HandoffRequested(scene.session.last_intent or "speak_to_human"))
    scene.say("petugas_diberi_tahu")


def hand_over_form(scene: Scene) -> None:
    """The form was too hard: staff are told where it stopped."""
    scene.note(HandoffRequested(f"{scene.session.flow}:{scene.slot('menyerah_di')}"))


def benefit(scene: Scene) -> None:
    """What one gets: from the programme named or last talked about, else all in short."""
    _by_program(scene, "manfaat")


def documents(scene: Scene) -> None:
    """Papers for a claim, by programme."""
    _by_program(scene, "dokumen")


def _by_program(scene: Scene, prefix: str) -> None:
    reply = f"{prefix}_{scene.session.about}"
    scene.say(reply if reply in scene.content.replies else f"{prefix}_semua")


def eligibility(scene: Scene) -> None:
    """Who may join: by age, by kind of work, else in general."""
    understanding = scene.understanding
    age = understanding.first("age") if understanding else None
    if age is not None and isinstance(age.value, int):
        verdict = registration_talk.age_verdict(scene, age.value)
        if verdict is not None:
            scene.say(verdict)
            return
    work = understanding.first("occupation") if understanding else None
    if work is None:
        scene.say("boleh_ikut")
        return
    row = occupation(scene, str(work.value))
    row = row if isinstance(row, dict) else {}
    segment = row.get("segment")
    if segment in {"pu", "jakon", "pmi"}:
        scene.say(f"boleh_ikut_{segment}")
    else:
        scene.say("boleh_ikut_pekerjaan", {"pekerjaan": str(row.get("name", work.text))})


def help_out(scene: Scene) -> None:
    """What can be done here: inside a form how to go on, else the menu."""
    flow = scene.flow
    if flow is not None and scene.step is not None:
        scene.say("bantuan_formulir", {"formulir": flow.name})
    else:
        scene.say("menu")


#: Actions that answer officials only: nobody else is offered them as a guess.
FOR_OFFICIALS = frozenset({"village_progress", "event_create"})

ACTIONS: Mapping[str, Action] = {
    "handoff": handoff,
    "hand_over_form": hand_over_form,
    "help": help_out,
    "benefit": benefit,
    "by_program_dokumen": documents,
    "eligibility": eligibility,
    "benefit_result": benefit_talk.result,
    "contribution": contribution_talk.answer,
    "contribution_smallest": contribution_talk.smallest,
    "contribution_result": contribution_talk.result,
    "lead_status": registration_talk.lead_status,
    "record_consents": registration_talk.record_consents,
    "refuse_data": registration_talk.refuse_data,
    "check_birth": registration_talk.check_birth,
    "check_work": registration_talk.check_work,
    "hear_held": hear_held,
    "price": registration_talk.price,
    "begin_form": own_data.begin_form,
    "submit_lead": own_data.submit,
    "change_data": own_data.change_data,
    "withdraw": own_data.withdraw,
    "submit_neighbour": registration_talk.submit_neighbour,
    "my_data": own_data.my_data,
    "erase_data": registration_talk.erase_data,
    "join_accounts": joining_talk.join_accounts,
    "who_writes": registration_talk.who_writes,
    "leave_phone": sharing_talk.leave_phone,
    "register_neighbour": registration_talk.register_neighbour,
    "learn_village": reminder_talk.learn_village,
    "plan_reminder": reminder_talk.plan_reminder,
    "has_reminder": reminder_talk.has_reminder,
    "plan_by_protection": reminder_talk.plan_by_protection,
    "plan_by_harvest": reminder_talk.plan_by_harvest,
    "plan_for_employer": reminder_talk.plan_for_employer,
    "mark_paid": reminder_talk.mark_paid,
    "mark_paid_until": reminder_talk.mark_paid_until,
    "tell_discount_end": reminder_talk.tell_discount_end,
    "snooze": reminder_talk.snooze,
    "not_contacted": reminder_talk.not_contacted,
    "stop_follow_ups": reminder_talk.stop_follow_ups,
    "stop_reminder": stop_talk.stop_reminder,
    "unsubscribe": stop_talk.unsubscribe,
    "resubscribe": stop_talk.resubscribe,
    "has_village": outreach_talk.has_village,
    "forecast": outreach_talk.forecast,
    "choose_listeners": outreach_talk.choose_listeners,
    "begin_picture": attached.begin,
    "drop_picture": attached.drop,
    "send_broadcast": outreach_talk.send_broadcast,
    "schedule_broadcast": outreach_talk.schedule_broadcast,
    "pause_broadcast": outreach_talk.pause_broadcast,
    "resume_broadcast": outreach_talk.resume_broadcast,
    "cancel_broadcast": outreach_talk.cancel_broadcast,
    "village_progress": outreach_talk.village_progress,
    "event_create": gathering_talk.create,
    "event_info": gathering_talk.info,
    "preview_gathering": gathering_talk.preview,
    "make_gathering": gathering_talk.make,
    "change_gathering": gathering_talk.change,
    "cancel_gathering": gathering_talk.cancel,
    "give_input": gathering_talk.give_input,
}
