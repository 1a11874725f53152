"""Codes that were shown elsewhere: one person on two platforms become one, or what somebody wrote for them opens."""

from __future__ import annotations

import re
from dataclasses import replace

from flows.conversation import actions, form
from flows.conversation.joining_talk import OTHER, WHERE
from flows.conversation.registration_talk import ENTRUSTED_CODE, REGISTRATION
from flows.conversation.scene import Scene
from flows.events import JoinCodeShown
from flows.message import DraftOffer, HeardKind

FLOW = "gabung_akun"
_CODE = re.compile(r"([B-DF-HJ-NP-TV-Z]{4})[\s-]?([2-9]{4})", re.IGNORECASE)


def code_in(text: str) -> str | None:
    """The code, if the message is one and nothing else."""
    found = _CODE.fullmatch(text.strip())
    return f"{found[1].upper()}-{found[2]}" if found else None


def show_code(scene: Scene) -> None:
    """Give the person a code for their other platform."""
    minutes = int(scene.content.lexicon["kebijakan"]["menit_kode_gabung"])
    scene.note(JoinCodeShown(scene.given.join_code))
    scene.say("kode_gabung", {"kode_gabung": scene.given.join_code, "menit_kode": minutes})
    form.ask_again(scene)


def take(scene: Scene) -> bool:
    """Act on a code that was sent. Returns whether the message was one; a wrong one may be an answer to a form."""
    offer = scene.given.offer
    if isinstance(offer, DraftOffer):
        _open(scene, offer)
        return True
    typed = scene.heard.kind is HeardKind.TEXT
    if offer is None or (offer.contact_id is None and typed and scene.step is not None):
        return False
    if offer.contact_id is None:
        scene.say("kode_gabung_salah")
    elif offer.contact_id == scene.contact.id:
        scene.say("kode_gabung_di_sini")
        form.ask_again(scene)
    else:
        names = scene.content.lexicon["kebijakan"]["nama_saluran"]
        scene.keep(**{OTHER: offer.contact_id, WHERE: names[(offer.channel or scene.contact.channel).value]})
        form.start(scene, FLOW)
    return True


def _open(scene: Scene, offer: DraftOffer) -> None:
    """Somebody wrote a registration for this person, who now reads it in a form of their own and says yes or no."""
    if offer.by == scene.contact.id:
        scene.say("kode_titipan_di_sini")
        form.ask_again(scene)
        return
    flow = scene.content.flows[REGISTRATION]
    if scene.session.flow == REGISTRATION:  # what was begun here gives way: it is about the same person
        scene.session = replace(scene.session, flow=None, step=None)
    scene.forget(*(step.slot for step in flow.steps if step.slot), *actions.MADE_BY_FORMS)
    by = scene.content.lexicon["kebijakan"]["penitip"][offer.role.value]
    scene.keep(**offer.fields, **{ENTRUSTED_CODE: code_in(scene.heard.text), "penitip": by, "sekaligus": True})
    form.start(scene, REGISTRATION)
