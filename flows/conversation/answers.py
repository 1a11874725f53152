"""Reading what was said as the answer a step waits for, and telling an answer from a question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from content.model import Button, SlotValue, Step
from flows.conversation import attached, listeners
from flows.conversation.gathering_talk import not_before, read_moment
from flows.conversation.prefill import occupation
from flows.conversation.scene import Scene
from flows.outreach.sending_policy import SendingRules
from flows.outreach.wordings import fills_a_blank, is_blank
from flows.village import practice_villages
from nlu.answers import KINDS, read_answer
from nlu.understanding import FormAnswer, JsonValue, Understanding

#: Kinds whose good answer can hardly be a question.
STRICT = frozenset(
    {
        "nik",
        "phone",
        "birth_date",
        "yes_no",
        "income",
        "amount",
        "email",
        "kpj",
        "day",
        "hour",
        "months",
        "date",
        "month",
        "sex",
        "moment",
        "seats",
        "send_when",
    }
)
#: Every kind of answer a step may wait for: what `nlu.answers` reads, and choices that only taps or labels make.
ASKS = frozenset({*KINDS, "choice", "change_field", "sector", "extras", "send_when", "audience", "picture"})
#: Kinds that may say anything at all, so that nothing in them is a question.
FREE = frozenset({"text", "title", "place"})
#: Questions this sure of themselves win over a loose answer ("Iurannya Berapa" is no name).
SURE = 0.55
#: Kinds answered only by a tap or its label; nothing reads free words for them.
_TAPPED = frozenset({"choice", "change_field", "sector", "extras"})
#: An announcement longer than this is not read on a phone.
LONGEST_ANNOUNCEMENT = 400
#: Of more villages with one name than this, a list helps nobody: the district is asked.
_MOST_VILLAGES = 10
#: An announcement is planned no further ahead.
_FARTHEST_SENDING = timedelta(days=366)
#: What a slot holds when its question was passed over: known, and empty.
SKIPPED = ""
#: Row titles of a WhatsApp list.
_LONGEST_LABEL = 24
#: Intents that are never a question about something else while a form waits.
_TALK = frozenset({"affirm", "deny", "greet", "thanks", "out_of_scope", "register_how", "praise"})
ASKING = re.compile(
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
    keep_draft: bool = False  # the person will come back with it: remind once


def read_text(scene: Scene, step: Step, text: str) -> Read:
    """The words as this step's answer, or a question, or what is wrong with them."""
    kind = step.ask or "text"
    if scene.understanding is not None and scene.understanding.grave is not None and kind not in FREE:
        return Read(ok=False, is_question=True)
    special = _special(scene, step, text)
    if special is not None:
        return special
    answer = _read(scene, kind, text)
    asking = ASKING.search(text) is not None
    asked = None if _only_names(scene) else question(scene.understanding, SURE)
    if answer.ok and kind not in STRICT and kind not in FREE and asked and asking:
        return Read(ok=False, is_question=True)
    if not answer.ok and answer.value is None and (asked or (asking and question(scene.understanding, 0))):
        return Read(ok=False, is_question=True)
    read = _as_read(scene, kind, answer)
    # an income is answered with what it costs anyway
    if read.ok and kind in STRICT and kind != "income" and asked and "?" in text:
        return Read(ok=True, value=read.value, branch=read.branch, also=read.also, asked_too=asked)
    return read


def _says_no(scene: Scene, said: str) -> bool:
    answer = _read(scene, "yes_no", said)
    return answer.ok and answer.value is False


def _plain(text: str) -> str:
    """Lower case, single spaces, no punctuation around."""
    return " ".join(text.lower().split()).strip(" .,!?") or text.strip()


def read_choice(scene: Scene, step: Step, value: str) -> Read:
    """A tap's value as this step's answer."""
    kind = step.ask or "text"
    if step.optional and value == "skip":
        return Read(ok=True, value=SKIPPED)
    match kind, value:
        case "nik", "later":
            return Read(ok=False, ask="draf_menunggu", narrowing=True, keep_draft=True)
        case "payment", ("self" | "village" | "budget" | "donor"):
            return _as_read(scene, kind, FormAnswer(value, {"months": None, "payer": value}, ok=True))
        case "send_when", ("later" | "audience" | "picture" | "no_picture"):
            return Read(ok=True, value=value, branch=value)
        case "picture", _:  # a photo that was taken already, or none
            return Read(ok=True, value=scene.slot(attached.SLOT))
        case "audience", _:
            return _listeners(scene, value)
        case (("yes_no" | "send_when"), ("yes" | "no")):
            return Read(ok=True, value=value == "yes", branch=value)
        case "birth_date", "yes" if isinstance(scene.slot("lahir_dari_nik"), str):
            return Read(ok=True, value=scene.slot("lahir_dari_nik"))
        case "birth_date", "no":
            scene.forget("lahir_dari_nik", "jenis_kelamin")
            return Read(ok=False, ask="tanya_lahir", narrowing=True)
        case "occupation", _ if isinstance(chosen := occupation(scene, value), dict):
            return Read(ok=True, value=chosen, branch=_branch(chosen))
        case _ if kind in _TAPPED or kind == "programs":
            return Read(ok=True, value=value, branch=value)
        case _:
            return _as_read(scene, kind, _read(scene, kind, value))


