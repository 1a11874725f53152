"""Picture cards and printed pages: complete, no number of their own, facts that exist, no slot that is not at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from content.cards import LEXICON, PARTS, cut_cards
from content.checks.references import line_problems
from content.checks.replies import literals
from content.model import Reply
from content.problems import nearest
from content.reading.draft import Draft
from content.render import Template

#: The word list whose texts are printed for villages.
PRINTED = "kit"
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_MOST_ROWS = 5


def cards(draft: Draft) -> None:
    """Every rule about picture cards and the replies that show one."""
    table = draft.lexicon.get(LEXICON, {})
    known = table.get("cards", {}) if isinstance(table, dict) else {}
    whole = [_shape(draft, name, card) for name, card in known.items()]
    _words(draft, LEXICON, table)
    _words(draft, PRINTED, draft.lexicon.get(PRINTED, {}))
    for reply in draft.replies.values():
        if reply.image is not None and reply.image not in known:
            sentence = f'Kartu "{reply.image}" tidak ada di lexicon/cards.yaml.{nearest(reply.image, known)}'
            draft.add("reply.image", sentence, "reply", reply.key)
    if all(whole):
        _slots(draft)


def _words(draft: Draft, stem: str, table: Any) -> None:
    for text in _texts(table):
        for sentence in (*line_problems(draft, text), *literals(text)):
            draft.add("card.text", f'"{text}": {sentence}', "lexicon", stem)


def _add(draft: Draft, rule: str, sentence: str) -> None:
    draft.add(rule, sentence, "lexicon", LEXICON)


def _shape(draft: Draft, name: str, card: Any) -> bool:
    rows = card.get("rows") if isinstance(card, dict) else None
    rows_fit = isinstance(rows, tuple) and all(isinstance(row, dict) and set(row) == {"label", "value"} for row in rows)
    fits = (
        rows_fit
        and set(card) <= {"color", "rows", *PARTS}
        and "title" in card
        and bool(_COLOR.fullmatch(str(card.get("color"))))
        and 1 <= len(rows or ()) <= _MOST_ROWS
    )
    if not fits:
        sentence = (
            f'Kartu "{name}" perlu color (#rrggbb), title, dan 1 sampai {_MOST_ROWS} rows berisi label dan value.'
        )
        _add(draft, "card.shape", sentence)
    return fits


def _slots(draft: Draft) -> None:
    known = cut_cards(draft.lexicon)
    for reply in draft.replies.values():
        card = known.get(reply.image or "")
        needed = {place.name for place in card.placeholders if place.area == "slot"} if card else set()
        for name in sorted(needed - _said(reply)):
            sentence = f'Kartu "{reply.image}" memakai slot "{name}" yang tidak diucapkan balasan ini.'
            draft.add("reply.image", sentence, "reply", reply.key)


def _said(reply: Reply) -> set[str]:
    return {place.name for place in Template.cut(reply.text).placeholders if place.area == "slot"}


def _texts(value: Any) -> Iterable[str]:
    match value:
        case str():
            if not _COLOR.fullmatch(value):
                yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case tuple():
            for item in value:
                yield from _texts(item)
