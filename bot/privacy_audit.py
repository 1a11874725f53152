"""Plants invented people through the real path, then looks for them everywhere they must not be.

They come in through every door: the form in the chat, a village official, the console's upload, the command line, free
text, an unreadable payload. They are reminded, written to, looked at and moved on by staff, taken out to files, backed
up; a reply full of their data waits to be sent; turns, pages and statements fail with their words in the error. What
is sought afterwards: database file, outbox, write-ahead log, logs with error reports, backups, temporary files and
masked exports; and, after one of them was erased, the database and a backup opened with the keys.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from rich.console import Console
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot import log
from bot.app import build
from bot.channels.channel import Incoming, Unread
from bot.channels.local import LocalChannel
from bot.clock import SetClock
from bot.commands.backups import back_up
from bot.config import Settings, StoreSettings
from bot.content_watch import ContentInForce
from bot.ids import LeadNumbers
from bot.inbox import receive
from bot.privacy_doors import DoorClosed, Temporaries, console, run_command
from bot.privacy_search import Finding, Needle, Planted, needles, search, search_file
from bot.turn import ATTEMPTS
from bot.understanding import Engines
from bot.world import Person, World
from flows.contact import Channel, LeadState, Role
from flows.message import HeardKind
from nlu.understanding import Understanding
from storage.database import Database
from storage.lead_columns import columns_of
from storage.lead_export import FORMATS, Order, export
from storage.sealed import Sealer, load_or_make_keys
from storage.tables import METADATA
from storage.xlsx import Mark, Sheet, xlsx_bytes

_START = datetime(2026, 11, 21, 9, tzinfo=ZoneInfo("Asia/Jakarta"))
_VILLAGE = "00.00.00.0001"
_MOST_TURNS = 60
#: NIK beginning with 00 belong to nobody; neither do these phones.
PEOPLE = (
    Planted("Zubaedah Wirakartika", "0000015708910417", "+6281299417733", date(1991, 8, 17), 1_737_400),
    Planted("Mangkubowo Praharsa", "0000012302860529", "+6285711903844", date(1986, 2, 23), 2_318_900),
    Planted("Ngatiyem Suryolaras", "0000016911880631", "+6287755206199", date(1988, 11, 29), 1_264_700),
    Planted("Tukinem Adiwirya", "0000014407790258", "+6281390427716", date(1979, 7, 4), 1_483_600),
    Planted("Poniran Kertawijaya", "0000012105820473", "+6285228640937", date(1982, 5, 21), 2_057_300),
)
_ERASED, _KEPT, _BY_COMMAND, _NEIGHBOUR, _BY_CONSOLE = PEOPLE
_OFFICIAL = "official-1"


class FormDidNotEnd(Exception):
    """The planted person could not finish the registration; the audit would prove nothing."""


@dataclass(frozen=True, slots=True)
class Searched:
    """One file that was searched, under the name of its place."""

    place: str
    file: str
    size: int
    found: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that was searched, and with how many spellings."""

    files: tuple[Searched, ...]
    forms: int

    @property
    def leaks(self) -> list[tuple[str, Finding]]:
        """What was found, with its place."""
        return [(file.place, finding) for file in self.files for finding in file.found]


def audit(folder: Path, settings: Settings, content: ContentInForce, engines: Engines) -> Report:
    """Plant, act and search, all inside this folder."""
    scene = Scene(folder, settings, content, engines)
    with scene.recorded():
        files = scene.play()
    scene.close()
    return Report(tuple(files), len(needles(PEOPLE)))


