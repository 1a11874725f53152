"""Actions of reminders: planning, paying, once more, and what people say about them in words of their own."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from content.model import SlotValue
from flows.benefits.contribution import add_months
from flows.contact import ConsentState, Purpose, ReminderPlan
from flows.conversation.registration_talk import consent_version
from flows.conversation.scene import Scene
from flows.conversation.stop_talk import says_any
from flows.events import (
    ConsentGiven,
    FollowUpDropped,
    HandoffRequested,
    OwnLeadWanted,
    ProfileLearned,
    ReminderPlanned,
)
from flows.outreach.follow_up import FollowUp
from flows.outreach.reminder import paid, paid_until, schedule, snoozed
from flows.outreach.wording import discount_end

#: Slots that these actions compute for replies; they go with the form.
COMPUTED = ("pengingat_berikut", "bulan_iuran")
#: A month named without its year is taken to lie no further ahead, and nobody pays further ahead than the second.
_PAID_AHEAD, _PAID_AT_MOST = 7, 24


def learn_village(scene: Scene) -> None:
    """The village named in a form also belongs to the person: it decides their time zone."""
    village = scene.slot("desa")
    if isinstance(village, dict):
        scene.note(ProfileLearned(village=str(village["code"])))


def plan_reminder(scene: Scene) -> None:
    """Remind monthly, with consent noted if it was just given. What they told about paying stays."""
    if scene.contact.consents[Purpose.REMINDERS] is not ConsentState.GIVEN:
        scene.note(ConsentGiven((Purpose.REMINDERS,), consent_version(scene)))
    day, hour = int(str(scene.slot("tanggal_pengingat"))), int(str(scene.slot("jam_pengingat")))
    known = scene.contact.reminder or ReminderPlan(day, hour)
    # the day chosen now counts: who picks a day no longer wants to be reminded by the end of protection
    _plan(scene, replace(known, day=day, hour=hour, protected_until=None, employer=False))


def has_reminder(scene: Scene) -> str:
    """Whether there is a reminder that can be changed."""
    return "belum" if scene.contact.reminder is None else "*"


def plan_by_protection(scene: Scene) -> str:
    """From now on the end of the person's own protection drives the reminder."""
    until = date.fromisoformat(str(scene.slot("perlindungan_sampai")))
    known = scene.contact.reminder
    if known is None:
        return "belum"
    _plan(scene, replace(known, protected_until=until, paid_through=None, last=None, employer=False))
    return "*"


def plan_by_harvest(scene: Scene) -> str:
    """The person pays several months at once, after each harvest."""
    every, month = int(str(scene.slot("panen_tiap"))), date.fromisoformat(str(scene.slot("panen_bulan")))
    known = scene.contact.reminder
    if known is None:
        return "belum"
    _plan(scene, replace(known, every=every, harvest=month, protected_until=None, employer=False))
    return "*"


def plan_for_employer(scene: Scene) -> str:
    """The person pays for employees: a month's contribution is due in the month after."""
    known = scene.contact.reminder
    if known is None:
        return "belum"
    _plan(scene, replace(known, employer=True, every=1, protected_until=None, paid_through=None, last=None))
    return "*"


def _plan(scene: Scene, plan: ReminderPlan) -> ReminderPlan:
    made = schedule(scene.content, plan, scene.contact.zone, scene.given.now)
    scene.note(ReminderPlanned(made))
    if made.next is not None:
        scene.keep(pengingat_berikut=made.next.on.isoformat())
    return made


def mark_paid(scene: Scene) -> None:
    """The person says they paid: the next reminder is for the months after. Only the official record can confirm it."""
    plan = scene.contact.reminder
    if plan is None:
        scene.say("sudah_bayar_tanpa_pengingat")
        return
    made = paid(scene.content, plan, scene.contact.zone, scene.given.now)
    if made == plan:
        _say_next(scene, "sudah_bayar_tercatat", plan, {})
        return
    scene.note(ReminderPlanned(made))
    through = made.paid_through or scene.today
    first = made.last.month if made.last else through
    slots: dict[str, SlotValue] = {"bulan": first, "bulan_akhir": through}
    if made.protected_until is not None:
        _say_next(scene, "sudah_bayar_perlindungan", made, slots | {"batas": made.protected_until})
    else:
        _say_next(scene, "sudah_bayar_bulan" if first == through else "sudah_bayar_sampai", made, slots)
    tell_discount_end(scene)


