"""Leads as rows for lists: masked."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from flows.conversation.view import mask_phone
from nlu.understanding import JsonValue
from storage.leads import Lead

_WIB = ZoneInfo("Asia/Jakarta")


def lead_row(lead: Lead, states: Mapping[str, str]) -> dict[str, str | int]:
    """One lead with NIK and phone masked."""
    fields = lead.fields
    phone = fields.get("hp")
    return {
        "number": lead.number,
        "date": lead.submitted_at.astimezone(_WIB).date().isoformat(),
        "name": lead.name,
        "nik": str(lead.nik) if lead.nik else "",
        "birth_date": str(fields.get("lahir", "")),
        "occupation": _named(fields.get("pekerjaan")),
        "village": _named(fields.get("desa")),
        "village_code": lead.village_code or "",
        "income": _amount(fields.get("penghasilan")),
        "programs": str(fields.get("program", "")),
        "phone": mask_phone(phone) if isinstance(phone, str) else "",
        "state": states.get(lead.state.value, lead.state.value),
    }


def _named(value: JsonValue) -> str:
    return str(value.get("name", "")) if isinstance(value, dict) else ""


def _amount(value: JsonValue) -> int | str:
    amount = value.get("amount") if isinstance(value, dict) else None
    return amount if isinstance(amount, int) else ""
