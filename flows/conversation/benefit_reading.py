"""Reads from a message what sums need: the entities nlu found, and the words of content/lexicon/hitung.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from flows.conversation.scene import Scene
from flows.conversation.worked import Inputs
from nlu.understanding import Understanding

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NOT_WORD = re.compile(r"[^\w]+")
#: Of two centuries for "kelahiran 82" the one that makes a worker.
_YOUNGEST, _OLDEST = 15, 100
#: A bare number this many years around today may be a year people ask about.
_YEARS_NEAR = 12


def lexicon(scene: Scene) -> Mapping[str, Any]:
    """The words and rules of sums."""
    words: Mapping[str, Any] = scene.content.lexicon.get("hitung", {})
    return words


def words_of(understanding: Understanding) -> str:
    """The message to look words up in: as written and in standard words, spaced at both ends."""
    return f" {_plain(understanding.text)} | {_plain(understanding.normalised)} "


def has(text: str, forms: Iterable[str]) -> bool:
    """Whether one of the forms stands in the text as whole words."""
    return any(f" {form} " in text for form in forms)


def read(scene: Scene, *, prices: bool = True) -> Inputs:
    """Everything the message says that a sum may need; without `prices` only what can be an income counts as money."""
    understanding = scene.understanding
    if understanding is None:
        return Inputs()
    text, lex = words_of(understanding), lexicon(scene)
    amount, period = _money(understanding, prices=prices)
    born = _born(understanding, text, lex, scene.today)
    paid = _years_paid(text, lex)
    return Inputs(
        money=amount,
        period=period,
        months=paid or _whole(understanding, "months"),
        born=born,
        age=None if paid else _whole(understanding, "age"),
        children=_whole(understanding, "child_count"),
        levels=_levels(text, lex),
        risk=_named(text, lex.get("risks", {})),
        sector=_sector(understanding),
        payer=_named(text, {"budget": lex.get("budget", ()), "unclear": lex.get("unclear_payer", ())}),
        employee=True if has(text, lex.get("employee", ())) else None,
        wages=True if has(text, lex.get("wages", ())) else None,
        month=None if born else month_said(scene),
    )


def month_said(scene: Scene) -> str | None:
    """The month asked about, "2027-01". Of a bare year: its last month when past, its first when to come."""
    understanding = scene.understanding
    if understanding is None:
        return None
    month = understanding.first("month")
    if month:
        return str(month.value)[:7]
    return _year_after(scene, understanding, "year")


def with_bare_year(scene: Scene, said: Inputs) -> Inputs:
    """The same where a sum is followed up and a number can only be a year: "terus kalau 2027?"."""
    understanding = scene.understanding
    if understanding is None or said.month is not None:
        return said
    month = _year_after(scene, understanding, "before_year")
    if month is None or abs(int(month[:4]) - scene.today.year) > _YEARS_NEAR:
        return said
    return replace(said, month=month, money=None, period=None)


def _year_after(scene: Scene, understanding: Understanding, cue: str) -> str | None:
    """A month of the year that stands after one of the words the lexicon lists."""
    cues = "|".join(map(re.escape, lexicon(scene).get(cue, ())))
    match = re.search(rf" (?:{cues}) ((?:19|20)\d\d) ", words_of(understanding)) if cues else None
    if match is None:
        return None
    year, today = int(match[1]), scene.today
    if year == today.year:
        return today.isoformat()[:7]
    return f"{year}-{12 if year < today.year else 1:02}"


def years_in(text: str) -> list[int]:
    """Every year written with four digits."""
    return [int(found) for found in _YEAR.findall(text)]


def levels_in(scene: Scene, text: str) -> tuple[str, ...]:
    """School levels named in an answer."""
    return _levels(f" {_plain(text)} ", lexicon(scene))


def months_in(scene: Scene, text: str) -> int | None:
    """A length such as "20 tahun", "15 tahun 6 bulan" or "200 bulan"; a bare number is years, as was asked."""
    said = _plain(text)
    units = {12: lexicon(scene).get("year", ()), 1: lexicon(scene).get("month", ())}
    found = [
        int(match[1]) * times
        for times, forms in units.items()
        if (match := re.search(rf"(?<!\d)(\d{{1,3}}) ?(?:{'|'.join(map(re.escape, forms))})(?!\w)", said))
    ]
    if found:
        return sum(found)
    return int(said) * 12 if re.fullmatch(r"\d{1,2}", said) else None


def birth_year(text: str, today: date) -> int | None:
    """A year of birth from an answer such as "1970", "tahun 70" or "12 mei 1970"."""
    written = years_in(text) or [_full(int(short), today) for short in re.findall(r"(?<!\d)\d\d(?!\d)", text)]
    likely = [year for year in written if today.year - _OLDEST <= year <= today.year - _YOUNGEST]
    return likely[-1] if likely else None


def _plain(text: str) -> str:
    return _NOT_WORD.sub(" ", text.casefold().replace("%", " persen ")).strip()


def _money(understanding: Understanding, *, prices: bool) -> tuple[int | None, str | None]:
    """The first amount. Of several incomes ("kadang 1 juta kadang 2 juta") none: the average has to be asked."""
    found: list[tuple[int, str | None]] = []
    for entity in understanding.entities:
        match entity.value if entity.kind == "money" else None:
            case {"of": "price"} if not prices:
                continue
            case {"amount": int(amount), "period": (str() | None) as period}:
                found.append((amount, period))
    several = not prices and len({amount for amount, _ in found}) > 1
    return found[0] if found and not several else (None, None)


def _whole(understanding: Understanding, kind: str) -> int | None:
    found = understanding.first(kind)
    return found.value if found and isinstance(found.value, int) else None


def _sector(understanding: Understanding) -> str | None:
    sector = understanding.first("sector")
    return str(sector.value) if sector else None


def _named(text: str, named: Mapping[str, Iterable[str]]) -> str | None:
    return next((name for name, forms in named.items() if has(text, forms)), None)


def _levels(text: str, lex: Mapping[str, Any]) -> tuple[str, ...]:
    """Levels in the order said; the standard words say them once more, so only what was written counts."""
    forms = {form: level for level, listed in lex.get("levels", {}).items() for form in listed}
    if not forms:
        return ()
    either = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    written = text.split("|", maxsplit=1)[0]
    return tuple(forms[match[1]] for match in re.finditer(rf"(?<= )({either})(?= )", f" {written} "))


def _years_paid(text: str, lex: Mapping[str, Any]) -> int | None:
    """Months of "iur 16 tahun" or "16 tahun iuran", which alone would be an age."""
    cues, years = ("|".join(map(re.escape, lex.get(part, ()))) for part in ("paid", "year"))
    if not cues or not years:
        return None
    before = re.search(rf" (?:{cues}) (?:\w+ )?(\d\d?) ?(?:{years}) ", text)
    match = before or re.search(rf" (\d\d?) ?(?:{years}) (?:\w+ )?(?:{cues}) ", text)
    return int(match[1]) * 12 if match else None


def _born(understanding: Understanding, text: str, lex: Mapping[str, Any], today: date) -> int | None:
    cues = "|".join(map(re.escape, lex.get("born", ())))
    if not cues:
        return None
    match = re.search(rf" (?:{cues})(?: \w+){{0,3}}? ((?:19|20)\d\d|\d\d)(?= )", text.split("|", maxsplit=1)[0] + " ")
    if match is None:
        return None
    dated = understanding.first("date")
    if dated and len(match[1]) == 2:
        return int(str(dated.value)[:4])
    return int(match[1]) if len(match[1]) == 4 else _full(int(match[1]), today)


def _full(year: int, today: date) -> int:
    century = today.year // 100 * 100
    return century + year if century + year <= today.year - _YOUNGEST else century - 100 + year
