"""A console for tests: a fresh SQLite database, real content, a clock that stands still, and a real HTTP server.

Import the fixture into a test module (`from console_site import site`).
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from jinja2.bccache import Bucket, BytecodeCache

import content
from bot.clock import SetClock
from bot.ids import LeadNumbers
from bot.kit import kit_files
from bot.links import Links
from console import ConsoleSettings, console_app
from content import Content
from content.model import Problem
from flows.contact import Channel, Purpose, Village
from flows.events import LeadSubmitted
from flows.outreach.sending_policy import Kind
from flows.village import find_village
from nlu.understanding import JsonValue
from storage import Database, KeyRing, Sealer
from storage.audit import AuditLine
from storage.words import StaffRole

NOW = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)
PASSWORD = "kata sandi yang panjang"
HERE, THERE = "00.00.00.0001", "00.00.00.0002"  # WIB and WITA
NIK, PHONE = "3201015203859904", "+6281234567890"
_SECRET = "only for tests, never for people"


class Compiled(BytecodeCache):
    """Templates, compiled once for all consoles of a run."""

    def __init__(self) -> None:
        self._codes: dict[str, Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(f"{bucket.key} {bucket.checksum}")

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[f"{bucket.key} {bucket.checksum}"] = bucket.code


_COMPILED = Compiled()


@cache
def real_content() -> Content:
    return content.load()


class Provider:
    """The content in force, with problems when a test says so."""

    def __init__(self) -> None:
        self.current = real_content()
        self.problems: Sequence[Problem] = ()


class Site:
    """The console at an address, and the rows behind it."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock(NOW)
        self.content = Provider()
        self.database = Database(f"sqlite:///{folder / 'rangkul.db'}", Sealer(KeyRing.generate()), self.village)
        self.database.upgrade()
        self.addresses = Links("RangkulBot", "6281200000000")  # on posters
        self.settings = ConsoleSettings(
            secret=_SECRET,
            now=self.clock.now,
            fresh_number=LeadNumbers().fresh,
            kit=self.kit,
            door_links=self.door_links,
        )
        self._numbers = count(1)
        self._clients: list[httpx.Client] = []
        self._server, self.url = self._serve()

    def village(self, code: str) -> Village | None:
        return find_village(code, self.content.current)

    def kit(self, code: str) -> Mapping[str, bytes]:
        """The poster and the script of a village."""
        village = self.village(code)
        assert village is not None
        return kit_files(self.content.current, village, NOW.date(), self.addresses)

    def door_links(self, number: str) -> Mapping[str, str]:
        """What the codes at a gathering's door hold, by platform."""
        return self.addresses.to_door(number)

    def staff(self, login: str = "ratna", role: StaffRole = StaffRole.STAFF, name: str = "Ratna Dewi") -> int:
        with self.database.transaction() as store:
            return store.staff.add(name, login, PASSWORD, NOW, role)

    def visitor(self) -> httpx.Client:
        """A browser nobody has signed in with."""
        client = httpx.Client(base_url=self.url, follow_redirects=True, timeout=20, verify=False)
        self._clients.append(client)
        return client

    def sign_in(
        self, login: str = "ratna", password: str = PASSWORD, **more: str
    ) -> tuple[httpx.Client, httpx.Response]:
        client = self.visitor()
        token = token_in(client.get("/konsol/login").text)
        form = {"csrftoken": token, "username": login, "password": password, **more}
        return client, client.post("/konsol/login", data=form)

    def signed_in(self, login: str = "ratna", role: StaffRole = StaffRole.STAFF) -> httpx.Client:
        """A browser of a new staff user who is in."""
        self.staff(login, role)
        client, answer = self.sign_in(login)
        assert answer.url.path == "/konsol/", answer.text
        return client

    def contact(self, name: str | None = "Siti Aminah", village: str | None = HERE) -> int:
        with self.database.transaction() as store:
            who = f"orang-{next(self._numbers)}"
            contact_id, address_id = store.contacts.find_or_make(Channel.WEB, "main", who, NOW)
            store.contacts.learn(contact_id, village=village, name=name, phone=PHONE)
            store.contacts.heard_from(contact_id, address_id, NOW)
            store.consents.give(contact_id, [Purpose.REGISTRATION, Purpose.REMINDERS], "persetujuan-v1", NOW, via="web")
        return contact_id

    def lead(self, name: str = "Siti Aminah", village: str = HERE, **fields: JsonValue) -> int:
        """A complete pre-registration of a new contact. Returns the lead's id."""
        contact_id = self.contact(name, village)
        number = next(self._numbers)
        form: dict[str, JsonValue] = {
            "nama": name,
            "nik": f"32010152038{number:05}",
            "lahir": "1985-03-12",
            "jenis_kelamin": "P",
            "pekerjaan": {"id": "petani", "name": "Petani", "sector": "other", "segment": "bpu"},
            "desa": {"code": village, "name": "Desa Contoh", "path": "Desa Contoh, Kecamatan Contoh"},
            "penghasilan": {"amount": 1_500_000, "period": "month"},
            "program": "2",
            "hp": f"+62812{number:08}",
            "upah_dasar": 1_600_000,
            "iuran_pilihan": 8_400,
        }
        event = LeadSubmitted(f"RK-TES{number:04}", {**form, **fields}, "persetujuan-v1")
        with self.database.transaction() as store:
            store.leads.submit(contact_id, event, self.clock.now())
            lead = store.leads.find(event.number)
        assert lead is not None
        return lead.id

    def says(self, contact_id: int, text: str, answer: str) -> None:
        """The person writes and the bot has answered."""
        with self.database.transaction() as store:
            address = store.contacts.current_address(contact_id)
            assert address is not None
            body = {"kind": "text", "text": text}
            store.inbox.record(Channel.WEB, "main", f"m{next(self._numbers)}", address.id, body, self.clock.now())
            store.outbox.queue(contact_id, address.id, Kind.REPLY, answer, self.clock.now())

    def audit(self) -> list[AuditLine]:
        """What was done, newest first; signing in and out, and looking, left out."""
        return [line for line in self.record() if not line.action.endswith(("_viewed", "_listed", "_compared"))]

    def record(self) -> list[AuditLine]:
        """All of it, newest first, signing in and out left out."""
        with self.database.reading() as store:
            return [line for line in store.audit.recent() if not line.action.startswith("signed_")]

    def wait(self) -> None:
        """Let the server's own threads go on for a moment."""
        self._thread.join(0.01)

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
        self.database.close()

    def _serve(self) -> tuple[uvicorn.Server, str]:
        app = FastAPI()
        console = console_app(self.database, self.content, self.settings)
        console.templates.env.bytecode_cache = _COMPILED
        console.mount_to(app)
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, log_config=None, access_log=False, ws="none", lifespan="off", timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not server.started:
            self._thread.join(0.01)
        return server, f"http://127.0.0.1:{self._socket.getsockname()[1]}"


def token_in(page: str) -> str:
    found = re.search(r'name="csrftoken" value="([^"]+)"', page)
    assert found, "the page has no form"
    return found[1]


def send(client: httpx.Client, path: str, form: Mapping[str, str] | None = None) -> httpx.Response:
    """Send a form as the browser would, with the token of the page it is on."""
    return client.post(path, data={"csrftoken": token_in(client.get("/konsol/akun").text), **(form or {})})


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr("storage.staff._hasher", lambda: cheap)
    monkeypatch.setattr("storage.staff._decoy", lambda: cheap.hash("nobody"))
    made = Site(tmp_path)
    yield made
    made.close()