def read_plain(scene: Scene, kind: str, text: str) -> Read:
    """The words as that kind of answer and nothing else: no question, no yes to what was offered."""
    return _as_read(scene, kind, _read(scene, kind, text))


def _special(scene: Scene, step: Step, text: str) -> Read | None:
    """Answers that depend on what the form already knows, or that only taps give."""
    kind, said = step.ask or "text", _plain(text)
    spoken = scene.content.lexicon.get("formulir", {})
    if step.optional and (said in spoken.get("skip", ()) or _says_no(scene, said)):
        return Read(ok=True, value=SKIPPED)
    if kind == "nik" and said in spoken.get("no_card", ()):
        return Read(ok=False, ask="nik_belum_ada", narrowing=True)
    if kind in _TAPPED:
        return Read(ok=False, is_question=question(scene.understanding, SURE) is not None)
    if kind == "text" and len(text) > LONGEST_ANNOUNCEMENT:
        return Read(ok=False)
    blank = scene.step is not None and is_blank(scene.content, scene.step.slot)
    if kind == "text" and blank and not fills_a_blank(scene.content, text):
        return Read(ok=False)
    if kind == "programs" and scene.understanding is not None and scene.understanding.first("money"):
        return Read(ok=False)
    if kind == "send_when":
        return _send_when(scene, text)
    if kind == "audience":
        return _listeners(scene, text)
    if kind == "picture":
        return _no_picture(scene, said)
    if kind == "moment":
        return _whole_moment(scene, _read(scene, kind, text))
    if kind == "hour":
        return _waking(_read(scene, kind, text))
    if kind == "birth_date" and isinstance(scene.slot("lahir_dari_nik"), str):
        agreed = _read(scene, "yes_no", text)
        if agreed.ok:
            return read_choice(scene, Step(id="", ask="birth_date"), "yes" if agreed.value else "no")
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


def _whole_moment(scene: Scene, answer: FormAnswer) -> Read | None:
    """A day and an hour, perhaps said one after the other; None when neither was said."""
    if not answer.ok and not isinstance(answer.value, dict):
        return None
    whole, half = (str(answer.value), {}) if answer.ok else read_moment(scene, answer.value)
    past = not_before(scene)
    if (whole or half.get("date") or past) < (past if whole else past[:10]):
        return Read(ok=False, ask="acara_waktu_lewat")
    if whole is not None:
        return Read(ok=True, value=whole)
    return Read(ok=False, ask=answer.ask, also={"acara_waktu_sebagian": dict(half)}, narrowing=True)


def _send_when(scene: Scene, text: str) -> Read:
    """Yes, no, "later", or the moment at which an announcement leaves; a day alone means the first hour of sending."""
    words, said = scene.content.lexicon["siaran"]["when"], _plain(text)
    if said in words["later"]:
        return Read(ok=True, value="later", branch="later")
    for branch in ("picture", "no_picture"):
        if said in words[branch]:
            return Read(ok=True, value=branch, branch=branch)
    if listeners.wants_to_choose(scene, said):
        return Read(ok=True, value="audience", branch="audience")
    if (only := listeners.read_only(scene, text)) is not None:
        return Read(ok=True, value="only", branch="only", also={listeners.SLOT: only})
    answer = FormAnswer(text, None, ok=False) if said.isdecimal() else _read(scene, "moment", text)
    at = str(answer.value) if answer.ok else None
    if isinstance(answer.value, dict):
        at = _whole_sending(scene, answer.value, unclear=any(word in said.split() for word in words["part_of_day"]))
        if at is None:
            return Read(ok=False, ask="siaran_kirim_kapan_tidak_jelas")
    if at is not None:
        now = scene.given.now.astimezone(scene.contact.zone).replace(tzinfo=None)
        if not now < datetime.fromisoformat(at) < now + _FARTHEST_SENDING:
            return Read(ok=False, ask="siaran_waktu_lewat")
        return Read(ok=True, value=at, branch="at", also={"siaran_pada": at})
    agreed = _read(scene, "yes_no", text)
    yes = said in words["now"] or (agreed.ok and agreed.value is True)
    if yes or agreed.ok:
        return Read(ok=True, value=yes, branch="yes" if yes else "no")
    return Read(ok=False, is_question=question(scene.understanding, SURE) is not None)


def _no_picture(scene: Scene, said: str) -> Read:
    """Words where a photo is waited for: the official does without, or asks something."""
    if said in scene.content.lexicon["siaran"]["when"]["no_picture"] or _says_no(scene, said):
        return Read(ok=True, value=scene.slot(attached.SLOT))
    return Read(ok=False, is_question=question(scene.understanding, SURE) is not None)


