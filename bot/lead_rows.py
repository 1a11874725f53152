"""Leads as rows for lists and files: masked, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import IO
from zoneinfo import ZoneInfo

from flows.conversation.view import mask_phone
from nlu.understanding import JsonValue
from storage.leads import Lead

_WIB = ZoneInfo("Asia/Jakarta")
#: Spreadsheets run cells that begin with these as formulas.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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


def write_csv(file: IO[str], leads: Iterable[Lead], states: Mapping[str, str]) -> Iterator[None]:
    """Write leads one by one, yielding after each, so that a caller can show progress."""
    writer: csv.DictWriter[str] | None = None
    for lead in leads:
        row = {key: safe_cell(str(value)) for key, value in lead_row(lead, states).items()}
        if writer is None:
            writer = csv.DictWriter(file, fieldnames=list(row))
            writer.writeheader()
        writer.writerow(row)
        yield


def safe_cell(text: str) -> str:
    """The text, made harmless as a spreadsheet cell."""
    return "'" + text if text.startswith(_FORMULA) else text


def _named(value: JsonValue) -> str:
    return str(value.get("name", "")) if isinstance(value, dict) else ""


def _amount(value: JsonValue) -> int | str:
    amount = value.get("amount") if isinstance(value, dict) else None
    return amount if isinstance(amount, int) else ""
