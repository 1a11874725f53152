"""The doors through which `rangkul privacy audit` lets people in beside the chat: the console, the command line.

Both are the real ones: a server on a port of this machine, and a process of its own.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

import uvicorn
from fastapi import FastAPI

from bot.app import App
from bot.server import make_chat, make_server, web_config
from storage.sealed import KEYS_VARIABLE
from storage.words import StaffRole

_TOKEN = re.compile(r'name="csrftoken" value="([^"]+)"')
_LOGIN = "audit"
_SECONDS = 60
_BROKEN = "/audit-galat"


class DoorClosed(Exception):
    """The console or the command line did not answer as it should; the audit would prove nothing."""


class ConsoleDoor:
    """A staff user's browser, signed in to the console of a bot."""

    def __init__(self, url: str, app: App) -> None:
        self._url = url
        self._app = app
        self._browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
        self._password = secrets.token_urlsafe(12)

    def sign_in(self) -> None:
        """As an administrator, who may see most."""
        with self._app.database.transaction() as store:
            store.staff.add(_LOGIN, _LOGIN, self._password, self._app.clock.now(), StaffRole.ADMIN)
        self.send("/konsol/login", {"username": _LOGIN, "password": self._password}, page="/konsol/login")

    def look(self, path: str, **query: str) -> bytes:
        """Open a page; one that is not there, or fails, is a page too."""
        asked = f"{path}?{urlencode(query)}" if query else path
        return self._open(Request(f"{self._url}{asked}"))  # noqa: S310 (this machine)

    def send(self, path: str, form: Mapping[str, str], *, page: str = "/konsol/akun") -> bytes:
        """A form, with the token of a page."""
        body = urlencode({"csrftoken": self._token(page), **form}).encode()
        return self._open(Request(f"{self._url}{path}", body))  # noqa: S310

    def hand_in(self, name: str, file: bytes, paper: str) -> int:
        """A spreadsheet, checked and then taken. Returns the upload's id."""
        edge = secrets.token_hex(16)
        fields = {"csrftoken": self._token("/konsol/unggah"), "paper": paper}
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = b"".join([*parts, head.encode(), file, f"\r\n--{edge}--\r\n".encode()])
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        self._open(Request(f"{self._url}/konsol/unggah", body, headers))  # noqa: S310
        upload = self._settled()
        self.send(f"/konsol/unggah/{upload}/catat", {})
        return self._settled()

    def crash(self) -> None:
        """The page that fails with a person's words in its error."""
        self.look(_BROKEN)

    def _settled(self) -> int:
        for _ in range(_SECONDS * 20):
            with self._app.database.reading() as store:
                (newest, *_) = store.uploads.of(1, 1)
            if not newest.at_work:
                return newest.id
            time.sleep(0.05)
        raise DoorClosed("upload")

    def _token(self, page: str) -> str:
        found = _TOKEN.search(self.look(page).decode())
        if found is None:
            raise DoorClosed(page)
        return found[1]

    def _open(self, request: Request) -> bytes:
        try:
            with self._browser.open(request, timeout=_SECONDS) as answer:
                data: bytes = answer.read()
        except HTTPError as refused:
            data = refused.read()
        return data


@contextmanager
def console(app: App, error: str) -> Iterator[ConsoleDoor]:
    """The bot's server on a free port of this machine, with one page more: it fails with `error` as its message."""
    asgi: FastAPI = make_server(app, make_chat(app, wake=lambda: None, stopping=lambda: False))

    @asgi.get(_BROKEN)
    async def fail() -> None:
        raise ValueError(error)

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        server = uvicorn.Server(web_config(asgi, "127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            staff = ConsoleDoor(f"http://127.0.0.1:{door.getsockname()[1]}", app)
            staff.sign_in()
            yield staff
        finally:
            server.should_exit = True
            thread.join(_SECONDS)


def run_command(app: App, words: Sequence[str], temporary: Path, said: Path) -> int:
    """`rangkul …` on the bot's database, in a process of its own; what it says goes to a file.

    Returns its exit code.
    """
    store = app.settings.store
    environment = {name: value for name, value in os.environ.items() if name != KEYS_VARIABLE}
    environment |= {"RANGKUL_STORE__URL": store.url, "RANGKUL_STORE__KEYS": str(store.keys), "TMPDIR": str(temporary)}
    with said.open("a") as file:
        command = [sys.executable, "-m", "bot", *words]
        done = subprocess.run(command, stdout=file, stderr=file, env=environment, check=False, timeout=_SECONDS * 5)  # noqa: S603 (our own)
    return done.returncode


class Temporaries:
    """Keeps a copy of every file that leaves the folder for temporary ones, so that it can be searched all the same."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self._folder, self._kept = f"{folder}{os.sep}", kept
        self._watching = False
        self._count = 0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch; an audit hook stays for the life of the process, so afterwards it only does nothing."""
        sys.addaudithook(self._hear)
        self._watching = True
        try:
            yield
        finally:
            self._watching = False

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._watching or event not in {"os.remove", "os.rename"}:
            return
        path = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes | os.PathLike) else ""
        if path.startswith(self._folder):
            self._watching = False  # copying has events of its own
            self._count += 1
            shutil.copy(path, self._kept / f"{self._count}-{Path(path).name}")
            self._watching = True
