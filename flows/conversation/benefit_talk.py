"""Answering "dapat berapa" with a sum: one message where enough was said, else only what is missing is asked.

Which sentence means which sum is in content/lexicon/hitung.yaml; the sums are in `benefit_sums`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from content.model import NotInForce
from flows.conversation import contribution_talk
from flows.conversation.benefit_reading import (
    birth_year,
    has,
    levels_in,
    lexicon,
    months_in,
    read,
    with_bare_year,
    words_of,
)
from flows.conversation.benefit_sums import SUMS, Given
from flows.conversation.scene import Scene
from flows.conversation.worked import Inputs, recall, remember
from nlu.understanding import JsonValue

#: Kept while a little form asks for the rest.
COMPUTED = ("hitung_masukan",)
_CONTRIBUTION = "iuran"
#: Answers in free words, read here.
_WRITTEN = ("hitung_lahir", "hitung_jenjang", "hitung_lama_kata")
_MOST_TRIES = 3
#: Words of an answer that names a kind of work.
_LONGEST_WORK = 4
#: A daily or weekly wage is turned into a monthly one by asking; other periods are asked anew.
_MONTHLY = frozenset({None, "month"})


def worked_out(scene: Scene) -> bool:
    """Answer the message with a sum if it asks for one. Returns whether it did."""
    understanding = scene.understanding
    if understanding is None:
        return False
    said = read(scene)
    chosen, last = _chosen(scene, said), recall(scene)
    followed = _followed(scene, said, last)
    if followed is not None and chosen in {None, followed[0]}:
        _begin(scene, *followed)
        return True
    if chosen is not None:
        _begin(scene, chosen, said)
        return True
    if not _beside(scene, understanding.intent, last):
        scene.session = replace(scene.session, worked=None)
    return False


def _beside(scene: Scene, intent: str | None, last: tuple[str, Inputs] | None) -> bool:
    """Whether the last sum is still what is talked about after a question of that intent."""
    lex = lexicon(scene)
    return intent in lex.get("small_talk", ()) or (
        last is not None and intent in lex.get("beside", {}).get(last[0], ())
    )


def result(scene: Scene) -> str | None:
    """The end of a little form. What could not be read is asked "again", a few times, before it gives up."""
    what = next((name for name, one in SUMS.items() if one.flow == scene.session.flow), None)
    if what is None:
        return None
    kept = scene.slot("hitung_masukan")
    kept = kept if isinstance(kept, dict) else {}
    what = str(kept.get("sum", what))
    earlier = kept.get("inputs")
    inputs = _answered(scene).over(Inputs.from_json(earlier if isinstance(earlier, dict) else {}))
    if _missing(what, inputs):
        return _unread(scene, kept)
    _tell(scene, what, inputs)
    return None


def _unread(scene: Scene, kept: Mapping[str, JsonValue]) -> str:
    tries = kept.get("tries")
    tries = tries + 1 if isinstance(tries, int) else 1
    scene.forget(*_WRITTEN)
    scene.keep(hitung_masukan={**kept, "tries": tries})
    if tries >= _MOST_TRIES:
        return "give_up"
    scene.say("hitung_belum_jelas")
    return "again"


def _begin(scene: Scene, what: str, inputs: Inputs) -> None:
    """Tell the sum, or start asking for what it still needs."""
    scene.session = replace(scene.session, unsure=0)
    if what == _CONTRIBUTION:
        contribution_talk.answer_with(scene, inputs)
        return
    if not _missing(what, inputs):
        _tell(scene, what, inputs)
        return
    kept: dict[str, JsonValue] = {"sum": what, "inputs": _without_daily(what, inputs).to_json()}
    scene.keep(hitung_masukan=kept)
    if SUMS[what].monthly and inputs.money is not None and inputs.period == "day":
        scene.keep(penghasilan_satuan={"amount": inputs.money, "period": "day"}, penghasilan_per=inputs.money)
    if "months" in inputs.said:
        scene.keep(hitung_lama=inputs.months)
    if inputs.money is not None and not _lacks_money(what, inputs):
        scene.keep(hitung_upah={"amount": inputs.money, "period": "month"})
    scene.wants_flow = SUMS[what].flow


def _tell(scene: Scene, what: str, inputs: Inputs) -> None:
    names = lexicon(scene).get("level_names", {})
    try:
        told = SUMS[what].work(Given(inputs, scene.content, scene.today, names))
    except NotInForce:
        scene.say("fakta_lewat")
        told = ()
    for one in told:
        scene.say(one.reply, one.slots, day=one.day)
    remember(scene, what, inputs)


def _missing(what: str, inputs: Inputs) -> bool:
    groups = [group for group in SUMS[what].needs if not inputs.said.intersection(group)]
    return bool(groups) or _lacks_money(what, inputs)


def _lacks_money(what: str, inputs: Inputs) -> bool:
    """Whether a wage is needed and none by the month is known."""
    if ("money",) not in SUMS[what].needs:
        return False
    return inputs.money is None or (SUMS[what].monthly and inputs.period not in _MONTHLY)


def _without_daily(what: str, inputs: Inputs) -> Inputs:
    return replace(inputs, money=None, period=None) if _lacks_money(what, inputs) else inputs


def _answered(scene: Scene) -> Inputs:
    """What the little form heard."""
    levels, born, paid = (scene.slot(name) for name in ("hitung_jenjang", "hitung_lahir", "hitung_lama_kata"))
    months = scene.slot("hitung_lama")
    return Inputs(
        money=_amount(scene),
        months=months if isinstance(months, int) else months_in(scene, paid) if isinstance(paid, str) else None,
        born=birth_year(born, scene.today) if isinstance(born, str) else None,
        levels=levels_in(scene, levels) if isinstance(levels, str) else (),
    )


def _amount(scene: Scene) -> int | None:
    for slot in ("hitung_upah", "hitung_jumlah_uang"):
        match scene.slot(slot):
            case {"amount": int(amount)}:
                return amount
    return None


def _chosen(scene: Scene, said: Inputs) -> str | None:
    """The first sum whose rule fits the message."""
    understanding, lex = scene.understanding, lexicon(scene)
    if understanding is None:
        return None
    text = words_of(understanding)
    # whoever says "hitung" wants a sum, whatever else it sounds like
    wanted = understanding.grave is None and has(text, lex.get("count", ()))
    if understanding.intent and not wanted and understanding.intent not in lex.get("intents", ()):
        return None
    for rule in lex.get("rules", ()):
        if _fits(rule, text, understanding.intent) and _enough(rule, text, said, lex):
            return str(rule["sum"])
    return None


def _fits(rule: Mapping[str, Any], text: str, intent: str | None) -> bool:
    if "intents_only" in rule and intent not in rule["intents_only"]:
        return False
    named = has(text, rule.get("words", ())) or intent in rule.get("intents", ())
    return named and not has(text, rule.get("unless", ()))


def _enough(rule: Mapping[str, Any], text: str, said: Inputs, lex: Mapping[str, Any]) -> bool:
    """Numbers to count with, or the plain wish to have it counted."""
    counted = has(text, lex.get("count", ()))
    if "also" in rule and not (has(text, rule["also"]) or (counted and "hitung" in rule["also"])):
        return False
    if counted:
        return True
    if "all_needs" in rule:
        return said.said.issuperset(rule["all_needs"])
    return bool(said.said.intersection(rule.get("needs", ())))


def _followed(scene: Scene, said: Inputs, last: tuple[str, Inputs] | None) -> tuple[str, Inputs] | None:
    """The last sum with something changed ("terus kalau dua anak?"), or once more ("yang itu berapa?")."""
    understanding, lex = scene.understanding, lexicon(scene)
    if understanding is None:
        return None
    if last is None:
        return _about_contribution(scene, said)
    what, earlier = last
    if what == _CONTRIBUTION:
        said = with_bare_year(scene, read(scene, prices=False))
    text = words_of(understanding)
    if has(text, lex.get("again", ())) and not said.said:
        return what, earlier
    if what not in lex.get("paying_sums", ()) and has(text, lex.get("paying", ())):
        return None
    said = _as_length(what, said)
    changed = said.said if what == _CONTRIBUTION else said.said - {"wages", "sector", "payer"}
    changed -= {"wages", "employee"} if what == _CONTRIBUTION else set()
    if not changed or not changed <= _accepted(what) or not (_only_follows(scene) or _names_work(scene, earlier)):
        return None
    return what, said.over(earlier)


def _names_work(scene: Scene, earlier: Inputs) -> bool:
    """Whether it is the answer to which work it is, where a contribution was told for both sectors ("jualan sayur")."""
    understanding = scene.understanding
    if understanding is None or earlier.sector is not None or understanding.first("sector") is None:
        return False
    return "?" not in understanding.text and len(understanding.text.split()) <= _LONGEST_WORK


def _about_contribution(scene: Scene, said: Inputs) -> tuple[str, Inputs] | None:
    """After an answer about contributions in general: "tahun 2023 berapa?"."""
    asked = scene.session.last_intent in lexicon(scene).get("contribution_intents", ())
    return (_CONTRIBUTION, said) if asked and said.said == {"month"} and _only_follows(scene) else None


def _as_length(what: str, said: Inputs) -> Inputs:
    """After a sum over a length of time "kalau 30 tahun?" is a length, not an age."""
    accepted = _accepted(what)
    if said.age is None or said.months or "age" in accepted or "months" not in accepted:
        return said
    return replace(said, months=said.age * 12, age=None)


def _accepted(what: str) -> frozenset[str]:
    return contribution_talk.ACCEPTS if what == _CONTRIBUTION else SUMS[what].accepts


def _only_follows(scene: Scene) -> bool:
    """Whether the message holds nothing but joining words, numbers and the things found in it."""
    understanding, lex = scene.understanding, lexicon(scene)
    if understanding is None:
        return False
    known = {word for form in lex.get("follow", ()) for word in str(form).split()}
    for forms in (lex.get("employee", ()), *lex.get("levels", {}).values(), *lex.get("risks", {}).values()):
        known |= {word for form in forms for word in str(form).split()}
    for entity in understanding.entities:
        known |= set(re.findall(r"\w+", entity.text.casefold()))
    words = re.findall(r"\w+", understanding.text.casefold())
    return all(word in known or word.isdecimal() for word in words)
