"""Actions of a phone that several people use; what decides who is meant is in `sharing`."""

from __future__ import annotations

from flows.conversation.scene import Scene
from flows.events import PersonLeft
from nlu.understanding import JsonValue

#: Where a conversation keeps the answers that hold for a whole family, and which they are.
SHARED = "sekeluarga"
_HOLDS_FOR_ALL = ("desa", "alamat", "hp", "pembayar", "jumlah_bulan_bayar", "dibayar_lain")


def remember_shared(scene: Scene) -> None:
    """Keep what the next member of the family need not be asked again."""
    known: dict[str, JsonValue] = {name: scene.slot(name) for name in _HOLDS_FOR_ALL if scene.slot(name)}
    scene.keep(**{SHARED: known})


def leave_phone(scene: Scene) -> None:
    """The person no longer wants to be known on this phone."""
    scene.note(PersonLeft())


def says_others(scene: Scene) -> str:
    """Who else registered on this phone, one line each: name, receipt and where it stands. Never more."""
    states = scene.content.lexicon["privacy"]["words"]
    told = [
        f"{mate.name}: {mate.lead.number}, {states[mate.lead.state.value]}"
        for mate in scene.contact.mates
        if mate.lead is not None and mate.name
    ]
    return "\n".join(told)
