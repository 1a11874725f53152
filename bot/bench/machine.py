"""What was measured on, and how measurements are told: percentiles, a table or JSON."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Row = Mapping[str, Any]


def machine(postgres: str | None = None) -> dict[str, Any]:
    """Cores, memory, Python and databases: without these a figure means nothing."""
    known: dict[str, Any] = {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "memory_gb": _memory_gb(),
        "cpu": _cpu(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    return known | ({"postgresql": postgres} if postgres else {})


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def show(title: str, rows: Sequence[Row], *, as_json: bool, postgres: str | None = None, by: str | None = None) -> None:
    """Print the results with the machine; a table for each value of `by`, if there are too many columns for one."""
    about = machine(postgres)
    if as_json:
        sys.stdout.write(json.dumps({"bench": title, "machine": about, "results": list(rows)}) + "\n")
        return
    out = Console()
    out.print("  ".join(f"{name} {value}" for name, value in about.items()), highlight=False, soft_wrap=True)
    for part in dict.fromkeys(row.get(by) for row in rows) if by else [None]:
        these = [row for row in rows if by is None or row.get(by) == part]
        out.print(_table(title if by is None else f"{title}: {part}", these, by))


def _table(title: str, rows: Sequence[Row], without: str | None) -> Table:
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != without]
    table = Table(*names, title=title)
    for row in rows:
        table.add_row(*(str(row.get(name, "")) for name in names))
    return table


def _memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
