"""`rangkul broadcast segments`: audiences with a name, as the console keeps them."""

from __future__ import annotations

import json as codec
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.options import ConfigOption, JsonOption, fail, out, settings_from
from bot.commands.staff_commands import DbOption, opened

if TYPE_CHECKING:
    from storage.database import Store
    from storage.segments import Segment


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Saved audiences; `broadcast new --save-as` keeps one.")
    group.command("list")(list_segments)
    group.command("drop")(drop)
    app.add_typer(group, name="segments")


def list_segments(config: ConfigOption = None, db: DbOption = None, json: JsonOption = False) -> None:
    """List them by name, with whom each is for."""
    with opened(settings_from(config), db) as database, database.reading() as store:
        rows = [{"name": one.name, "made_by": one.made_by, "target": one.target.to_json()}
                for one in store.segments.everyone()]  # fmt: skip
    for row in rows:
        shown = codec.dumps(row, ensure_ascii=False) if json else f"{row['name']}: {row['target']}"
        out.print(shown, markup=False, highlight=False, soft_wrap=True)


def drop(
    name: Annotated[str, typer.Argument(help="The name, as `segments list` shows it.")],
    by: Annotated[str, typer.Option("--as", metavar="LOGIN", help="The staff user you are.")],
    config: ConfigOption = None,
    db: DbOption = None,
) -> None:
    """Forget one; announcements made with it stay as they are."""
    from bot.clock import SystemClock

    with opened(settings_from(config), db) as database, database.transaction() as store:
        found = known(store, name)
        store.segments.drop(found.id)
        store.audit.record(by, "segment_dropped", f"segment:{found.id}", SystemClock().now())


def known(store: Store, name: str) -> Segment:
    """The one with that name, or the command ends with a sentence."""
    from storage.repository import NotFound

    try:
        return store.segments.named(name)
    except NotFound:
        fail(f'There is no saved audience "{name}".')