def _listeners(scene: Scene, text: str) -> Read:
    """Whom an announcement is for; somebody else's question is answered first."""
    found = listeners.read(scene, text)
    if found is not None:
        return Read(ok=True, value=found)
    return Read(ok=False, is_question=question(scene.understanding, SURE) is not None)


def _whole_sending(scene: Scene, half: Mapping[str, JsonValue], *, unclear: bool) -> str | None:
    """A day without an hour, or an hour without a day, as the moment that is meant."""
    day, time = half.get("date"), half.get("time")
    if day:
        return None if unclear else f"{day}T{SendingRules().awake_from:%H:%M}"
    now = not_before(scene)
    passed = str(time) <= now[11:]
    return f"{scene.today + timedelta(days=1 if passed else 0)}T{time}"


def _waking(answer: FormAnswer) -> Read:
    """An hour at which we may write: at any other a reminder would wait until the next morning."""
    rules = SendingRules()
    fits = isinstance(answer.value, int) and rules.awake_from.hour <= answer.value < rules.awake_until.hour
    return Read(ok=True, value=answer.value) if answer.ok and fits else Read(ok=False)


def _read(scene: Scene, kind: str, text: str) -> FormAnswer:
    extra = tuple((v.code, v.name, v.path) for v in practice_villages(scene.content))
    return read_answer(kind, text, content=scene.content, today=scene.today, extra_villages=extra)


def question(understanding: Understanding | None, sure: float) -> str | None:
    """The intent of a question about something else, if the engine is that sure of it."""
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
        return _two_works(value)
    if kind == "sex" and answer.ok:
        return Read(ok=True, value=named_sex(scene, str(value)))
    if kind == "payment" and answer.ok and isinstance(value, dict):
        return _payment(scene, value)
    if kind == "work_place" and answer.ok and isinstance(value, dict):
        return Read(ok=True, value=value.get("place") or SKIPPED, also={"jam_kerja": value.get("hours") or SKIPPED})
    if answer.ok:
        return Read(ok=True, value=value, branch=_branch(value), also=_also(scene, kind, value))
    if kind == "village" and isinstance(value, dict) and isinstance(value.get("choices"), list):
        choices = _village_choices(value)
        if int(str(slots.get("total", len(choices)))) > _MOST_VILLAGES:
            return Read(ok=False, ask="desa_terlalu_banyak", slots=slots, narrowing=True)
        return Read(ok=False, ask=answer.ask, slots=slots, choices=choices, narrowing=True)
    if kind == "payment" and isinstance(value, dict):
        return Read(ok=False, ask=answer.ask, narrowing=True)
    if kind == "income" and isinstance(value, dict):
        return Read(
            ok=False, ask=answer.ask, slots=slots | _amount(value), also={"penghasilan_satuan": value}, narrowing=True
        )
    return Read(ok=False, ask=answer.ask, slots=slots)


def named_sex(scene: Scene, letter: str) -> JsonValue:
    """The sex as a slot keeps it: the letter of the identity card, and the word for it."""
    return {"id": letter, "name": str(scene.content.lexicon["formulir"]["sex_names"][letter])}


def _payment(scene: Scene, value: dict[str, JsonValue]) -> Read:
    payer = str(value["payer"])
    name = str(scene.content.lexicon["formulir"]["payer_names"][payer])
    also: dict[str, JsonValue] = {
        "jumlah_bulan_bayar": value["months"],
        "dibayar_lain": None if payer == "self" else True,
    }
    return Read(ok=True, value={"id": payer, "name": name}, also=also)


def _two_works(rows: list[JsonValue]) -> Read:
    """Two kinds of work may both be registered; where one follows other rules, the person chooses which is meant."""
    first, second = rows[0], rows[1]
    if isinstance(first, dict) and isinstance(second, dict) and {first["segment"], second["segment"]} == {"bpu"}:
        return Read(ok=True, value=first, also={"pekerjaan_2": second})
    return Read(ok=False, ask="pekerjaan_yang_mana", choices=_occupation_choices(rows), narrowing=True)


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
    return nik_tells(scene, value) if kind == "nik" and isinstance(value, str) else {}


def nik_tells(scene: Scene, value: str) -> dict[str, JsonValue]:
    """Birth date and sex inside a NIK; of two centuries the one that makes a worker."""
    day, month, year = int(value[6:8]), int(value[8:10]), int(value[10:12])
    woman = day > 40
    century = 1900 if year > scene.today.year % 100 - 15 else 2000
    try:
        born = date(century + year, month, day - 40 if woman else day)
    except ValueError:
        return {}
    return {"lahir_dari_nik": born.isoformat(), "jenis_kelamin": named_sex(scene, "P" if woman else "L")}
