"""Actions of reminders, consent to messages, and an official's announcement."""

from __future__ import annotations

from content.model import SlotValue
from flows.contact import ConsentState, Purpose, Role
from flows.conversation.registration_talk import consent_version
from flows.conversation.scene import Scene
from flows.events import (
    BroadcastSent,
    ConsentGiven,
    ConsentWithdrawn,
    ProfileLearned,
    ReminderPlanned,
    ReminderStopped,
)
from flows.outreach.sending_policy import SendingRules, next_awake

COMPUTED = ("siaran_akan", "siaran_tidak", "siaran_alasan")
_MESSAGES = (Purpose.REMINDERS, Purpose.ANNOUNCEMENTS)


def learn_village(scene: Scene) -> None:
    """The village named in a form also belongs to the person: it decides their time zone."""
    village = scene.slot("desa")
    if isinstance(village, dict):
        scene.note(ProfileLearned(village=str(village["code"])))


def plan_reminder(scene: Scene) -> None:
    """Remind monthly, with consent noted if it was just given."""
    if scene.contact.consents[Purpose.REMINDERS] is not ConsentState.GIVEN:
        scene.note(ConsentGiven((Purpose.REMINDERS,), consent_version(scene)))
    day, hour = scene.slot("tanggal_pengingat"), scene.slot("jam_pengingat")
    scene.note(ReminderPlanned(int(str(day)), int(str(hour))))


def stop_reminder(scene: Scene) -> None:
    """Stop only the reminders."""
    if scene.contact.reminder is None and scene.contact.consents[Purpose.REMINDERS] is not ConsentState.GIVEN:
        scene.say("pengingat_tidak_ada")
        return
    scene.note(ReminderStopped())
    scene.note(ConsentWithdrawn((Purpose.REMINDERS,)))
    scene.say("pengingat_berhenti")


def unsubscribe(scene: Scene) -> None:
    """BERHENTI: no more reminders or announcements; questions are still answered."""
    scene.note(ReminderStopped())
    scene.note(ConsentWithdrawn(_MESSAGES))
    scene.say("berhenti_semua")


def resubscribe(scene: Scene) -> None:
    """MULAI: messages may come again. A reminder has to be set anew, so that it comes when the person wants it."""
    scene.note(ConsentGiven(_MESSAGES, consent_version(scene)))
    scene.say("mulai_lagi")


def has_village(scene: Scene) -> str:
    """Whether staff told us which village the official is of."""
    return "*" if scene.contact.village is not None else "tanpa_desa"


def forecast(scene: Scene) -> str:
    """How many of the official's village get it, how many won't and why."""
    audience = scene.contact.audience
    if scene.contact.village is None or audience is None:
        return "tanpa_desa"
    words = scene.content.lexicon["reasons"]["skip"]
    why = ", ".join(f"{count} {words.get(reason, reason)}" for reason, count in sorted(audience.wont.items()) if count)
    scene.keep(siaran_akan=audience.will, siaran_tidak=sum(audience.wont.values()), siaran_alasan=why)
    if not audience.will:
        return "kosong"
    return "sebagian" if why else "*"


def send_broadcast(scene: Scene) -> str:
    """The official confirmed: the audience is frozen and everyone in it gets the words once, by day."""
    village = scene.contact.village
    if village is not None:
        scene.note(BroadcastSent(str(scene.slot("isi_siaran")), village.code))
    return "*" if next_awake(scene.contact, scene.given.now, SendingRules()) == scene.given.now else "malam"


def village_progress(scene: Scene) -> None:
    """Counts of the official's own village; no names."""
    progress, village = scene.contact.progress, scene.contact.village
    if scene.contact.role is not Role.OFFICIAL:
        scene.say("hanya_perangkat_desa")
    elif progress is None or village is None:
        scene.say("perangkat_tanpa_desa")
    else:
        by_state = progress.leads_by_state
        slots: dict[str, SlotValue] = {"desa": village.name, "jumlah_kontak": progress.contacts}
        slots |= {"jumlah_daftar": progress.leads, "jumlah_baru": by_state.get("new", 0)}
        slots |= {"jumlah_dihubungi": by_state.get("contacted", 0)}
        slots |= {"jumlah_selesai": by_state.get("handed_over", 0) + by_state.get("active", 0)}
        scene.say("kemajuan_desa", slots)


def event_create(scene: Scene) -> None:
    """Gatherings come with a later issue; until then an announcement does the job."""
    scene.say("acara_lewat_siaran" if scene.contact.role is Role.OFFICIAL else "hanya_perangkat_desa")
