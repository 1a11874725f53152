"""What `rangkul broadcast` reads from files and writes to them: pictures in, reports out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands.options import fail

if TYPE_CHECKING:
    from storage.database import Database


def picture_from(path: Path) -> bytes:
    """The picture in that file as it is kept; a sentence of content says what is wrong with it."""
    from bot.commands.content_commands import load_or_fail
    from storage.pictures import NotAPicture, prepared

    try:
        return prepared(path.read_bytes())
    except OSError as wrong:
        fail(f"{path}: {wrong.strerror}")
    except NotAPicture as wrong:
        fail(load_or_fail(None).lexicon["console"]["words"][f"picture_fault_{wrong.fault.value}"])


def write_report(database: Database, broadcast: int, target: Path, by: str) -> int:
    """Everyone's state and reason as the console gives it out, CSV or XLSX by the file's ending; who took it is noted.

    Returns how many bytes were written.
    """
    from bot.clock import SystemClock
    from bot.commands.lead_files import _own
    from bot.content_watch import ContentInForce
    from console.desk import Desk
    from console.pages.broadcast_report import as_csv, as_xlsx
    from console.settings import ConsoleSettings
    from console.words import Words

    if target.suffix not in {".csv", ".xlsx"}:
        fail(f"{target}: the report is written as .csv or .xlsx.")
    clock, content = SystemClock(), ContentInForce()
    desk = Desk(database, content, ConsoleSettings(secret="", now=clock.now), Words(content))
    with database.transaction() as store:
        store.audit.record(by, "broadcast_report", f"broadcast:{broadcast}", clock.now())

    def pieces() -> Iterator[bytes]:
        with database.reading() as store:
            if target.suffix == ".xlsx":
                yield from as_xlsx(desk, store, broadcast, by, clock.now())
            else:
                yield from (line.encode() for line in as_csv(desk, store, broadcast))

    written = 0
    with _own(target) as file:
        for piece in pieces():
            written += file.write(piece)
    return written
