"""`rangkul chat`: talk to the bot here, or drive it with JSON lines."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.app import build
from bot.clock import SetClock, SystemClock
from bot.commands.describe import describe_event, describe_understanding
from bot.config import Settings, StoreSettings
from bot.pictures import card_in, draw
from bot.world import Exchange, Person, World
from flows.contact import Channel, Role
from flows.message import HeardKind
from storage.conversation import Line
from storage.sealed import KeyRing

_DURATION = re.compile(
    r"P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE | re.ASCII
)


class BadLine(Exception):
    """A line of input that can't be understood; the message says what it should be."""


@contextmanager
def open_world(settings: Settings, *, at: datetime | None, db: str | None) -> Iterator[World]:
    """A bot with a clock of its own, in a temporary database unless `db` names one (a path or an address)."""
    clock = SetClock(at or SystemClock().now())
    with tempfile.TemporaryDirectory(prefix="rangkul-chat-") as folder:
        if db is None:
            store = StoreSettings(url=f"sqlite:///{Path(folder) / 'chat.db'}")
            app = build(settings.model_copy(update={"store": store}), clock=clock, keys=KeyRing.generate())
        else:
            url = db if "://" in db else f"sqlite:///{Path(db).absolute()}"
            store = StoreSettings(url=url, keys=settings.store.keys)
            app = build(settings.model_copy(update={"store": store}), clock=clock)
        try:
            yield World(app, clock)
        finally:
            app.close()


def person_on(channel: Channel, contact: str | None) -> Person:
    """The person of the command line's --channel and --contact."""
    return Person(channel, contact or "terminal", "local")


class JsonChat:
    """One JSON object in, one out (design.md section 4)."""

    def __init__(self, world: World, person: Person) -> None:
        self._world = world
        self._person = person

    def answer(self, raw: str) -> dict[str, Any]:
        """What one line of input leads to.

        Raises:
            BadLine: the line isn't JSON or not of a known form.
        """
        match _parsed(raw):
            case {"text": str(text)}:
                return self._shown(self._world.say(self._person, text))
            case {"button": str(tap) | {"id": str(tap)}}:
                return self._shown(self._tap(tap))
            case {"start": str(payload)}:
                return self._shown(self._world.say(self._person, payload, kind=HeardKind.START))
            case {"advance": str(duration)}:
                self._world.advance(self._world.clock.now() + read_duration(duration))
                return self._shown(Exchange((), self._world.unread(self._person)))
            case _:
                raise BadLine('a line is {"text": …}, {"button": …}, {"start": …} or {"advance": "P7D"}')

    def _tap(self, tap: str) -> Exchange:
        """A tap by id, by label or by number, as shown last."""
        session = self._session()
        for option, label in session.options:
            if tap in {option, label}:
                return self._world.say(self._person, option, kind=HeardKind.BUTTON, label=label)
        if tap in self._world.app.content.current.buttons:
            label = self._world.app.content.current.buttons[tap].label
            return self._world.say(self._person, tap, kind=HeardKind.BUTTON, label=label)
        if tap.isdecimal() and 1 <= int(tap) <= len(session.options):
            option, label = session.options[int(tap) - 1]
            return self._world.say(self._person, option, kind=HeardKind.BUTTON, label=label)
        return self._world.say(self._person, tap, kind=HeardKind.BUTTON, label=tap)

    def _session(self) -> Any:
        contact_id = self._world.contact_of(self._person)
        with self._world.app.database.reading() as store:
            return store.sessions.get(contact_id)

    def _shown(self, exchange: Exchange) -> dict[str, Any]:
        turn = next((done.turn for done in reversed(exchange.turns) if done.turn is not None), None)
        session = self._session()
        errors = [{"type": "turn_failed", "error": done.error} for done in exchange.turns if done.error]
        return {
            "replies": [shown_line(line) for line in exchange.replies],
            "understanding": describe_understanding(turn.understanding if turn else None),
            "events": [describe_event(event) for event in (turn.events if turn else ())] + errors,
            "flow": {"name": session.flow, "step": session.step} if session.flow else None,
        }


