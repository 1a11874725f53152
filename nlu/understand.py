"""The default engine: puts normaliser, entities, fixed rules and classifier together into one `Understanding`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from nlu.classify import Classifier, Ranking
from nlu.entities import EntityReader
from nlu.folding import Folded, fold
from nlu.lexicon import RawLexicon, part, words
from nlu.normalise import Normaliser
from nlu.situations import Situations
from nlu.understanding import Entity, Grave, Understanding

#: Which intents answer a grave topic when the classifier heard something else.
_GRAVE_INTENTS = {Grave.ACCIDENT: "claim_jkk", Grave.DEATH: "claim_jkm"}
_GRAVE_CLOSE = {
    Grave.ACCIDENT: ("claim_jkk", "explain_jkk", "claim_documents", "claim_status", "benefit_amount", "eligibility"),
    Grave.DEATH: (
        "claim_jkm",
        "claim_jht",
        "explain_jkm",
        "scholarship",
        "claim_documents",
        "claim_status",
        "benefit_amount",
        "claim_jp",
    ),
}
OUT_OF_SCOPE = "out_of_scope"
#: Intents that are not weighed against being out of scope.
_ANYWHERE = (OUT_OF_SCOPE, None)
_OTHER_AT_LEAST = 0.5
#: This many words, none of them ever seen, say nothing: likely a name.
_FEW = 3
#: Told as something that happened, a claim this likely comes before explaining the programme.
_CLAIM_AT_LEAST = 0.2


class DefaultEngine:
    """Understands messages in this process; implements `Understander`."""

    def __init__(
        self, lexicon: RawLexicon, roles: Mapping[str, str], normaliser: Normaliser, classifier: Classifier
    ) -> None:
        self.normaliser = normaliser
        self.classifier = classifier
        self.entities = EntityReader(lexicon)
        self._situations = Situations(lexicon)
        self._roles = dict(roles)
        self._urgency = {intent: place for place, intent in enumerate(words(part(lexicon, "cues", "urgency")))}

    def understand(self, text: str, *, expecting: str | None = None, today: str | None = None) -> Understanding:  # noqa: ARG002 (part of the contract)
        """Understand one message; never raises for any text."""
        folded = fold(text)
        tokens = self.normaliser.tokens(text)
        normalised = " ".join(tokens)
        entities = self.entities.read(folded, _day(today))
        grave = self._situations.grave(folded.text, normalised)
        rule = self._situations.rule(folded.text)
        if rule is not None and rule.role in self._roles and grave is None:
            intent = self._roles[rule.role]
            return Understanding(text, normalised, intent, 1.0, ((intent, 1.0),), entities, why=rule.why)
        if grave is None and (unclear := self._unclear(folded.text, tokens)):
            return Understanding(text, normalised, None, 0.0, (), entities, why=f"abstain:{unclear}")
        return self._classified(Heard(text, folded, tokens, entities, grave))

    def _unclear(self, folded: str, tokens: Sequence[str]) -> str | None:
        """Why the words say nothing to go by, if they don't: the classifier would guess from pieces of words."""
        if self._situations.is_vague(folded):
            return "vague"
        written = [token for token in tokens if not token[0].isdigit()]
        if tokens and not written and not self.entities.money.read(folded):
            return "numbers"
        if 0 < len(written) <= _FEW and not self.entities.occupation_in(folded):
            return None if any(map(self.classifier.knows, written)) else "unknown words"
        return None

    def _classified(self, heard: Heard) -> Understanding:
        tokens, why = heard.tokens, "model"
        kept = self._situations.without_negated(heard.folded.text)
        if kept is not None:
            tokens, why = self.normaliser.tokens(kept), "negation"
        ranking = self.classifier.rank(tokens)
        intent, confidence = ranking[0] if ranking else (None, 0.0)
        others: tuple[str, ...] = ()
        if why == "model":
            intent, confidence, others = self._most_urgent(heard, intent, confidence)
        intent, why = self._decided(heard, intent, confidence, ranking, why)
        return Understanding(
            heard.text, " ".join(heard.tokens), intent, confidence, ranking, heard.entities,
            tuple(other for other in others if other != intent), heard.grave, why,
        )  # fmt: skip

    def _decided(
        self, heard: Heard, intent: str | None, confidence: float, ranking: Ranking, why: str
    ) -> tuple[str | None, str]:
        """Grave topics win over a different guess; then abstaining below the threshold."""
        if heard.grave in {Grave.SELF_HARM, Grave.THREAT}:
            return self._roles.get("person", intent), f"grave:{heard.grave.value}"
        if heard.grave in _GRAVE_INTENTS and intent not in _GRAVE_CLOSE[heard.grave] and confidence < 0.75:
            near = [name for name, chance in ranking if name in _GRAVE_CLOSE[heard.grave] and chance > 0.1]
            return (near[0] if near else _GRAVE_INTENTS[heard.grave]), f"grave:{heard.grave.value}"
        if heard.grave in _GRAVE_INTENTS and (intent or "").startswith("explain_"):
            claim = _GRAVE_INTENTS[heard.grave]
            if dict(ranking).get(claim, 0.0) > _CLAIM_AT_LEAST:
                return claim, f"grave:{heard.grave.value}"
        doubt = self.classifier.doubt
        if heard.grave is None and confidence < doubt.threshold:
            return None, f"abstain:{confidence:.2f}<{doubt.threshold:.2f}"
        if heard.grave is None and intent not in _ANYWHERE and dict(ranking).get(OUT_OF_SCOPE, 0.0) >= doubt.rival:
            return None, f"abstain:{OUT_OF_SCOPE}"
        if self._situations.follows_up(heard.folded.text) and not any(
            found.kind == "program" for found in heard.entities
        ):
            return intent, "follow_up"
        return intent, why

    def _most_urgent(
        self, heard: Heard, intent: str | None, confidence: float
    ) -> tuple[str | None, float, tuple[str, ...]]:
        """With several requests in one message: the most urgent as the intent, the rest beside it."""
        clauses = self._situations.clauses(heard.folded.text)
        if len(clauses) < 2 or intent is None:
            return intent, confidence, ()
        found: dict[str, float] = {intent: confidence}
        for clause in clauses:
            tokens = self.normaliser.tokens(clause)
            ranking = self.classifier.rank(tokens, quick=True) if len(tokens) > 1 else ()
            if heard.grave is None and ranking and ranking[0][0] in _GRAVE_INTENTS.values():
                continue  # "lapor ke mana" may be about an accident, but none was told
            if ranking and ranking[0][1] >= _OTHER_AT_LEAST and ranking[0][0] in self._urgency:
                found[ranking[0][0]] = max(found.get(ranking[0][0], 0.0), ranking[0][1])
        ordered = sorted(found, key=lambda name: self._urgency.get(name, len(self._urgency)))
        first = ordered[0] if found[ordered[0]] >= confidence or intent not in self._urgency else intent
        return first, found[first], tuple(name for name in ordered if name != first and name in self._urgency)[:3]


class Heard:
    """One message with all that was read from it before deciding."""

    __slots__ = ("entities", "folded", "grave", "text", "tokens")

    def __init__(
        self, text: str, folded: Folded, tokens: list[str], entities: tuple[Entity, ...], grave: Grave | None
    ) -> None:
        self.text = text
        self.folded = folded
        self.tokens = tokens
        self.entities = entities
        self.grave = grave


def _day(today: str | None) -> date | None:
    try:
        return date.fromisoformat(today) if today else None
    except ValueError:
        return None
