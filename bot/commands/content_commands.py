"""`rangkul content check|preview|facts`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.options import fail, out

if TYPE_CHECKING:
    from content import Content


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Words and numbers: check, preview, list.")
    group.command()(check)
    group.command()(facts)
    group.command()(preview)
    app.add_typer(group, name="content")


RootOption = Annotated[Path | None, typer.Option("--root", help="Content folder (default: the installed one).")]


def today() -> date:
    """Today in western Indonesian time."""
    from zoneinfo import ZoneInfo

    from bot.clock import SystemClock

    return SystemClock().now().astimezone(ZoneInfo("Asia/Jakarta")).date()


def check(root: RootOption = None) -> None:
    """Report every problem of the content files at file:line, in Indonesian."""
    import content
    from content import Known
    from content.problems import closing
    from flows.conversation.actions import ACTIONS
    from flows.conversation.answers import ASKS

    problems = content.check(root, today(), Known(actions=frozenset(ACTIONS), asks=ASKS))
    for problem in problems:
        out.print(str(problem), markup=False, highlight=False, soft_wrap=True)
    if problems:
        out.print(closing(len(problems)), highlight=False)
        raise typer.Exit(1)
    loaded = content.load(root)
    words = loaded.lexicon["commands"]["content"]
    counts = f"{len(loaded.facts)}, {len(loaded.replies)}, {len(loaded.intents)}"
    out.print(f"{words['fine']} {words['version']} {loaded.version}; {words['counts']} {counts}.", highlight=False)


def facts(root: RootOption = None) -> None:
    """List each fact: now, next, source, where it is said, recheck date."""
    from rich.table import Table

    from content.preview import facts_table

    loaded = load_or_fail(root)
    table = Table()
    for heading in loaded.lexicon["commands"]["content"]["facts_headings"]:
        table.add_column(heading, overflow="fold")
    for row in facts_table(loaded, today()):
        said = ", ".join(row.said_in)
        cells = (row.key, row.meaning, row.now, row.following, row.source, said, row.recheck_by.isoformat())
        table.add_row(*cells, style="red" if row.overdue else None)
    out.print(table)


def preview(
    new: Annotated[Path, typer.Argument(help="Folder with the changed content.")],
    old: Annotated[Path | None, typer.Option(help="Content before the change (default: the installed one).")] = None,
) -> None:
    """Show before and after of every reply that a change of content touches."""
    from content.preview import compare

    before, after = load_or_fail(old), load_or_fail(new)
    words = before.lexicon["commands"]["content"]
    touched = compare(before, after, today())
    for change in touched:
        out.rule(f"{change.reply} · {change.day.isoformat()}")
        out.print(f"- {change.before or words['none']}", style="red", markup=False, highlight=False)
        out.print(f"+ {change.after or words['none']}", style="green", markup=False, highlight=False)
    if not touched:
        out.print(words["no_change"])


def load_or_fail(root: Path | None) -> Content:
    """The content, or its problems and exit code 2."""
    from content import ContentBroken, load

    try:
        return load(root)
    except ContentBroken as broken:
        fail("\n".join(str(problem) for problem in broken.problems))