def shown_line(line: Line) -> dict[str, Any]:
    """One message as scripts see it."""
    buttons = [{"id": t["id"], "label": t["label"]} for t in line.taps if t.get("place") != "choice"]
    choices = [
        {"id": t["id"], "label": t["label"], "hint": t.get("hint")} for t in line.taps if t.get("place") == "choice"
    ]
    return {"text": line.text, "buttons": buttons, "list": choices, "image": _image_file(line)}


def _image_file(line: Line) -> str | None:
    """Where the picture of a message was written, for scripts to look at."""
    card = card_in(line.slots)
    if card is None:
        return line.image  # an announcement's picture is named, not written: it belongs to the database
    drawn = draw(card)
    path = _image_folder() / f"{card.name}-{hashlib.sha256(drawn).hexdigest()[:12]}.png"
    if not path.exists():
        path.write_bytes(drawn)
    return str(path)


@cache
def _image_folder() -> Path:
    """A folder of this run's own; it stays, so that scripts can open what is in it."""
    return Path(tempfile.mkdtemp(prefix="rangkul-images-"))


def run_json(world: World, person: Person) -> int:
    """Read lines until the end of input. Bad lines are answered with an error object and counted in the exit code."""
    chat = JsonChat(world, person)
    bad = 0
    for raw in sys.stdin:
        if not raw.strip():
            continue
        try:
            answer: dict[str, Any] = chat.answer(raw)
        except BadLine as wrong:
            bad += 1
            answer = {"error": str(wrong)}
        print(json.dumps(answer, ensure_ascii=False), flush=True)
    return 1 if bad else 0


def run_terminal(world: World, person: Person, out: Console) -> None:
    """A conversation between a person and the bot, as lines of text."""
    words = world.app.content.current.lexicon["terminal"]["words"]
    out.print(words["welcome"], style="dim")
    chat = JsonChat(world, person)
    show_terminal(out, world.say(person, "", kind=HeardKind.START), words)
    while True:
        try:
            text = out.input(f"[bold]{words['you']}[/bold] ").strip()
        except (EOFError, KeyboardInterrupt):
            out.print()
            return
        if text.startswith(":"):
            try:
                if text.split()[0] in {":keluar", ":q"}:
                    return
                duration = read_duration(text.removeprefix(":maju").strip())
                world.advance(world.clock.now() + duration)
                show_terminal(out, Exchange((), world.unread(person)), words)
            except (BadLine, IndexError):
                out.print(words["commands"], style="dim")
            continue
        if text:
            show_terminal(out, chat._world.say(person, text), words)  # noqa: SLF001


def show_terminal(out: Console, exchange: Exchange, words: dict[str, str]) -> None:
    """The bot's messages with their taps, and how the words were understood."""
    for line in exchange.replies:
        out.print(f"[bold green]{words['bot']}[/bold green] ", end="")
        out.print(line.text, markup=False, highlight=False)
        taps = [f"[{number}] {tap['label']}" for number, tap in enumerate(line.taps, start=1)]
        if taps:
            out.print("   " + "   ".join(taps), style="cyan", markup=False, highlight=False)
    for done in exchange.turns:
        if done.turn is not None and done.turn.understanding is not None:
            heard = done.turn.understanding
            out.print(f"   ~ {heard.intent or '?'} ({heard.confidence:.2f}, {heard.why})", style="dim", markup=False)


def read_duration(text: str) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours, minutes and seconds: P7D, PT2H, P1DT30M.

    Raises:
        BadLine: it isn't one.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise BadLine(f'"{text}" is not a duration such as P7D or PT2H')
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise BadLine(f'"{text}" is too long') from None


def _parsed(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise BadLine("the line is not JSON") from None


def role_named(name: str) -> Role:
    """The role of --as."""
    return Role(name)
