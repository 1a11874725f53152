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
Cells = dict[str, str]
_NONE = "–"


def write(
    path: Path, about: str, tasks: Mapping[str, Sequence[Figures]], notes: Sequence[str], *, keep: bool = False
) -> None:
    """Replace what stands between the marks; a missing file is begun. With `keep` only the rows measured change."""
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD
    if BEGIN not in text:
        text += f"\n## Understanding\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    written = {task: _cells(rows) for task, rows in tasks.items()}
    if keep:
        about, written, notes = _kept(rest.partition(END)[0], about, written, notes)
    tables = [line for task, rows in written.items() for line in (f"### {task}", "", *_lines(rows), "")]
    body = "\n".join([about, "", *tables, *(f"- {note}" for note in notes)])
    path.write_text(f"{before}{BEGIN}\n{body.rstrip()}\n{END}{after}", encoding="utf-8")


def table(rows: Sequence[Figures]) -> list[str]:
    """One Markdown table; columns that no row has are left out."""
    return _lines(_cells(rows))


def _cells(rows: Sequence[Figures]) -> list[Cells]:
    return [{title: form.format(row[name]) for name, title, form in _COLUMNS if name in row} for row in rows]


def _lines(rows: Sequence[Cells]) -> list[str]:
    titles = [title for _, title, _ in _COLUMNS if any(title in row for row in rows)]
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    return lines + ["| " + " | ".join(row.get(title, _NONE) for title in titles) + " |" for row in rows]


def _kept(
    body: str, about: str, written: dict[str, list[Cells]], notes: Sequence[str]
) -> tuple[str, dict[str, list[Cells]], list[str]]:
    """The rows that stand there already, those measured now put in their place; a note says which and how."""
    first, _, rest = body.strip().partition("\n")
    tasks: dict[str, list[Cells]] = {}
    listed: list[str] = []
    titles: list[str] = []
    for line in rest.splitlines():
        if line.startswith("### "):
            tasks[line[4:]], titles = [], []
        elif line.startswith("- "):
            listed.append(line[2:])
        elif line.startswith("| ") and tasks:
            cells = line[2:-2].split(" | ")
            if titles:
                found = {title: cell for title, cell in zip(titles, cells, strict=True) if cell != _NONE}
                tasks[list(tasks)[-1]].append(found)
            titles = titles or cells
    for task, rows in written.items():
        names = [row["engine"] for row in rows]
        tasks[task] = [row for row in tasks.get(task, []) if row["engine"] not in names] + rows
        listed.append(f"{task}, {' and '.join(names)}: {about}")
    return first, tasks, list(dict.fromkeys([*listed, *notes]))
