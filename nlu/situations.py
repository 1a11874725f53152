"""What the classifier alone would miss: grave words, several requests at once, negation, follow-ups, stop words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nlu.lexicon import RawLexicon, any_of, pairs, part, whole_words, words
from nlu.understanding import Grave

#: Whose life is at stake comes first.
_ORDER = (Grave.SELF_HARM, Grave.THREAT, Grave.DEATH, Grave.ACCIDENT)
_END = re.compile(r"[.!?;\n,]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """A message that a fixed rule understands: the role it plays ("stop") and its name for `why`."""

    role: str
    why: str


class Situations:
    """Fixed rules over folded and normalised text."""

    def __init__(self, lexicon: RawLexicon) -> None:
        grave = part(lexicon, "words", "grave")
        self._grave = [(kind, whole_words(words(part(grave, kind.value)))) for kind in _ORDER]
        cues = part(lexicon, "cues")
        self._happened = whole_words(words(part(cues, "happened")))
        self._supposed = re.compile(rf"(?<![a-z]){any_of(words(part(cues, 'supposed')))}(?![a-z])[^.;!?]*$")
        self._oneself = re.compile(
            rf"(?:^\W*|[.,;!?]\s*|(?<![a-z]){any_of(words(part(cues, 'before_oneself')))}\s+)"
            rf"{any_of(words(part(cues, 'oneself')))}\s+(?:{any_of(words(part(cues, 'after_oneself')))}\s+)?$"
        )
        gone = any_of(words(part(cues, "gone")))
        kin = any_of(pairs(part(lexicon, "months", "relations")))
        self._gone = re.compile(rf"(?<![a-z]){kin}(?:\s+(?:saya|sy|aku|kami|kita))?\s+{gone}(?!\s*[a-z])")
        self._vague = frozenset(words(part(cues, "vague")))
        self._filler = self._vague | frozenset(words(part(cues, "filler")))
        whole: dict[str, Rule] = {}
        for role, node in (("no", part(lexicon, "yes_no", "no")), ("yes", part(lexicon, "yes_no", "yes")),
                           ("resume", part(lexicon, "words", "resume_phrases")), ("stop", part(lexicon, "words", "stop_phrases"))):  # fmt: skip  # noqa: E501 (one pattern or table)
            for form in words(node):
                whole[_bare(form)] = Rule(role, f"rule:{role}")
        self._whole = whole
        polite = any_of(words(part(lexicon, "words", "stop_politely")))
        self._kind = re.compile(rf"^(?:{polite}\s+)+|(?:\s+{polite})+$")
        joints = any_of(words(part(cues, "joint")))
        self._joint = re.compile(rf"[.!?;\n]+|,\s|\s+(?:{joints})\s+")
        negation, turn = any_of(words(part(cues, "negation"))), any_of(words(part(cues, "turn")))
        self._negation = re.compile(
            rf"(?<![a-z])(?:{negation})\s+((?:(?![,.;!?]|\s(?:{turn})\s).){{2,60}})(?:[,.;!?]\s*|\s+)(?=\S+)"
        )
        self._follow = re.compile(rf"^\W*(?:{any_of(words(part(cues, 'follow_up')))})(?![a-z])")

    def rule(self, folded: str) -> Rule | None:
        """The fixed rule that takes the whole message, if any; a word to stop may be said kindly ("brenti bos")."""
        if len(folded) >= 60:
            return None
        said = _bare(folded)
        whole = self._whole.get(said)
        if whole is not None:
            return whole
        kindly = self._whole.get(self._kind.sub("", said))
        return kindly if kindly is not None and kindly.role == "stop" else None

    def grave(self, folded: str, normalised: str) -> Grave | None:
        """The gravest topic named, in the person's own spelling or the standard one; not one that is only supposed."""
        happened = self._happened.search(folded) is not None
        for kind, pattern in self._grave:
            always = happened or kind in {Grave.SELF_HARM, Grave.THREAT}
            for text in (folded, normalised):
                for match in pattern.finditer(text):
                    before = text[max(0, match.start() - 45) : match.start()]
                    if kind is Grave.DEATH and self._oneself.search(before):  # who writes "kalau saya meninggal" lives
                        continue
                    if always or self._supposed.search(before) is None:
                        return kind
        lost = self._gone.search(folded)  # "suami sudah gak ada", of nothing else than a relative
        if lost and (happened or self._supposed.search(folded[: lost.start()]) is None):
            return Grave.DEATH
        return None

    def is_vague(self, folded: str) -> bool:
        """Whether only words that point at something unsaid stand in the message ("anu, yang kemarin itu lho")."""
        said = _bare(folded).split()
        return 0 < len(said) < 9 and self._filler.issuperset(said) and not self._vague.isdisjoint(said)

    def clauses(self, folded: str) -> list[str]:
        """The parts of the message that may each ask for something."""
        found = [clause.strip() for clause in self._joint.split(folded)]
        return [clause for clause in found if len(clause) > 3][:6]

    def without_negated(self, folded: str) -> str | None:
        """What is wanted after "bukan daftar, mau klaim"; None where nothing is negated."""
        match = self._negation.search(folded)
        if match is None:
            return None
        kept = f"{folded[: match.start()]} {folded[match.end() :]}".strip()
        return kept if len(kept) > 2 and not self.is_vague(kept) else None

    def follows_up(self, folded: str) -> bool:
        """Whether the message leans on what was just talked about ("terus kalau dua anak?")."""
        return len(folded) < 60 and self._follow.search(folded) is not None


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w⛔🛑'\s]", " ", text).split())
