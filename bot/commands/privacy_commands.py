"""`rangkul privacy export|erase|audit|rotate-key`: the rights of UU 27/2022, and proof that nothing leaks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.content_commands import load_or_fail
from bot.commands.options import ConfigOption, err, fail, out, settings_from
from bot.commands.staff_commands import DbOption, looker, opened, reason_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.config import Settings
    from bot.privacy_audit import Report
    from storage.database import Database, Store
    from storage.personal import Held
    from storage.sealed import KeyRing

WhoArgument = Annotated[str, typer.Argument(help="Contact number or receipt number.")]
ByOption = Annotated[
    str | None, typer.Option("--by", "--staff", help="Your name, for the audit log (default: who is signed in).")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Don't ask.")]
_DAYS = "%Y-%m-%d"


def register(app: typer.Typer) -> None:
    """Add the group."""
    privacy = typer.Typer(no_args_is_help=True, help="What is held about a person; leaks; keys.")
    privacy.command("export")(export_person)
    privacy.command("erase")(erase_person)
    privacy.command("audit")(run_audit)
    privacy.command("rotate-key")(rotate_key)
    app.add_typer(privacy, name="privacy")


def export_person(
    who: WhoArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the audit log: the copy holds everything whole.")],
    target: Annotated[Path | None, typer.Option("--out", help="File to write; readable by you only.")] = None,
    by: ByOption = None,
    config: ConfigOption = None,
    db: DbOption = None,
) -> None:
    """Write a readable copy of everything held about a person, and note it in the audit log."""
    from bot.clock import SystemClock
    from bot.personal_copy import personal_copy

    content, now = load_or_fail(None), SystemClock().now()
    with opened(settings_from(config), db) as database, database.transaction() as store:
        contact = _find(store, who)
        text = personal_copy(store.personal.held(contact), content, now)
        store.audit.record(looker(by), "data_exported", f"contact:{contact}", now, reason_from(reason))
    if target is None:
        out.print(text, markup=False, highlight=False, soft_wrap=True, end="")
        return
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        target.chmod(0o600)
        file.write(text)
    out.print(str(target), highlight=False)


def erase_person(
    who: WhoArgument,
    yes: YesOption = False,
    by: ByOption = None,
    config: ConfigOption = None,
    db: DbOption = None,
) -> None:
    """Erase everything personal about somebody; says what was erased, what is kept and why."""
    from bot.clock import SystemClock

    words = load_or_fail(None).lexicon["privacy"]["erase"]
    now = SystemClock().now()
    with opened(settings_from(config), db) as database:
        with database.reading() as store:
            contact = _find(store, who)
            gone = _counts(store.personal.held(contact))
        if not yes and not typer.confirm(words["ask"].format(siapa=who)):
            out.print(words["unchanged"])
            raise typer.Exit(1)
        with database.transaction() as store:
            numbers = store.erasure.erase(contact, now)
            store.erasure.finish()
            store.audit.record(looker(by), "data_erased", f"contact:{contact}", now)
            kept = _kept(store, contact, numbers, words["why"])
    out.print(words["done"].format(tanggal=now.strftime(_DAYS)))
    for name, count in gone.items():
        if count:
            out.print(f"  • {words['what'][name]}: {count}", markup=False, highlight=False)
    out.print(words["kept"])
    for line in kept:
        out.print(f"  • {line}", markup=False, highlight=False, soft_wrap=True)


def run_audit(
    config: ConfigOption = None,
    folder: Annotated[Path | None, typer.Option("--keep", help="New folder to work in and leave for looking.")] = None,
) -> None:
    """Plant invented people through the real path, then search every file for them. Exit code 1 when one is found."""
    import tempfile

    from bot.content_watch import ContentInForce
    from bot.privacy_audit import audit
    from bot.understanding import Engines

    load_or_fail(None)
    settings = settings_from(config)
    content = ContentInForce()
    words = content.current.lexicon["privacy"]["audit"]
    with err.status(words["planting"]), tempfile.TemporaryDirectory() as temporary:
        if folder is not None:
            folder.mkdir(parents=True, mode=0o700)
        report = audit(folder or Path(temporary), settings, content, Engines(settings.nlu))
    _show(report, words)
    raise typer.Exit(1 if report.leaks else 0)


def rotate_key(yes: YesOption = False, by: ByOption = None, config: ConfigOption = None) -> None:
    """Make a new sealing key, seal every value again with it, then drop the old one. Stop rangkul first.

    If this is interrupted, run it again: it goes on where it stopped. Look-ups (NIK, phone) have a key of their own,
    which stays.
    """
    from bot.app import open_database
    from bot.content_watch import ContentInForce
    from storage.rotation import next_ring
    from storage.sealed import KEYS_VARIABLE, StorageSecretsError, load_or_make_keys

    words = load_or_fail(None).lexicon["privacy"]["rotate"]
    settings = settings_from(config)
    from_environment = bool(os.environ.get(KEYS_VARIABLE, "").strip())
    try:
        ring, resumed = next_ring(load_or_make_keys(settings.store.keys, os.environ))
    except StorageSecretsError as wrong:
        fail(str(wrong) or (type(wrong).__doc__ or ""))
    if from_environment and not resumed:
        fail(f"The keys come from {KEYS_VARIABLE}: put a new one in front of the old one there, then run this again.")
    if resumed:
        out.print(words["resumed"])
    elif not yes and not typer.confirm(words["ask"]):
        out.print(words["unchanged"])
        raise typer.Exit(1)
    database = open_database(settings, ContentInForce(), ring)
    try:
        done = _rotate(database, ring, None if from_environment else settings, words)
        _record(database, by, ring)
    except StorageSecretsError as wrong:
        fail(str(wrong) or (type(wrong).__doc__ or ""))
    finally:
        database.close()
    sentence = words["environment"] if from_environment else words["done"]
    out.print(sentence.format(jumlah=done, kunci=ring.sealing[0][0]), highlight=False)


def _rotate(database: Database, ring: KeyRing, settings: Settings | None, words: Mapping[str, str]) -> int:
    """The order makes it safe: the new key is in the file before it seals, the old one leaves at the very end."""
    from rich.progress import Progress

    from storage.database import DatabaseTooNew, WrongKeys
    from storage.rotation import left_to_seal, others_connected, seal_again
    from storage.sealed import Sealer, replace_keys

    sealer = Sealer(ring)
    try:
        database.upgrade()
    except (WrongKeys, DatabaseTooNew) as wrong:
        fail(str(wrong) or (type(wrong).__doc__ or ""))
    _alone(database, others_connected(database))
    if settings is not None:
        replace_keys(settings.store.keys, ring)
    _alone(database, others_connected(database))
    done = 0
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task(words["working"], total=left_to_seal(database, sealer))
        for count in seal_again(database, sealer):
            done += count
            progress.advance(task, count)
    if left_to_seal(database, sealer):
        fail("Something wrote with the old key meanwhile. Stop rangkul, then run this again.")
    if settings is not None:
        replace_keys(settings.store.keys, ring.newest_only())
    return done


def _alone(database: Database, others: bool) -> None:
    if others:
        database.close()
        fail("The database is in use: stop rangkul first. Nothing was sealed anew.")


def _record(database: Database, by: str | None, ring: KeyRing) -> None:
    from bot.clock import SystemClock

    with database.transaction() as store:
        key = f"key:{ring.sealing[0][0]}"
        store.audit.record(looker(by), "keys_rotated", key, SystemClock().now())


def _find(store: Store, who: str) -> int:
    from storage.repository import NotFound

    try:
        return store.personal.find(who)
    except NotFound:
        fail(f'There is no contact and no receipt "{who}".')


def _counts(held: Held) -> dict[str, int]:
    """What there is to erase."""
    rows = held.rows
    return {
        "name": sum(bool(row["name"]) for row in rows["person"]),
        "leads": sum(bool(row["fields"]) for row in rows["leads"]),
        "messages": sum(bool(line.text) for line in held.messages),
        "addresses": sum(bool(row["external_id"]) for row in rows["addresses"]),
        "draft": len(rows["draft"]),
        "reminder": len(rows["reminder"]),
        "other": sum(len(rows[name]) for name in ("handoffs", "not_understood", "notices")),
    }


def _kept(store: Store, contact: int, numbers: list[str], why: Mapping[str, str]) -> list[str]:
    consents = len(store.consents.history(contact))
    kept = [why["number"].format(nomor=number) for number in numbers]
    kept += [why["consents"].format(jumlah=consents)] if consents else []
    kept.append(why["counters"].format(jumlah=store.personal.message_count(contact)))
    return [*kept, why["audit"], why["backups"]]


def _show(report: Report, words: Any) -> None:
    from rich.table import Table

    from bot.privacy_audit import PEOPLE

    table = Table(*words["headings"])
    for file in report.files:
        found = str(len(file.found)) if file.found else words["clean"]
        table.add_row(words["places"][file.place], file.file, f"{file.size:,}", found)
    out.print(table)
    if report.leaks:
        leaks = Table(*words["found_headings"])
        for place, finding in report.leaks:
            leaks.add_row(words["places"][place], finding.file, words["values"][finding.kind], finding.form)
        out.print(leaks)
    values = sum(len(person.values()) for person in PEOPLE)
    counts = {"orang": len(PEOPLE), "nilai": values, "bentuk": report.forms, "berkas": len(report.files)}
    out.print(words["summary"].format(**counts), highlight=False)
    out.print(words["leaked"].format(jumlah=len(report.leaks)) if report.leaks else words["fine"])
