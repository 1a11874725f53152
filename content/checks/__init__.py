"""What content must prove before it is said. Each rule has a name and one Indonesian sentence."""

from __future__ import annotations

from datetime import date

from content.checks.known import Known
from content.checks.references import references
from content.reading.draft import Draft

__all__ = ["Known", "every_rule", "references"]


def every_rule(draft: Draft, day: date | None, known: Known) -> None:
    references(draft)
