"""What the code above content offers and uses; content cannot import it, so it is handed in."""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import dataclass, replace

from content.usage import Names


@dataclass(frozen=True, slots=True)
class Known:
    """None means: not known here, so not checked.

    `actions` are what `do` may name, `asks` the kinds of answers, `names` the reply keys, facts, slots, buttons and
    flows that code refers to.
    """

    actions: Collection[str] | None = None
    asks: Collection[str] | None = None
    names: Container[str] | None = None

    def naming(self, names: Names) -> Known:
        """The same, with the names that code says."""
        return replace(self, names=names)
