"""`rangkul leads list|show`: leads in the terminal. Whoever looks is on record before the first line is shown."""

from __future__ import annotations

import json as codec
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.content_commands import load_or_fail
from bot.commands.options import ConfigOption, JsonOption, fail, out, settings_from
from bot.commands.staff_commands import DbOption, looker, opened, reason_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from content import Content
    from flows.contact import LeadState
    from storage.leads import Lead, Move

LookerOption = Annotated[
    str | None, typer.Option("--staff", "--by", help="Your name, for the audit log (default: who is signed in here).")
]


def register(leads: typer.Typer) -> None:
    """Add the commands to the group of leads."""
    leads.command("list")(list_leads)
    leads.command("show")(show_lead)


def state_from(text: str | None) -> LeadState | None:
    """The state of that name, or a clear sentence and exit code 2."""
    from flows.contact import LeadState

    if text is not None and text not in set(LeadState):
        fail(f'--state "{text}" is not known: {", ".join(LeadState)}.')
    return LeadState(text) if text else None


def list_leads(
    config: ConfigOption = None,
    db: DbOption = None,
    village: Annotated[str | None, typer.Option(help="Only this village code.")] = None,
    state: Annotated[str | None, typer.Option(help="new, contacted, waiting, handed_over, active or closed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    by: LookerOption = None,
    json: JsonOption = False,
) -> None:
    """List leads, newest first, with the NIK masked; the audit log notes it."""
    from rich.table import Table

    from bot.clock import SystemClock
    from bot.lead_rows import lead_row

    wanted = state_from(state)
    words = load_or_fail(None).lexicon["commands"]["leads"]
    with opened(settings_from(config), db) as database, database.transaction() as store:
        asked = f"desa={village or '*'} status={state or '*'}"
        store.audit.record(looker(by), "leads_listed", "leads", SystemClock().now(), asked)
        found = store.leads.list(village=village, state=wanted, limit=limit)
        rows = [lead_row(lead, words["states"]) for lead in found]
    if json:
        for row in rows:
            print(codec.dumps(row, ensure_ascii=False))
        return
    if not rows:
        out.print(words["empty"])
        return
    table = Table()
    for heading in words["headings"]:
        table.add_column(heading, overflow="fold")
    for row in rows:
        shown = ("number", "date", "name", "nik", "village", "occupation", "programs", "state")
        table.add_row(*(str(row[key]) for key in shown))
    out.print(table)


def show_lead(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Receipt number, as `leads list` shows it.")],
    config: ConfigOption = None,
    db: DbOption = None,
    by: LookerOption = None,
    full: Annotated[bool, typer.Option("--full", help="NIK and phone whole; needs --reason.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why, for the audit log.")] = None,
    json: JsonOption = False,
) -> None:
    """Show one lead and its history; NIK and phone are masked, unless a reason goes on record."""
    from rich.table import Table

    from bot.clock import SystemClock

    why = reason_from(reason) if full or reason else None
    content = load_or_fail(None)
    with opened(settings_from(config), db) as database, database.transaction() as store:
        lead = store.leads.find(number.strip().upper())
        if lead is None:
            fail(f'There is no receipt "{number}".')
        act = "lead_shown_full" if full else "lead_viewed"
        store.audit.record(looker(by), act, f"lead:{lead.id}", SystemClock().now(), why)
        rows, moves = _card(lead, content, full=full), store.leads.moves(lead.id)
    if json:
        print(codec.dumps(rows, ensure_ascii=False))
        return
    table = Table(show_header=False)
    for label, value in rows.items():
        table.add_row(label, value)
    out.print(table, markup=False)
    for line in _history(moves, content):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _card(lead: Lead, content: Content, *, full: bool) -> dict[str, str]:
    """What the lead holds, each under the heading of its column; what is empty is left out."""
    from content.render import write_date
    from storage.lead_columns import cell_of, lead_columns

    words: Mapping[str, str] = content.lexicon["commands"]["leads"]["card"]
    states = content.lexicon["commands"]["leads"]["states"]
    cells = {column.heading: cell_of(lead, column, content, full=full) for column in lead_columns(content)}
    known = {heading: str(cell) for heading, cell in cells.items() if cell not in (None, "")}
    state = {
        words["number"]: lead.number,
        words["state"]: states.get(lead.state.value, lead.state.value),
        words["submitted"]: write_date(lead.submitted_at.date()),
        words["official_number"]: lead.official_number or "",
    }
    return {**{label: value for label, value in state.items() if value}, **known}


def _history(moves: tuple[Move, ...], content: Content) -> list[str]:
    states = content.lexicon["commands"]["leads"]["states"]
    return [
        f"{move.at:%Y-%m-%d %H:%M} {states[move.from_state.value]} -> {states[move.to_state.value]} · {move.by}"
        for move in moves
    ]
