"""Reading what was said as the answer a step waits for, and telling an answer from a question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from content.model import Button, SlotValue, Step
from flows.conversation.scene import Scene
from flows.village import practice_villages
from nlu.answers import KINDS, read_answer
from nlu.understanding import FormAnswer, JsonValue, Understanding

#: Kinds whose good answer can hardly be a question.
STRICT = frozenset({"nik", "phone", "birth_date", "yes_no", "income", "amount", "email", "kpj", "day", "hour", "months"})
#: Every kind of answer a step may wait for: what `nlu.answers` reads, and choices that only taps or labels make.
ASKS = frozenset({*KINDS, "choice", "change_field", "sector"})
#: Questions this sure of themselves win over a loose answer ("Iurannya Berapa" is no name).
SURE = 0.55
#: Intents that are never a question about something else while a form waits.
_TALK = frozenset({"affirm", "deny", "greet", "thanks", "out_of_scope", "register_how", "praise"})
_ASKING = re.compile(
    r"\?|\b(apa|apakah|berapa|bagaimana|kenapa|mengapa|kapan|di ?mana|siapa|boleh(kah)?|bisa(kah)?|gimana)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Read:
    """An answer as read. Not ok: `ask` is the reply that says what is wrong; `narrowing` when it isn't the person's fault."""

    ok: bool
    value: JsonValue = None
    branch: str = "*"
    ask: str | None = None
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    also: Mapping[str, JsonValue] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    choices: tuple[Button, ...] | None = None
    narrowing: bool = False
    is_question: bool = False
    asked_too: str | None = None


def read_text(scene: Scene, step: Step, text: str) -> Read:
    """The words as this step's answer, or a question, or what is wrong with them."""
    kind = step.ask or "text"
    special = _special(scene, kind, text)
    if special is not None:
        return special
    answer = _read(scene, kind, text)
    question = _question(scene.understanding)
    if answer.ok and kind not in STRICT and kind != "text" and question and _ASKING.search(text):
        return Read(ok=False, is_question=True)
    if not answer.ok and question and answer.value is None:
        return Read(ok=False, is_question=True)
    read = _as_read(scene, kind, answer)
    if read.ok and kind in STRICT and question and "?" in text:
        return Read(ok=True, value=read.value, branch=read.branch, also=read.also, asked_too=question)
    return read


def read_choice(scene: Scene, step: Step, value: str) -> Read:
    """A tap's value as this step's answer."""
    kind = step.ask or "text"
    match kind, value:
        case "yes_no", ("yes" | "no"):
            return Read(ok=True, value=value == "yes", branch=value)
        case "birth_date", "yes" if isinstance(scene.slot("lahir_dari_nik"), str):
            return Read(ok=True, value=scene.slot("lahir_dari_nik"))
        case "birth_date", "no":
            scene.forget("lahir_dari_nik")
            return Read(ok=False, ask="tanya_lahir", narrowing=True)
        case ("choice" | "change_field" | "sector" | "programs"), _:
            return Read(ok=True, value=value, branch=value)
        case _:
            return _as_read(scene, kind, _read(scene, kind, value))


def _special(scene: Scene, kind: str, text: str) -> Read | None:
    """Answers that depend on what the form already knows."""
    if kind == "birth_date" and isinstance(scene.slot("lahir_dari_nik"), str):
        said = _read(scene, "yes_no", text)
        if said.ok:
            return read_choice(scene, Step(id="", ask="birth_date"), "yes" if said.value else "no")
    unit = scene.slot("penghasilan_satuan")
    if kind == "income" and isinstance(unit, dict):
        days = _read(scene, "work_days", text)
        amount = unit.get("amount")
        if days.ok and isinstance(days.value, int) and isinstance(amount, int):
            monthly: JsonValue = {"amount": amount * days.value, "period": "month", "days": days.value, "unit": unit}
            return Read(ok=True, value=monthly, remarks=("penghasilan_dihitung",), also=_working(unit, days.value))
    return None


def _working(unit: dict[str, JsonValue], times: int) -> dict[str, JsonValue]:
    return {"penghasilan_per": unit.get("amount"), "penghasilan_kali": times}


def _read(scene: Scene, kind: str, text: str) -> FormAnswer:
    extra = tuple((v.code, v.name, v.path) for v in practice_villages(scene.content))
    return read_answer(kind, text, content=scene.content, today=scene.today, extra_villages=extra)


def _question(understanding: Understanding | None) -> str | None:
    if understanding is None or understanding.intent is None or understanding.intent in _TALK:
        return None
    return understanding.intent if understanding.confidence >= SURE or understanding.grave else None


def _as_read(scene: Scene, kind: str, answer: FormAnswer) -> Read:
    slots = {name: value for name, value in answer.slots if isinstance(value, (str, int))}
    value = answer.value
    if answer.ok:
        return Read(ok=True, value=value, branch=_branch(value), also=_also(scene, kind, value))
    if kind == "village" and isinstance(value, dict) and isinstance(value.get("choices"), list):
        return Read(ok=False, ask=answer.ask, slots=slots, choices=_village_choices(value), narrowing=True)
    if kind == "income" and isinstance(value, dict):
        return Read(ok=False, ask=answer.ask, slots=slots | _amount(value), also={"penghasilan_satuan": value}, narrowing=True)
    return Read(ok=False, ask=answer.ask, slots=slots)


def _amount(value: dict[str, JsonValue]) -> dict[str, SlotValue]:
    amount = value.get("amount")
    return {"penghasilan_per": amount} if isinstance(amount, int) else {}


def _village_choices(value: dict[str, JsonValue]) -> tuple[Button, ...]:
    rows = value["choices"]
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return tuple(
        Button(id=f"value:{row['code']}", label=str(row["name"])[:24], hint=str(row["path"])[:72]) for row in found[:10]
    )


def _branch(value: JsonValue) -> str:
    match value:
        case True:
            return "yes"
        case False:
            return "no"
        case {"segment": str(segment)}:
            return segment
        case str(text):
            return text
        case _:
            return "*"


def _also(scene: Scene, kind: str, value: JsonValue) -> dict[str, JsonValue]:
    """What an answer tells besides itself: the NIK holds a birth date and a sex (facts.md section 6.4)."""
    if kind != "nik" or not isinstance(value, str):
        return {}
    day, month, year = int(value[6:8]), int(value[8:10]), int(value[10:12])
    woman = day > 40
    century = 1900 if year > scene.today.year % 100 - 15 else 2000
    try:
        born = date(century + year, month, day - 40 if woman else day)
    except ValueError:
        return {}
    return {"lahir_dari_nik": born.isoformat(), "jenis_kelamin": "P" if woman else "L"}
