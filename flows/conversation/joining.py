"""One person on two platforms: a code shown on one and sent from the other; asked once more, then they are one."""

from __future__ import annotations

import re

from flows.conversation import form
from flows.conversation.joining_talk import OTHER, WHERE
from flows.conversation.scene import Scene
from flows.events import JoinCodeShown

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
    if offer is None or (offer.contact_id is None and scene.step is not None):
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
