"""Values that mask themselves, so that a careless log line or error shows four digits and not the whole number.

They are not subclasses of `str`: joining or dumping one fails loudly instead of printing it bare.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Nik:
    """A national identity number. Shows only its last four digits."""

    _digits: str

    def __str__(self) -> str:
        return f"NIK …{self._digits[-4:]}"

    __repr__ = __str__

    def reveal(self) -> str:
        """The whole number; each use is worth an audit row."""
        return self._digits


@dataclass(frozen=True, slots=True, repr=False)
class Phone:
    """A phone number. Shows only its last four digits."""

    _digits: str

    def __str__(self) -> str:
        return f"…{self._digits[-4:]}"

    __repr__ = __str__

    def reveal(self) -> str:
        """The whole number; each use is worth an audit row."""
        return self._digits
