"""Nothing is declared in vain: facts, replies, buttons, slots and flows that nobody says or asks."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from content.model import Program
from content.reading.draft import Draft
from content.render import Placeholder, Template

#: Endings that code adds to a reply's name: "manfaat" + "_jkm".
_ENDINGS = frozenset({*(program.value for program in Program), "semua"})
_CALLED = {"fact": "Fakta", "slot": "Slot", "button": "Tombol", "reply": "Balasan", "flow": "Alur"}
_ADVICE = dict.fromkeys(_CALLED, "Pakai atau hapus.") | {
    "fact": 'Pakai, hapus, atau tulis "unused: boleh" dengan alasannya di "why_unused".'
}


def unused(draft: Draft, names: Container[str]) -> None:
    """Report what neither content nor code (by `names`) uses."""
    places = [place for reply in draft.replies.values() for place in Template.cut(reply.text).placeholders]
    spoken = frozenset(_strings(draft.lexicon))
    shown = (text for stem in ("cards", "kit") for text in _strings(draft.lexicon.get(stem)))
    places += [place for text in shown for place in Template.cut(text).placeholders]
    idle = {
        "fact": draft.facts.keys() - _facts(draft, places),
        "slot": draft.slots.keys() - _slots(draft, places),
        "button": draft.buttons.keys() - {*_buttons(draft), *spoken},
        "reply": draft.replies.keys() - {*_replies(draft), *spoken, *_by_ending(draft, names)},
        "flow": draft.flows.keys() - {*_started(draft), *spoken},
    }
    for area, keys in idle.items():
        for key in keys:
            if key not in names:
                draft.add(f"{area}.unused", f'{_CALLED[area]} "{key}" tidak dipakai. {_ADVICE[area]}', area, key)


def _facts(draft: Draft, places: Iterable[Placeholder]) -> set[str]:
    return {place.name for place in places if place.area != "slot"} | draft.unused_allowed


def _slots(draft: Draft, places: Iterable[Placeholder]) -> set[str]:
    used = {place.name for place in places if place.area == "slot"}
    for flow in draft.flows.values():
        for step in flow.steps:
            used.update(slot for slot in (step.slot, step.unless, *step.only_if, *step.say_if) if slot)
    return used


def _buttons(draft: Draft) -> Iterator[str]:
    for reply in draft.replies.values():
        yield from reply.buttons
        yield from reply.choices


def _replies(draft: Draft) -> Iterator[str]:
    said: list[str | None] = [button.say for button in draft.buttons.values()]
    said += [answer.say for answer in draft.answers.values()]
    said += [finer.say for finer in draft.finer]
    for flow in draft.flows.values():
        said += [flow.resume, flow.cancelled]
        for step in flow.steps:
            said += [step.say, step.invalid, step.give_up, *step.say_if.values()]
    yield from (key for key in said if key)


def _by_ending(draft: Draft, names: Container[str]) -> Iterator[str]:
    for key in draft.replies:
        beginning, _, ending = key.rpartition("_")
        if ending in _ENDINGS and beginning in names:
            yield key


def _started(draft: Draft) -> Iterator[str]:
    yield from (button.start for button in draft.buttons.values() if button.start)
    yield from (answer.start for answer in draft.answers.values() if answer.start)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _strings(item)
