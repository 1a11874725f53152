"""`rangkul leads export|import|template`: leads out to a file, people in from one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, TypeVar

import typer

from bot.commands.content_commands import load_or_fail
from bot.commands.options import ConfigOption, fail, out, settings_from
from bot.commands.staff_commands import DbOption, opened, reason_from

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from content import Content
    from storage.lead_import import LeadImport
    from storage.lead_sheet import Checked
    from storage.sheets import SheetUnreadable

#: Problems shown on the screen; all of them go into the file of --out.
_SHOWN = 30
_STEP = 100
T = TypeVar("T")
ByOption = Annotated[str, typer.Option("--by", "--staff", help="Your name, for the audit log.")]


def register(leads: typer.Typer) -> None:
    """Add the commands to the group of leads."""
    leads.command("export")(export_leads)
    leads.command("import")(import_leads)
    leads.command("template")(make_template)


def export_leads(
    target: Annotated[Path, typer.Argument(help="File to write; readable by you only.")],
    by: ByOption,
    config: ConfigOption = None,
    db: DbOption = None,
    kind: Annotated[str, typer.Option("--format", help="csv or xlsx.")] = "csv",
    village: Annotated[str | None, typer.Option(help="Only this village code.")] = None,
    state: Annotated[str | None, typer.Option(help="Only leads in this state.")] = None,
    full: Annotated[bool, typer.Option("--full", help="NIK and phone whole; needs --reason.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why, for the audit log.")] = None,
) -> None:
    """Write leads in the columns of a collective registration, streamed and watermarked; the audit log notes it."""
    from bot.clock import SystemClock
    from flows.contact import LeadState
    from storage.lead_export import FORMATS, Order, export

    if kind not in FORMATS:
        fail(f'--format "{kind}" is not known: {", ".join(FORMATS)}.')
    if state is not None and state not in set(LeadState):
        fail(f'--state "{state}" is not known: {", ".join(LeadState)}.')
    reason = reason_from(reason) if full or reason else None
    content = load_or_fail(None)
    order = Order(by, SystemClock().now(), full, village, LeadState(state) if state else None)
    words = content.lexicon["import"]["command"]
    with opened(settings_from(config), db) as database:
        with database.transaction() as store:
            act = "leads_exported_full" if full else "leads_exported"
            asked = f"desa={village or '*'} status={state or '*'} {kind} {reason or ''}".strip()
            store.audit.record(by, act, "leads", order.at, asked[:200])
        with database.reading() as store, _bar() as progress, _own(target) as file:
            total = store.leads.count(village=village, state=order.state)
            task = progress.add_task(words["exporting"], total=total)
            leads = _counted(store.leads.export(village=village, state=order.state), progress, task)
            for piece in export(leads, order, content, kind):
                file.write(piece)
    out.print(f"{total} -> {target}", highlight=False)


def import_leads(
    source: Annotated[Path, typer.Argument(help="XLSX or CSV.")],
    by: ByOption,
    paper_consent: Annotated[str, typer.Option("--paper-consent", help="Number of the signed paper consents.")],
    config: ConfigOption = None,
    db: DbOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check; keep nothing.")] = False,
    target: Annotated[Path | None, typer.Option("--out", help="XLSX to write the rows to correct to.")] = None,
) -> None:
    """Take people from a spreadsheet; only good rows are kept, the rest come back to be corrected."""
    from zoneinfo import ZoneInfo

    from bot.clock import SystemClock
    from bot.ids import LeadNumbers
    from storage.lead_import import LeadImport, Order
    from storage.sheets import SheetUnreadable

    content = load_or_fail(None)
    if not paper_consent.strip():
        fail("--paper-consent needs the number of the signed papers.")
    now = SystemClock().now()
    order = Order(by, now, paper_consent.strip()[:60], dry_run)
    with opened(settings_from(config), db) as database:
        today = now.astimezone(ZoneInfo("Asia/Jakarta")).date()
        taking = LeadImport(database, content, order, today, LeadNumbers().fresh)
        try:
            _take(taking, source, target)
        except SheetUnreadable as wrong:
            fail(_unreadable(wrong, content))
    raise typer.Exit(1 if taking.counts.bad else 0)


def make_template(
    target: Annotated[Path, typer.Argument(help="XLSX to write.")],
    by: Annotated[str, typer.Option("--by", help="Name to write into the file's properties.")] = "Rangkul",
) -> None:
    """Write an empty spreadsheet to fill in."""
    from bot.clock import SystemClock
    from storage.lead_import import template_file

    content = load_or_fail(None)
    with target.open("wb") as file:
        file.writelines(template_file(by, SystemClock().now(), content))
    out.print(str(target), highlight=False)


def _take(taking: LeadImport, source: Path, target: Path | None) -> None:
    from storage.lead_import import errors_file
    from storage.sheets import count_rows

    words = taking.content.lexicon["import"]["command"]
    shown: list[str] = []
    with _bar() as progress:
        task = progress.add_task(words["checking"], total=count_rows(source))
        bad = _bad(_counted(taking.run(source), progress, task), shown)
        if target is None:
            for _ in bad:
                pass
        else:
            headings = taking.headings(source)
            with _own(target) as file:
                file.writelines(errors_file(headings, bad, taking.order, taking.content))
    _report(taking, shown, target)


def _bad(rows: Iterable[Checked], shown: list[str]) -> Iterator[Checked]:
    for checked in rows:
        if len(shown) < _SHOWN:
            shown += checked.said(checked.problems)
        if checked.problems:
            yield checked


def _report(taking: LeadImport, shown: list[str], target: Path | None) -> None:
    from rich.table import Table

    words, counts = taking.content.lexicon["import"]["command"], taking.counts
    for sentence in shown[:_SHOWN]:
        out.print(sentence, markup=False, highlight=False, soft_wrap=True)
    if counts.bad > _SHOWN and target is None:
        out.print(words["more"].format(jumlah=counts.bad - _SHOWN), markup=False)
    table = Table(*words["summary_headings"])
    dry = taking.order.dry_run
    table.add_row(words["good"] if dry else words["taken"], str(counts.good))
    table.add_row(words["noted"], str(counts.noted))
    table.add_row(words["bad"], str(counts.bad))
    out.print(table)
    if dry:
        out.print(words["dry"])
    if target is not None and counts.bad:
        out.print(words["corrected"].format(berkas=target), markup=False, soft_wrap=True)
    elif target is not None:
        target.unlink()


def _unreadable(wrong: SheetUnreadable, content: Content) -> str:
    sentence: str = content.lexicon["import"]["unreadable"][wrong.why]
    return sentence.format(**wrong.slots)


def _counted(items: Iterable[T], progress: Progress, task: TaskID) -> Iterator[T]:
    """The same items, moving the bar; not at each of a million, which would cost more than the work."""
    for number, item in enumerate(items, 1):
        if number % _STEP == 0:
            progress.advance(task, _STEP)
        yield item


def _bar() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=out, transient=True)


@contextmanager
def _own(target: Path) -> Iterator[BinaryIO]:
    """A file only its owner may read, gone again if writing fails: half a file of personal data helps nobody."""
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        target.chmod(0o600)
        try:
            yield file
        except BaseException:
            target.unlink(missing_ok=True)
            raise
