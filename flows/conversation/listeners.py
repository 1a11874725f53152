"""Whom an official's announcement is for: everybody of the village who agreed, or those of one or two kinds of work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from content.model import Button
from flows.contact import Audience
from flows.conversation.scene import Scene
from nlu.answers import read_answer
from nlu.understanding import JsonValue

SLOT = "siaran_untuk"
EVERYBODY = "semua"
#: Rows of a list beside the one for everybody.
_MOST = 8
_LONGEST_LABEL = 24
_LONGEST_HINT = 72


def chosen(scene: Scene) -> tuple[str, ...]:
    """The kinds of work that were chosen, by id; none: everybody."""
    kept = scene.slot(SLOT)
    ids = kept.get("ids") if isinstance(kept, dict) else None
    return tuple(str(one) for one in ids) if isinstance(ids, list) else ()


def audience(scene: Scene) -> Audience | None:
    """The forecast for those who were chosen; None where staff told us no village."""
    everybody, works = scene.contact.audience, chosen(scene)
    if everybody is None or not works:
        return everybody
    will, wont = 0, dict[str, int]()
    for part in (everybody.by_work[work] for work in works if work in everybody.by_work):
        will += part.will
        for reason, count in part.wont.items():
            wont[reason] = wont.get(reason, 0) + count
    return Audience(will, wont)


def called(scene: Scene, village: str) -> str:
    """Whom the preview names."""
    words, kept = _words(scene), scene.slot(SLOT)
    works = str(kept["name"]) if isinstance(kept, dict) else ""
    return str(words["some" if works else "all"]).format(desa=village, pekerjaan=works)


def choices(scene: Scene) -> tuple[Button, ...]:
    """Everybody, and the kinds of work of which somebody gets it, the most people first."""
    everybody = scene.contact.audience
    if everybody is None:
        return ()
    hint = str(_words(scene)["hint"])
    rows = [Button(f"value:{EVERYBODY}", str(_words(scene)["everybody"]), hint=hint.format(count=everybody.will))]
    most = sorted(everybody.by_work.items(), key=lambda item: (-item[1].will, item[0]))
    for work, part in [item for item in most if item[1].will][:_MOST]:
        label = _name(scene, work)[:_LONGEST_LABEL].strip()
        rows.append(Button(f"value:{work}", label, hint=hint.format(count=part.will)[:_LONGEST_HINT]))
    return tuple(rows)


def read(scene: Scene, text: str) -> JsonValue:
    """What the words choose, as the slot keeps it: "" for everybody. None when it is neither.

    Everybody is chosen only by the words for it, so that no other word widens what was narrowed.
    """
    words, said = _words(scene), " ".join(text.casefold().split()).strip(" .,!?")
    if said == EVERYBODY or said in words["everybody_said"]:
        return ""
    rows = {row["id"]: row for row in scene.content.lexicon["occupations"]["occupations"]}
    if said in rows:
        return _kept(scene, [said])
    answer = read_answer("occupation", text, content=scene.content, today=scene.today)
    found = answer.value if isinstance(answer.value, list) else [answer.value]
    return _kept(scene, [str(row["id"]) for row in found if isinstance(row, dict)])


def read_only(scene: Scene, text: str) -> JsonValue:
    """The kinds of work that words such as "khusus petani" narrow it to; None when nothing narrows."""
    only = re.search(rf"\b(?:{'|'.join(_words(scene)['only'])})\b", text.casefold())
    if only is None or scene.understanding is None:
        return None
    named = [one for one in scene.understanding.entities if one.kind == "occupation" and one.start >= only.end()]
    return _kept(scene, list(dict.fromkeys(str(one.value) for one in named)))


def wants_to_choose(scene: Scene, said: str) -> bool:
    """Whether the words ask to choose whom it is for."""
    return said in _words(scene)["choose"]


def _kept(scene: Scene, works: list[str]) -> JsonValue:
    names = f" {_words(scene)['and']} ".join(_name(scene, work).lower() for work in works)
    return {"ids": list(works), "name": names} if works else None


def _name(scene: Scene, work: str) -> str:
    rows = scene.content.lexicon["occupations"]["occupations"]
    return next((str(row["name"]) for row in rows if row["id"] == work), work)


def _words(scene: Scene) -> Mapping[str, Any]:
    words: Mapping[str, Any] = scene.content.lexicon["siaran"]["audience"]
    return words
