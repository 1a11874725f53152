"""The web chat over real HTTP and in a real browser; only storage is stood in for."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml
from fastapi import FastAPI
from playwright.sync_api import sync_playwright

from bot.channels import web
from bot.channels.web import ChatLine, ChatUnavailable, chat_router
from bot.channels.web_page import WordsMissing, needed_words
from flows.message import HeardKind

ROOT = Path(__file__).parents[1]
CHROMIUM = Path("/usr/bin/chromium")
WORDS: dict[str, str] = yaml.safe_load((ROOT / "content/lexicon/web_chat.yaml").read_text(encoding="utf-8"))["words"]
START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


class KeptInMemory:
    """Stands in for storage: lines per token, one growing id over both directions, answers said by the test."""

    def __init__(self) -> None:
        self.empty()

    def empty(self) -> None:
        self.lines: dict[str, list[ChatLine]] = defaultdict(list)
        self.heard: list[tuple[HeardKind, str, str | None]] = []
        self.looks = 0
        self.full = False
        self.busy = False
        self.answers = True
        self.delay = 0.0
        self._seen: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._next = 0

    async def receive(self, token: str, message_id: str, kind: HeardKind, text: str, label: str | None) -> None:
        if self.full:
            raise ChatUnavailable
        with self._lock:
            if (token, message_id) in self._seen:
                return
            self._seen.add((token, message_id))
            self.heard.append((kind, text, label))
            self._add(token, "me", "" if kind is HeardKind.START else label or text, message_id=message_id)
        if self.answers:
            if self.delay:
                self.busy = True
                threading.Timer(self.delay, self._answer, (token, text)).start()
            else:
                self._answer(token, text)

    def history(self, token: str, after: int) -> list[ChatLine]:
        self.looks += 1
        with self._lock:
            return [line for line in self.lines[token] if line.id > after]

    def picture(self, token: str, number: int) -> bytes | None:
        return b"png of " + token.encode() if number == 7 and token in self.lines else None

    def waiting(self, token: str) -> bool:
        return self.busy and bool(self.lines[token])

    def say(self, token: str, text: str, **more: Any) -> None:
        with self._lock:
            self._add(token, more.pop("sender", "bot"), text, **more)

    def _answer(self, token: str, text: str) -> None:
        with self._lock:
            self._add(token, "bot", f"Saya dengar: {text}", buttons=(("daftar", "Daftar sekarang"), ("iuran", "Iuran")))
            self.busy = False

    def _add(self, token: str, sender: Any, text: str, *, message_id: str | None = None, **more: Any) -> None:
        self._next += 1
        shape: dict[str, Any] = {"buttons": (), "choices": (), "image": None, "at": datetime.now(UTC), **more}
        self.lines[token].append(ChatLine(self._next, sender, text, message_id=message_id, **shape))


@contextmanager
def served(backend: KeptInMemory, **more: Any) -> Iterator[tuple[str, uvicorn.Server]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = FastAPI()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=5))
        app.include_router(chat_router(backend, WORDS, stopping=lambda: server.should_exit, **more))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", server
        finally:
            server.should_exit = True
            thread.join(10)


def until(true: Any, seconds: float = 8) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[KeptInMemory, str]]:
    backend = KeptInMemory()
    with served(backend) as (url, _):
        yield backend, url


@pytest.fixture
def backend(shared: tuple[KeptInMemory, str]) -> KeptInMemory:
    shared[0].empty()
    return shared[0]


@pytest.fixture
def address(backend: KeptInMemory, shared: tuple[KeptInMemory, str]) -> str:
    return shared[1]


@pytest.fixture
def person(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=5, verify=False) as client:
        client.get("/")
        yield client


def post(person: httpx.Client, **message: Any) -> httpx.Response:
    return person.post("/chat/messages", json={"id": str(uuid.uuid4()), **message})


def messages(person: httpx.Client, after: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.get("/chat/messages", params={"after": after}).json()["messages"]
    return found


# ---- the page


def test_the_page_is_small_and_loads_nothing_from_elsewhere(person: httpx.Client) -> None:
    page = person.get("/").text
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert files
    assert all(re.fullmatch(r"static/chat\.(css|js|svg)\?v=[0-9a-f]{12}", file) for file in files)
    loaded = {file: person.get(f"/{file}") for file in files}
    assert all(file.status_code == 200 and "immutable" in file.headers["Cache-Control"] for file in loaded.values())
    assert len(page.encode()) + sum(len(file.content) for file in loaded.values()) < 40_000
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page + "".join(file.text for file in loaded.values()))


def test_the_page_forbids_foreign_and_inline_scripts(person: httpx.Client) -> None:
    page = person.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert " style=" not in page.text
    assert not re.search(r"\son[a-z]+=", page.text)


def test_files_are_packed_and_only_named_versions_are_kept_long(person: httpx.Client) -> None:
    assert person.get("/static/chat.js").headers["Content-Encoding"] == "gzip"
    plain = person.get("/static/chat.js", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.text == person.get("/static/chat.js").text
    assert plain.headers["Cache-Control"] == "no-cache"
    assert person.get("/static/../web.py").status_code == 404
    assert person.get("/static/secret").status_code == 404


def test_the_template_and_the_script_hold_no_words_of_their_own() -> None:
    bare = re.sub(r"<[^>]*>|\{\{.*?\}\}", "", (ROOT / "bot/templates/chat.html").read_text(encoding="utf-8"))
    assert not bare.strip()
    script = re.sub(r"//.*", "", (ROOT / "bot/static/chat.js").read_text(encoding="utf-8"))
    assert not re.search(r"\b(pesan|kirim|tidak|belum|gagal|anda|bapak|ketik)\b", script, re.IGNORECASE)


def test_every_word_is_used_and_a_missing_one_is_named(backend: KeptInMemory) -> None:
    assert needed_words() == WORDS.keys()
    with pytest.raises(WordsMissing, match="send"):
        chat_router(backend, {key: word for key, word in WORDS.items() if key != "send"})


def test_the_cookie_is_hidden_from_scripts_and_stays_the_same(person: httpx.Client) -> None:
    first = httpx.get(person.base_url).headers["Set-Cookie"]
    assert "HttpOnly" in first
    assert "SameSite=lax" in first
    assert "Max-Age=31536000" in first
    assert "Secure" not in first
    before = person.cookies["rangkul_chat"]
    person.get("/")
    assert person.cookies["rangkul_chat"] == before
    assert len(before) == 32


def test_over_https_the_cookie_is_secure(address: str) -> None:
    assert "Secure" in httpx.get(address, headers={"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]


def test_a_made_up_cookie_is_replaced(address: str) -> None:
    answer = httpx.get(address, headers={"Cookie": "rangkul_chat=../../etc"})
    assert "../../etc" not in answer.headers["Set-Cookie"]


# ---- messages


def test_a_message_is_stored_and_answered(person: httpx.Client, backend: KeptInMemory) -> None:
    key = str(uuid.uuid4())
    answer = person.post("/chat/messages", json={"id": key, "text": "  halo pak\r\nsiang  "})
    assert (answer.status_code, answer.json()) == (202, {"accepted": True})
    assert backend.heard == [(HeardKind.TEXT, "halo pak\nsiang", None)]
    mine, bot = messages(person)
    assert (mine["sender"], mine["message_id"], mine["text"]) == ("me", key, "halo pak\nsiang")
    assert bot["buttons"][0] == {"id": "daftar", "label": "Daftar sekarang"}
    assert datetime.fromisoformat(bot["at"]).tzinfo is not None
    assert messages(person, after=mine["id"]) == [bot]


def test_a_resend_is_not_doubled(person: httpx.Client, backend: KeptInMemory) -> None:
    key = str(uuid.uuid4())
    for written in (key, key.upper(), key):
        assert person.post("/chat/messages", json={"id": written, "text": "halo"}).status_code == 202
    assert len(backend.heard) == 1


def test_taps_and_deep_links(person: httpx.Client, backend: KeptInMemory) -> None:
    post(person, button="daftar", label="Daftar sekarang")
    post(person, button="daftar")
    post(person, start="00.00.00.0001")
    post(person, start="")
    assert backend.heard == [
        (HeardKind.BUTTON, "daftar", "Daftar sekarang"),
        (HeardKind.BUTTON, "daftar", None),
        (HeardKind.START, "00.00.00.0001", None),
        (HeardKind.START, "", None),
    ]


def test_two_people_never_see_each_other(person: httpx.Client, address: str) -> None:
    post(person, text="rahasia")
    with httpx.Client(base_url=address, verify=False) as other:
        other.get("/")
        assert messages(other) == []
    assert httpx.get(f"{address}/chat/messages").json() == {"messages": [], "waiting": False}


@pytest.mark.parametrize(
    ("message", "status", "error"),
    [
        ({"text": ""}, 400, "empty"),
        ({"text": " \n\t "}, 400, "empty"),
        ({"text": "\x00\x01\x7f"}, 400, "unreadable"),
        ({"text": "\ud800"}, 400, "unreadable"),
        ({"text": "x" * 10_001}, 413, "too_long"),
        ({"text": "x" * 200_000}, 413, "too_long"),
        ({"text": 5}, 400, "broken"),
        ({"text": None}, 400, "broken"),
        ({"text": ["a"]}, 400, "broken"),
        ({}, 400, "broken"),
        ({"text": "a", "button": "b"}, 400, "broken"),
        ({"button": ""}, 400, "broken"),
        ({"button": "b" * 201}, 400, "broken"),
        ({"start": "d" * 201}, 400, "broken"),
        ({"id": "satu", "text": "a"}, 400, "broken"),
        ({"id": 7, "text": "a"}, 400, "broken"),
        ({"id": None, "text": "a"}, 400, "broken"),
    ],
)
def test_bad_messages_get_a_sentence(
    person: httpx.Client, backend: KeptInMemory, message: dict[str, Any], status: int, error: str
) -> None:
    raw = json.dumps({"id": str(uuid.uuid4()), **message})
    answer = person.post("/chat/messages", content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["sentence"] == WORDS[f"error_{error}"].replace("{limit}", "10.000")
    assert backend.heard == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b'"halo"',
        b"null",
        b"[" * 100_000,
        b'{"id": ' + b"9" * 9_000 + b"}",
        b'{"text":"a"}',
    ],
)
def test_what_is_no_message_is_refused_not_a_crash(person: httpx.Client, raw: bytes) -> None:
    answer = person.post("/chat/messages", content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (400, "broken")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_other_sites_forms_are_refused(person: httpx.Client, kind: str) -> None:
    answer = person.post("/chat/messages", content=b'{"id":"x"}', headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]) == (415, "not_json")


def test_without_a_cookie_nothing_is_stored(address: str, backend: KeptInMemory) -> None:
    answer = httpx.post(f"{address}/chat/messages", json={"id": str(uuid.uuid4()), "text": "halo"})
    assert (answer.status_code, answer.json()["error"]) == (400, "no_identity")
    assert backend.heard == []


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "😀" * 10_000,
        "مرحبا \u202eabc",
        "<script>alert(1)</script>",
        "{{ 7*7 }} {slot.nik}",
        "\t1\x00",
        "👍",
    ],
)
def test_odd_but_readable_texts_arrive_whole(person: httpx.Client, backend: KeptInMemory, text: str) -> None:
    backend.answers = False
    assert post(person, text=text).status_code == 202
    assert messages(person)[0]["text"] == text.replace("\x00", "").strip()


def test_too_fast_is_told_and_others_go_on(person: httpx.Client, address: str) -> None:
    answers = [post(person, text="halo") for _ in range(22)]
    assert [answer.status_code for answer in answers] == [202] * 20 + [429] * 2
    assert answers[-1].json()["sentence"] == WORDS["error_too_fast"]
    assert int(answers[-1].headers["Retry-After"]) > 0
    with httpx.Client(base_url=address, verify=False) as other:
        other.get("/")
        assert post(other, text="halo").status_code == 202


def test_pacing_forgets() -> None:
    pacing = web._Pacing()
    assert [pacing.allows("a", 0.1 * i) for i in range(21)] == [True] * 20 + [False]
    assert pacing.allows("a", 10.05)
    assert not pacing.allows("a", 10.06)
    for i in range(web.REMEMBERED_SENDERS + 5):
        pacing.allows(str(i), 100.0 + i)
    assert len(pacing._sent) < 100


def test_a_full_disk_is_told_and_the_message_may_come_again(person: httpx.Client, backend: KeptInMemory) -> None:
    backend.full = True
    key = str(uuid.uuid4())
    answer = person.post("/chat/messages", json={"id": key, "text": "halo"})
    assert (answer.status_code, answer.json()["sentence"]) == (503, WORDS["error_unavailable"])
    backend.full = False
    assert person.post("/chat/messages", json={"id": key, "text": "halo"}).status_code == 202


# ---- the stream


def events(response: httpx.Response) -> Iterator[tuple[str, str, dict[str, Any]]]:
    name = number = ""
    for line in response.iter_lines():
        key, _, value = line.partition(": ")
        if key == "event":
            name, number = value, ""
        elif key == "id":
            number = value
        elif key == "data":
            yield name, number, json.loads(value)


def test_the_stream_tells_lines_and_waiting(person: httpx.Client, backend: KeptInMemory) -> None:
    backend.delay = 1.0
    with person.stream("GET", "/chat/stream") as stream:
        told = events(stream)
        assert next(told) == ("lines", "0", {"messages": [], "waiting": False})
        post(person, text="halo")
        _, number, mine = next(told)
        assert (number, mine["waiting"], mine["messages"][0]["text"]) == ("1", True, "halo")
        _, number, bot = next(told)
        assert (number, bot["waiting"], bot["messages"][0]["sender"]) == ("2", False, "bot")


def test_the_stream_goes_on_after_the_last_event(person: httpx.Client) -> None:
    post(person, text="satu")
    with person.stream("GET", "/chat/stream?after=0", headers={"Last-Event-ID": "1"}) as stream:
        _, number, told = next(events(stream))
    assert (number, [line["id"] for line in told["messages"]]) == ("2", [2])


@pytest.mark.parametrize("after", ["-1", "x", "9" * 40, "٣"])
def test_an_odd_position_means_the_beginning(person: httpx.Client, after: str) -> None:
    post(person, text="satu")
    assert len(person.get("/chat/messages", params={"after": after}).json()["messages"]) == 2


def test_a_stream_without_cookie_is_told_not_to_return(address: str) -> None:
    assert httpx.get(f"{address}/chat/stream").status_code == 204


def test_a_stream_that_is_left_stops_looking(
    person: httpx.Client, backend: KeptInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "TICK", 0.02)
    with person.stream("GET", "/chat/stream") as stream:
        told = events(stream)
        next(told)
        until(lambda: backend.looks > 3)
    time.sleep(0.3)
    before = backend.looks
    time.sleep(0.3)
    assert backend.looks == before


def test_a_quiet_stream_beats(person: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "HEARTBEAT", 0.2)
    with person.stream("GET", "/chat/stream") as stream:
        assert [name for name, _, _ in (next(told) for told in [events(stream)] * 3)] == ["lines", "beat", "beat"]


def test_too_many_streams_fall_back_to_asking(person: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MAX_STREAMS", 0)
    assert person.get("/chat/stream").status_code == 503
    assert person.get("/chat/messages").status_code == 200


def test_stopping_the_server_ends_open_streams_at_once(backend: KeptInMemory) -> None:
    with served(backend) as (url, server), httpx.Client(base_url=url, timeout=5) as client:
        client.get("/")
        with client.stream("GET", "/chat/stream") as stream:
            told = events(stream)
            next(told)
            server.should_exit = True
            assert list(told) == []  # else the client gives up after its timeout


def test_a_wake_is_heard(backend: KeptInMemory) -> None:
    rung = threading.Event()
    ended = threading.Event()

    async def wake(token: str) -> AsyncIterator[None]:
        try:
            while True:
                await asyncio.sleep(0.05)
                if rung.is_set():
                    rung.clear()
                    yield
        finally:
            ended.set()

    with served(backend, wake=wake) as (url, _), httpx.Client(base_url=url, timeout=5) as client:
        client.get("/")
        with client.stream("GET", "/chat/stream") as stream:
            told = events(stream)
            next(told)
            backend.say(client.cookies["rangkul_chat"], "Ada kabar")
            rung.set()
            assert next(told)[2]["messages"][0]["text"] == "Ada kabar"
        assert ended.wait(3)


# ---- in a browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=[*quiet, "--disable-sync", "--no-first-run"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    context = chromium.new_context(
        viewport={"width": 360, "height": 740}, locale="id-ID", timezone_id="Asia/Jayapura", has_touch=True
    )
    context.set_default_timeout(8000)
    page = context.new_page()
    page.troubles = []
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.on("console", lambda said: "Security" in said.text and page.troubles.append(said.text))
    page.goto(address)
    yield page
    troubles = page.troubles
    context.close()
    assert troubles == []


def write(page: Any, text: str) -> None:
    page.get_by_label(WORDS["input_label"]).fill(text)
    page.get_by_role("button", name=WORDS["send"], exact=True).click()


@pytest.mark.browser
def test_a_conversation_on_a_phone(page: Any, backend: KeptInMemory) -> None:
    page.get_by_text(WORDS["empty_title"]).wait_for()
    write(page, "<b>halo</b> <img src=x onerror=alert(1)>")
    page.get_by_text("Saya dengar: <b>halo</b> <img src=x onerror=alert(1)>").wait_for()
    assert page.locator("#log b, #log img").count() == 0

    page.get_by_role("button", name="Daftar sekarang").tap()
    page.get_by_text("Saya dengar: daftar").wait_for()
    assert backend.heard[-1] == (HeardKind.BUTTON, "daftar", "Daftar sekarang")
    enabled = page.locator(".taps button").evaluate_all("all => all.map((button) => !button.disabled)")
    assert enabled == [False, False, True, True]

    page.reload()
    page.get_by_text("Saya dengar: daftar").wait_for()
    assert page.locator(".bubble").count() == 4
    assert page.locator(".taps button.chosen").inner_text() == "Daftar sekarang"
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.browser
def test_typing_is_shown_until_the_answer(page: Any, backend: KeptInMemory) -> None:
    backend.delay = 1.5
    page.get_by_text(WORDS["empty_start"], exact=True).tap()
    page.get_by_text(WORDS["typing"]).wait_for()
    page.get_by_text("Saya dengar:").wait_for()
    page.get_by_text(WORDS["typing"]).wait_for(state="detached")
    assert backend.heard == [(HeardKind.START, "", None)]


@pytest.mark.browser
def test_messages_written_offline_survive_a_reload_and_are_sent_once(page: Any, backend: KeptInMemory) -> None:
    page.get_by_text(WORDS["empty_title"]).wait_for()
    page.route("**/chat/messages", lambda route: route.abort())
    write(page, "satu")
    write(page, "dua")
    page.get_by_text(WORDS["offline"]).wait_for()
    assert page.locator(".queued").count() == 2
    assert backend.heard == []

    page.reload()
    page.locator(".queued >> nth=1").wait_for()
    page.unroute("**/chat/messages")
    page.get_by_role("button", name=WORDS["retry"]).click()
    page.get_by_text("Saya dengar: dua").wait_for()
    assert [text for _, text, _ in backend.heard] == ["satu", "dua"]
    assert page.locator(".queued, #pending .line").count() == 0
    page.locator("#banner").wait_for(state="hidden")
    assert page.evaluate("Object.keys(localStorage)") == []


@pytest.mark.browser
def test_a_lost_confirmation_does_not_double_the_message(page: Any, backend: KeptInMemory) -> None:
    page.get_by_text(WORDS["empty_title"]).wait_for()
    lost: list[Any] = []

    def lose(route: Any) -> None:
        if not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route("**/chat/messages", lose)
    write(page, "halo")
    page.get_by_text("Saya dengar: halo").wait_for()
    page.wait_for_timeout(2500)
    assert [text for _, text, _ in backend.heard] == ["halo"]
    assert page.locator(".line.me").count() == 1
    page.unroute_all()


@pytest.mark.browser
def test_without_a_stream_the_page_asks(page: Any, backend: KeptInMemory) -> None:
    page.route("**/chat/stream**", lambda route: route.abort())
    page.reload()
    page.get_by_text(WORDS["empty_title"]).wait_for()
    write(page, "halo")
    page.get_by_text("Saya dengar: halo").wait_for()


@pytest.mark.browser
def test_a_village_link_is_told_once(page: Any, backend: KeptInMemory, address: str) -> None:
    page.goto(f"{address}/?desa=00.00.00.0001")
    page.get_by_text("Saya dengar: 00.00.00.0001").wait_for()
    assert page.url == f"{address}/"
    page.goto(f"{address}/?desa=00.00.00.0001")
    page.get_by_text("Saya dengar: 00.00.00.0001").wait_for()
    page.wait_for_timeout(500)
    assert backend.heard == [(HeardKind.START, "00.00.00.0001", None)]


@pytest.mark.browser
def test_a_text_too_long_is_kept_in_the_field(page: Any, backend: KeptInMemory) -> None:
    page.get_by_text(WORDS["empty_title"]).wait_for()
    write(page, "x" * 10_001)
    page.get_by_text(WORDS["error_too_long"].replace("{limit}", "10.000")).wait_for()
    assert backend.heard == []
    page.get_by_label(WORDS["input_label"]).fill("x" * 9_990)
    page.get_by_text(WORDS["chars_left"].replace("{left}", "10")).wait_for()


@pytest.mark.browser
def test_a_refused_message_says_why(page: Any) -> None:
    page.get_by_text(WORDS["empty_title"]).wait_for()
    page.context.clear_cookies()
    write(page, "halo")
    page.get_by_text(WORDS["error_no_identity"]).wait_for()
    assert page.get_by_label(WORDS["input_label"]).input_value() == "halo"


@pytest.mark.browser
def test_pictures_come_from_this_host_only_and_links_are_links(page: Any, backend: KeptInMemory, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**/cards/jkm.svg", lambda route: route.fulfill(path=ROOT / "bot/static/chat.svg"))
    page.get_by_text(WORDS["empty_title"]).wait_for()
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "rangkul_chat")
    backend.say(token, "kartu", image="/cards/jkm.svg")
    backend.say(token, "asing", image="//contoh.invalid/x.png")
    backend.say(
        token, "Lihat https://www.example.go.id/bpu. Ya? javascript:alert(1)", image="https://contoh.invalid/y.png"
    )
    page.get_by_text("javascript:alert(1)").wait_for()
    assert page.locator("#log img").count() == 1
    assert page.locator("#log a").evaluate_all("all => all.map((a) => a.href)") == ["https://www.example.go.id/bpu"]
    assert all(url.startswith(address) for url in asked)


@pytest.mark.browser
def test_the_end_stays_in_sight_when_the_banner_comes(page: Any, backend: KeptInMemory) -> None:
    page.get_by_text(WORDS["empty_title"]).wait_for()
    write(page, "\n".join(["baris"] * 30))
    page.get_by_text("Saya dengar:").wait_for()
    page.route("**/chat/messages", lambda route: route.abort())
    write(page, "terakhir")
    page.get_by_text(WORDS["offline"]).wait_for()
    page.wait_for_timeout(200)
    assert page.evaluate(
        "document.querySelector('.queued').getBoundingClientRect().bottom"
        " < document.getElementById('composer').getBoundingClientRect().top"
    )


@pytest.mark.browser
def test_days_times_and_choices_in_the_viewers_own_time(page: Any, backend: KeptInMemory, address: str) -> None:
    page.get_by_text(WORDS["empty_title"]).wait_for()
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "rangkul_chat")
    noon = datetime.now(UTC).replace(hour=3, minute=0)
    choices = tuple((f"p{i}", f"Program {i}", f"Keterangan {i}") for i in range(10))
    backend.say(token, "lama", at=START - timedelta(days=300))
    backend.say(token, "kemarin", at=noon - timedelta(days=1), buttons=(("a", "Ya"),))
    backend.say(token, "pilih", at=noon, choices=choices)
    backend.say(token, "saya petugas", at=noon, sender="staff")
    page.get_by_text("saya petugas").wait_for()
    assert page.locator(".day").first.inner_text() == "Minggu, 25 Januari 2026"
    assert page.locator("time").first.inner_text() == "11.00"
    assert page.get_by_role("button", name="Ya", exact=True).is_disabled()
    page.get_by_text("Keterangan 9").tap()
    until(lambda: backend.heard == [(HeardKind.BUTTON, "p9", "Program 9")])


@pytest.mark.browser
def test_the_keyboard_alone_suffices(page: Any, backend: KeptInMemory) -> None:
    page.get_by_label(WORDS["input_label"]).focus()
    page.keyboard.type("baris satu")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("baris dua")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Iuran").wait_for()
    page.get_by_role("button", name="Iuran").focus()
    page.keyboard.press("Enter")
    until(lambda: len(backend.heard) == 2)
    assert backend.heard == [(HeardKind.TEXT, "baris satu\nbaris dua", None), (HeardKind.BUTTON, "iuran", "Iuran")]
    assert page.evaluate("document.activeElement.id") == "text"
