"""What became of an announcement, person by person, as CSV or XLSX, read while it is written."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime

from console.desk import Desk
from console.lists import contact_names
from storage import Store
from storage.lead_export import safe_cell
from storage.xlsx import Cell, Mark, Sheet, xlsx_bytes

_MARK = "\ufeff"
_BATCH = 500
_COLUMNS = ("person", "name", "state", "reason", "channel", "sent_at")


def as_csv(desk: Desk, store: Store, broadcast_id: int) -> Iterator[str]:
    """The file, line by line."""
    yield _MARK + _line(headings(desk))
    for row in rows(desk, store, broadcast_id):
        yield _line(row)


def as_xlsx(desk: Desk, store: Store, broadcast_id: int, by: str, now: datetime) -> Iterator[bytes]:
    """The file, piece by piece."""
    title = desk.words("broadcast_title", id=broadcast_id)
    sheet = Sheet(title, headings(desk), rows(desk, store, broadcast_id), (10, 28, 20, 40, 14, 22))
    return xlsx_bytes([sheet], Mark(title, by, now))


def headings(desk: Desk) -> list[str]:
    """What stands above the columns."""
    return [desk.words(f"broadcast_col_{name}") for name in _COLUMNS]


def rows(desk: Desk, store: Store, broadcast_id: int) -> Iterator[list[Cell]]:
    """One row per person of the frozen audience: contact, name, state and reason in plain words, channel, when."""
    reasons = desk.content.current.lexicon["reasons"]["skip"]
    after = 0
    while people := store.broadcasts.people(broadcast_id, after=after, limit=_BATCH):
        names = contact_names(store, [person.contact_id for person in people])
        for one in people:
            sent = one.sent_at.astimezone(desk.settings.zone).strftime("%Y-%m-%d %H:%M %Z") if one.sent_at else None
            state = desk.words.of(one.state, "person_state")
            reason = reasons.get(one.reason, one.reason) if one.reason else None
            channel = desk.words.of(one.route.partition("/")[0], "channel") if one.route else None
            yield [one.contact_id, names.get(one.contact_id), state, reason, channel, sent]
        after = people[-1].contact_id


def _line(cells: Sequence[Cell]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()
