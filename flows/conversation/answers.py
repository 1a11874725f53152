"""Reading what was said as the answer a step waits for, and telling an answer from a question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from content.model import Button, SlotValue, Step
from flows.conversation.prefill import occupation
from flows.conversation.scene import Scene
from flows.outreach.sending_policy import SendingRules
from flows.outreach.wordings import fills_a_blank, is_blank
from flows.village import practice_villages
from nlu.answers import KINDS, read_answer
from nlu.understanding import FormAnswer, JsonValue, Understanding

#: Kinds whose good answer can hardly be a question.
STRICT = frozenset(
    {"nik", "phone", "birth_date", "yes_no", "income", "amount", "email", "kpj", "day", "hour", "months"}
)
#: Every kind of answer a step may wait for: what `nlu.answers` reads, and choices that only taps or labels make.
ASKS = frozenset({*KINDS, "choice", "change_field", "sector"})
#: Questions this sure of themselves win over a loose answer ("Iurannya Berapa" is no name).
SURE = 0.55
#: Kinds answered only by a tap or its label; nothing reads free words for them.
_TAPPED = frozenset({"choice", "change_field", "sector"})
#: An announcement longer than this is not read on a phone.
LONGEST_ANNOUNCEMENT = 400
#: Of more villages with one name than this, a list helps nobody: the district is asked.
_MOST_VILLAGES = 10
#: Row titles of a WhatsApp list.
_LONGEST_LABEL = 24
#: Intents that are never a question about something else while a form waits.
_TALK = frozenset({"affirm", "deny", "greet", "thanks", "out_of_scope", "register_how", "praise"})
_ASKING = re.compile(
    r"\?|\b(apa|apakah|berapa|bagaimana|kenapa|mengapa|kapan|di ?mana|siapa|boleh(kah)?|bisa(kah)?|gimana)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Read:
    """An answer as read.

    Not ok: `ask` is the reply that says what is wrong; `narrowing` when it isn't the person's fault.
    """

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
    if scene.understanding is not None and scene.understanding.grave is not None and kind != "text":
        return Read(ok=False, is_question=True)
    special = _special(scene, kind, text)
    if special is not None:
        return special
    answer = _read(scene, kind, text)
    asking = _ASKING.search(text) is not None
    question = None if _only_names(scene) else _question(scene.understanding, SURE)
    if answer.ok and kind not in STRICT and kind != "text" and question and asking:
        return Read(ok=False, is_question=True)
    if not answer.ok and answer.value is None and (question or (asking and _question(scene.understanding, 0))):
        return Read(ok=False, is_question=True)
    read = _as_read(scene, kind, answer)
    # an income is answered with what it costs anyway
    if read.ok and kind in STRICT and kind != "income" and question and "?" in text:
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
        case "occupation", _ if isinstance(chosen := occupation(scene, value), dict):
            return Read(ok=True, value=chosen, branch=_branch(chosen))
        case _ if kind in _TAPPED or kind == "programs":
            return Read(ok=True, value=value, branch=value)
        case _:
            return _as_read(scene, kind, _read(scene, kind, value))


def _special(scene: Scene, kind: str, text: str) -> Read | None:
    """Answers that depend on what the form already knows, or that only taps give."""
    if kind in _TAPPED:
        return Read(ok=False, is_question=_question(scene.understanding, SURE) is not None)
    if kind == "text" and len(text) > LONGEST_ANNOUNCEMENT:
        return Read(ok=False)
    blank = scene.step is not None and is_blank(scene.content, scene.step.slot)
    if kind == "text" and blank and not fills_a_blank(scene.content, text):
        return Read(ok=False)
    if kind == "programs" and scene.understanding is not None and scene.understanding.first("money"):
        return Read(ok=False)
    if kind == "hour":
        return _waking(_read(scene, kind, text))
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
            return Read(ok=True, value=monthly, remarks=("penghasilan_dihitung",), also=_working(amount, days.value))
    return None


def _working(amount: int, times: int) -> dict[str, JsonValue]:
    return {"penghasilan_per": amount, "penghasilan_kali": times, "penghasilan_jadi": amount * times}


def _waking(answer: FormAnswer) -> Read:
    """An hour at which we may write: at any other a reminder would wait until the next morning."""
    rules = SendingRules()
    fits = isinstance(answer.value, int) and rules.awake_from.hour <= answer.value < rules.awake_until.hour
    return Read(ok=True, value=answer.value) if answer.ok and fits else Read(ok=False)


def _read(scene: Scene, kind: str, text: str) -> FormAnswer:
    extra = tuple((v.code, v.name, v.path) for v in practice_villages(scene.content))
    return read_answer(kind, text, content=scene.content, today=scene.today, extra_villages=extra)


def _question(understanding: Understanding | None, sure: float) -> str | None:
    if understanding is None or understanding.intent is None or understanding.intent in _TALK:
        return None
    return understanding.intent if understanding.confidence >= sure or understanding.grave else None


def _only_names(scene: Scene) -> bool:
    """Whether the message says nothing but an amount, a kind of work or the like ("delapan ribu"): no question."""
    understanding = scene.understanding
    if understanding is None or not understanding.entities or "?" in understanding.text:
        return False
    rest = understanding.text
    for found in sorted(understanding.entities, key=lambda entity: -entity.start):
        rest = f"{rest[: found.start]} {rest[found.end :]}"
    filler = scene.content.lexicon.get("cues", {}).get("filler", ())
    return all(word in filler for word in re.findall(r"\w+", rest.casefold()))


def _as_read(scene: Scene, kind: str, answer: FormAnswer) -> Read:
    slots = {name: value for name, value in answer.slots if isinstance(value, (str, int))}
    value = answer.value
    if kind == "occupation" and isinstance(value, list):
        return Read(ok=False, ask="pekerjaan_yang_mana", choices=_occupation_choices(value), narrowing=True)
    if answer.ok:
        return Read(ok=True, value=value, branch=_branch(value), also=_also(scene, kind, value))
    if kind == "village" and isinstance(value, dict) and isinstance(value.get("choices"), list):
        choices = _village_choices(value)
        if int(str(slots.get("total", len(choices)))) > _MOST_VILLAGES:
            return Read(ok=False, ask="desa_terlalu_banyak", slots=slots, narrowing=True)
        return Read(ok=False, ask=answer.ask, slots=slots, choices=choices, narrowing=True)
    if kind == "income" and isinstance(value, dict):
        return Read(
            ok=False, ask=answer.ask, slots=slots | _amount(value), also={"penghasilan_satuan": value}, narrowing=True
        )
    return Read(ok=False, ask=answer.ask, slots=slots)


def _amount(value: dict[str, JsonValue]) -> dict[str, SlotValue]:
    amount = value.get("amount")
    return {"penghasilan_per": amount} if isinstance(amount, int) else {}


def _village_choices(value: dict[str, JsonValue]) -> tuple[Button, ...]:
    rows = value["choices"]
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return tuple(
        Button(id=f"value:{row['code']}", label=_short(str(row["name"])), hint=_where(row)[:72])
        for row in found[:_MOST_VILLAGES]
    )


def _where(row: Mapping[str, JsonValue]) -> str:
    """The path of a village without its own name."""
    return str(row["path"]).removeprefix(f"{row['name']}, ")


def _occupation_choices(rows: list[JsonValue]) -> tuple[Button, ...]:
    found = [row for row in rows if isinstance(row, dict)]
    return tuple(Button(id=f"value:{row['id']}", label=_short(str(row["name"]))) for row in found)


def _short(name: str) -> str:
    """A name that fits a list row, cut between words."""
    return name if len(name) <= _LONGEST_LABEL else name[: _LONGEST_LABEL + 1].rpartition(" ")[0][:_LONGEST_LABEL]


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
