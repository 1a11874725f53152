"""`rangkul content check|preview|facts`."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.padding import Padding

from bot.commands.options import ConfigOption, fail, out, settings_from

if TYPE_CHECKING:
    from bot.content_watch import ContentInForce
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
    _check_templates(loaded, root)
    words = loaded.lexicon["commands"]["content"]
    counts = f"{len(loaded.facts)}, {len(loaded.replies)}, {len(loaded.intents)}"
    out.print(f"{words['fine']} {words['version']} {loaded.version}; {words['counts']} {counts}.", highlight=False)


def _check_templates(loaded: Content, root: Path | None) -> None:
    """The WhatsApp templates, which name buttons of the content."""
    from bot.channels.whatsapp_templates import load_templates
    from content import ContentBroken
    from content.problems import closing

    try:
        load_templates(loaded.buttons, root / "templates" if root else None)
    except ContentBroken as broken:
        for problem in broken.problems:
            out.print(str(problem), markup=False, highlight=False, soft_wrap=True)
        out.print(closing(len(broken.problems)), highlight=False)
        raise typer.Exit(1) from None


def facts(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]", help="Only facts whose name or meaning holds these words.")
    ] = None,
    root: RootOption = None,
) -> None:
    """List each fact: now, next, source, where it is said, recheck date; overdue ones in red."""
    from content.preview import facts_table

    loaded = load_or_fail(root)
    rows = [row for row in facts_table(loaded, today()) if _holds(f"{row.key} {row.meaning}", words or [])]
    texts = loaded.lexicon["commands"]["content"]
    if not rows:
        out.print(texts["no_facts"], highlight=False)
        return
    for row in rows:
        out.print(f"[bold]{row.key}[/bold]  {escape(row.now)}", highlight=False, style="red" if row.overdue else None)
        told = {
            "following": row.following,
            "source": row.source,
            "said_in": ", ".join(row.said_in),
            "recheck_by": row.recheck_by.isoformat(),
        }
        labelled = (f"{label}: {told[part]}" for part, label in texts["facts_labels"].items() if told[part])
        for line in (row.meaning, *labelled):
            out.print(Padding(escape(line), (0, 0, 0, 4)), highlight=False)


def _holds(text: str, words: list[str]) -> bool:
    return all(word.lower() in text.lower() for word in words)


def preview(
    target: Annotated[
        Path | None, typer.Argument(metavar="[NEW]", help="Folder with the changed content; with --questions, a file.")
    ] = None,
    old: Annotated[Path | None, typer.Option(help="Content before the change (default: the installed one).")] = None,
    conversations: Annotated[Path, typer.Option(help="Folder with written conversations to look through.")] = Path(
        "tests/conversations"
    ),
    questions: Annotated[
        bool, typer.Option("--questions", help="Instead: today's answers to the questions workers ask, as HTML.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Show before and after of every reply and written conversation that a change of content touches."""
    if questions:
        _print_questions(target, config)
        return
    if target is None:
        fail("Name the folder with the changed content, or give --questions.")
    _show_changes(load_or_fail(old), load_or_fail(target), conversations)


def _show_changes(before: Content, after: Content, conversations: Path) -> None:
    from content.preview import compare
    from content.spoken import passages

    words = before.lexicon["commands"]["content"]
    touched = compare(before, after, today())
    for change in touched:
        _show_pair(f"{change.reply} · {change.day.isoformat()}", change.before, change.after, words["none"])
    said = list(passages(before, after, sorted(conversations.glob("*.md"))))
    if said:
        out.print(f"{words['conversations']} {len(said)}", style="bold", highlight=False)
    for passage in said:
        _show_pair(f"{passage.path}:{passage.line} · {passage.reply}", passage.before, passage.after, words["none"])
    if not touched and not said:
        out.print(words["no_change"])


def _show_pair(title: str, before: str | None, after: str | None, none: str) -> None:
    out.rule(title)
    out.print(f"- {before or none}", style="red", markup=False, highlight=False)
    out.print(f"+ {after or none}", style="green", markup=False, highlight=False)


def _print_questions(file: Path | None, config: Path | None) -> None:
    from bot import log
    from bot.commands.chat import open_world
    from bot.question_page import page

    load_or_fail(None)
    log.set_up(as_json=False, level="warning")
    with open_world(settings_from(config), at=None, db=None) as world:
        made = page(world)
    if file is None:
        print(made)
        return
    file.write_text(made, encoding="utf-8")
    out.print(str(file), highlight=False, soft_wrap=True)


def load_or_fail(root: Path | None) -> Content:
    """The content, or its problems and exit code 2. The installed one is read once in a process."""
    from content import ContentBroken, load

    try:
        return _installed() if root is None else load(root)
    except ContentBroken as broken:
        fail("\n".join(str(problem) for problem in broken.problems))


@cache
def _installed() -> Content:
    from content import load

    return load()


def content_in_force_or_fail() -> ContentInForce:
    """The installed content as a running bot holds it."""
    from bot.content_watch import ContentInForce

    return ContentInForce(current=load_or_fail(None))
