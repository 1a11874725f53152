"""Replies and buttons: no number of their own, and within what a chat can show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from content.checks.sample import longest
from content.model import Button, Kind, Reply
from content.reading.draft import Draft
from content.render import Template

LONGEST_TEXT = 600
MOST_BUTTONS, LONGEST_LABEL = 3, 20
MOST_CHOICES, LONGEST_TITLE = 10, 24
LONGEST_HINT = 72
_UNITS = {Kind.MONTHS: "bulan", Kind.YEARS: "tahun", Kind.DAYS: "hari", Kind.HOURS: "jam", Kind.PERCENT: "%|persen"}
_PLACE = re.compile(r"\{[^{}\n]*\}")

#: What a reply may not write itself: (what was found, pattern, which fact to name instead).
_LITERALS = (
    ("Jumlah uang", re.compile(r"\bRp\.?\s*\d", re.I), "{fact.jkm.total}"),
    ("Jumlah uang", re.compile(r"\b\d[\d.,]*\s*(?:ribu|rb|juta|jt|miliar|milyar)\b", re.I), "{fact.jkm.total}"),
    ("Persen", re.compile(r"\d\s*(?:%|persen\b)", re.I), "{fact.jht.persen}"),
    ("Pasal", re.compile(r"\b(?:pasal|ayat)\s*\(?\d", re.I), "{source.jkm.total}"),
    (
        "Nomor peraturan",
        re.compile(
            r"\b(?:PP|UU|Perpres|Permenaker|Permen|Keppres|Perdir|Perda|Inpres|PMK|Undang-Undang|Peraturan\s+\w+)"
            r"\s*(?:No\.?|Nomor)?\s*\d"
        ),
        "{source.jkm.total}",
    ),
    (
        "Nomor telepon",
        re.compile(r"(?<![\d.])(?:175|1500[ -]?\d{3}|(?:\+?62|0)[ -]?\d{2,4}[ -]?\d{3,4}[ -]?\d{0,5})(?![\d.]*\d)"),
        "{fact.kontak.call_center}",
    ),
    ("Angka besar", re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{3})+(?![\d.]*\d)|(?<!\d)\d{5,}"), "{fact.jkm.total}"),
)


def replies(draft: Draft, day: date | None) -> None:
    """Every rule about one reply or button, except how it reads."""
    for reply in draft.replies.values():
        _own_numbers(draft, reply)
        _doubled_units(draft, reply)
        _length(draft, reply, day)
        _open_end(draft, reply, day)
        _limits(draft, reply)
    for button in draft.buttons.values():
        _button(draft, button)


def literals(text: str) -> Iterable[str]:
    """What this line writes that only a fact may say, one sentence each, at most one a kind."""
    plain = _PLACE.sub("{}", text)
    seen: set[str] = set()
    for what, pattern, example in _LITERALS:
        match = pattern.search(plain)
        if match and not any(match[0] in other or other in match[0] for other in seen):
            seen.add(match[0])
            yield f'{what} ditulis langsung: "{match[0].strip()}". Pakai fakta, misalnya {example}.'


def _own_numbers(draft: Draft, reply: Reply) -> None:
    start = draft.places.at("reply", reply.key, "text")
    for offset, line in enumerate(reply.text.split("\n")):
        for sentence in literals(line):
            draft.report.add(start.path, start.line + offset, "reply.number", sentence)


def _doubled_units(draft: Draft, reply: Reply) -> None:
    start = draft.places.at("reply", reply.key, "text")
    for offset, line in enumerate(reply.text.split("\n")):
        for place in Template.cut(line).placeholders:
            kind = _kind(draft, place.area, place.name)
            written = re.escape(f"{{{place.area}.{place.name}}}")
            unit = _UNITS.get(kind) if kind else None
            doubled = rf"{written}\s*(?:{unit})(?!\w)" if unit else rf"\bRp\.?\s*{written}"
            if (unit or kind == Kind.RUPIAH) and re.search(doubled, line):
                sentence = f'Satuan ditulis dua kali: {{{place.area}.{place.name}}} sudah membawa "{_unit_said(kind)}".'
                draft.report.add(start.path, start.line + offset, "reply.unit", sentence)


def _kind(draft: Draft, area: str, name: str) -> Kind | None:
    fact = draft.facts.get(name) if area == "fact" else None
    slot = draft.slots.get(name) if area == "slot" else None
    found = fact or slot
    return found.kind if found is not None else None


def _unit_said(kind: Kind | None) -> str:
    return {Kind.RUPIAH: "Rp", Kind.PERCENT: "%"}.get(kind, _UNITS.get(kind, "")) if kind else ""


def _length(draft: Draft, reply: Reply, day: date | None) -> None:
    length = len(longest(draft, reply.text, day))
    if length > LONGEST_TEXT:
        sentence = f"Balasan bisa sepanjang {length} huruf; paling banyak {LONGEST_TEXT}. Persingkat atau bagi dua."
        draft.add("reply.length", sentence, "reply", reply.key, "text")


def _open_end(draft: Draft, reply: Reply, day: date | None) -> None:
    for place in Template.cut(reply.text).placeholders:
        fact = draft.facts.get(place.name) if place.area == "until" else None
        if fact is None:
            continue
        if all(value.until is None or (day is not None and not value.covers(day)) for value in fact.values):
            sentence = f'"{{until.{place.name}}}" tidak bisa diucapkan: fakta itu belum punya akhir masa berlaku.'
            draft.add("reply.until", sentence, "reply", reply.key, "text")


def _limits(draft: Draft, reply: Reply) -> None:
    if len(reply.buttons) > MOST_BUTTONS:
        sentence = f'Ada {len(reply.buttons)} tombol; paling banyak {MOST_BUTTONS}. Pakai "choices" bila lebih.'
        draft.add("reply.buttons", sentence, "reply", reply.key, "buttons")
    if len(reply.choices) > MOST_CHOICES:
        sentence = f"Ada {len(reply.choices)} pilihan; paling banyak {MOST_CHOICES}."
        draft.add("reply.choices", sentence, "reply", reply.key, "choices")
    for area, taps in (("buttons", reply.buttons), ("choices", reply.choices)):
        _labels(draft, reply.key, area, taps)


def _labels(draft: Draft, key: str, area: str, taps: tuple[str, ...]) -> None:
    limit = LONGEST_LABEL if area == "buttons" else LONGEST_TITLE
    shown: set[str] = set()
    for tap in taps:
        button = draft.buttons.get(tap)
        if button is None:
            continue
        if len(button.label) > limit:
            sentence = f'Tulisan tombol "{button.label}" {len(button.label)} huruf; paling banyak {limit} di sini.'
            draft.add("button.label", sentence, "button", tap, "label")
        if button.label in shown:
            draft.add("reply.same_label", f'Dua tombol bertulisan "{button.label}".', "reply", key, area, tap)
        shown.add(button.label)


def _button(draft: Draft, button: Button) -> None:
    if len(button.label) > LONGEST_TITLE:
        sentence = f'Tulisan tombol "{button.label}" {len(button.label)} huruf; paling banyak {LONGEST_LABEL}.'
        draft.add("button.label", sentence, "button", button.id, "label")
    if button.hint and len(button.hint) > LONGEST_HINT:
        sentence = f"Keterangan tombol {len(button.hint)} huruf; paling banyak {LONGEST_HINT}."
        draft.add("button.hint", sentence, "button", button.id, "hint")
    for field, text in (("label", button.label), ("hint", button.hint or "")):
        for sentence in literals(text):
            draft.add("button.number", sentence, "button", button.id, field)
        if "{" in text:
            draft.add("button.placeholder", "Tulisan tombol tidak boleh berisi penanda.", "button", button.id, field)
