"""Names that must lead somewhere: without these a conversation would break, so `content.load` insists on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from content.model import Button, Fact, Kind, Reply
from content.problems import nearest
from content.reading.draft import Draft
from content.render import Placeholder, Template

_BRACED = re.compile(r"\{[^{}\n]*\}|[{}]")
_SHAPES = "Bentuknya {fact.…}, {source.…}, {since.…}, {until.…}, atau {slot.…}."


def references(draft: Draft) -> None:
    """Every name in facts, buttons, replies, answers and flows exists."""
    for fact in draft.facts.values():
        _fact_sources(draft, fact)
    for button in draft.buttons.values():
        _button(draft, button)
    for reply in draft.replies.values():
        _taps(draft, reply)
        _placeholders(draft, reply)
    _answers(draft)
    _flows(draft)


def _exists(draft: Draft, name: str | None, known: Mapping[str, object], what: str, *place: str) -> None:
    if name is not None and name not in known:
        rule = f"{place[0]}.unknown"
        draft.add(rule, f'{what} "{name}" tidak ada.{nearest(name, known)}', *place)


def _fact_sources(draft: Draft, fact: Fact) -> None:
    for value in fact.values:
        _exists(draft, value.source, draft.sources, "Sumber", "fact", fact.key, value.since.isoformat(), "source")


def _button(draft: Draft, button: Button) -> None:
    _exists(draft, button.intent, draft.intents, "Niat", "button", button.id, "intent")
    _exists(draft, button.start, draft.flows, "Alur", "button", button.id, "start")
    _exists(draft, button.say, draft.replies, "Balasan", "button", button.id, "say")


def _taps(draft: Draft, reply: Reply) -> None:
    for field, taps in (("buttons", reply.buttons), ("choices", reply.choices)):
        for tap in taps:
            _exists(draft, tap, draft.buttons, "Tombol", "reply", reply.key, field, tap)


def _placeholders(draft: Draft, reply: Reply) -> None:
    start = draft.places.at("reply", reply.key, "text")
    for offset, line in enumerate(reply.text.split("\n")):
        for sentence in line_problems(draft, line):
            draft.report.add(start.path, start.line + offset, "reply.placeholder", sentence)


def line_problems(draft: Draft, line: str) -> Iterable[str]:
    """What is wrong with the placeholders of one line, a sentence each."""
    for braced in _BRACED.findall(line):
        places = Template.cut(braced).placeholders
        if not places:
            yield f'"{braced}" bukan penanda isian. {_SHAPES}'
            continue
        yield from _unknown(draft, places[0])


def _unknown(draft: Draft, place: Placeholder) -> Iterable[str]:
    if place.area == "slot":
        if place.name not in draft.slots:
            yield f'Slot "{place.name}" tidak ada.{nearest(place.name, draft.slots)}'
    elif place.name not in draft.facts:
        yield f'Fakta "{place.name}" tidak ada.{nearest(place.name, draft.facts)}'
    elif place.area == "fact" and draft.facts[place.name].kind == Kind.TABLE:
        yield f'Fakta "{place.name}" berupa tabel, tidak bisa diucapkan dalam satu penanda.'


def _answers(draft: Draft) -> None:
    for intent, answer in draft.answers.items():
        _exists(draft, intent, draft.intents, "Niat", "answer", intent)
        _exists(draft, answer.say, draft.replies, "Balasan", "answer", intent)
        _exists(draft, answer.start, draft.flows, "Alur", "answer", intent)
    for number, finer in enumerate(draft.finer):
        _exists(draft, finer.intent or None, draft.intents, "Niat", "finer", str(number))
        _exists(draft, finer.say or None, draft.replies, "Balasan", "finer", str(number))
    for role, intent in draft.roles.items():
        _exists(draft, intent, draft.intents, "Niat", "role", role)


def _flows(draft: Draft) -> None:
    for flow in draft.flows.values():
        _exists(draft, flow.resume, draft.replies, "Balasan", "flow", flow.id, "resume")
        _exists(draft, flow.cancelled, draft.replies, "Balasan", "flow", flow.id, "cancelled")
        steps = {step.id: step for step in flow.steps}
        for step in flow.steps:
            at = ("step", flow.id, step.id)
            _exists(draft, step.say, draft.replies, "Balasan", *at, "say")
            _exists(draft, step.invalid, draft.replies, "Balasan", *at, "invalid")
            _exists(draft, step.give_up, {**draft.replies, **steps}, "Balasan atau langkah", *at, "give_up")
            for reply in step.say_if.values():
                _exists(draft, reply, draft.replies, "Balasan", *at, "say_if")
            for target in step.next.values():
                _exists(draft, target, steps, "Langkah", *at, "next")
