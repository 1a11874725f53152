"""Actions of pre-registration: consents, age, price, receipt, and what the person may ask about their own data."""

from __future__ import annotations

from datetime import date

from content.model import NotInForce
from flows.benefits.contribution import Sector, contribution
from flows.contact import ConsentState, Purpose
from flows.conversation.contribution_talk import amounts
from flows.conversation.scene import Scene
from flows.events import (
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    DataErasureRequested,
    LeadSubmitted,
    ProfileLearned,
)
from nlu.understanding import JsonValue

#: Slots that these actions compute for replies; they go with the form.
COMPUTED = (
    "lahir_dari_nik",
    "jenis_kelamin",
    "lahir_beda",
    "iuran_2",
    "iuran_3",
    "iuran_pilihan",
    "nama_program",
    "upah_dasar",
)
_ASKED = {
    "setuju_data": Purpose.REGISTRATION,
    "setuju_pengingat": Purpose.REMINDERS,
    "setuju_siaran": Purpose.ANNOUNCEMENTS,
}
#: What a lead keeps of the form.
LEAD_FIELDS = (
    "nama", "nik", "lahir", "jenis_kelamin", "lahir_beda", "pekerjaan", "desa", "penghasilan", "program", "hp",
    "upah_dasar", "iuran_pilihan",
)  # fmt: skip


def consent_version(scene: Scene) -> str:
    """The version of the consent text in force: the newest."""
    return max(scene.content.consents)


def record_consents(scene: Scene) -> None:
    """Note each answer to a consent question with the version of the text it was given to."""
    version = consent_version(scene)
    given: list[Purpose] = []
    refused: list[Purpose] = []
    for slot, purpose in _ASKED.items():
        answer = scene.slot(slot)
        if answer is True and scene.contact.consents[purpose] is not ConsentState.GIVEN:
            given.append(purpose)
        elif answer is False:
            refused.append(purpose)
    if given:
        scene.note(ConsentGiven(tuple(given), version))
    if refused:
        scene.note(ConsentRefused(tuple(refused), version))


def refuse_data(scene: Scene) -> None:
    """The person does not agree that we keep their data: nothing is kept."""
    scene.note(ConsentRefused((Purpose.REGISTRATION,), consent_version(scene)))


def check_birth(scene: Scene) -> str:
    """Under 18: nothing is collected, and what was agreed to a moment ago is taken back.

    From 65 on: explained, not registered. A mismatch with the NIK only warns.
    """
    born = scene.slot("lahir")
    if not isinstance(born, str):
        return "*"
    age = years_between(date.fromisoformat(born), scene.today)
    scene.forget("lahir_beda")
    if age < youngest(scene):
        scene.note(ConsentWithdrawn(tuple(Purpose)))
        return "terlalu_muda"
    if age >= oldest(scene):
        return "terlalu_tua"
    from_nik = scene.slot("lahir_dari_nik")
    if isinstance(from_nik, str) and from_nik != born:
        scene.keep(lahir_beda=True)
        return "beda"
    return "*"


def age_verdict(scene: Scene, age: int) -> str | None:
    """The reply for an age that cannot join, or None."""
    if age < youngest(scene):
        return "umur_di_bawah_18"
    return "umur_lebih_65" if age >= oldest(scene) else None


def youngest(scene: Scene) -> int:
    """The bot's own policy: below this age nothing is collected (facts.md section 1.2)."""
    return int(str(scene.content.fact("pendaftaran.usia_dilayani", scene.today).value))


def oldest(scene: Scene) -> int:
    """BPU must be under this age when they register."""
    return int(str(scene.content.fact("pendaftaran.usia_maks", scene.today).value))


def years_between(born: date, day: date) -> int:
    """Completed years of age."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def price(scene: Scene) -> None:
    """Put this month's exact amounts into the slots that the programme question and the review card show."""
    income, work = scene.slot("penghasilan"), scene.slot("pekerjaan")
    if not isinstance(income, dict) or not isinstance(work, dict):
        return
    sector = Sector.TRANSPORT if work.get("sector") == "transport" else Sector.OTHER
    try:
        due = contribution(scene.content, int(str(income["amount"])), sector, scene.today)
    except NotInForce:
        scene.forget("iuran_2", "iuran_3")
        return
    shown = amounts(due)
    scene.keep(iuran_2=due.two, iuran_3=due.three, upah_dasar=due.base)
    chosen = scene.slot("program")
    if chosen in {"2", "3"}:
        scene.keep(iuran_pilihan=int(str(shown[f"iuran_{chosen}"])))
        scene.keep(nama_program=scene.content.lexicon["programs"]["packages"][chosen])


def submit_lead(scene: Scene) -> None:
    """The form is complete: hand it over under the fresh number."""
    fields: dict[str, JsonValue] = {name: scene.slot(name) for name in LEAD_FIELDS if scene.slot(name) is not None}
    village = fields.get("desa")
    if isinstance(village, dict):
        scene.note(ProfileLearned(village=str(village["code"]), name=str(fields.get("nama", ""))))
    scene.note(LeadSubmitted(scene.given.lead_number, fields, consent_version(scene)))
    scene.keep(nomor=scene.given.lead_number)


def lead_status(scene: Scene) -> None:
    """Where the person's registration stands."""
    lead = scene.contact.lead
    if lead is None:
        scene.say("status_belum_ada")
        return
    scene.say(f"status_{lead.state.value}", {"nomor": lead.number, "tanggal": lead.submitted_on})


def my_data(scene: Scene) -> None:
    """What we hold about the person, masked, and what they may ask for."""
    contact = scene.contact
    if contact.lead is None and contact.name is None:
        scene.say("data_saya_kosong")
        return
    scene.say("data_saya", {"nomor": contact.lead.number if contact.lead else "-", "nama": contact.name or "-"})


def erase_data(scene: Scene) -> None:
    """Erase what we hold; the reply is the receipt."""
    scene.note(DataErasureRequested())


def register_neighbour(scene: Scene) -> None:
    """Registering somebody else rests on that person's own consent, from their own phone."""
    scene.say("daftar_orang_lain")
