"""Monthly reminders: when the next one is due, and what it says. A month is a month; times are local to the village."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from content import Content
from content.model import NotInForce, SlotValue
from flows.benefits.contribution import Sector, add_months, contribution
from flows.contact import Contact
from nlu.understanding import JsonValue


def next_due(day: int, hour: int, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment strictly after `after` that is that day of a month (1-28) at that hour in the zone."""
    local = after.astimezone(zone)
    this_month = datetime(local.year, local.month, day, hour, tzinfo=zone)
    if this_month > after:
        return this_month
    later = add_months(local.date(), 1)
    return datetime(later.year, later.month, day, hour, tzinfo=zone)


def wording(
    content: Content, contact: Contact, fields: Mapping[str, JsonValue] | None, due_at: datetime
) -> tuple[str, dict[str, SlotValue]]:
    """Which reply a reminder is, with its slots: with the amount where a lead tells band, sector and programmes."""
    local = due_at.astimezone(contact.zone).date()
    month = local.replace(day=1)
    if local.day > int(str(content.fact("iuran_bpu.tanggal", local).value)):  # this month's last day to pay has passed
        month = add_months(month, 1)
    slots: dict[str, SlotValue] = {"bulan": month}
    match fields:
        case {
            "penghasilan": {"amount": int(income)},
            "pekerjaan": {"sector": str(sector)},
            "program": ("2" | "3") as chosen,
            "nama": name,
        }:
            try:
                due = contribution(content, income, Sector(sector), month)
            except NotInForce:
                return "pengingat_iuran", slots
            slots["iuran_pilihan"] = due.two if chosen == "2" else due.three
            slots["nama_program"] = content.lexicon["programs"]["packages"][chosen]
            slots["nama"] = str(name)
            return "pengingat_iuran_jumlah", slots
        case _:
            return "pengingat_iuran", slots
