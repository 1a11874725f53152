"""Writes the figures as tables between two marks of docs/benchmarks.md; what people wrote around them stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- bench-nlu: begin -->", "<!-- bench-nlu: end -->"
HEAD = f"# Benchmarks\n\n## Understanding\n\n{BEGIN}\n{END}\n"
_COLUMNS = (
    ("engine", "engine", "{}"),
    ("clean", "accuracy", "{:.1%}"),
    ("macro_f1", "macro-F1", "{:.3f}"),
    ("informal", "informal", "{:.1%}"),
    ("heavy", "heavy", "{:.1%}"),
    ("auroc_near", "near AUROC", "{:.3f}"),
    ("auroc_far", "far AUROC", "{:.3f}"),
    ("train_s", "train s", "{:.1f}"),
    ("train_cpu_s", "train CPU s", "{:.1f}"),
    ("load_s", "load s", "{:.2f}"),
    ("first_answer_s", "first answer s", "{:.2f}"),
    ("memory_mb", "memory MB", "{:.0f}"),
    ("p50_ms", "p50 ms", "{:.1f}"),
    ("p99_ms", "p99 ms", "{:.1f}"),
    ("p50_cpu_ms", "p50 CPU ms", "{:.1f}"),
    ("p99_cpu_ms", "p99 CPU ms", "{:.1f}"),
    ("per_s", "sentences/s", "{:.0f}"),
)
Figures = Mapping[str, Any]


def write(path: Path, about: str, tasks: Mapping[str, Sequence[Figures]], notes: Sequence[str]) -> None:
    """Replace what stands between the marks; a missing file is begun."""
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD
    if BEGIN not in text:
        text += f"\n## Understanding\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    tables = [line for task, rows in tasks.items() for line in (f"### {task}", "", *table(rows), "")]
    body = "\n".join([about, "", *tables, *(f"- {note}" for note in notes)])
    path.write_text(f"{before}{BEGIN}\n{body.rstrip()}\n{END}{after}", encoding="utf-8")


def table(rows: Sequence[Figures]) -> list[str]:
    """One Markdown table; columns that no row has are left out."""
    columns = [column for column in _COLUMNS if any(column[0] in row for row in rows)]
    lines = ["| " + " | ".join(title for _, title, _ in columns) + " |", "|" + "---|" * len(columns)]
    for row in rows:
        cells = (form.format(row[name]) if name in row else "–" for name, _, form in columns)
        lines.append("| " + " | ".join(cells) + " |")
    return lines
