"""Reads what someone does for a living; two jobs are two jobs."""

from __future__ import annotations

from rapidfuzz import process
from rapidfuzz.distance import OSA

from nlu.answers.reading import Asked, refused, understood
from nlu.understanding import FormAnswer, JsonValue

_MOST = 2


def occupation(asked: Asked) -> FormAnswer:
    """One occupation of the lexicon, or a list of two."""
    found = _named(asked, asked.said)
    if not found:
        found = _named(asked, " ".join(asked.readers.forms.get(word, word) for word in asked.said.split()))
    if not found:
        found = _nearly(asked)
    if not found:
        return refused(asked.text, "pekerjaan_tidak_jelas")
    rows: list[JsonValue] = [_row(asked, work) for work in found[:_MOST]]
    return understood(asked.text, rows[0] if len(rows) == 1 else rows)


def _named(asked: Asked, said: str) -> list[str]:
    found: list[str] = []
    for work, _, _ in asked.readers.entities.occupation_in(said):
        if work not in found:
            found.append(work)
    return found


def _nearly(asked: Asked) -> list[str]:
    """The nearest form of one or two words within one slip (two in long words)."""
    said = asked.without(asked.readers.self_work).split()
    forms = asked.readers.entities.work_forms
    for tried in (" ".join(said), *said):
        if len(tried) > 4:
            near = process.extractOne(tried, list(forms), scorer=OSA.distance, score_cutoff=1 if len(tried) < 8 else 2)
            if near and near[0][0] == tried[0]:
                return [forms[near[0]]]
    return []


def _row(asked: Asked, work: str) -> JsonValue:
    row = asked.readers.works[work]
    return {key: str(row[key]) for key in ("id", "name", "sector", "segment")}
