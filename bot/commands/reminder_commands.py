"""`rangkul reminders`: whom we remind and when, one person's plan, and holding reminders back.

It writes rows; a running bot sends. What a person told about paying is sealed: showing it is on record, with a reason.
"""

from __future__ import annotations

import json as codec
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bot.clock import SystemClock
from bot.commands.content_commands import load_or_fail
from bot.commands.lead_files import ByOption, _bar
from bot.commands.options import ConfigOption, JsonOption, fail, out, settings_from
from bot.commands.staff_commands import DbOption, opened
from flows.contact import ConsentState, Purpose, ReminderPlan
from storage.reminder_steering import steer
from storage.words import Promise, ReminderState

if TYPE_CHECKING:
    from flows.contact import Contact
    from storage.database import Database, Store
    from storage.reminders import Listed

ContactArgument = Annotated[int, typer.Argument(help="Contact number, as the console and `reminders list` show it.")]
IdsArgument = Annotated[list[int] | None, typer.Argument(help="Numbers of reminders, as `reminders list` shows them.")]
VillageOption = Annotated[str | None, typer.Option(help="Only this village code.")]
EverybodyOption = Annotated[str | None, typer.Option("--village", help="All contribution reminders of this village.")]
LimitOption = Annotated[int, typer.Option(min=1, max=100_000)]
#: Reminders changed in one transaction, so that the bar moves and nobody waits long for the database.
_STEP = 500
_DAYS = ("harvest", "protected_until", "paid_through")
_SHOWN = ("id", "contact", "kind", "state", "due", "village")


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True, help="Reminders of contributions, and follow-ups: list, show, plan, hold back."
    )
    group.command("list")(list_reminders)
    for command in (due, show, plan, pause, resume, stop):
        group.command()(command)
    app.add_typer(group, name="reminders")