class Scene:
    """One audit: a bot in a folder of its own, whose log goes to a file there."""

    def __init__(self, folder: Path, settings: Settings, content: ContentInForce, engines: Engines) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("data", "log", "backup", "tmp", "masked", "given", "temporary"):
            (folder / name).mkdir()
        self.temporaries = Temporaries(folder / "tmp", folder / "temporary")
        store = StoreSettings(url=f"sqlite:///{folder / 'data' / 'rangkul.db'}", keys=folder / "keys" / "rangkul.keys")
        self.settings = settings.model_copy(update={"store": store})
        self.clock = SetClock(_START)
        self.keys = load_or_make_keys(store.keys, {})
        parts = {"content": content, "engines": _Failing(engines), "keys": self.keys, "numbers": LeadNumbers()}
        self.app = build(self.settings, clock=self.clock, **parts)  # type: ignore[arg-type]
        for channel in Channel:
            self.app.channels[channel, "local"] = LocalChannel(channel)
        self.world = World(self.app, self.clock)
        self.content = content.current
        self.database: Database = self.app.database

    def play(self) -> list[Searched]:
        """Act, then search; then erase one person, and search with the keys."""
        self.register(_ERASED, "zubaedah")
        self.register(_KEPT, "mangkubowo")
        self.talk()
        self.neighbour()
        self.staff_work()
        self.files()
        self.by_command()
        self.by_console()
        self.fail()
        self.wait_in_queue()
        self.back_up("first.db")
        found = list(self.search())
        for text in ("hapus data saya", "ya"):
            self.write("zubaedah", text)
        self.clock.advance(timedelta(minutes=5))  # the receipt may be fetched for a moment; then nothing is left
        self.world.run_due()
        self.back_up("after.db")
        return found + list(self.search_erased())

    def register(self, planted: Planted, who: str) -> None:
        """Through the whole form, whatever it asks; each answer as a person types it."""
        person = _person(who)
        self.world.say(person, "/start")
        self.world.say(person, "mau daftar")
        contact = self.world.contact_of(person)
        for _ in range(_MOST_TURNS):
            with self.database.reading() as store:
                session, done = store.sessions.get(contact), store.leads.newest_of(contact)
            if done is not None:
                return
            self.world.say(person, self.answer(session.flow, session.step, planted))
        raise FormDidNotEnd

    def write(self, who: str, text: str) -> None:
        """One message and its turn, without then looking for what was answered: that would make a new contact."""
        now = self.clock.now()
        receive(self.database, Channel.TELEGRAM, "local", [Incoming(text, who, HeardKind.TEXT, text, now)], now)
        self.take_turns()

    def take_turns(self) -> None:
        """Every turn that is due, and what it says."""
        while self.app.turns.take_next() is not None:
            pass
        self.world.send_all()

    def answer(self, flow: str | None, step: str | None, planted: Planted) -> str:
        """What a willing person types at this step."""
        steps = self.content.flows[flow].steps if flow else ()
        asked = next((each.ask for each in steps if each.id == step), None)
        typed = {
            "name": planted.name,
            "nik": f"{planted.nik[:6]} {planted.nik[6:12]} {planted.nik[12:]}",
            "birth_date": planted.born.strftime("%d-%m-%Y"),
            "occupation": "petani",
            "village": "Desa Contoh",
            "income": f"{planted.income:,}".replace(",", "."),
            "programs": "3",
            "phone": "0" + planted.phone[3:],
            "months": "1",
            "email": "tidak ada",
            "kpj": "tidak punya",
            "text": "sawah",
            "work_place": "sawah, jam 6 sampai jam 2",
            "payment": "1 bulan",
            "sex": "perempuan",
            "extras": "lewati",
            "address": "Jalan Contoh",
            "day": "10",
            "hour": "jam 8 pagi",
            "choice": "Izin di kertas",  # how a neighbour agrees
            "paper": "KP-7",
        }
        return typed.get(asked or "", "ya")

    def talk(self) -> None:
        """Reminders, an announcement, a message nobody understands, a wish for a person, an unreadable payload."""
        who, planted = _person("zubaedah"), _ERASED
        self.world.say(who, "ingatkan saya tiap bulan")
        contact = self.world.contact_of(who)
        for _ in range(6):
            with self.database.reading() as store:
                session = store.sessions.get(contact)
            if session.flow is None:
                break
            self.world.say(who, self.answer(session.flow, session.step, planted))
        self.world.say(who, f"wkwk {planted.name} qwrtz {planted.nik} {planted.phone}")
        self.world.say(who, "mau bicara dengan petugas")
        official = Person(Channel.TELEGRAM, _OFFICIAL)
        self.world.set_up(official, role=Role.OFFICIAL, village=_VILLAGE)
        self.world.say(official, "siaran")
        self.world.say(official, f"Besok {_KEPT.name} menunggu di balai desa.")
        self.world.say(official, "ya")
        payload = json.dumps({"from": planted.phone, "name": planted.name, "text": planted.nik}).encode()
        receive(self.database, Channel.TELEGRAM, "local", [Unread("unknown_kind", payload)], self.clock.now())
        self.world.advance(self.clock.now() + timedelta(days=40))

    def neighbour(self) -> None:
        """An official registers somebody who signed a paper; everything again in free text afterwards."""
        official, planted = Person(Channel.TELEGRAM, _OFFICIAL), _NEIGHBOUR
        self.world.say(official, "daftarkan tetangga saya")
        contact = self.world.contact_of(official)
        for _ in range(_MOST_TURNS):
            with self.database.reading() as store:
                session = store.sessions.get(contact)
            if session.flow is None:
                break
            self.world.say(official, self.answer(session.flow, session.step, planted))
        if not self.known(planted):
            raise FormDidNotEnd
        self.world.say(official, f"tetangga saya {planted.name} lahir {planted.born:%d-%m-%Y} gajinya {planted.income}")

    def known(self, planted: Planted) -> bool:
        """Whether somebody with this NIK is a lead."""
        with self.database.reading() as store:
            return bool(store.leads.numbers_by_mark(store.leads.marks_of([planted.nik]).values()))

    def staff_work(self) -> None:
        """A lead looked at and moved, with a note that names the person."""
        now = self.clock.now()
        contacts = {who: self.world.contact_of(_person(who)) for who in ("zubaedah", "mangkubowo")}
        with self.database.transaction() as store:
            for who, planted in (("zubaedah", _ERASED), ("mangkubowo", _KEPT)):
                lead = store.leads.newest_of(contacts[who])
                if lead is not None:
                    store.audit.record("audit", "lead_viewed", f"lead:{lead.id}", now, "mencocokkan KTP")
                    store.leads.move(lead.id, LeadState.CONTACTED, "audit", now, f"{planted.name} {planted.phone}")
        self.world.run_due()

    def files(self) -> None:
        """Out to files, masked and full, and in from one; what is given to people is not searched, what is left is."""
        now = self.clock.now()
        for kind in FORMATS:
            for place, full in (("masked", False), ("given", True)):
                with self.database.reading() as store, (self.folder / place / f"leads.{kind}").open("wb") as file:
                    file.writelines(export(store.leads.export(), Order("audit", now, full), self.content, kind))

    def sheet(self, planted: Planted) -> bytes:
        """A spreadsheet with one good row, and the same person again, who therefore comes back."""
        columns = columns_of(self.content)
        rows = [[self.cell(column.kind, planted, column.example) for column in columns] for _ in range(2)]
        sheet = Sheet("Pekerja", [column.heading for column in columns], rows)
        return b"".join(xlsx_bytes([sheet], Mark("audit", "audit", self.clock.now())))

    def by_command(self) -> None:
        """`rangkul leads import`, in a process of its own; what it says on the screen is searched like a log."""
        source, back = self.folder / "given" / "people.xlsx", self.folder / "given" / "errors.xlsx"
        source.write_bytes(self.sheet(_BY_COMMAND))
        words = ["leads", "import", str(source), "--by", "audit", "--paper-consent", "KP-1", "--out", str(back)]
        run_command(self.app, words, self.folder / "tmp", self.folder / "log" / "command.txt")
        if not self.known(_BY_COMMAND):
            raise DoorClosed(words[0])

    def by_console(self) -> None:
        """Handed in under a person's name, looked for by what is typed into addresses and forms, taken out, failing."""
        planted = _BY_CONSOLE
        words = f"{planted.name} {planted.nik} {planted.born:%d-%m-%Y} {planted.income} {planted.phone}"
        with console(self.app, words) as staff:
            upload = staff.hand_in(f"{planted.name} {planted.nik}.xlsx", self.sheet(planted), "KP-2")
            if not self.known(planted):
                raise DoorClosed("upload")
            staff.send(f"/konsol/unggah/{upload}/perbaiki", {})
            staff.look("/konsol/calon", nomor=planted.nik, desa=planted.name)
            staff.look(f"/konsol/{planted.nik}/{planted.income}")
            staff.send("/konsol/calon/1/buka", {"field": "nik", "reason": f"mencocokkan {planted.nik}"})
            staff.send("/konsol/login", {"username": planted.nik, "password": planted.name})
            staff.send("/konsol/calon/unduh", {"format": "xlsx", "full": "ya", "reason": "pendaftaran kolektif"})
            staff.crash()

    def wait_in_queue(self) -> None:
        """A reply with everything held about somebody, made and not yet sent."""
        now = self.clock.now()
        receive(
            self.database,
            Channel.TELEGRAM,
            "local",
            [Incoming("queued", "mangkubowo", HeardKind.TEXT, "data saya", now)],
            now,
        )
        while self.app.turns.take_next() is not None:
            pass

    def cell(self, kind: str, planted: Planted, example: str) -> str:
        """A cell of the imported sheet."""
        known = {
            "nik": planted.nik,
            "name": planted.name,
            "birth_date": planted.born.strftime("%d-%m-%Y"),
            "phone": "0" + planted.phone[3:],
            "income": str(planted.income),
            "sex": "",
        }
        return known.get(kind, example)

    def fail(self) -> None:
        """A turn that breaks three times with the person's words in the error, and one that breaks in the database."""
        text = f"{_Failing.WORD} {_KEPT.name} {_KEPT.nik} {_KEPT.born:%d-%m-%Y} {_KEPT.income} {_KEPT.phone}"
        self.world.say(_person("mangkubowo"), text)
        for _ in range(ATTEMPTS):
            self.clock.advance(timedelta(minutes=1))
            self.take_turns()
        try:  # a row without its needed columns
            with self.database.transaction() as store:
                contact = store.contacts.find_or_make(Channel.WEB, "local", "mangkubowo", self.clock.now())[0]
                store.contacts.learn(contact, name=_KEPT.name, phone=_KEPT.phone)
                store.connection.execute(METADATA.tables["lead"].insert().values(number=_KEPT.name, contact_id=contact))
        except SQLAlchemyError:
            structlog.get_logger().exception("audit_failure")

    def back_up(self, name: str) -> None:
        """The way `rangkul db backup` does it."""
        with (self.folder / "log" / "screen.txt").open("a") as screen:
            back_up(self.settings, self.folder / "backup" / name, Console(file=screen))

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Logs, warnings and whatever else goes to standard error end in a file; temporary files have their folder."""
        before, kept, root = tempfile.tempdir, structlog.get_config(), logging.getLogger()
        handlers, root.handlers = root.handlers, []
        tempfile.tempdir = str(self.folder / "tmp")
        with (self.folder / "log" / "rangkul.log").open("w") as file, redirect_stderr(file):
            log.set_up(as_json=True, level="debug")
            try:
                with self.temporaries.watched():
                    yield
            finally:
                root.handlers = handlers
                tempfile.tempdir = before
                structlog.configure(**kept)

    def search(self) -> Iterator[Searched]:
        """Everything on disk but what was given to people."""
        sys.stderr.flush()
        everything = needles(PEOPLE)
        numbers = needles(PEOPLE, ("nik", "phone"))
        for folder, place, wanted in (
            ("data", "database", everything),
            ("log", "log", everything),
            ("backup", "backup", everything),
            ("tmp", "temp", everything),
            ("temporary", "temp", everything),
            ("keys", "temp", everything),
            ("masked", "masked", numbers),
        ):
            for path in sorted((self.folder / folder).rglob("*")):
                if path.is_file():
                    yield self.searched("wal" if path.name.endswith(("-wal", "-shm")) else place, path, wanted)

        yield self.search_outbox(everything)

    def search_outbox(self, wanted: Sequence[Needle]) -> Searched:
        """Every row that waits or has left, as whoever has the file but no key reads it."""
        path = self.folder / "data" / "rangkul.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            rows = file.execute("SELECT * FROM outbox").fetchall()
        read = b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)
        return Searched("outbox", f"outbox ({len(rows)})", len(read), tuple(search(read, "outbox", wanted)))

    def searched(self, place: str, path: Path, wanted: Sequence[Needle]) -> Searched:
        """One file."""
        return Searched(place, path.name, path.stat().st_size, tuple(search_file(path, wanted)))

    def search_erased(self) -> Iterator[Searched]:
        """The erased person, in all rows opened with the keys, and their look-up hashes in the bytes of a backup."""
        wanted = needles([_ERASED])
        backup = self.folder / "backup" / "after.db"
        copy = Database(f"sqlite:///{backup}", Sealer(self.keys))
        for place, database, name in (("erased", self.database, "rangkul.db"), ("erased_backup", copy, "after.db")):
            opened = _dump(database)
            yield Searched(place, name, len(opened), tuple(search(opened, name, wanted)))
        copy.close()
        raw = backup.read_bytes()
        sealer = Sealer(self.keys)
        marks = (
            ("nik", sealer.fingerprint("nik", _ERASED.nik)),
            ("phone", sealer.fingerprint("phone", _ERASED.phone)),
            ("name", sealer.fingerprint("address", "zubaedah")),
        )
        hashes = tuple(Finding("after.db", kind, "hash") for kind, mark in marks if mark in raw)
        yield Searched("erased_backup", "after.db (hash)", len(raw), hashes)

    def close(self) -> None:
        """Give the database back."""
        self.app.close()


class _Failing:
    """Engines that work, but break over one word, with the whole message in the error: the worst a bug could do."""

    WORD = "gagalkanini"

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def of(self, content: object) -> _Failing:
        self._engine = self._engines.of(content)  # type: ignore[arg-type]
        return self

    def understand(self, text: str, *, expecting: str | None = None, today: str | None = None) -> Understanding:
        if self.WORD in text:
            raise ValueError(text)
        return self._engine.understand(text, expecting=expecting, today=today)


def _person(who: str) -> Person:
    return Person(Channel.TELEGRAM, who)


def _dump(database: Database) -> bytes:
    """All rows of all tables as text, sealed values opened."""
    lines = []
    with database.reading() as store:
        for table in METADATA.sorted_tables:
            lines += [str(tuple(row)) for row in store.connection.execute(select(table))]
    return "\n".join(lines).encode()
