"""Reads single facts as the whole numbers and percentages that the calculators need."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import cast

from content import Content
from content.model import Scalar

Rupiah = int


def rupiah(content: Content, key: str, day: date) -> Rupiah:
    """An amount, or a count of months, years or children, in force on `day`.

    Raises:
        NotInForce: the fact has no value that day; the bot declines and names 175.
    """
    return int(cast(int, content.fact(key, day).value))  # the schema types it


#: Counts are read the same way as amounts.
count = rupiah


def percent(content: Content, key: str, day: date) -> Decimal:
    """A percentage in force on `day`: 0.24 is 0,24 %; raises as `rupiah` does."""
    return Decimal(str(content.fact(key, day).value))


def rows(content: Content, key: str, day: date) -> tuple[tuple[Scalar, ...], ...]:
    """The rows of a table in force on `day`; raises as `rupiah` does."""
    return cast(tuple[tuple[Scalar, ...], ...], content.fact(key, day).value)


def share(amount: Rupiah | Decimal, rate: Decimal) -> Rupiah:
    """That percentage of an amount in whole rupiah, halves up."""
    return whole(Decimal(amount) * rate / 100)


def whole(amount: Decimal) -> Rupiah:
    """The nearest whole rupiah, halves up."""
    return int((amount + Decimal("0.5")).to_integral_value(rounding="ROUND_FLOOR"))