def list_reminders(
    config: ConfigOption = None,
    db: DbOption = None,
    village: VillageOption = None,
    state: Annotated[str, typer.Option(help="waiting, paused or stopped.")] = "waiting",
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """List reminders by the moment they are due next: numbers only, no names."""
    if state not in set(ReminderState):
        fail(f'--state "{state}" is not known: {", ".join(ReminderState)}.')
    with opened(settings_from(config), db) as database, database.reading() as store:
        found = store.reminders.listed(village=village, state=ReminderState(state), limit=limit)
    _table([_row(one) for one in found], json=json)


def due(
    config: ConfigOption = None,
    db: DbOption = None,
    village: VillageOption = None,
    hours: Annotated[float, typer.Option(min=0, help="Due by so many hours from now; 0: due now.")] = 24,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """List what comes due soon, the earliest first."""
    until = SystemClock().now() + timedelta(hours=hours)
    with opened(settings_from(config), db) as database, database.reading() as store:
        found = store.reminders.listed(village=village, due_by=until, limit=limit)
    _table([_row(one) for one in found], json=json)


def show(
    contact: ContactArgument,
    by: ByOption,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Show one person's plan and what became of their last reminders; the audit log notes it."""
    words = load_or_fail(None).lexicon["reasons"]["skip"]
    with opened(settings_from(config), db) as database:
        with database.transaction() as store:
            who = _known(store, contact)
            store.audit.record(by, "reminder_viewed", f"contact:{contact}", SystemClock().now(), reason)
        with database.reading() as store:
            shown = _plan_row(contact, who, who.reminder)
            past = [
                {**line, "reason": words.get(line["reason"], line["reason"])}
                for line in store.outbox.reminders_of(contact)
            ]
    _tell({**shown, "sent": past}, json=json)


def plan(
    contact: ContactArgument,
    by: ByOption,
    day: Annotated[int, typer.Option(min=1, max=28, help="Day of the month.")],
    hour: Annotated[int, typer.Option(min=0, max=23, help="Hour there; at night it waits for morning.")] = 8,
    every: Annotated[int, typer.Option(min=1, max=12, help="Months paid at a time.")] = 1,
    harvest: Annotated[str | None, typer.Option(help="With --every: a month of harvest, such as 2027-04.")] = None,
    protected_until: Annotated[str | None, typer.Option(help="End of protection: reminded a week before.")] = None,
    employer: Annotated[bool, typer.Option("--employer", help="Pays for employees, in the month after.")] = False,
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Remind somebody who agreed to it, by this plan; what they told about paying stays."""
    from flows.outreach.reminder import due_moment, schedule

    content, now = load_or_fail(None), SystemClock().now()
    month = _day(f"{harvest}-01", "--harvest") if harvest else None
    until = _day(protected_until, "--protected-until") if protected_until else None
    with opened(settings_from(config), db) as database, database.transaction() as store:
        who = _known(store, contact)
        if who.consents[Purpose.REMINDERS] is not ConsentState.GIVEN:
            fail(f"Contact {contact} has not agreed to reminders: only they can, by writing to the bot.")
        known = who.reminder or ReminderPlan(day, hour)
        wanted = replace(
            known, day=day, hour=hour, every=every, harvest=month, protected_until=until, employer=employer
        )
        made = schedule(content, wanted, who.zone, now)
        if made.next is not None:
            store.reminders.plan(contact, made, due_moment(made.next, made, who.zone))
        store.audit.record(by, "reminder_planned", f"contact:{contact}", now)
    _tell(_plan_row(contact, who, made), json=json)


def pause(
    by: ByOption,
    ids: IdsArgument = None,
    village: EverybodyOption = None,
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Hold reminders back, some or a village's; what is queued for them is skipped."""
    with opened(settings_from(config), db) as database:
        _change(database, by, ReminderState.PAUSED, _these(database, ids, village, "waiting"), json=json)


def resume(
    by: ByOption,
    ids: IdsArgument = None,
    village: EverybodyOption = None,
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Let paused ones go on; what came due meanwhile is due now, unless policy says that is too late."""
    with opened(settings_from(config), db) as database:
        _change(database, by, ReminderState.WAITING, _these(database, ids, village, "paused"), json=json)


def stop(
    by: ByOption,
    ids: IdsArgument = None,
    village: EverybodyOption = None,
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Stop reminders for good; the person can ask for them again."""
    with opened(settings_from(config), db) as database:
        _change(database, by, ReminderState.STOPPED, _these(database, ids, village, "waiting"), json=json)


def _these(database: Database, ids: list[int] | None, village: str | None, state: str) -> list[int]:
    """The reminders that were named, or the contribution reminders of the village that are in that state."""
    if (village is None) == (not ids):
        fail("Name reminders by their numbers, or a village with --village.")
    if ids:
        return ids
    with database.reading() as store:
        found = store.reminders.listed(village=village, state=ReminderState(state), limit=None)
    return [one.id for one in found if one.kind is Promise.CONTRIBUTION]


def _change(database: Database, by: str, to: ReminderState, ids: list[int], *, json: bool) -> None:
    """Change them in steps; the audit log names each."""
    now, changed = SystemClock().now(), 0
    words = load_or_fail(None).lexicon["commands"]["reminders"]
    with _bar() as progress:
        task = progress.add_task(words["changing"], total=len(ids))
        for first in range(0, len(ids), _STEP):
            step = ids[first : first + _STEP]
            with database.transaction() as store:
                changed += steer(store, step, to, by, now)
            progress.advance(task, len(step))
    _tell({"changed": changed, "unchanged": len(ids) - changed}, json=json)
    if not changed:
        raise typer.Exit(2)


def _known(store: Store, contact: int) -> Contact:
    if not store.contacts.exists(contact):
        fail(f"There is no contact {contact}.")
    return store.contacts.view(contact)


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f'{option} "{text}" is not a date.')


def _row(one: Listed) -> dict[str, object]:
    """What a script reads of a reminder: no names, nothing that is sealed."""
    return {
        "id": one.id,
        "contact": one.contact_id,
        "kind": one.kind.value,
        "state": one.state,
        "due": one.next_due_at.astimezone(one.zone).isoformat(timespec="minutes"),
        "village": one.village_code,
    }


def _plan_row(contact: int, who: Contact, plan: ReminderPlan | None) -> dict[str, Any]:
    """A plan in plain fields."""
    shown: dict[str, Any] = {"contact": contact, "channel": who.channel.value, "zone": who.zone.key}
    if plan is None:
        return {**shown, "plan": None}
    days = {name: value.isoformat() for name in _DAYS if (value := getattr(plan, name)) is not None}
    once = plan.next
    following = {"on": once.on, "month": once.month, "months": once.months, "deadline": once.deadline} if once else {}
    return {
        **shown,
        "plan": {"day": plan.day, "hour": plan.hour, "every": plan.every, "employer": plan.employer, **days},
        "next": {name: str(value) for name, value in following.items()},
    }


def _table(rows: list[dict[str, object]], *, json: bool) -> None:
    if json:
        for row in rows:
            print(codec.dumps(row, ensure_ascii=False))
        return
    words = load_or_fail(None).lexicon["commands"]["reminders"]
    if not rows:
        out.print(words["empty"])
        return
    table = Table(*words["headings"])
    for row in rows:
        shown = {**row, "kind": words["kinds"][row["kind"]], "state": words["states"][row["state"]]}
        table.add_row(*(str(shown[name] or "") for name in _SHOWN))
    out.print(table)


def _tell(row: dict[str, Any], *, json: bool) -> None:
    if json:
        print(codec.dumps(row, ensure_ascii=False))
        return
    for name, value in row.items():
        out.print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)
