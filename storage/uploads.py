"""Spreadsheets that staff handed in through the console, sealed whole until they are taken or forgotten.

They never lie in a file: what is uploaded, what is wrong with it and the rows that go back are columns of one row.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from storage.repository import AnyRow, NotFound, Repository
from storage.tables import LEAD_UPLOAD
from storage.words import UploadState

#: Columns of a list; the file and the rows to correct are read only when asked for.
_SMALL = [column for column in LEAD_UPLOAD.c if column.name not in {"file", "errors", "shown"}]


@dataclass(frozen=True, slots=True, repr=False)
class Upload:
    """One spreadsheet and how far it is. `why` is a sentence for staff when it could not be read."""

    id: int
    staff_id: int
    made_at: datetime
    name: str | None
    paper: str
    state: UploadState
    why: str | None
    done: int
    total: int | None
    good: int
    bad: int
    noted: int

    @property
    def at_work(self) -> bool:
        """Whether rows are being read right now."""
        return self.state in {UploadState.CHECKING, UploadState.TAKING}


class Uploads(Repository):
    """Keep, follow, forget."""

    __slots__ = ()

    def add(self, staff_id: int, name: str, paper: str, file: bytes, now: datetime) -> int:
        """Keep a spreadsheet that is going to be checked. Returns its id."""
        row = {"staff_id": staff_id, "made_at": now, "name": name, "paper": paper, "file": b64encode(file).decode()}
        added = LEAD_UPLOAD.insert().values(**row, state=UploadState.CHECKING)
        return int(self._db.execute(added.returning(LEAD_UPLOAD.c.id)).scalar_one())

    def get(self, upload_id: int) -> Upload:
        """One upload.

        Raises:
            NotFound: there is none.
        """
        row = self._db.execute(select(*_SMALL).where(LEAD_UPLOAD.c.id == upload_id)).first()
        if row is None:
            raise NotFound
        return _upload(row)

    def of(self, staff_id: int, limit: int = 10) -> list[Upload]:
        """What somebody handed in last, newest first."""
        query = select(*_SMALL).where(LEAD_UPLOAD.c.staff_id == staff_id).order_by(LEAD_UPLOAD.c.id.desc())
        return [_upload(row) for row in self._db.execute(query.limit(limit))]

    def file(self, upload_id: int) -> bytes | None:
        """The spreadsheet itself; None once it is forgotten."""
        return _bytes(self._db.scalar(select(LEAD_UPLOAD.c.file).where(LEAD_UPLOAD.c.id == upload_id)))

    def errors(self, upload_id: int) -> bytes | None:
        """The rows to correct, as an XLSX."""
        return _bytes(self._db.scalar(select(LEAD_UPLOAD.c.errors).where(LEAD_UPLOAD.c.id == upload_id)))

    def shown(self, upload_id: int) -> list[str]:
        """The first problems, each with its cell."""
        return list(self._db.scalar(select(LEAD_UPLOAD.c.shown).where(LEAD_UPLOAD.c.id == upload_id)) or [])

    def begin(self, upload_id: int, state: UploadState, was: UploadState) -> bool:
        """Go on from one state to the next; False when somebody else did first."""
        where = (LEAD_UPLOAD.c.id == upload_id, LEAD_UPLOAD.c.state == was)
        return self._db.execute(update(LEAD_UPLOAD).where(*where).values(state=state, done=0, why=None)).rowcount > 0

    def progress(self, upload_id: int, done: int, total: int | None) -> None:
        """How many rows were read, of about how many."""
        self._change(upload_id, done=done, total=total)

    def finish(
        self,
        upload_id: int,
        state: UploadState,
        counts: tuple[int, int, int],
        shown: Sequence[str],
        errors: bytes | None,
    ) -> None:
        """Good, bad and noted rows, and what goes back. What was taken needs its file no more."""
        good, bad, noted = counts
        kept = {} if state is UploadState.CHECKED else {"file": None}
        sealed = b64encode(errors).decode() if errors else None
        self._change(
            upload_id,
            state=state,
            good=good,
            bad=bad,
            noted=noted,
            shown=list(shown),
            errors=sealed,
            done=good + bad,
            **kept,
        )

    def fail(self, upload_id: int, why: str) -> None:
        """It could not be read, and is forgotten."""
        self._change(upload_id, state=UploadState.FAILED, why=why[:300], file=None, errors=None, shown=None)

    def forget(self, before: datetime) -> int:
        """Delete what was handed in before then. Returns how many."""
        return self._db.execute(LEAD_UPLOAD.delete().where(LEAD_UPLOAD.c.made_at < before)).rowcount

    def _change(self, upload_id: int, **values: object) -> None:
        self._db.execute(update(LEAD_UPLOAD).where(LEAD_UPLOAD.c.id == upload_id).values(values))


def _upload(row: AnyRow) -> Upload:
    return Upload(**row._mapping)  # noqa: SLF001 (SQLAlchemy's public name)


def _bytes(text: str | None) -> bytes | None:
    return b64decode(text) if text else None
