"""Which approved template says what a reply says, for people who have not written for a day, and how it is filled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from bot.channels.channel import Channel
from bot.channels.errors import Refused
from content import Content
from content.model import NotInForce
from content.render import Shelf, SlotMissing, Template, fill
from nlu.understanding import JsonValue

_LEXICON = "whatsapp_templates"

#: A template's name and its values.
Filled = tuple[str, tuple[tuple[str, str], ...]]


class Form(Protocol):
    """An approved text."""

    def preview(self, slots: tuple[tuple[str, str], ...]) -> str:
        """As the person will read it."""
        ...


@runtime_checkable
class HasTemplates(Protocol):
    """A channel on which templates may be sent when nothing else may."""

    templates: Mapping[str, Any]


def kept(slots: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Slots as a row keeps them; content writes days and amounts anew from text."""
    return {name: _kept(value) for name, value in slots.items()}


def filled(content: Content, channel: Channel, reply: str | None, slots: Mapping[str, Any], day: date) -> Filled | None:
    """The template that stands for this reply, or None when there is none or it cannot be filled."""
    known = content.lexicon.get(_LEXICON, {}).get("replies", {}).get(reply)
    if known is None or not isinstance(channel, HasTemplates) or known["template"] not in channel.templates:
        return None
    shelf = Shelf(content.facts, content.sources, content.slots)
    try:
        values = {name: fill(Template.cut(text), shelf, day, slots) for name, text in known["fields"].items()}
    except (NotInForce, SlotMissing, KeyError):
        return None
    return known["template"], tuple(values.items())


def preview(channel: Channel, template: Filled) -> str | None:
    """What the person will read, or None when the template does not take these values."""
    if not isinstance(channel, HasTemplates):
        return None
    form: Form = channel.templates[template[0]]
    try:
        return form.preview(template[1])
    except Refused:
        return None


def _kept(value: Any) -> JsonValue:
    match value:
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            return [_kept(item) for item in value]
