"""Nothing that Telegram gave is lost: polling confirms only what was stored, and the webhook answers 200 only then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from telegram_stage import Stage, payload, run, stage, until
from uvicorn import Config, Server

from bot.channels.channel import Arrived, Blocked, Ignored, Incoming, Unread
from bot.channels.telegram import setup
from bot.channels.telegram_read import callback_of
from bot.channels.telegram_receive import WEBHOOK_PATH, poll, set_webhook, webhook_router
from bot.emulators.telegram import Fault
from bot.emulators.telegram_rules import bad
from flows.message import HeardKind

SECRET = "rahasia-contoh_1"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@asynccontextmanager
async def polling(on: Stage, receive: object = None) -> AsyncIterator[None]:
    stop = asyncio.Event()
    work = poll(on.channel, receive or on.receive, stop, on.clock, long_poll=20, first_wait=0)  # type: ignore[arg-type]
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def served(on: Stage, receive: object = None) -> AsyncIterator[str]:
    app = FastAPI()
    app.include_router(webhook_router(on.channel, SECRET, receive or on.receive, on.clock))  # type: ignore[arg-type]
    server = Server(Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def test_polling_hears_a_person_and_answers_the_tap() -> None:
    async def play() -> None:
        async with stage() as on, polling(on):
            await on.emulator.people.start(on.person, "0000000001")
            await on.until(1)
            await on.emulator.people.write(on.person, "/daftar")
            shown = on.emulator.world.keep(
                on.person.chat(),
                on.emulator.world.bot,
                {"text": "?", "reply_markup": {"inline_keyboard": [[{"text": "Ya", "callback_data": "ya"}]]}},
            )
            tapped = await on.emulator.people.tap(on.person, shown["message_id"], "ya")
            start, text, button = await on.until(3)
            assert isinstance(start, Incoming)
            assert (start.kind, start.text) == (HeardKind.START, "00.00.00.0001")
            assert isinstance(text, Incoming)
            assert text.text == "mau daftar"
            assert isinstance(button, Incoming)
            assert (button.text, button.label, callback_of(button)) == ("ya", "Ya", tapped["id"])
            await until(lambda: on.emulator.world.asked[tapped["id"]]["answer"] is not None)

    run(play)


def test_what_was_not_stored_comes_again() -> None:
    async def play() -> None:
        async with stage() as on:
            tries: list[list[Arrived]] = []

            async def fail_twice(arrived: list[Arrived]) -> None:
                tries.append(arrived)
                if len(tries) <= 2:
                    raise OSError
                await on.receive(arrived)

            for text in ("satu", "dua", "tiga"):
                await on.emulator.people.write(on.person, text)
            async with polling(on, fail_twice):
                await on.until(3)
            assert on.texts() == ["satu", "dua", "tiga"]
            assert [len(tried) for tried in tries[:3]] == [3, 1, 1]

    run(play)


def test_stopping_while_storing_confirms_nothing() -> None:
    async def play() -> None:
        async with stage() as on:
            began, never = asyncio.Event(), asyncio.Event()

            async def hang(_: list[Arrived]) -> None:
                began.set()
                await never.wait()

            await on.emulator.people.write(on.person, "halo")
            async with polling(on, hang):
                await began.wait()
            assert len(on.emulator.world.updates.pending) == 1
            async with polling(on):
                await on.until(1)
            assert on.texts() == ["halo"]

    run(play)


def test_what_is_confirmed_does_not_come_again() -> None:
    async def play() -> None:
        async with stage() as on, polling(on):
            await on.emulator.people.write(on.person, "halo")
            await until(lambda: len(on.received) == 1 and not on.emulator.world.updates.pending)

    run(play)


def test_an_update_no_library_can_read_holds_up_nobody() -> None:
    async def play() -> None:
        async with stage() as on, polling(on):
            await on.emulator.world.updates.add("message", {"message_id": "rusak"})
            await on.emulator.people.write(on.person, "halo")
            unread, _ = await on.until(2)
            assert isinstance(unread, Unread)
            assert on.texts() == ["halo"]

    run(play)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "error"])
def test_polling_goes_on_after_a_failure(kind: str) -> None:
    async def play() -> None:
        async with stage() as on:
            on.emulator.faults.append(Fault("getUpdates", kind, times=3))  # type: ignore[arg-type]
            await on.emulator.people.write(on.person, "halo")
            async with polling(on):
                await on.until(1)
            assert on.texts() == ["halo"]

    run(play)


def test_polling_takes_the_webhook_away_and_keeps_what_waits() -> None:
    async def play() -> None:
        async with stage() as on:
            await set_webhook(on.channel, "https://contoh.invalid", SECRET)
            on.emulator.manners.retry = 60
            await on.emulator.people.write(on.person, "halo")
            async with polling(on):
                await on.until(1)
            assert not on.emulator.world.updates.webhook.url

    run(play)


def test_blocking_and_unblocking_arrive() -> None:
    async def play() -> None:
        async with stage() as on, polling(on):
            await on.emulator.people.block(on.person)
            await on.emulator.people.write(on.person, "halo lagi")
            blocked, unblocked, _ = await on.until(3)
            assert isinstance(blocked, Blocked)
            assert isinstance(unblocked, Blocked)
            assert (blocked.blocked, unblocked.blocked) == (True, False)

    run(play)


def test_an_invitation_to_a_group_is_declined() -> None:
    async def play() -> None:
        async with stage() as on, polling(on):
            group = await on.emulator.people.found_group(on.person, "Grup Contoh")
            await until(lambda: not group.member)

    run(play)


def test_the_webhook_hears_a_person() -> None:
    async def play() -> None:
        async with stage() as on, served(on) as address:
            await set_webhook(on.channel, address, SECRET)
            assert (await setup(on.channel)).webhook == address + WEBHOOK_PATH
            await on.emulator.people.write(on.person, "halo")
            await until(lambda: len(on.received) == 1 and not on.emulator.world.updates.pending)
            assert on.texts() == ["halo"]

    run(play)


def test_the_webhook_hears_again_what_was_not_stored() -> None:
    async def play() -> None:
        async with stage() as on:
            on.emulator.manners.retry = 0
            tries: list[int] = []

            async def fail_once(arrived: list[Arrived]) -> None:
                tries.append(len(arrived))
                if len(tries) == 1:
                    raise OSError
                await on.receive(arrived)

            async with served(on, fail_once) as address:
                await set_webhook(on.channel, address, SECRET)
                await on.emulator.people.write(on.person, "halo")
                await on.until(1)
            assert tries == [1, 1]
            assert on.emulator.world.updates.webhook.last_error_message == (
                "Wrong response from the webhook: 503 Service Unavailable"
            )

    run(play)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({HEADER: ""}, 401),
        ({HEADER: "salah"}, 401),
        ({HEADER: SECRET + "x"}, 401),
        ({HEADER: "ré".encode("latin-1")}, 401),
        ({HEADER: SECRET}, 200),
    ],
)
def test_only_telegram_knows_the_secret(headers: dict[str, str], status: int) -> None:
    async def play() -> None:
        async with stage() as on, served(on) as address, httpx.AsyncClient() as client:
            answer = await client.post(address + WEBHOOK_PATH, content=payload("text"), headers=headers)
            assert answer.status_code == status
            assert len(on.received) == (1 if status == 200 else 0)

    run(play)


@pytest.mark.parametrize("body", [b"", b"halo", b"[]", b'{"update_id": 1}', b"\xff", b"[" * 50_000])
def test_a_malformed_body_is_kept_and_answered(body: bytes) -> None:
    async def play() -> None:
        async with stage() as on, served(on) as address, httpx.AsyncClient() as client:
            answer = await client.post(address + WEBHOOK_PATH, content=body, headers={HEADER: SECRET})
            assert answer.status_code == 200
            (kept,) = on.received
            assert isinstance(kept, Unread)
            assert kept.payload == body

    run(play)


def test_a_body_longer_than_any_update_is_not_read() -> None:
    async def play() -> None:
        async with stage() as on, served(on) as address, httpx.AsyncClient() as client:
            answer = await client.post(address + WEBHOOK_PATH, content=b"x" * 1_000_001, headers={HEADER: SECRET})
            assert answer.status_code == 413
            assert on.received == []

    run(play)


def test_what_does_not_concern_us_is_answered_too() -> None:
    async def play() -> None:
        async with stage() as on, served(on) as address, httpx.AsyncClient() as client:
            answer = await client.post(
                address + WEBHOOK_PATH, content=payload("inline_query"), headers={HEADER: SECRET}
            )
            assert answer.status_code == 200
            assert on.received == [Ignored("inline_query")]

    run(play)


def test_webhooks_late_twice_and_out_of_order() -> None:
    async def play() -> None:
        async with stage() as on, served(on) as address:
            on.emulator.manners.twice = on.emulator.manners.shuffled = True
            on.emulator.manners.late = 0.01
            for text in ("satu", "dua", "tiga"):
                await on.emulator.people.write(on.person, text)
            await set_webhook(on.channel, address, SECRET)
            await on.until(6)
            assert on.texts() == ["tiga", "tiga", "dua", "dua", "satu", "satu"]
            assert len({item.message_id for item in on.received if isinstance(item, Incoming)}) == 3

    run(play)


@pytest.mark.parametrize("secret", ["", "ada spasi", "x" * 257, "é"])
def test_a_secret_telegram_would_not_take_is_refused(secret: str) -> None:
    async def play() -> None:
        async with stage() as on:
            with pytest.raises(ValueError, match="secret"):
                webhook_router(on.channel, secret, on.receive, on.clock)

    run(play)


def test_there_is_no_such_button() -> None:
    async def play() -> None:
        async with stage() as on:
            with pytest.raises(type(bad("x"))):
                await on.emulator.people.tap(on.person, 1, "ya")

    run(play)
