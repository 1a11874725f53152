"""Reads how many months someone wants to pay at once, and who pays."""

from __future__ import annotations

from nlu.answers.choices import months
from nlu.answers.reading import Asked, refused, understood
from nlu.understanding import FormAnswer, JsonValue

SELF = "self"


def payment(asked: Asked) -> FormAnswer:
    """{"months": 1-36 or None, "payer": self|village|budget|donor}. Who only says months pays alone."""
    payer = next(
        (asked.readers.payers[" ".join(match[0].split())] for match in asked.readers.payer.finditer(asked.said)), None
    )
    count = months(asked)
    if payer is None and not count.ok:
        return refused(asked.text, "bayar_tidak_jelas")
    value: JsonValue = {"months": count.value if count.ok else None, "payer": payer or SELF}
    if payer == SELF and not count.ok:
        return refused(asked.text, "tanya_berapa_bulan", value)
    return understood(asked.text, value)
