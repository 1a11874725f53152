"""Actions of reminders and of consent to messages: planning, paying, once more, stopping, and what is stopped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from content.model import SlotValue
from flows.benefits.contribution import add_months
from flows.contact import ConsentState, Purpose, ReminderPlan
from flows.conversation.registration_talk import consent_version
from flows.conversation.scene import Scene
from flows.events import (
    ConsentGiven,
    ConsentWithdrawn,
    FollowUpDropped,
    HandoffRequested,
    OwnLeadWanted,
    ProfileLearned,
    ReminderPlanned,
    ReminderStopped,
)
from flows.outreach.follow_up import FollowUp
from flows.outreach.reminder import paid, paid_until, schedule, snoozed
from flows.outreach.wording import discount_end

#: Slots that these actions compute for replies; they go with the form.
COMPUTED = ("pengingat_berikut", "bulan_iuran")
_MESSAGES = (Purpose.REMINDERS, Purpose.ANNOUNCEMENTS)
#: A month named without its year is taken to lie no further ahead, and nobody pays further ahead than the second.
_PAID_AHEAD, _PAID_AT_MOST = 7, 24
_CLAUSE = re.compile(r"[,.;!?\n]+|\b(?:tapi|tetapi|namun|sedangkan)\b")
_EXCEPT = re.compile(r"\bkecuali\b")


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

    Consent is taken from clear words only: what forbids is BERHENTI, however it was understood; other words are asked.
    """
    match _begins(scene):
        case None:
            scene.say("mulai_atau_berhenti")
            return
        case False:
            unsubscribe(scene)
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


def _begins(scene: Scene) -> bool | None:
    """Whether messages may come again; None when the words don't say it ("jangan berhenti kirim")."""
    if not _guessed(scene, "resume"):
        return True
    words, said = scene.content.lexicon["pengingat"], scene.heard.text.casefold()
    if _any(words["larangan"], said):
        return None if _any(words["henti"], said) else False
    return True if _any(words["mulai"], said) else None


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
    if _any(words["semua"], said):
        return set()
    spared = [_named(scene, part) for part in _EXCEPT.split(said)[1:]]
    if spared:
        return set(_MESSAGES) - set().union(*spared)
    stop: set[Purpose] = set()
    keep: set[Purpose] = set()
    for clause in _CLAUSE.split(said):
        named = _named(scene, clause)
        allowed = _any(words["boleh"], clause) and not _any(words["larangan"], clause)
        (keep if allowed else stop).update(named)
    return stop - keep if stop - keep else set(_MESSAGES) - keep if keep else set()


def tells_to_stop(scene: Scene, text: str) -> bool:
    """Whether there is a word in it that forbids or ends."""
    words, said = scene.content.lexicon["pengingat"], text.casefold()
    return _any(words["larangan"], said) or _any(words["henti"], said)


def stops_one_of_two(scene: Scene, text: str) -> bool:
    """Whether the words forbid one kind of message and allow the other, whatever else was understood of them."""
    both = len(_named(scene, text.casefold())) == len(_MESSAGES)
    forbids = _any(scene.content.lexicon["pengingat"]["larangan"], text.casefold()) and not _not_to_stop(scene)
    return both and forbids and len(stopped(scene, text)) == 1


def names_some(scene: Scene, text: str) -> bool:
    """Whether the words name what to stop or to go on with."""
    return bool(_named(scene, text.casefold()))


def _named(scene: Scene, said: str) -> set[Purpose]:
    kinds = scene.content.lexicon["pengingat"]["jenis"]
    return {Purpose(name) for name, forms in kinds.items() if _any(forms, said)}


def _any(forms: Iterable[str], said: str) -> bool:
    return any(re.search(rf"\b{re.escape(form)}(?:nya|kan|in|an|i)?\b", said) for form in forms)


def answers_reminder(scene: Scene, text: str) -> str | None:
    """What is meant in words of their own: "paid", "paid_until", "snooze", or None when it is none of these.

    Who was not reminded yet is heard only when they name the month up to which they paid.
    """
    plan, words, said = scene.contact.reminder, scene.content.lexicon["pengingat"]["jawaban"], text.casefold()
    until = _any(words["sampai"], said) and _paid_through(scene) is not None
    if not until and (plan is None or plan.last is None):
        return None
    if "?" in said or len(said.split()) > int(words["terpanjang"]):
        return None
    forbids = _any(scene.content.lexicon["pengingat"]["larangan"], said)
    if _any(words["ingat"], said) and _any(words["nanti"], said) and not forbids:
        return "snooze"
    paid_now = _any(words["sudah"], said) and _any(words["bayar"], said) and not _any(words["bukan"], said)
    if not paid_now or forbids:
        return None
    return "paid_until" if until else "paid"


def tells_protection(scene: Scene, text: str) -> bool:
    """Whether the words tell a day to come on which the person's protection ends."""
    understanding = scene.understanding
    day = understanding.first("date") if understanding else None
    if day is None or not _any(scene.content.lexicon["pengingat"]["perlindungan"], text.casefold()):
        return False
    return isinstance(day.value, str) and day.value > scene.today.isoformat()
