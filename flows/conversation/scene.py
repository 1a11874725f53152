"""One turn while it is being decided: what was given, what has been said and noted so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from content import Content
from content.model import Button, FlowDef, NotInForce, Rendered, SlotValue, Step
from flows.contact import Contact
from flows.conversation.session import Session
from flows.conversation.view import view_slots
from flows.events import Event, ReplyChosen
from flows.message import Given, Heard, Turn
from nlu.understanding import JsonValue, Understanding

#: Two replies become one message up to here; a WhatsApp body with buttons holds 1,024 characters.
MERGED_AT_MOST = 1000


@dataclass(slots=True)
class Scene:
    """Mutable only inside one call of `take_turn`; everything that leaves it is frozen."""

    session: Session
    heard: Heard
    content: Content
    given: Given
    said: list[Rendered] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    wants_flow: str | None = None  # a flow to enter once everything else in this turn is said

    @property
    def contact(self) -> Contact:
        """The person."""
        return self.given.contact

    @property
    def today(self) -> date:
        """The date where the person lives."""
        return self.given.now.astimezone(self.contact.zone).date()

    @property
    def understanding(self) -> Understanding | None:
        """What was understood of the words, if there were any."""
        return self.heard.understanding

    @property
    def flow(self) -> FlowDef | None:
        """The form that is waiting, if any."""
        return self.content.flows.get(self.session.flow) if self.session.flow else None

    @property
    def step(self) -> Step | None:
        """The step that is waiting, if any. A step that content no longer has counts as none."""
        flow = self.flow
        if flow is None or self.session.step is None:
            return None
        return next((step for step in flow.steps if step.id == self.session.step), None)

    def slot(self, name: str) -> JsonValue:
        """A kept value, or None."""
        return self.session.slots.get(name)

    def keep(self, **slots: JsonValue) -> None:
        """Set slots."""
        self.session = self.session.with_slots(**slots)

    def forget(self, *names: str) -> None:
        """Drop slots."""
        kept = {key: value for key, value in self.session.slots.items() if key not in names}
        self.session = replace(self.session, slots=kept)

    def note(self, event: Event) -> None:
        """Record that something follows from this turn."""
        self.events.append(event)

    def say(
        self,
        reply: str,
        slots: Mapping[str, SlotValue] | None = None,
        *,
        buttons: Iterable[Button] | None = None,
        choices: Iterable[Button] | None = None,
        day: date | None = None,
    ) -> None:
        """Say a reply. A fact that is not in force on the day makes the bot decline and name 175 instead."""
        known = {**view_slots(self.session.slots, self.contact), **(slots or {})}
        try:
            rendered = self.content.render(reply, day or self.today, known)
        except NotInForce:
            rendered = self.content.render("fakta_lewat", self.today, known)
        if buttons is not None:
            rendered = replace(rendered, buttons=tuple(buttons))
        if choices is not None:
            rendered = replace(rendered, choices=tuple(choices))
        self.said.append(rendered)
        about = self.content.replies[reply].about
        if about:
            self.session = replace(self.session, about=about)

    def turn(self) -> Turn:
        """What was decided. All that was said becomes as few messages as fit."""
        messages = merge(self.said)
        session = self.session
        if messages:
            options = tuple((button.id, button.label) for button in messages[-1].options)
            session = replace(session, options=options)
        session = replace(session, updated_at=self.given.now)
        events = (*self.events, *(ReplyChosen(message) for message in messages))
        return Turn(session, events, self.understanding)


def merge(said: Iterable[Rendered]) -> list[Rendered]:
    """Join what is said in one turn into as few messages as fit; the last one's taps win."""
    messages: list[Rendered] = []
    for rendered in said:
        last = messages[-1] if messages else None
        if last is None or len(last.text) + len(rendered.text) + 2 > MERGED_AT_MOST:
            messages.append(rendered)
            continue
        messages[-1] = replace(
            rendered,
            reply=f"{last.reply}+{rendered.reply}",
            text=f"{last.text}\n\n{rendered.text}",
            buttons=rendered.buttons or (() if rendered.choices else last.buttons),
            choices=rendered.choices or (() if rendered.buttons else last.choices),
            image=last.image or rendered.image,
            card=last.card or rendered.card,
        )
    return messages