def mark_paid_until(scene: Scene) -> None:
    """The person says up to which month they paid ("sudah bayar sampai Desember")."""
    plan, through = scene.contact.reminder, _paid_through(scene)
    if plan is None or through is None:
        mark_paid(scene)
        return
    made = paid_until(scene.content, plan, through, scene.contact.zone, scene.given.now)
    if made == plan:
        _say_next(scene, "sudah_bayar_tercatat", plan, {})
        return
    scene.note(ReminderPlanned(made))
    _say_next(scene, "sudah_bayar_hingga", made, {"bulan_akhir": through})
    tell_discount_end(scene)


def _paid_through(scene: Scene) -> date | None:
    """The month that was named as the last one paid. Without a year it is the nearest that makes sense."""
    understanding = scene.understanding
    named = understanding.first("month") if understanding else None
    if named is None:
        return None
    through = date.fromisoformat(f"{named.value}-01")
    if not re.search(r"\d{4}", named.text):  # "sampai Agustus", said in November, is rarely next year's
        while through > add_months(scene.today, _PAID_AHEAD):
            through = add_months(through, -12)
    return through if through <= add_months(scene.today, _PAID_AT_MOST) else None


def tell_discount_end(scene: Scene) -> None:
    """Say once that the discount ends, when what was just told makes the reminders pass over its last month.

    Otherwise the reminder for that month says it (`flows.outreach.wording`).
    """
    before = scene.contact.reminder
    made = next((event.plan for event in reversed(scene.events) if isinstance(event, ReminderPlanned)), None)
    if made is None or made.next is None or made.employer or scene.contact.lead is None:
        return
    seen = before.next.month if before is not None and before.next is not None else scene.today.replace(day=1)
    if made.next.month <= seen:
        return
    if scene.given.own is None:
        scene.note(OwnLeadWanted())
        return
    end = discount_end(scene.content, seen, made.next.month, [scene.given.own])
    if end is not None:
        scene.say("diskon_segera_berakhir", {"bulan_lanjut": end.month, "per_bulan_lanjut": end.each_month})


def snooze(scene: Scene) -> None:
    """Once more in three days."""
    plan = scene.contact.reminder
    if plan is None:
        scene.say("pengingat_tidak_ada")
        return
    made = snoozed(plan, scene.contact.zone, scene.given.now)
    if made != plan:
        scene.note(ReminderPlanned(made))
    _say_next(scene, "pengingat_nanti", made, {})


def _say_next(scene: Scene, reply: str, plan: ReminderPlan, slots: dict[str, SlotValue]) -> None:
    on = plan.next.on if plan.next else add_months(scene.today, 1)
    scene.say(reply, slots | {"pengingat_berikut": on})


def not_contacted(scene: Scene) -> None:
    """Nobody called a week after the registration: staff see it."""
    scene.note(HandoffRequested("belum_dihubungi"))
    scene.say("tindak_lanjut_diteruskan")


def stop_follow_ups(scene: Scene) -> None:
    """Do not ask again how I got on."""
    scene.note(FollowUpDropped(tuple(FollowUp), unwanted=True))
    scene.say("tindak_lanjut_berhenti")


def answers_reminder(scene: Scene, text: str) -> str | None:
    """What is meant in words of their own: "paid", "paid_until", "snooze", or None when it is none of these.

    Who was not reminded yet is heard only when they name the month up to which they paid.
    """
    plan, words, said = scene.contact.reminder, scene.content.lexicon["pengingat"]["jawaban"], text.casefold()
    until = says_any(words["sampai"], said) and _paid_through(scene) is not None
    if not until and (plan is None or plan.last is None):
        return None
    if "?" in said or len(said.split()) > int(words["terpanjang"]):
        return None
    forbids = says_any(scene.content.lexicon["pengingat"]["larangan"], said)
    if says_any(words["ingat"], said) and says_any(words["nanti"], said) and not forbids:
        return "snooze"
    paid_now = says_any(words["sudah"], said) and says_any(words["bayar"], said) and not says_any(words["bukan"], said)
    if not paid_now or forbids:
        return None
    return "paid_until" if until else "paid"


def tells_protection(scene: Scene, text: str) -> bool:
    """Whether the words tell a day to come on which the person's protection ends."""
    understanding = scene.understanding
    day = understanding.first("date") if understanding else None
    if day is None or not says_any(scene.content.lexicon["pengingat"]["perlindungan"], text.casefold()):
        return False
    return isinstance(day.value, str) and day.value > scene.today.isoformat()
