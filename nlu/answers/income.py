"""Reads sums of money. A daily or weekly sum is never turned into a monthly one here: the form asks how many days."""

from __future__ import annotations

import re

from nlu.answers.reading import Asked, refused, understood
from nlu.money import Amount, rupiah
from nlu.understanding import FormAnswer, JsonValue

#: Sums outside these are no one's monthly income; asked about instead of believed.
_LEAST_MONTHLY, _MOST_MONTHLY = 50_000, 1_000_000_000
_BARE = re.compile(r"(?:rp\.?\s*)?(\d{1,3}(?:[.,\s]\d{3})+|\d+)(?:[.,]00|,-|,00)?(?:\s*rupiah)?")
_ASK_COUNT = {"day": "tanya_hari_kerja", "week": "tanya_minggu_kerja"}


def income(asked: Asked) -> FormAnswer:
    """Rupiah a month; "50rb sehari" asks how many days, "tidak tentu" asks for a rough figure."""
    found = _amount(asked)
    if found is None:
        unsure = asked.readers.unsure_income.search(asked.said) or asked.said in asked.readers.unsure
        return refused(asked.text, "tanya_kisaran_penghasilan" if unsure else "penghasilan_tidak_jelas")
    if found.high > found.rupiah:
        return refused(asked.text, "tanya_kisaran_penghasilan", None, dari=found.rupiah, sampai=found.high)
    if found.period in _ASK_COUNT:
        unit: JsonValue = {"amount": found.rupiah, "period": found.period}
        return refused(asked.text, _ASK_COUNT[found.period], unit, jumlah=found.rupiah)
    if found.period in {"year", "harvest"}:
        return refused(asked.text, "tanya_kisaran_penghasilan", None, jumlah=found.rupiah)
    if not _LEAST_MONTHLY <= found.rupiah <= _MOST_MONTHLY:
        return refused(asked.text, "penghasilan_tidak_jelas")
    return understood(asked.text, {"amount": found.rupiah, "period": "month"})


def amount(asked: Asked) -> FormAnswer:
    """Rupiah with the period said, if any."""
    found = _amount(asked)
    if found is None or found.high > found.rupiah:
        return refused(asked.text, "jumlah_tidak_jelas")
    return understood(asked.text, {"amount": found.rupiah, "period": found.period})


def work_days(asked: Asked) -> FormAnswer:
    """A count of days or weeks in a month, 1 to 31."""
    entities = asked.readers.entities
    if re.search(
        r"(?:setiap|tiap|saban|saben|unggal)\s*(?:hari|dina|dino|poe)|nggak libur|gak libur|tidak libur|full|penuh",
        asked.said,
    ):
        return understood(asked.text, 30)
    found = [entities.number(said) for said in re.findall(r"\d+", asked.said)]
    if not found:
        bare = re.sub(r"\s*(?:hari|hr|dina|dino|poe|minggu|mgg|kali|x)\b.*$", "", asked.said)
        found = [entities.number(re.sub(r"^(?:sekitar|kira-kira|kurang lebih|paling|biasanya|biasane)\s+", "", bare))]
    days = found[0] if len(found) == 1 else None
    return understood(asked.text, days) if days and 1 <= days <= 31 else refused(asked.text, "jumlah_tidak_jelas")


def _amount(asked: Asked) -> Amount | None:
    money = asked.readers.entities.money
    found = money.read(asked.said)
    if found:
        return _chosen(found)
    bare = _BARE.fullmatch(_without_words(asked))
    if bare and not asked.said.startswith("0"):
        value = int(re.sub(r"\D", "", bare[1]))
        start = asked.said.find(bare[1])
        period = money.period(asked.said, max(start, 0), max(start, 0) + len(bare[1]))
        return Amount(value, value, period[0] if period else None, 0, len(asked.said)) if value >= 1000 else None
    low, high = rupiah(_without_words(asked)) if re.search(r"[a-z]", asked.said) else (None, None)
    return Amount(low, high, None, 0, len(asked.said)) if low and high and low >= 1000 else None


def _chosen(found: list[Amount]) -> Amount:
    """Of several sums the monthly one, else the first."""
    return next((amount for amount in found if amount.period == "month"), found[0])


def _without_words(asked: Asked) -> str:
    """The answer without "sekitar", "sebulan" and such around the number."""
    said = re.sub(r"(?:^|\s)(?:penghasilan(?:nya)?|pendapatan|gaji|upah|saya|sy|sekitar|kira-kira|kira kira|kurang lebih|kurleb|cuma|hanya|paling|"  # noqa: E501 (one pattern or table)
                  r"rata-rata|rata2|dapat|dpt|ada|ya|pak|bu|an|aja|saja|sebulan|perbulan|per bulan|/bln|/bulan|sehari|perhari|per hari|/hari|/hr)(?=\s|$)",  # noqa: E501 (one pattern or table)
                  " ", f" {asked.said} ")  # fmt: skip
    return " ".join(re.sub(r"/(?:bln|bulan|hari|hr)\b", " ", said).split()).strip(" .,!?")
