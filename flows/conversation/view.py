"""Slots as a reply may show them: typed, and with personal numbers masked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from content.model import SlotValue
from flows.contact import Contact
from nlu.understanding import JsonValue


def view_slots(slots: Mapping[str, JsonValue], contact: Contact) -> dict[str, SlotValue]:
    """What replies may name. The NIK shows its last four digits, the phone its first four and last three."""
    shown: dict[str, SlotValue] = {}
    for name, value in slots.items():
        shown.update(_shown(name, value))
    works = [value["name"] for name in ("pekerjaan", "pekerjaan_2") if isinstance(value := slots.get(name), dict)]
    if works:
        shown["pekerjaan_semua"] = ", ".join(str(work) for work in works)
    if contact.name and "nama" not in shown:
        shown["nama"] = contact.name
    if contact.village and "desa" not in shown:
        shown["desa"] = contact.village.name
    return shown


def _shown(name: str, value: JsonValue) -> dict[str, SlotValue]:
    match name, value:
        case "nik", str():
            return {"nik_akhir": value[-4:]}
        case "kpj", str() if value:
            return {"kpj": f"****{value[-4:]}"}
        case _, "":
            return {name: "-"}
        case "hp", str():
            return {"hp": mask_phone(value)}
        case (("lahir" | "lahir_dari_nik" | "bulan" | "bulan_nanti"), str()):
            return {name: date.fromisoformat(value)}
        case "desa", {"name": str(village), "path": str(path)}:
            return {"desa": village, "desa_lengkap": path}
        case _, {"name": str(shown)}:
            return {name: shown}
        case _, {"amount": int(amount)}:
            return {name: amount}
        case _, str() | int() | bool():
            return {name: value}
        case _:
            return {}


def mask_phone(e164: str) -> str:
    """+6281234567890 as 0812****890."""
    local = "0" + e164[3:] if e164.startswith("+62") else e164
    return f"{local[:4]}****{local[-3:]}"
