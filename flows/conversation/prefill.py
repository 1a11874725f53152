"""Never ask for what is already known: from the contact, and from what the person wrote by the way."""

from __future__ import annotations

from content.model import FlowDef, Step
from flows.contact import ConsentState, Purpose, Role
from flows.conversation.scene import Scene
from nlu.understanding import Entity, JsonValue

_PURPOSES = {"setuju_pengingat": Purpose.REMINDERS, "setuju_siaran": Purpose.ANNOUNCEMENTS}


def from_contact(scene: Scene, flow: FlowDef) -> None:
    """Fill the slots of a flow from what is on record: village, phone, standing consents."""
    asked = {step.slot for step in flow.steps if step.slot}
    contact = scene.contact
    if "desa" in asked and contact.village and scene.slot("desa") is None:
        village = contact.village
        scene.keep(desa={"code": village.code, "name": village.name, "path": village.path})
    if "hp" in asked and contact.phone and not flow.about_other:
        scene.keep(hp=contact.phone, hp_dari_saluran=True)
    family = scene.slot("sekeluarga")
    if flow.about_other and contact.role is not Role.OFFICIAL and isinstance(family, dict):
        scene.keep(**{name: value for name, value in family.items() if name in asked and name != "hp"})
        scene.keep(jumlah_bulan_bayar=family.get("jumlah_bulan_bayar"), dibayar_lain=family.get("dibayar_lain"))
    for slot, purpose in _PURPOSES.items():
        if slot in asked and contact.consents[purpose] is ConsentState.GIVEN:
            scene.keep(**{slot: True})


def has_agreed(scene: Scene) -> bool:
    """Whether personal answers may be kept: the person said yes, or signed a paper that an official named.

    Beside somebody who agreed aloud they may wait for hours, until that person says yes from their own phone.
    """
    said = (scene.slot("setuju_data"), scene.slot("setuju_titip"))
    return True in said or bool(scene.slot("setuju_kertas"))


def from_words(scene: Scene, flow: FlowDef) -> None:
    """Fill empty slots from entities in the message ("petani, 1,2 juta sebulan"); never overwrite an answer.

    Nothing personal is kept before the person agreed to it.
    """
    understanding = scene.understanding
    if understanding is None:
        return
    agreed = has_agreed(scene)
    for step in flow.steps:
        if not step.slot or scene.slot(step.slot) is not None or (step.personal and not agreed):
            continue
        value = _value(scene, step, understanding.entities)
        if value is not None:
            scene.keep(**{step.slot: value})


def _value(scene: Scene, step: Step, entities: tuple[Entity, ...]) -> JsonValue:
    if step.ask == "income" and len({str(entity.value) for entity in entities if entity.kind == "money"}) > 1:
        return None  # of several amounts nobody said which is the usual one
    for entity in entities:
        match step.ask, entity.kind, entity.value:
            case "income", "money", {"amount": int(amount), "period": "month"}:
                return {"amount": amount, "period": "month"}
            case "occupation", "occupation", str(occupation_id):
                return occupation(scene, occupation_id)
            case "date", "date", str(text) if text > scene.today.isoformat():
                return text
            case "day", "date", str(text) if text[-2:].isdecimal() and "tgl" in entity.text.casefold():
                return min(int(text[-2:]), 28)
    return None


def occupation(scene: Scene, occupation_id: str) -> JsonValue:
    """The occupation of the lexicon with that id, as a slot keeps it."""
    for row in scene.content.lexicon.get("occupations", {}).get("occupations", ()):
        if row["id"] == occupation_id:
            return {key: row[key] for key in ("id", "name", "sector", "segment")}
    return None
