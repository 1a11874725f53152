"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ColumnElement, DateTime, Dialect, Enum, Integer, literal_column
from sqlalchemy.types import TypeDecorator

#: An id that grows by itself: 64 bits on both, SQLite's own rowid where it can be.
BigId = BigInteger().with_variant(Integer(), "sqlite")


class NaiveTime(ValueError):
    """A time without a zone was about to be stored."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. SQLite has no zones, so it is given none and gets UTC back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC on the way in; a naive time is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTime
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (the base class fixes it)
        """Aware and in UTC on the way out."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def word_type(words: type[StrEnum]) -> Enum:
    """One word of an enum, kept as text; a new word needs no migration."""
    return Enum(words, native_enum=False, create_constraint=False, length=30, values_callable=_values)


def _values(words: type[StrEnum]) -> list[str]:
    return [word.value for word in words]


def literal_word(word: StrEnum) -> ColumnElement[str]:
    """The word written into the SQL itself: only then may both databases use an index that covers just that word."""
    return literal_column(f"'{word.value}'")
