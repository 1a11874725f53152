"""Content says: every word and number of the bot, reviewed data read from this folder.

`load` gives one frozen `Content`; `check` gives every problem. Nothing happens on import, and nothing here reads the
clock: whoever asks hands over the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from content.cards import CardTemplate, cut_cards
from content.checks import Known, every_rule, must_hold
from content.model import (
    Answer,
    Button,
    Card,
    ConsentText,
    ContentBroken,
    Fact,
    FactValue,
    Finer,
    FlowDef,
    IntentDef,
    NotInForce,
    Problem,
    Rendered,
    Reply,
    SlotDef,
    Source,
)
from content.reading.draft import Draft
from content.reading.files import read
from content.reading.words import plain_text
from content.render import Shelf, SlotMissing, Template, fill, write
from content.usage import names_in_code

__all__ = ["Content", "ContentBroken", "Known", "NotInForce", "SlotMissing", "check", "load", "plain_text"]

_HERE = Path(__file__).parent
_CODE = ("nlu", "flows", "storage", "console", "bot")


@dataclass(frozen=True)
class Content:
    """Everything the bot may say and ask, proved and frozen. `version` changes when any file changes."""

    version: str
    sources: Mapping[str, Source]
    facts: Mapping[str, Fact]
    slots: Mapping[str, SlotDef]
    buttons: Mapping[str, Button]
    replies: Mapping[str, Reply]
    flows: Mapping[str, FlowDef]
    answers: Mapping[str, Answer]
    roles: Mapping[str, str]
    finer: tuple[Finer, ...]
    intents: Mapping[str, IntentDef]
    consents: Mapping[str, ConsentText]
    lexicon: Mapping[str, Any]
    templates: Mapping[str, Template] = field(repr=False)
    cards: Mapping[str, CardTemplate] = field(default_factory=dict, repr=False)

    def fact(self, key: str, day: date) -> FactValue:
        """The value of a fact in force on `day`.

        Raises:
            KeyError: there is no such fact.
            NotInForce: it has no value that day.
        """
        return self.facts[key].on(day)

    def said(self, key: str, day: date) -> str:
        """A fact as a person reads it: "Rp16.800"; raises as `fact` does."""
        return write(self.fact(key, day).value, self.facts[key].kind)

    def answer_for(self, intent: str, text: str = "") -> Answer:
        """What follows this intent: the first closer reply whose words are in `text`, else its answer.

        Raises:
            KeyError: the intent has no answer (the check proves it has).
        """
        for finer in self.finer:
            if finer.intent == intent and finer.fits(text):
                return Answer(say=finer.say)
        return self.answers[intent]

    def render(self, reply_key: str, day: date, slots: Mapping[str, Any] | None = None) -> Rendered:
        """A reply as a person reads it on `day`.

        Raises:
            KeyError: there is no such reply.
            NotInForce: a fact it names has no value that day.
            SlotMissing: a slot it names was not given.
        """
        reply = self.replies[reply_key]
        text = fill(self.templates[reply_key], self._shelf, day, slots or {})
        card = self._card(reply.image, day, slots or {}) if reply.image else None
        return Rendered(
            reply=reply_key,
            text=text,
            buttons=tuple(self.buttons[button] for button in reply.buttons),
            choices=tuple(self.buttons[button] for button in reply.choices),
            image=card.name if card else None,
            card=card,
        )

    @property
    def _shelf(self) -> Shelf:
        return Shelf(self.facts, self.sources, self.slots)

    def _card(self, name: str, day: date, slots: Mapping[str, Any]) -> Card | None:
        """The picture's words, or None where it would name a fact that is not in force: the words go without it."""
        try:
            return self.cards[name].filled(self._shelf, day, slots)
        except NotInForce:
            return None


def load(root: Path | None = None) -> Content:
    """Read the content under `root` (this folder by default).

    What would break a conversation or say a wrong amount stops it; `check` also says how it reads and what is unused.

    Raises:
        ContentBroken: with every such problem.
    """
    draft, version = read(root or _HERE)
    must_hold(draft)
    problems = draft.report.in_order()
    if problems:
        raise ContentBroken(tuple(problems))
    return _freeze(draft, version)


def check(root: Path | None = None, day: date | None = None, known: Known | None = None) -> list[Problem]:
    """Every problem of the content under `root`, by file and line.

    `known` says what code offers and uses (actions, kinds of answers, names); by default the names are looked up in
    the packages beside this one. With `day`, dates after it are refused where they cannot be.
    """
    draft, _ = read(root or _HERE)
    known = known or Known()
    if known.names is None and root is None:
        known = known.naming(names_in_code(_HERE.parent / package for package in _CODE))
    every_rule(draft, day, known)
    return draft.report.in_order()


def _freeze(draft: Draft, version: str) -> Content:
    templates = {key: Template.cut(reply.text) for key, reply in draft.replies.items()}
    return Content(
        version=version,
        sources=MappingProxyType(draft.sources),
        facts=MappingProxyType(draft.facts),
        slots=MappingProxyType(draft.slots),
        buttons=MappingProxyType(draft.buttons),
        replies=MappingProxyType(draft.replies),
        flows=MappingProxyType(draft.flows),
        answers=MappingProxyType(draft.answers),
        roles=MappingProxyType(draft.roles),
        finer=tuple(draft.finer),
        intents=MappingProxyType(draft.intents),
        consents=MappingProxyType(draft.consents),
        lexicon=MappingProxyType(draft.lexicon),
        templates=MappingProxyType(templates),
        cards=MappingProxyType(cut_cards(draft.lexicon)),
    )
