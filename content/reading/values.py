"""Gives one scalar its type, or says in one Indonesian sentence how it should be written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from content.model import Kind, Scalar

_DIGITS = re.compile(r"0|[1-9][0-9]*")
_GROUPED = re.compile(r"(?:Rp\.?\s*)?([0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,-|,00)?")
_PERCENT = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_LOCAL_DATE = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})")
_PHONE = re.compile(r"\+?[0-9][0-9 \-]{1,20}")
_URL = re.compile(r"https?://[^\s/]+\.[^\s/]+\S*")


class Unfit(Exception):
    """The text cannot be read as that kind; the sentence says how to write it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def typed(text: str, kind: Kind) -> Scalar:
    """The value of `text` as that kind.

    Raises:
        Unfit: it is written another way.
    """
    return _READERS[kind](text)


def whole(text: str) -> int:
    """A whole number: digits only."""
    if _DIGITS.fullmatch(text):
        return int(text)
    if match := _GROUPED.fullmatch(text.strip()):
        raise Unfit(f'"{text}" bukan bilangan bulat yang pasti; tulis {int(match[1].replace(".", ""))}')
    raise Unfit(f'"{text}" harus bilangan bulat tanpa titik, koma, atau satuan; misalnya 16800')


def percent(text: str) -> Decimal:
    """A percentage with a decimal point: 0.24 is said as 0,24%."""
    if _PERCENT.fullmatch(text):
        return Decimal(text)
    plain = text.strip().removesuffix("%").strip().replace(",", ".")
    if _PERCENT.fullmatch(plain):
        raise Unfit(f'"{text}" harus angka dengan titik desimal tanpa tanda persen; tulis {plain}')
    raise Unfit(f'"{text}" bukan persen; tulis angka saja, misalnya 0.24')


def day(text: str) -> date:
    """A calendar day, year first."""
    if _ISO_DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Unfit(f'tanggal "{text}" tidak ada di kalender') from None
    if match := _LOCAL_DATE.fullmatch(text.strip()):
        raise Unfit(f'tanggal "{text}" ditulis tahun dulu; tulis {match[3]}-{int(match[2]):02}-{int(match[1]):02}')
    raise Unfit(f'"{text}" bukan tanggal; tulis tahun-bulan-hari, misalnya 2026-11-15')


def yes(text: str) -> bool:
    """A flag: ya or tidak."""
    if text not in ("ya", "tidak", "true", "false"):
        raise Unfit(f'"{text}" harus ya atau tidak')
    return text in ("ya", "true")


def month(text: str) -> date:
    """A month, by its first day or by any of its days."""
    return day(f"{text}-01") if _ISO_MONTH.fullmatch(text) else day(text)


def phone(text: str) -> str:
    """A phone number as it is said."""
    if not _PHONE.fullmatch(text):
        raise Unfit(f'"{text}" bukan nomor telepon; tulis dengan angka, spasi, atau tanda hubung')
    return text


def url(text: str) -> str:
    """A web address in full."""
    if not _URL.fullmatch(text):
        raise Unfit(f'"{text}" bukan alamat lengkap; misalnya https://contoh.go.id')
    return text


_READERS: Mapping[Kind, Callable[[str], Scalar]] = {
    Kind.RUPIAH: whole,
    Kind.NUMBER: whole,
    Kind.MONTHS: whole,
    Kind.YEARS: whole,
    Kind.DAYS: whole,
    Kind.HOURS: whole,
    Kind.PERCENT: percent,
    Kind.DATE: day,
    Kind.MONTH: month,
    Kind.PHONE: phone,
    Kind.URL: url,
    Kind.TEXT: str.strip,
    Kind.TABLE: str.strip,
}
