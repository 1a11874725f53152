"""The web chat's backend: pages write into the inbox and read what was sent to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import OperationalError

from bot.channels.channel import Incoming
from bot.channels.web import IMAGES, ChatLine, ChatUnavailable
from bot.clock import Clock
from bot.inbox import receive_soon
from bot.pictures import card_in, draw
from flows.contact import Channel
from flows.message import HeardKind
from flows.outreach.picture import picture_of
from storage.conversation import Line, Who
from storage.database import Database

ACCOUNT = "local"
_SHOWN_AT_FIRST = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WebChat:
    """Implements `bot.channels.web.ChatBackend` over the database."""

    def __init__(self, database: Database, clock: Clock, wake: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._wake = wake

    async def receive(self, token: str, message_id: str, kind: HeardKind, text: str, label: str | None) -> None:
        """Store one message; returns when it is durable."""
        now = self._clock.now()
        message = Incoming(
            message_id=f"{token}:{message_id}", person_id=token, kind=kind, text=text, at=now, label=label
        )
        try:
            await receive_soon(self._database, Channel.WEB, ACCOUNT, [message], now)
        except OperationalError as wrong:  # no disk space, database away: the page keeps the message and tries again
            raise ChatUnavailable from wrong
        self._wake()

    def history(self, token: str, after: int) -> list[ChatLine]:
        """The conversation at first, later only what is new from the bot."""
        with self._database.reading() as store:
            known = store.contacts.find(Channel.WEB, ACCOUNT, token, even_erased=True)
            if known is None:
                return []
            since = _EPOCH + timedelta(microseconds=after)
            if after <= 0:
                lines = store.outbox.conversation(known[0], _SHOWN_AT_FIRST)
            else:
                lines = store.outbox.heard_since(known[0], since)
                lines += store.outbox.new_since(known[0], f"{since.isoformat()}|0")
                for mate in store.contacts.mates(known[0]):  # answers stay with whom they were for
                    theirs = store.outbox.new_since(mate.id, f"{since.isoformat()}|0")
                    lines += [line for line in theirs if line.inbound_id is None]
        new = [shown for line in lines if _is_shown(line) and (shown := _line(line, token)).id > after]
        return sorted(new, key=lambda line: line.id)

    def picture(self, token: str, number: int) -> bytes | None:
        """The picture of a message that was sent to this person."""
        with self._database.reading() as store:
            known = store.contacts.find(Channel.WEB, ACCOUNT, token)
            line = store.outbox.said_line(known[0], number) if known else None
            shown = store.pictures.get(picture_of(line.image)) if line else None
        if shown is not None:
            return shown
        card = card_in(line.slots) if line else None
        return draw(card) if card else None

    def waiting(self, token: str) -> bool:
        """Whether a message of this person still waits for its turn or its answer for sending."""
        with self._database.reading() as store:
            known = store.contacts.find(Channel.WEB, ACCOUNT, token)
            return known is not None and store.inbox.is_waiting(known[0])


def _is_shown(line: Line) -> bool:
    """What was sent and not blanked since; of the person also what is not drawn, so that the page knows it arrived."""
    return line.who is Who.PERSON or (line.cursor is not None and bool(line.text or line.taps))


def _line(line: Line, token: str) -> ChatLine:
    at = line.at
    if line.cursor is not None:
        at = datetime.fromisoformat(line.cursor.partition("|")[0])
    taps = line.taps
    return ChatLine(
        id=(at - _EPOCH) // timedelta(microseconds=1),
        sender="me" if line.who is Who.PERSON else "bot",
        text=line.text,
        buttons=tuple((str(t["id"]), str(t["label"])) for t in taps if t.get("place") != "choice"),
        choices=tuple(
            (str(t["id"]), str(t["label"]), str(t.get("hint") or "")) for t in taps if t.get("place") == "choice"
        ),
        image=f"{IMAGES}/{line.id}" if line.image and line.who is Who.BOT else None,
        at=at,
        message_id=line.message_id.removeprefix(f"{token}:") if line.message_id else None,
    )
