"""The Rasa engine against a real HTTP server, and the default engine where the vector wheel is missing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from nlu_material import CONTENT, content

import nlu
from nlu import model_file
from nlu.classify import Classifier
from nlu.normalise import Normaliser
from nlu.rasa_server import RasaEngine, RasaServer
from nlu.training import MANY, Examples, train
from nlu.understand import DefaultEngine
from nlu.vectors import encoder

LEARNT = [
    ("saya mau daftar", "register_how"), ("daftar gimana caranya", "register_how"), ("cara daftar peserta", "register_how"), ("mau ikut daftar", "register_how"),
    ("daftar sekarang bisa", "register_how"), ("tolong daftarkan saya", "register_how"), ("iuran berapa", "contribution_amount"),
    ("berapa iuran sebulan", "contribution_amount"), ("bayar iuran berapa", "contribution_amount"), ("iurannya berapa rupiah", "contribution_amount"),
    ("berapa bayar tiap bulan", "contribution_amount"), ("iuran petani berapa", "contribution_amount"), ("kartu saya hilang", "card"), ("kartu hilang", "card"),
    ("mau cetak kartu", "card"), ("kartu peserta di mana", "card"), ("kartu saya rusak", "card"), ("minta kartu baru", "card"),
]  # fmt: skip


@lru_cache(maxsize=1)
def default() -> DefaultEngine:
    return nlu.load(content(), CONTENT.parent / "var" / "nlu")


@contextmanager
def server(answer: Callable[[str], bytes | None]) -> Iterator[str]:
    """An HTTP server at whose /model/parse `answer` turns the text asked into the body; None: it never answers."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
            body = answer(asked) if self.path == "/model/parse" else b"{}"
            if body is None:
                over.wait(30)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Nothing."""

    rasa = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=rasa.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{rasa.server_address[1]}"
    finally:
        over.set()
        rasa.shutdown()
        rasa.server_close()


def ranked(*rows: tuple[str, float]) -> bytes:
    return json.dumps({"intent_ranking": [{"name": name, "confidence": sure} for name, sure in rows]}).encode()


def test_rasa_is_asked_over_http_in_standard_spelling() -> None:
    asked: list[str] = []

    def answer(text: str) -> bytes:
        asked.append(text)
        return ranked(("card", 0.9), ("greet", 0.1))

    with server(answer) as url:
        heard = RasaEngine(RasaServer(url), default()).understand("krtu sy mna ya bu")
    assert (heard.intent, heard.confidence, heard.why) == ("card", 0.9, "rasa")
    assert asked == ["kartu saya mana ya bu"]


def test_an_unsure_rasa_abstains_but_not_on_what_is_grave() -> None:
    with server(lambda text: ranked(("card", 0.2), ("greet", 0.1))) as url:
        engine = RasaEngine(RasaServer(url), default())
        assert engine.understand("kartu saya mana ya bu").intent is None
        assert engine.understand("suami saya meninggal tadi pagi").intent is not None


def test_a_rasa_that_says_nothing_or_nonsense_is_passed_over() -> None:
    own = default().understand("kartu saya mana ya bu")
    for answer in (lambda text: None, lambda text: b"<html>", lambda text: b'{"intent": null}'):
        with server(answer) as url:
            heard = RasaEngine(RasaServer(url, timeout_seconds=0.3), default()).understand("kartu saya mana ya bu")
        assert (heard.intent, heard.why) == (own.intent, f"{own.why}; rasa:unavailable")


def test_without_the_vector_wheel_words_and_letters_are_enough(tmp_path: Path) -> None:
    normaliser = Normaliser(content().lexicon, {})
    examples = Examples([normaliser.tokens(text) for text, _ in LEARNT], [intent for _, intent in LEARNT])
    model_file.save(train(examples, encoder(), calibrate=False), tmp_path / "m.npz")
    kept = model_file.load(tmp_path / "m.npz")
    assert kept is not None
    for model in (kept, train(examples, None, calibrate=False)):
        ranking = Classifier(model, lambda: None).rank(normaliser.tokens("kartu sy hilang"))
        assert ranking[0][0] == "card"


def test_very_many_examples_are_learnt_too_and_confidence_keeps_its_meaning() -> None:
    kinds = ("alarm", "musik", "cuaca")
    tokens = [[kinds[place % 3]] for place in range(MANY + 3)]
    labels = [kinds[(place + (place % 5 == 0)) % 3] for place in range(MANY + 3)]  # a fifth is labelled otherwise
    heard = Classifier(train(Examples(tokens, labels), None), lambda: None).rank(["musik"])
    assert heard[0][0] == "musik"
    assert 0.6 < heard[0][1] < 0.95
