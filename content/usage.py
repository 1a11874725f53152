"""Which content names the code says: quoted keys found in Python files, so that "unused" can be told truly.

Content imports nothing above it, so it reads the other packages as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_QUOTED = re.compile(r"""["'](?:start:)?([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)["']""")
_PREFIX = re.compile(r"""f["']([a-z][a-z0-9_.]{3,})\{""")


@dataclass(frozen=True, slots=True)
class Names:
    """Whole names, and beginnings of names put together at run time (f"hasil_{program}")."""

    whole: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self.whole or name.startswith(self.prefixes))


def names_in_code(packages: Iterable[Path]) -> Names:
    """Every quoted name in the Python files of these packages."""
    whole: set[str] = set()
    prefixes: set[str] = set()
    for package in packages:
        for path in package.rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            whole.update(_QUOTED.findall(text))
            prefixes.update(_PREFIX.findall(text))
    return Names(frozenset(whole), tuple(sorted(prefixes)))
