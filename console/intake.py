"""Reads a spreadsheet that staff handed in, row by row in the background: first without keeping anybody, then for good.

How far it is stands in the upload's own row, so any process can show it. Nothing is written to a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from console.desk import Desk
from storage.lead_import import LeadImport, Order, errors_file
from storage.lead_sheet import Checked
from storage.sheets import SheetUnreadable, count_rows
from storage.uploads import Upload
from storage.words import UploadState

#: Problems shown on the page; all of them are in the file that goes back.
SHOWN = 200
#: Rows between two notes of how far it is.
_STEP = 250


def read_upload(desk: Desk, upload: Upload, by: str) -> None:
    """Check or take an upload, as its state says. Runs in a worker thread."""
    taking = upload.state is UploadState.TAKING
    with desk.database.reading() as store:
        file = store.uploads.file(upload.id)
    fresh = desk.settings.fresh_number
    if file is None or fresh is None:
        _fail(desk, upload.id, desk.words("upload_forgotten"))
        return
    now, content = desk.now(), desk.content.current
    order = Order(by, now, upload.paper, dry_run=not taking)
    work = LeadImport(desk.database, content, order, now.astimezone(desk.settings.zone).date(), fresh)
    try:
        _finish(desk, upload, work, file)
    except SheetUnreadable as wrong:
        sentence: str = content.lexicon["import"]["unreadable"][wrong.why]
        _fail(desk, upload.id, sentence.format(**wrong.slots))
    except Exception:
        with suppress(Exception):  # the database itself may be what is away
            _fail(desk, upload.id, desk.words("upload_broke"))
        raise


def _finish(desk: Desk, upload: Upload, work: LeadImport, file: bytes) -> None:
    shown: list[str] = []
    headings = work.headings(file)
    bad = _bad(_followed(desk, upload.id, work.run(file), count_rows(file)), shown)
    back = b"".join(errors_file(headings, bad, work.order, work.content))
    counts = work.counts
    state = UploadState.CHECKED if work.order.dry_run else UploadState.TAKEN
    with desk.database.transaction() as store:
        numbers = (counts.good, counts.bad, counts.noted)
        store.uploads.finish(upload.id, state, numbers, shown[:SHOWN], back if counts.bad else None)


def _bad(rows: Iterator[Checked], shown: list[str]) -> Iterator[Checked]:
    for checked in rows:
        if checked.problems:
            if len(shown) < SHOWN:
                shown += checked.said(checked.problems)
            yield checked


def _followed(desk: Desk, upload_id: int, rows: Iterator[Checked], total: int | None) -> Iterator[Checked]:
    for number, checked in enumerate(rows, 1):
        if number % _STEP == 0:
            with desk.database.transaction() as store:
                store.uploads.progress(upload_id, number, total)
        yield checked


def _fail(desk: Desk, upload_id: int, why: str) -> None:
    with desk.database.transaction() as store:
        store.uploads.fail(upload_id, why)
