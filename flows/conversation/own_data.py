"""What a person may do with their own registration: read it, correct it, take back one consent or all."""

from __future__ import annotations

from collections.abc import Mapping

from content.model import SlotValue
from flows.contact import OPEN_STATES, ConsentState, Purpose
from flows.conversation.answers import SKIPPED, named_sex
from flows.conversation.registration_talk import LEAD_FIELDS, REGISTRATION, lead_fields, price, submit_lead
from flows.conversation.scene import Scene
from flows.conversation.view import view_slots
from flows.events import ConsentWithdrawn, LeadChanged, OwnLeadWanted, ProfileLearned, ReminderStopped
from nlu.understanding import JsonValue

#: Set while the registration's form runs to correct what was sent.
CHANGING = "mengubah"
COMPUTED = (CHANGING,)
_WORDS_OF = {Purpose.REGISTRATION: "izin_daftar", Purpose.REMINDERS: "izin_ingat", Purpose.ANNOUNCEMENTS: "izin_kabar"}
_ALL = "semua"
#: What the copy names; what was not told, or was forgotten since, is shown as empty.
_SHOWN = (*LEAD_FIELDS, "nik_akhir", "pekerjaan_semua", "desa_lengkap")
_MAY_BE_EMPTY = ("tempat_lahir", "alamat", "lokasi_kerja", "jam_kerja", "email", "kpj", "hp")


def my_data(scene: Scene) -> None:
    """A copy that can be read: everything registered, numbers masked, and which consents hold."""
    contact = scene.contact
    if contact.lead is None and contact.name is None:
        scene.say("data_saya_kosong")
        return
    if contact.lead is not None and scene.given.own is None:
        scene.note(OwnLeadWanted())
        return
    words = scene.content.lexicon["privacy"]["copy"]
    shown: dict[str, SlotValue] = {
        name: str(words["yes" if contact.consents[purpose] is ConsentState.GIVEN else "no"])
        for purpose, name in _WORDS_OF.items()
    }
    shown |= {"nomor": contact.lead.number if contact.lead else "-", "nama": contact.name or "-"}
    scene.say("data_saya", shown)
    if scene.given.own:
        told = view_slots(_as_form(scene, scene.given.own), contact)
        scene.say("data_saya_isi", {**dict.fromkeys(_SHOWN, "-"), **told})


def _as_form(scene: Scene, own: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """A lead's answers as the form keeps them."""
    fields = dict(own)
    sex, payer = fields.get("jenis_kelamin"), fields.get("pembayar")
    if isinstance(sex, str):
        fields["jenis_kelamin"] = named_sex(scene, sex)
    if isinstance(payer, dict) and payer.get("id") != "self":
        fields["dibayar_lain"] = True
    return fields


def change_data(scene: Scene) -> str | None:
    """Correct what was registered, in the form it was told in; what is official already is corrected elsewhere."""
    lead, given = scene.contact.lead, scene.contact.consents[Purpose.REGISTRATION] is ConsentState.GIVEN
    busy = REGISTRATION in {scene.session.flow, *(flow for flow, _ in scene.session.parked)}
    if lead is None or lead.state not in OPEN_STATES or not given or busy:
        scene.say("ubah_data")
        return None
    if scene.given.own is None:
        scene.note(OwnLeadWanted())
        return None
    known = _as_form(scene, scene.given.own)
    if "nik" not in known:  # it was forgotten meanwhile
        scene.say("ubah_data")
        return None
    scene.keep(**{name: known.get(name, SKIPPED) for name in LEAD_FIELDS if name in known or name in _MAY_BE_EMPTY})
    scene.keep(dibayar_lain=known.get("dibayar_lain"), setuju_data=True, sekaligus=True)
    scene.keep(**{CHANGING: lead.number})
    return f"start:{REGISTRATION}"


def begin_form(scene: Scene) -> str:
    """A correction starts with the question what to correct."""
    if scene.slot(CHANGING) is None:
        return "*"
    price(scene)
    return CHANGING


def submit(scene: Scene) -> str:
    """The person looked at the card and said it is right: a new registration, or a correction of the one they have."""
    number = scene.slot(CHANGING)
    if not isinstance(number, str):
        submit_lead(scene)
        return "*"
    fields = lead_fields(scene)
    village = fields.get("desa")
    if isinstance(village, dict):
        scene.note(ProfileLearned(village=str(village["code"]), name=str(fields.get("nama", ""))))
    scene.note(LeadChanged(number, fields))
    scene.keep(nomor=number)
    return CHANGING


def withdraw(scene: Scene) -> str:
    """Take back one consent or all; at once, also for what is queued."""
    chosen = str(scene.slot("cabut_izin"))
    purposes = tuple(Purpose) if chosen == _ALL else (Purpose(chosen),)
    if Purpose.REMINDERS in purposes:
        scene.note(ReminderStopped())
    scene.note(ConsentWithdrawn(purposes, forget=Purpose.REGISTRATION in purposes))
    return chosen
