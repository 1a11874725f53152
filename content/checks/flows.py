"""Flows: every step can be reached and left, no round without a question, personal data only after consent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from content.checks.known import Known
from content.model import Answer, FlowDef, Step
from content.problems import nearest
from content.reading.draft import Draft

_NEEDED = ("say", "invalid", "give_up")
_CONSENT_SLOTS = ("setuju", "consent")
_CONSENT_ACTIONS = ("record_consent", "consent")


def flows(draft: Draft, known: Known) -> None:
    """Every rule about one flow."""
    for flow in draft.flows.values():
        if not flow.steps:
            continue
        ways = {step.id: tuple(_ways(flow, number)) for number, step in enumerate(flow.steps)}
        _reachable(draft, flow, ways)
        _no_round_without_question(draft, flow, ways)
        _consent_first(draft, flow, ways)
        for step in flow.steps:
            _step(draft, flow, step, known)
    for intent, answer in draft.answers.items():
        _action(draft, answer, known, intent)


def _ways(flow: FlowDef, number: int) -> Iterable[str]:
    """Where a step may lead, skipped steps included."""
    step, ids = flow.steps[number], {step.id for step in flow.steps}
    following = flow.steps[number + 1].id if number + 1 < len(flow.steps) else None
    yield from (target for target in step.next.values() if target in ids)
    if step.give_up in ids:
        yield step.give_up
    skippable = bool(step.unless or step.only_if)
    if following and (skippable or not (step.end or "*" in step.next)):
        yield following


def _walk(start: str, ways: Mapping[str, tuple[str, ...]], shut: frozenset[str] = frozenset()) -> set[str]:
    """Every step that can be reached from `start` without leaving a shut one."""
    seen, open_steps = {start}, [start]
    while open_steps:
        here = open_steps.pop()
        if here in shut:
            continue
        fresh = [step for step in ways[here] if step not in seen]
        seen.update(fresh)
        open_steps.extend(fresh)
    return seen


def _reachable(draft: Draft, flow: FlowDef, ways: Mapping[str, tuple[str, ...]]) -> None:
    seen = _walk(flow.steps[0].id, ways)
    for step in flow.steps:
        if step.id not in seen:
            sentence = f'Langkah "{step.id}" tidak pernah tercapai. Hapus, atau arahkan langkah lain ke sini.'
            draft.add("flow.unreachable", sentence, "step", flow.id, step.id)


def _no_round_without_question(draft: Draft, flow: FlowDef, ways: Mapping[str, tuple[str, ...]]) -> None:
    asking = frozenset(step.id for step in flow.steps if step.ask)
    for step in flow.steps:
        if step.id in asking:
            continue
        after = (_walk(target, ways, asking) for target in ways[step.id] if target not in asking)
        if any(step.id in seen for seen in after):
            sentence = (
                f'Langkah "{step.id}" berputar ke dirinya sendiri tanpa pertanyaan. Tambahkan "ask" atau jalan keluar.'
            )
            draft.add("flow.circle", sentence, "step", flow.id, step.id)


def _consent_first(draft: Draft, flow: FlowDef, ways: Mapping[str, tuple[str, ...]]) -> None:
    consent = frozenset(step.id for step in flow.steps if _is_consent(step))
    seen = _walk(flow.steps[0].id, ways, consent)
    for step in flow.steps:
        if step.personal and step.id in seen and step.id not in consent:
            sentence = f'Langkah "{step.id}" menyimpan data pribadi sebelum ada persetujuan. Minta persetujuan dulu.'
            draft.add("flow.consent", sentence, "step", flow.id, step.id)


def _is_consent(step: Step) -> bool:
    return (step.slot or "").startswith(_CONSENT_SLOTS) or (step.do or "").startswith(_CONSENT_ACTIONS)


def _step(draft: Draft, flow: FlowDef, step: Step, known: Known) -> None:
    at = ("step", flow.id, step.id)
    if step.ask:
        for key in _NEEDED:
            if getattr(step, key) is None:
                sentence = f'Langkah "{step.id}" bertanya tetapi tidak punya "{key}".{_why(key, step)}'
                draft.add("flow.exit", sentence, *at, "ask")
    if step.ask and step.end:
        draft.add("flow.end", f'Langkah "{step.id}" bertanya sekaligus mengakhiri alur. Pilih salah satu.', *at)
    if not (step.ask or step.say or step.do or step.end):
        draft.add("flow.idle", f'Langkah "{step.id}" tidak berbuat apa-apa. Isi say, ask, do, atau end.', *at)
    if step.ask and known.asks is not None and step.ask not in known.asks:
        draft.add("flow.ask", f'Jenis jawaban "{step.ask}" tidak dikenal.{nearest(step.ask, known.asks)}', *at, "ask")
    if step.do and known.actions is not None and step.do not in known.actions:
        draft.add("flow.action", f'Tindakan "{step.do}" tidak dikenal.{nearest(step.do, known.actions)}', *at, "do")
    _slots(draft, step, at)


def _why(key: str, step: Step) -> str:
    return f" Ke mana bila {step.attempts} kali salah?" if key == "give_up" else ""


def _slots(draft: Draft, step: Step, at: tuple[str, ...]) -> None:
    named = {"slot": step.slot, "unless": step.unless}
    for key, slot in named.items():
        _slot_exists(draft, slot, *at, key)
    for slot in step.only_if:
        _slot_exists(draft, slot, *at, "only_if")
    for slot in step.say_if:
        _slot_exists(draft, slot, *at, "say_if")


def _slot_exists(draft: Draft, slot: str | None, *at: str) -> None:
    if slot is not None and slot not in draft.slots:
        sentence = f'Slot "{slot}" belum ada di content/slots: tulis jenis dan gunanya.{nearest(slot, draft.slots)}'
        draft.add("flow.slot", sentence, *at)


def _action(draft: Draft, answer: Answer, known: Known, intent: str) -> None:
    if answer.do and known.actions is not None and answer.do not in known.actions:
        sentence = f'Tindakan "{answer.do}" tidak dikenal.{nearest(answer.do, known.actions)}'
        draft.add("answer.action", sentence, "answer", intent)
