"""Reads content/buttons/*.yaml and content/replies/*.yaml."""

from __future__ import annotations

from content.model import Button, Reply
from content.reading.draft import Draft
from content.reading.fields import Fields, Source
from content.strict_yaml import Node

COMMANDS = (
    "cancel", "back", "resume_flow", "menu", "person", "stop", "resume", "join",
    "who", "newcomer", "leave_phone", "withdraw",
    "paid", "snooze", "stop_reminder", "not_contacted", "stop_follow_ups",
)  # fmt: skip
_ACTIONS = ("intent", "answer", "start", "say", "command")


def read_buttons(draft: Draft, source: Source, root: Node) -> None:
    """Every button: what it says and the one thing it does."""
    for key, line, node in source.named(root, "Berkas tombol"):
        fields = source.table(node, f'tombol "{key}"')
        if fields is None or not draft.claim(draft.buttons, "button", key, source.place(line)):
            continue
        for name in ("label", "hint", *_ACTIONS):
            draft.places.note(source.place(fields.line_of(name)), "button", key, name)
        draft.buttons[key] = Button(
            id=key,
            label=fields.text("label"),
            intent=fields.maybe("intent"),
            answer=fields.maybe("answer"),
            start=fields.maybe("start"),
            say=fields.maybe("say"),
            command=fields.one_of("command", COMMANDS) if fields.has("command") else None,
            hint=fields.maybe("hint"),
            program=fields.maybe("program"),
        )
        _one_action(fields, f'Tombol "{key}"', _ACTIONS, "button.action")
        fields.done()


def _one_action(fields: Fields, what: str, actions: tuple[str, ...], rule: str) -> None:
    written = [action for action in actions if fields.has(action)]
    if len(written) != 1:
        choices = ", ".join(actions)
        sentence = f"{what} harus punya tepat satu dari: {choices}. Sekarang {len(written)}."
        fields.source.add(fields.line, rule, sentence)


def read_replies(draft: Draft, source: Source, root: Node) -> None:
    """Every reply: when it is said, its words and its taps."""
    for key, line, node in source.named(root, "Berkas balasan"):
        fields = source.table(node, f'balasan "{key}"')
        if fields is None or not draft.claim(draft.replies, "reply", key, source.place(line)):
            continue
        draft.replies[key] = Reply(
            key=key,
            purpose=fields.text("for"),
            text=_body(draft, fields, key),
            buttons=_taps(draft, fields, key, "buttons"),
            choices=_taps(draft, fields, key, "choices"),
            image=fields.maybe("image"),
            about=fields.maybe("about"),
            where=str(source.place(line)),
        )
        fields.done()


def _body(draft: Draft, fields: Fields, key: str) -> str:
    text = fields.text("text")
    node = fields.node("text")
    draft.places.note(fields.source.place(node.line if node is not None else fields.line), "reply", key, "text")
    return text.strip()


def _taps(draft: Draft, fields: Fields, key: str, name: str) -> tuple[str, ...]:
    taps = fields.texts(name)
    draft.places.note(fields.source.place(fields.line_of(name)), "reply", key, name)
    for tap, line in taps:
        draft.places.note(fields.source.place(line), "reply", key, name, tap)
    return tuple(tap for tap, _ in taps)
