"""What every answer reader is handed, and the two ways an answer comes out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from nlu.entities import EntityReader
from nlu.lexicon import RawLexicon, any_of, pairs, part, whole_words, words
from nlu.places import Place
from nlu.understanding import FormAnswer, JsonValue


class Readers:
    """Look-ups made once from the lexicon."""

    def __init__(self, lexicon: RawLexicon) -> None:
        self.lexicon = lexicon
        self.entities = EntityReader(lexicon)
        self.forms = pairs(part(lexicon, "slang", "forms"))
        self.works = {row["id"]: row for row in part(lexicon, "occupations", "occupations") or ()}
        cues = part(lexicon, "cues")
        self.self_name = _leading(words(part(cues, "self_name")))
        self.self_village = _leading(words(part(cues, "self_village")))
        self.self_work = _leading(words(part(cues, "self_work")))
        self.polite = _trailing(words(part(cues, "polite")))
        self.unsure_income = re.compile(rf"(?<![a-z]){any_of(words(part(cues, 'unsure_income')))}(?![a-z])")
        self.not_a_name = frozenset(words(part(cues, "not_a_name")))
        self.yes = frozenset(plain(form) for form in words(part(lexicon, "yes_no", "yes")))
        said_no = (*words(part(lexicon, "yes_no", "no")), *words(part(cues, "also_no")))
        self.no = frozenset(plain(form) for form in said_no)
        self.unsure = frozenset(plain(form) for form in words(part(lexicon, "yes_no", "unsure")))
        self._emoji = {
            sign.replace("\ufe0f", ""): f" {said} " for sign, said in pairs(part(lexicon, "words", "emoji")).items()
        }
        spoken = part(lexicon, "formulir")
        self.sexes = {letter: frozenset(words(part(spoken, "sex", letter))) for letter in part(spoken, "sex") or ()}
        payers = {payer: words(part(spoken, "payer", payer)) for payer in part(spoken, "payer") or ()}
        self.payers = {said: payer for payer, forms in payers.items() for said in forms}
        self.payer = whole_words(self.payers)
        self.any_time = whole_words(words(part(spoken, "any_time")))
        self.part_of_day = {form: int(value) for form, value in pairs(part(cues, "part_of_day")).items()}

    def spelt_out(self, said: str) -> str:
        """The answer with its emoji as words."""
        return said if said.isascii() else "".join(self._emoji.get(char, char) for char in said)


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer to read: as written, folded to single spaces, and what the reader may use."""

    text: str
    said: str
    today: date
    readers: Readers
    extra_villages: tuple[Place, ...] = ()

    def without(self, pattern: re.Pattern[str]) -> str:
        """The folded answer without a leading or trailing phrase, punctuation trimmed."""
        said = self.said
        for _ in range(3):
            shorter = pattern.sub("", said).strip(" .,:;-!")
            if shorter == said:
                break
            said = shorter
        return said


_KEPT: dict[int, Readers] = {}


def readers_for(lexicon: RawLexicon) -> Readers:
    """The readers of this lexicon; the last two are kept."""
    kept = _KEPT.get(id(lexicon))
    if kept is None or kept.lexicon is not lexicon:
        kept = Readers(lexicon)
        if len(_KEPT) > 1:
            _KEPT.clear()
        _KEPT[id(lexicon)] = kept
    return kept


def understood(text: str, value: JsonValue) -> FormAnswer:
    """A good answer."""
    return FormAnswer(text, value, ok=True)


def refused(text: str, ask: str, value: JsonValue = None, **slots: JsonValue) -> FormAnswer:
    """An answer to ask about: `ask` is the reply, `slots` its details."""
    return FormAnswer(text, value, ok=False, ask=ask, slots=tuple(slots.items()))


def plain(said: str) -> str:
    """Words only: no punctuation, single spaces."""
    return " ".join(re.sub(r"[^\w'\s]", " ", said).split())


def _leading(forms: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"^\W*{any_of(forms)}(?![a-z0-9])[\s:.,=-]*")


def _trailing(forms: Iterable[str]) -> re.Pattern[str]:
    polite = any_of(forms)
    return re.compile(rf"(?:[\s,.]+{polite})+\W*$|^\W*(?:{polite}[\s,.]+)+")
