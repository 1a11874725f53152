"""What was understood from one message. Pure values; every engine (default or Rasa) returns these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]


class Grave(StrEnum):
    """Topics that are never lost to abstention and come before anything else in a message."""

    ACCIDENT = "accident"
    DEATH = "death"
    THREAT = "threat"
    SELF_HARM = "self_harm"


@dataclass(frozen=True, slots=True)
class Entity:
    """Something found in a sentence. `text` is what was written, `start`/`end` its place in the raw text.

    Kinds and values: program "jkk|jkm|jht|jp|jkp" · money {"amount": int rupiah, "period":
    day|week|month|year|harvest|null} · period as before · date ISO text (may be relative in the text) · month "2027-01"
    · phone E.164 · nik 16 digits · kpj 11 digits · occupation id of content/lexicon/occupations.yaml · sector
    transport|other · village/district/regency name as written · relation suami|istri|… · child_count int · months int.
    """

    kind: str
    value: JsonValue
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """One message understood. `intent` is None when the engine abstains; then `ranking` holds the best guesses.

    `confidence` is calibrated: of messages with 0.8, eight in ten are right. `others` are further intents heard in
    the same message, most urgent first. `why` says in one English phrase how it was decided ("model", "button",
    "rule:stop", "abstain:0.31<0.42", "negation", "follow_up", …).
    """

    text: str
    normalised: str
    intent: str | None
    confidence: float
    ranking: tuple[tuple[str, float], ...] = ()
    entities: tuple[Entity, ...] = ()
    others: tuple[str, ...] = ()
    grave: Grave | None = None
    why: str = "model"

    def first(self, kind: str) -> Entity | None:
        """The first entity of that kind, if any."""
        return next((entity for entity in self.entities if entity.kind == kind), None)


class Understander(Protocol):
    """Turns text into an `Understanding`. Implementations: the default engine and Rasa's server."""

    def understand(self, text: str, *, expecting: str | None = None, today: str | None = None) -> Understanding:
        """Understand one message. `expecting` is the answer kind a form waits for; `today` an ISO date."""
        ...


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """A form answer read from text: the normalised value, or the key of the reply that asks back.

    Values per kind: name str · nik 16 digits · birth_date ISO · occupation {"id","name","sector","segment"} (or a list
    of two) · income/amount {"amount": int, "period": day|week|month|year|harvest} · phone E.164 · village
    {"code","name","path"} or {"choices": [...]} with ok False · yes_no bool · kpj str · email str · address str.
    """

    text: str
    value: JsonValue
    ok: bool
    ask: str | None = None
    #: details for the asking reply, for example {"length": 15} or {"part": "45"}
    slots: tuple[tuple[str, JsonValue], ...] = ()
