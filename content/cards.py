"""Picture cards as data: content/lexicon/cards.yaml names facts, and a card is filled when its reply is rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from content.model import Card
from content.render import Placeholder, Shelf, Template, fill

LEXICON = "cards"
PARTS = ("title", "subtitle", "note", "code")


@dataclass(frozen=True, slots=True)
class CardTemplate:
    """A card before its facts are filled in."""

    name: str
    color: str
    parts: Mapping[str, Template]  # by the names in PARTS
    rows: tuple[tuple[Template, Template], ...]
    foot: Template

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Everything the card needs."""
        return tuple(place for template in self.templates for place in template.placeholders)

    @property
    def templates(self) -> Iterator[Template]:
        """Every text of the card."""
        yield from self.parts.values()
        for label, value in self.rows:
            yield label
            yield value
        yield self.foot

    def filled(self, shelf: Shelf, day: date, slots: Mapping[str, Any]) -> Card:
        """The card as a person sees it on `day`; raises as `content.render.fill` does."""

        def said(template: Template) -> str:
            return fill(template, shelf, day, slots)

        return Card(
            name=self.name,
            color=self.color,
            rows=tuple((said(label), _capital(said(value))) for label, value in self.rows),
            foot=said(self.foot),
            **{part: said(template) for part, template in self.parts.items()},
        )


def cut_cards(lexicon: Mapping[str, Any]) -> dict[str, CardTemplate]:
    """The cards of content/lexicon/cards.yaml; without that file there are none."""
    table = lexicon.get(LEXICON, {})
    foot = Template.cut(table.get("foot", ""))
    return {name: _cut(name, card, foot) for name, card in table.get("cards", {}).items()}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cut(name: str, card: Mapping[str, Any], foot: Template) -> CardTemplate:
    return CardTemplate(
        name=name,
        color=card["color"],
        parts={part: Template.cut(card.get(part, "")) for part in PARTS},
        rows=tuple((Template.cut(row["label"]), Template.cut(row["value"])) for row in card["rows"]),
        foot=foot,
    )
