"""Every choice can also be answered with its number or its words."""

from __future__ import annotations

from flows.conversation.scene import Scene

#: Steps whose answer is itself a number: there "2" means two, not the second choice.
NUMERIC = frozenset(
    {
        "income",
        "amount",
        "day",
        "hour",
        "months",
        "work_days",
        "nik",
        "phone",
        "birth_date",
        "kpj",
        "programs",
        "moment",
        "seats",
    }
)


def chosen_option(scene: Scene, text: str) -> str | None:
    """The id of the option the person means by number or by its label, if any."""
    options = scene.session.options
    said = text.strip().strip(".)( ").casefold()
    for option, label in options:
        if said == label.casefold():
            return option
    step = scene.step
    if step is not None and step.ask in NUMERIC:
        return None
    if said.isdecimal() and len(said) <= 2 and 1 <= int(said) <= len(options):
        return options[int(said) - 1][0]
    return None


def labelled(scene: Scene, text: str) -> str | None:
    """The id of a button whose label was typed out, shown or not; while a form waits only what it shows counts."""
    if scene.step is not None:
        return None
    said = text.strip(" .!").casefold()
    for button in scene.content.buttons.values():
        if said == button.label.casefold() and not button.answer:
            return button.id
    return None
