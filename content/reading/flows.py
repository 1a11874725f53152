"""Reads content/flows/*.yaml and content/flows/jawaban.yaml."""

from __future__ import annotations

from pathlib import PurePosixPath

from content.model import Answer, Finer, FlowDef, Step
from content.reading.draft import Draft
from content.reading.fields import Fields, Source
from content.strict_yaml import Node, Table

_DOES = ("say", "do", "start")


def read_flow(draft: Draft, source: Source, root: Node) -> None:
    """One flow; the file's name is its id."""
    flow_id = PurePosixPath(source.path).stem
    fields = source.table(root, f'alur "{flow_id}"')
    if fields is None or not draft.claim(draft.flows, "flow", flow_id, source.place(1)):
        return
    for key in ("resume", "cancelled", "name"):
        draft.places.note(source.place(fields.line_of(key)), "flow", flow_id, key)
    listed = fields.required("steps")
    nodes = source.items(listed, f'"steps" pada alur "{flow_id}"') if listed is not None else ()
    draft.flows[flow_id] = FlowDef(
        id=flow_id,
        purpose=fields.text("purpose"),
        name=fields.text("name"),
        steps=_steps(draft, source, flow_id, nodes),
        resume=fields.maybe("resume"),
        cancelled=fields.maybe("cancelled"),
        officials_only=fields.flag("officials_only"),
        about_other=fields.flag("about_other"),
    )
    fields.maybe("note")
    fields.done()


def _steps(draft: Draft, source: Source, flow: str, nodes: tuple[Node, ...]) -> tuple[Step, ...]:
    steps: dict[str, Step] = {}
    for node in nodes:
        fields = source.table(node, f'langkah pada alur "{flow}"')
        step = _step(draft, fields, flow) if fields is not None else None
        if step is None:
            continue
        if step.id in steps:
            sentence = f'Langkah "{step.id}" sudah ada di {steps[step.id].where}. Beri nama lain.'
            source.add(node.line, "flow.doubled", sentence)
            continue
        steps[step.id] = step
    return tuple(steps.values())


def _step(draft: Draft, fields: Fields, flow: str) -> Step | None:
    step_id = fields.text("id")
    if not step_id:
        return None
    for key in ("say", "ask", "slot", "invalid", "give_up", "do", "unless", "next", "only_if", "say_if", "attempts"):
        draft.places.note(fields.source.place(fields.line_of(key)), "step", flow, step_id, key)
    draft.places.note(fields.source.place(fields.line), "step", flow, step_id)
    attempts = fields.maybe_whole("attempts")
    if attempts is not None and not 1 <= attempts <= 10:
        fields.source.add(fields.line_of("attempts"), "flow.attempts", '"attempts" harus antara 1 dan 10.')
    step = Step(
        id=step_id,
        say=fields.maybe("say"),
        ask=fields.maybe("ask"),
        slot=fields.maybe("slot"),
        invalid=fields.maybe("invalid"),
        attempts=3 if attempts is None else attempts,
        give_up=fields.maybe("give_up"),
        next=fields.mapping("next"),
        do=fields.maybe("do"),
        unless=fields.maybe("unless"),
        only_if=fields.mapping("only_if"),
        say_if=fields.mapping("say_if"),
        personal=fields.flag("personal"),
        end=fields.flag("end"),
        optional=fields.flag("optional"),
        photo=fields.flag("photo"),
        words=tuple(word for word, _ in fields.texts("words")),
        where=str(fields.source.place(fields.line)),
    )
    fields.maybe("note")
    fields.done()
    return step


def read_answers(draft: Draft, source: Source, root: Node) -> None:
    """What follows an intent outside a form, and which intents the engine itself must know."""
    fields = source.table(root, "Berkas jawaban")
    if fields is None:
        return
    answers = fields.required("answers")
    roles, finer = fields.node("roles"), fields.node("finer")
    fields.done()
    for intent, line, node in source.named(answers, '"answers"') if answers is not None else ():
        answer = _answer(source, node, intent)
        if answer is not None and draft.claim(draft.answers, "answer", intent, source.place(line)):
            draft.answers[intent] = answer
    if isinstance(roles, Table):
        for role, line, node in source.named(roles, '"roles"'):
            draft.places.note(source.place(line), "role", role)
            draft.roles[role] = source.text(node, f'peran "{role}"') or ""
    elif roles is not None:
        source.table(roles, '"roles"')
    if finer is not None:
        _finer(draft, source, finer)


def _answer(source: Source, node: Node, intent: str) -> Answer | None:
    fields = source.table(node, f'jawaban "{intent}"')
    if fields is None:
        return None
    answer = Answer(say=fields.maybe("say"), do=fields.maybe("do"), start=fields.maybe("start"))
    if sum(fields.has(key) for key in _DOES) != 1:
        sentence = f'Jawaban "{intent}" harus punya tepat satu dari: say, do, start.'
        source.add(fields.line, "answer.action", sentence)
    fields.done()
    return answer


def _finer(draft: Draft, source: Source, node: Node) -> None:
    """Closer replies by words, in the order they are tried."""
    for item in source.items(node, '"finer"'):
        fields = source.table(item, "jawaban khusus")
        if fields is None:
            continue
        words = tuple(word for word, _ in fields.texts("words"))
        if not words:
            source.add(fields.line, "finer.words", 'Jawaban khusus harus punya "words": kata yang membuatnya dipakai.')
        for word in (*words, *(word for word, _ in fields.texts("all_words"))):
            if word != " ".join(word.lower().split()):
                source.add(fields.line, "finer.words", f'Kata "{word}" harus huruf kecil dengan satu spasi.')
        draft.places.note(source.place(fields.line), "finer", str(len(draft.finer)))
        draft.finer.append(
            Finer(
                intent=fields.text("intent"),
                words=words,
                say=fields.text("say"),
                all_words=tuple(word for word, _ in fields.texts("all_words")),
                where=str(source.place(fields.line)),
            )
        )
        fields.done()
