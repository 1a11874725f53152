"""Reads how and where someone can be reached: phone, e-mail, street address, village."""

from __future__ import annotations

import re

from lokal import parse_phone

from nlu import places
from nlu.answers.reading import Asked, refused, understood
from nlu.understanding import FormAnswer, JsonValue

_PHONE = re.compile(r"\+?\(?\d[\d\s().+-]{6,24}\d")
_EMAIL = re.compile(r"[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}")
_CHOICES = 10


def phone(asked: Asked) -> FormAnswer:
    """A mobile number as E.164."""
    found = _PHONE.search(asked.said)
    info = parse_phone(found[0]) if found else None
    if info is None or not info.valid or info.type != "mobile" or len(set((info.e164 or "")[4:])) < 3:
        return refused(asked.text, "hp_tidak_jelas")
    return understood(asked.text, info.e164)


def email(asked: Asked) -> FormAnswer:
    """An e-mail address; spaces around the at sign are forgiven."""
    said = re.sub(r"\s*(?:@|\(at\)|\[at\]|\sat\s)\s*", "@", re.sub(r"\s*(?:\stitik\s|\sdot\s|\.)\s*", ".", asked.said))
    found = _EMAIL.search(said)
    if found is None or ".." in found[0] or found[0].endswith("."):
        return refused(asked.text, "email_tidak_jelas")
    return understood(asked.text, found[0])


def address(asked: Asked) -> FormAnswer:
    """A street address as written, when it has words."""
    said = " ".join(asked.text.split())[:200]
    letters = re.sub(r"[^a-z]", "", asked.said)
    if len(letters) < 5 or len(set(letters)) < 3:
        return refused(asked.text, "alamat_tidak_jelas")
    return understood(asked.text, said)


def birth_place(asked: Asked) -> FormAnswer:
    """A town or regency by name, in capitals as names have them."""
    said = re.sub(r"^(?:(?:lahir|kelahiran|tempat lahir|di|kota|kab\.?|kabupaten)\s+)+", "", asked.said).strip(" .,")
    words = said.split()
    fits = 1 <= len(words) <= 4 and re.fullmatch(r"[a-z][a-z .'-]{2,39}", said) is not None
    if not fits or said in asked.readers.yes or said in asked.readers.no:
        return refused(asked.text, "tempat_lahir_tidak_jelas")
    return understood(asked.text, said.title())


def village(asked: Asked) -> FormAnswer:
    """One village, or the choices when the name exists more than once."""
    found = places.find(asked.said, asked.extra_villages)
    if not found:
        said = asked.without(asked.readers.self_village)
        said = asked.readers.polite.sub("", said)
        found = places.find(said, asked.extra_villages)
    if not found:
        return refused(asked.text, "desa_tidak_ditemukan")
    rows: list[JsonValue] = [{"code": place.code, "name": place.name, "path": place.path} for place in found]
    if len(rows) == 1:
        return understood(asked.text, rows[0])
    return refused(asked.text, "pilih_desa", {"choices": rows[:_CHOICES]}, total=len(rows))
