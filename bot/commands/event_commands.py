"""`rangkul events`: gatherings from a terminal, with the same rows as the console and the chat."""

from __future__ import annotations

import json as codec
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.commands.content_commands import load_or_fail
from bot.commands.lead_files import _bar, _own
from bot.commands.options import ConfigOption, JsonOption, fail, out, settings_from
from bot.commands.staff_commands import DbOption, opened

if TYPE_CHECKING:
    from storage.database import Store
    from storage.gatherings import Gathering

ByOption = Annotated[str, typer.Option("--by", help="Your name, for the audit log.")]
NumberArgument = Annotated[int, typer.Argument(help="Number of the gathering, as `events list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    events = typer.Typer(no_args_is_help=True, help="Gatherings: make, invite, count, call off.")
    events.command("list")(list_events)
    events.command("new")(new_event)
    events.command("invite")(invite)
    events.command("show")(show)
    events.command("change")(change)
    events.command("code")(code)
    events.command("attendance")(attendance)
    events.command("cancel")(cancel)
    app.add_typer(events, name="events")


def list_events(
    config: ConfigOption = None,
    db: DbOption = None,
    village: Annotated[str | None, typer.Option(help="Only this village code.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    json: JsonOption = False,
) -> None:
    """List gatherings, newest first, with their answers."""
    from rich.table import Table

    words = load_or_fail(None).lexicon["acara"]
    with opened(settings_from(config), db) as database, database.reading() as store:
        rows = [_row(store, one) for one in store.gatherings.recent(limit, village=village)]
    if json:
        for row in rows:
            print(codec.dumps(row, ensure_ascii=False))
        return
    if not rows:
        out.print(words["command"]["empty"])
        return
    table = Table(*words["command"]["headings"])
    for row in rows:
        shown = ("id", "title", "starts_at", "place", "state", "coming", "waiting", "here")
        table.add_row(*(words["states"][row[key]] if key == "state" else str(row[key]) for key in shown))
    out.print(table)


def new_event(
    title: str,
    village: Annotated[str, typer.Option(help="Village code.")],
    place: Annotated[str, typer.Option(help="Where it is.")],
    starts: Annotated[str, typer.Option(help="Local date and time: 2026-12-05T09:00.")],
    by: ByOption,
    kind: Annotated[
        str, typer.Option(help="sosialisasi, seminar, lari, donor_darah, fgd, desa_sadar.")
    ] = "sosialisasi",
    capacity: Annotated[int | None, typer.Option(min=1, help="Seats; none: no limit.")] = None,
    for_whom: Annotated[str, typer.Option("--for", help="warga, pendaftar or perangkat.")] = "warga",
    map_link: Annotated[str | None, typer.Option("--map", help="Link to a map.")] = None,
    minutes: Annotated[int, typer.Option(min=15, max=2880, help="How long it lasts.")] = 120,
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Make a gathering as a draft; `events invite` opens it and invites."""
    from bot.clock import SystemClock
    from bot.ids import LeadNumbers
    from flows.gathering import ForWhom, GatheringDraft, GatheringKind
    from flows.village import find_village

    found, now = find_village(village, load_or_fail(None)), SystemClock().now()
    if found is None:
        fail(f'"{village}" is not a village code.')
    for said, known, option in ((kind, GatheringKind, "--kind"), (for_whom, ForWhom, "--for")):
        if said not in set(known):
            fail(f'{option} "{said}" is not known: {", ".join(known)}.')
    starts_at = _moment(starts, found.zone, now)
    draft = GatheringDraft(
        GatheringKind(kind), title, place, starts_at, village, map_link, capacity, ForWhom(for_whom), minutes
    )
    with opened(settings_from(config), db) as database, database.transaction() as store:
        made = store.gatherings.make(draft, store.gatherings.free_door(LeadNumbers().door()), now)
        store.audit.record(by, "gathering_made", f"gathering:{made}", now)
        _tell(_row(store, store.gatherings.get(made)), json=json)


def invite(
    gathering: NumberArgument, by: ByOption, config: ConfigOption = None, db: DbOption = None, json: JsonOption = False
) -> None:
    """Invite everyone who may come and agreed, each once; again, only who is new. The running bot sends."""
    from bot.clock import SystemClock

    words, now = load_or_fail(None).lexicon["acara"]["command"], SystemClock().now()
    with opened(settings_from(config), db) as database, _bar() as progress:
        task = progress.add_task(words["inviting"], total=1)
        with database.transaction() as store:
            _known(store, gathering)
            invited = store.gatherings.invite(gathering, now)
            store.audit.record(by, "gathering_invited", f"gathering:{gathering}", now)
            row = _row(store, store.gatherings.get(gathering))
        progress.advance(task)
    _tell({**row, "invited": invited}, json=json)


def show(gathering: NumberArgument, config: ConfigOption = None, db: DbOption = None, json: JsonOption = False) -> None:
    """One gathering: its answers, how many an invitation would reach, who is left out and why."""
    reasons = load_or_fail(None).lexicon["reasons"]["skip"]
    with opened(settings_from(config), db) as database, database.reading() as store:
        found = _known(store, gathering)
        will, wont = store.gatherings.forecast(gathering)
        row = {**_row(store, found), "will": will, "wont": {reasons.get(why, why): n for why, n in wont.items()}}
    _tell(row, json=json)


def change(
    gathering: NumberArgument,
    by: ByOption,
    starts: Annotated[str | None, typer.Option(help="New local date and time: 2026-12-05T09:00.")] = None,
    place: Annotated[str | None, typer.Option(help="New place.")] = None,
    capacity: Annotated[int | None, typer.Option(min=1, help="New number of seats.")] = None,
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Another time, place or number of seats; those whom it concerns are told once."""
    from bot.clock import SystemClock
    from flows.gathering import GatheringChange

    now = SystemClock().now()
    with opened(settings_from(config), db) as database, database.transaction() as store:
        found = _known(store, gathering)
        moment = _moment(starts, found.zone, now) if starts else None
        new = GatheringChange(place=place, starts_at=moment, capacity=capacity)
        if not store.gatherings.change(gathering, new, now):
            fail("Nothing changed: it is over, was called off, or already is like that.")
        store.audit.record(by, "gathering_changed", f"gathering:{gathering}", now)
        row = _row(store, store.gatherings.get(gathering))
    _tell(row, json=json)


def code(
    gathering: NumberArgument,
    folder: Annotated[Path, typer.Argument(help="Folder for the codes, one SVG per platform.")],
    telegram: Annotated[str | None, typer.Option(help="The bot's username on Telegram.")] = None,
    whatsapp: Annotated[str | None, typer.Option(help="Our WhatsApp number, beginning with 62.")] = None,
    web: Annotated[str | None, typer.Option(help="Address of the web chat.")] = None,
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Draw the codes for the door: whoever scans one in their own chat is counted as present."""
    import segno

    from bot.links import Links

    settings = settings_from(config)
    with opened(settings, db) as database, database.reading() as store:
        door = _known(store, gathering).door
    known = Links.of(settings)
    links = Links(telegram or known.telegram, whatsapp or known.whatsapp, web or known.web).to_door(door)
    if not links:
        fail("Say where the bot is reached: --telegram, --whatsapp or --web, or in the settings.")
    folder.mkdir(parents=True, exist_ok=True)
    for platform, link in links.items():
        segno.make(link, error="m", micro=False).save(
            str(folder / f"hadir-{gathering}-{platform}.svg"), scale=8, border=4
        )
    _tell({"id": gathering, "door": door, **links}, json=json)


def attendance(
    gathering: NumberArgument,
    target: Annotated[Path, typer.Argument(help="XLSX to write; readable by you only.")],
    by: ByOption,
    config: ConfigOption = None,
    db: DbOption = None,
) -> None:
    """Write who answered and who came; the audit log notes it."""
    from bot.clock import SystemClock
    from storage.gathering_sheet import attendance_file

    content, now = load_or_fail(None), SystemClock().now()
    with opened(settings_from(config), db) as database:
        with database.transaction() as store:
            found = _known(store, gathering)
            store.audit.record(by, "gathering_attendance", f"gathering:{gathering}", now)
        with database.reading() as store, _bar() as progress, _own(target) as file:
            counts = store.gatherings.counts(gathering)
            task = progress.add_task(str(target), total=sum(counts.by_attending.values()))
            guests = progress.track(store.gatherings.attendance(gathering), task_id=task)
            inputs = store.gatherings.inputs(gathering)
            file.writelines(attendance_file(found, iter(guests), inputs, content, (by, now)))
    out.print(f"{counts.here} -> {target}", highlight=False)


def cancel(
    gathering: NumberArgument, by: ByOption, config: ConfigOption = None, db: DbOption = None, json: JsonOption = False
) -> None:
    """Call a gathering off; who was invited is told once."""
    from bot.clock import SystemClock

    now = SystemClock().now()
    with opened(settings_from(config), db) as database, database.transaction() as store:
        _known(store, gathering)
        if not store.gatherings.cancel(gathering, now):
            fail("It is over, or was called off before.")
        store.audit.record(by, "gathering_cancelled", f"gathering:{gathering}", now)
        row = _row(store, store.gatherings.get(gathering))
    _tell(row, json=json)


def _moment(starts: str, zone: ZoneInfo, now: datetime) -> datetime:
    """A moment to come, as the village's clock shows it."""
    try:
        starts_at = datetime.fromisoformat(starts).replace(tzinfo=zone)
    except ValueError:
        fail(f'--starts "{starts}" is not a date and time such as 2026-12-05T09:00.')
    if starts_at <= now:
        fail("--starts lies in the past.")
    return starts_at


def _known(store: Store, gathering: int) -> Gathering:
    from storage.repository import NotFound

    try:
        return store.gatherings.get(gathering)
    except NotFound:
        fail(f"There is no gathering {gathering}.")


def _row(store: Store, one: Gathering) -> dict[str, Any]:
    """What a script reads of a gathering: no names."""
    from flows.gathering import Attending

    counts = store.gatherings.counts(one.id)
    return {
        "id": one.id,
        "kind": one.kind.value,
        "title": one.title,
        "starts_at": one.starts_at.astimezone(one.zone).isoformat(),
        "place": one.place,
        "village": one.village_code,
        "state": one.state.value,
        "door": one.door,
        "capacity": one.capacity,
        "to_tell": counts.to_tell,
        "here": counts.here,
        **{which.value: counts.of(which) for which in Attending},
    }


def _tell(row: dict[str, Any], *, json: bool) -> None:
    if json:
        print(codec.dumps(row, ensure_ascii=False))
        return
    for name, value in row.items():
        out.print(f"{name}: {value}", markup=False, highlight=False)
