"""The emulator held to outside peers: aiogram and python-telegram-bot drive it unmodified and read all it says."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from aiogram import Bot as AiogramBot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramConflictError, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import BotCommand, BufferedInputFile
from aiogram.types import InlineKeyboardButton as AiogramButton
from aiogram.types import InlineKeyboardMarkup as AiogramMarkup
from PIL import Image
from telegram import Bot as PtbBot
from telegram import BotCommand as PtbCommand
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup, Update, error
from telegram.ext import Application, ApplicationBuilder, ContextTypes, TypeHandler
from telegram_stage import EMULATOR_WORDS, TOKEN, Stage, run, stage, until

from bot.emulators.telegram import Fault
from bot.emulators.telegram_people import THINGS
from bot.emulators.telegram_rules import Bucket, Rates


def picture() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(held, "PNG")
    return held.getvalue()


@asynccontextmanager
async def aiogram(on: Stage) -> AsyncIterator[AiogramBot]:
    bot = AiogramBot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(on.emulator.address)))
    try:
        yield bot
    finally:
        await bot.session.close()


def ptb(on: Stage) -> PtbBot:
    return PtbBot(TOKEN, base_url=f"{on.emulator.address}/bot", base_file_url=f"{on.emulator.address}/file/bot")


async def everything_happens(on: Stage) -> int:
    """Every update the emulator can make; returns how many."""
    people, person = on.emulator.people, on.person
    on.emulator.world.updates.allowed = ["message", "edited_message", "callback_query", "my_chat_member"]
    await people.start(person)
    await people.start(person, "0000000001")
    said = await people.write(person, "halo 🙏")
    await people.write(person, "/menu")
    await people.edit(person, said["message_id"], "halo pak")
    await people.share_contact(person)
    await people.share_contact(person, own=False)
    await people.share_location(person, -6.5, 106.8)
    for thing in THINGS:
        await people.send(person, thing, "keterangan" if thing == "photo" else "")
    await people.block(person)
    await people.block(person, blocked=False)
    for content in ({"text": "?"}, {"photo": THINGS["photo"]["photo"], "caption": "?"}):
        keyboard = {"inline_keyboard": [[{"text": "Ya", "callback_data": "ya"}]]}
        shown = on.emulator.world.keep(person.chat(), on.emulator.world.bot, {**content, "reply_markup": keyboard})
        await people.tap(person, shown["message_id"], "ya")
    group = await people.found_group(person, "Grup Contoh")
    await people.write_in_group(person, group, "halo semua")
    grown = await people.grow_group(person, group)
    await people.write_in_group(person, grown, "halo lagi")
    return len(on.emulator.world.updates.pending)


def test_aiogram_reads_every_update() -> None:
    async def play() -> None:
        async with stage() as on, aiogram(on) as bot:
            count = await everything_happens(on)
            updates = await bot.get_updates(timeout=0)
            assert len(updates) == count == len(on.emulator.world.updates.pending)
            assert {update.event_type for update in updates} == {
                "message",
                "edited_message",
                "callback_query",
                "my_chat_member",
            }
            assert not any(extra(update) for update in updates)

    run(play)


def extra(update: Any) -> list[str]:
    """Fields that aiogram does not know, anywhere inside."""
    found = list(getattr(update, "model_extra", None) or {})
    for name in type(update).model_fields if hasattr(type(update), "model_fields") else ():
        inner = getattr(update, name)
        for one in inner if isinstance(inner, list) else [inner]:
            if hasattr(type(one), "model_fields"):
                found += extra(one)
    return [name for name in found if name != "all_members_are_administrators"]


def test_python_telegram_bot_reads_every_update() -> None:
    async def play() -> None:
        async with stage() as on:
            count = await everything_happens(on)
            async with ptb(on) as bot:
                updates = await bot.get_updates(timeout=0)
            assert len(updates) == count
            assert all(update.effective_chat for update in updates)
            assert not any(update.api_kwargs or (update.message and update.message.api_kwargs) for update in updates)

    run(play)


def test_python_telegram_bots_application_polls_and_answers() -> None:
    async def play() -> None:
        async with stage() as on:
            seen: list[int] = []

            async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
                seen.append(update.update_id)
                if update.message and update.message.text:
                    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Lagi", callback_data="lagi")]])
                    await update.message.reply_text(f"jawab {update.message.text}", reply_markup=keyboard)
                if update.callback_query:
                    await update.callback_query.answer("baik")
                    await update.callback_query.edit_message_text("sudah")

            builder = ApplicationBuilder().token(TOKEN).base_url(f"{on.emulator.address}/bot")
            application: Application[Any, Any, Any, Any, Any, Any] = builder.build()
            application.add_handler(TypeHandler(Update, echo))
            async with application:
                await application.start()
                assert application.updater
                await application.updater.start_polling(poll_interval=0, timeout=5)
                await on.emulator.people.write(on.person, "halo")
                await until(lambda: bool(on.from_bot()))
                shown = on.from_bot()[0]
                assert shown["text"] == "jawab halo"
                await on.emulator.people.tap(on.person, shown["message_id"], "lagi")
                await until(lambda: shown["text"] == "sudah")
                assert [query["answer"] for query in on.emulator.world.asked.values()] == ["baik"]
                await until(lambda: not on.emulator.world.updates.pending)
                await application.updater.stop()
                await application.stop()
            assert seen == sorted(set(seen))

    run(play)


def test_python_telegram_bot_calls_every_method() -> None:
    async def play() -> None:
        async with stage(Rates(chat_burst=20)) as on, ptb(on) as bot:
            me = await bot.get_me()
            assert (me.username, me.is_bot) == ("rangkul_contoh_bot", True)
            keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Ya", callback_data="ya")]])
            sent = await bot.send_message(on.person.id, "Halo", reply_markup=keyboard)
            assert sent.reply_markup == keyboard
            phone = ReplyKeyboardMarkup([[KeyboardButton("Nomor", request_contact=True)]], one_time_keyboard=True)
            assert (await bot.send_message(on.person.id, "Nomornya?", reply_markup=phone)).text == "Nomornya?"
            photo = await bot.send_photo(on.person.id, picture(), caption="Kartu")
            assert (photo.caption, photo.photo[-1].width) == ("Kartu", 30)
            again = await bot.send_photo(on.person.id, photo.photo[-1].file_id)
            assert again.photo[-1].file_unique_id == photo.photo[-1].file_unique_id
            kept = await bot.get_file(photo.photo[-1].file_id)
            assert (kept.file_size, bytes(await kept.download_as_bytearray())) == (len(picture()), picture())
            with pytest.raises(error.BadRequest, match="rong file_id"):
                await bot.get_file("tidak-ada")
            assert await bot.send_chat_action(on.person.id, "typing")
            edited = await bot.edit_message_reply_markup(on.person.id, sent.message_id, reply_markup=None)
            assert not isinstance(edited, bool)
            assert edited.reply_markup is None
            with pytest.raises(error.BadRequest, match="not modified"):
                await bot.edit_message_reply_markup(on.person.id, sent.message_id)
            assert await bot.set_my_commands([PtbCommand("menu", "Lihat pilihan")])
            assert [one.command for one in await bot.get_my_commands()] == ["menu"]
            assert await bot.delete_my_commands()
            assert await bot.get_my_commands() == ()
            assert await bot.set_my_description("Contoh")
            assert (await bot.get_my_description()).description == "Contoh"
            assert await bot.set_my_short_description("Contoh")
            assert (await bot.get_my_short_description()).short_description == "Contoh"
            assert await bot.set_my_name("Contoh")
            assert (await bot.get_my_name()).name == "Contoh"
            assert await bot.set_webhook("https://contoh.invalid", secret_token="rahasia", allowed_updates=["message"])
            info = await bot.get_webhook_info()
            assert (info.url, info.allowed_updates) == ("https://contoh.invalid", ("message",))
            with pytest.raises(error.Conflict):
                await bot.get_updates(timeout=0)
            assert await bot.delete_webhook(drop_pending_updates=True)
            with pytest.raises(error.BadRequest, match="https url"):
                await bot.set_webhook("http://contoh.invalid")
            assert await bot.log_out()

    run(play)


def test_aiogram_calls_every_method() -> None:
    async def play() -> None:
        async with stage() as on, aiogram(on) as bot:
            assert (await bot.get_me()).first_name == EMULATOR_WORDS["bot_name"]
            keyboard = AiogramMarkup(inline_keyboard=[[AiogramButton(text="Ya", callback_data="ya")]])
            sent = await bot.send_message(on.person.id, "Halo", reply_markup=keyboard)
            assert sent.reply_markup
            assert sent.reply_markup.model_dump() == keyboard.model_dump()
            photo = await bot.send_photo(on.person.id, BufferedInputFile(picture(), "kartu.png"), caption="Kartu")
            assert photo.photo
            kept = await bot.download(photo.photo[-1])
            assert kept is not None
            assert kept.read() == picture()
            edited = await bot.edit_message_text(text="Lain", chat_id=on.person.id, message_id=sent.message_id)
            assert not isinstance(edited, bool)
            assert edited.text == "Lain"
            assert await bot.set_my_commands([BotCommand(command="menu", description="Lihat pilihan")])
            assert [one.command for one in await bot.get_my_commands()] == ["menu"]
            assert (await bot.get_webhook_info()).pending_update_count == 0
            assert await bot.close()
            with pytest.raises(TelegramAPIError):
                await bot.get_chat(on.person.id)

    run(play)


def test_refusals_are_read_by_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # without it the library warns about itself

    async def play() -> None:
        async with stage(Rates(chat_burst=1)) as on, aiogram(on) as first, ptb(on) as second:
            await second.send_message(on.person.id, "satu")
            with pytest.raises(error.RetryAfter) as too_fast:
                await second.send_message(on.person.id, "dua")
            assert too_fast.value._retry_after == timedelta(seconds=1)
            with pytest.raises(TelegramRetryAfter):
                await first.send_message(on.person.id, "dua")
            on.person.blocked = True
            with pytest.raises(error.Forbidden, match="blocked by the user"):
                await second.send_message(on.person.id, "tiga")
            with pytest.raises(TelegramForbiddenError):
                await first.send_message(on.person.id, "tiga")
            with pytest.raises(error.BadRequest, match=r"[Cc]hat not found"):
                await second.send_message(1, "halo")
            on.person.blocked = False
            with pytest.raises(error.BadRequest, match="too long"):
                await second.send_message(on.person.id, "y" * 4097)

    run(play)


def test_a_second_getupdates_ends_the_first() -> None:
    async def play() -> None:
        async with stage() as on, aiogram(on) as bot:
            first = asyncio.create_task(bot.get_updates(timeout=20))
            await until(lambda: on.emulator.world.updates._polling is not None)
            await on.emulator.world.updates.wake()
            second = asyncio.create_task(bot.get_updates(timeout=20))
            with pytest.raises(TelegramConflictError):
                await first
            await on.emulator.people.write(on.person, "halo")
            assert len(await second) == 1

    run(play)


def test_offsets_confirm_as_documented() -> None:
    async def play() -> None:
        async with stage() as on, aiogram(on) as bot:
            for number in range(5):
                await on.emulator.people.write(on.person, str(number))
            first = await bot.get_updates(limit=2)
            assert [one.message.text for one in first if one.message] == ["0", "1"]
            assert [one.update_id for one in await bot.get_updates(limit=2)] == [one.update_id for one in first]
            rest = await bot.get_updates(offset=first[-1].update_id + 1)
            assert [one.message.text for one in rest if one.message] == ["2", "3", "4"]
            last = await bot.get_updates(offset=-1)
            assert [one.message.text for one in last if one.message] == ["4"]
            on.clock.advance(timedelta(hours=25))
            assert await bot.get_updates() == []

    run(play)


def test_only_wanted_updates_are_kept() -> None:
    async def play() -> None:
        async with stage() as on, aiogram(on) as bot:
            await bot.get_updates(allowed_updates=["message"])
            await on.emulator.people.block(on.person)
            await on.emulator.people.write(on.person, "halo")
            assert [one.event_type for one in await bot.get_updates()] == ["message"]

    run(play)


def test_rates_hold_over_all_chats_and_per_chat() -> None:
    async def play() -> None:
        async with stage() as on, httpx.AsyncClient(base_url=on.emulator.address) as client:
            people = [on.emulator.world.join(f"Orang {n}", started=True) for n in range(40)]

            async def send(to: int) -> int:
                answer = await client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": to, "text": "halo"})
                return answer.status_code

            assert [await send(person.id) for person in people[:31]] == [200] * 30 + [429]
            on.clock.advance(timedelta(seconds=0.5))
            assert [await send(person.id) for person in people[:16]] == [200] * 15 + [429]
            on.clock.advance(timedelta(seconds=60))
            assert [await send(on.person.id) for _ in range(4)] == [200, 200, 200, 429]
            on.clock.advance(timedelta(seconds=1))
            assert [await send(on.person.id) for _ in range(2)] == [200, 429]
            counts = (await client.get("/emulator/counts")).json()
            assert (counts["sendMessage"], counts["429 sendMessage"]) == (53, 4)

    run(play)


def test_a_steady_stream_at_the_limit_is_never_refused() -> None:
    bucket, refused = Bucket(30, 1), 0
    for number in range(20_000):
        refused += bucket.wait(1_795_000_000 + number / 30) > 0
        bucket.take(1_795_000_000 + number / 30)
    assert refused == 0


@pytest.mark.parametrize(
    ("method", "given", "status", "said"),
    [
        ("sendMessage", {}, 400, "chat_id is empty"),
        ("sendMessage", {"chat_id": "@contoh", "text": "x"}, 400, "chat not found"),
        ("sendMessage", {"chat_id": "ID"}, 400, "message text is empty"),
        ("sendMessage", {"chat_id": "ID", "text": "x", "reply_markup": "{"}, 400, "can't parse JSON"),
        ("sendMessage", {"chat_id": "ID", "text": "x", "reply_markup": "[1]"}, 400, "object expected"),
        ("sendMessage", {"chat_id": "ID", "text": "x", "reply_markup": {"inline_keyboard": [1]}}, 400, "Array of Arr"),
        ("sendMessage", {"chat_id": "ID", "text": "x", "data": "i" * 65}, 400, "BUTTON_DATA_INVALID"),
        ("sendMessage", {"chat_id": "ID", "text": "x", "data": ""}, 400, "BUTTON_DATA_INVALID"),
        ("sendMessage", {"chat_id": "ID", "text": "x", "label": "L" * 65}, 400, "BUTTON_TEXT_INVALID"),
        ("sendMessage", {"chat_id": "ID", "text": "x", "label": ""}, 400, "must be non-empty"),
        ("sendMessage", {"chat_id": "ID", "text": "x", "many": 101}, 400, "reply markup is too long"),
        ("sendPhoto", {"chat_id": "ID"}, 400, "no photo"),
        ("sendPhoto", {"chat_id": "ID", "photo": "tidak-ada"}, 400, "wrong file identifier"),
        ("sendPhoto", {"chat_id": "ID", "photo": "x", "caption": "y" * 1025}, 400, "caption is too long"),
        ("sendChatAction", {"chat_id": "ID", "action": "menari"}, 400, "wrong parameter action"),
        ("answerCallbackQuery", {"callback_query_id": "1"}, 400, "query is too old"),
        ("editMessageText", {"chat_id": "ID", "message_id": 99, "text": "x"}, 400, "message to edit not found"),
        ("editMessageText", {"chat_id": "ID", "text": "x"}, 400, "message_id is empty"),
        ("editMessageText", {"chat_id": "ID", "message_id": "x", "text": "x"}, 400, "invalid message_id"),
        ("leaveChat", {"chat_id": "ID"}, 400, "private chats"),
        ("setMyCommands", {"commands": [{"command": "Salah", "description": "x"}]}, 400, "COMMAND_INVALID"),
        ("setMyCommands", {"commands": [{"command": "a", "description": ""}]}, 400, "DESCRIPTION_INVALID"),
        ("setMyCommands", {"commands": {"a": 1}}, 400, "can't parse list"),
        ("setMyDescription", {"description": "x" * 513}, 400, "too long"),
        ("setWebhook", {"url": "ftp://contoh.invalid"}, 400, "HTTPS"),
        ("setWebhook", {"url": "https://contoh.invalid", "secret_token": "ada spasi"}, 400, "unallowed characters"),
        ("makeCoffee", {}, 404, "Not Found"),
    ],
)
def test_refusals(method: str, given: dict[str, Any], status: int, said: str) -> None:
    async def play() -> None:
        async with stage() as on, httpx.AsyncClient(base_url=on.emulator.address) as client:
            told = {key: str(on.person.id) if value == "ID" else value for key, value in given.items()}
            if {"data", "label", "many"} & set(told):
                button = {"text": told.pop("label", "Ya"), "callback_data": told.pop("data", "ya")}
                told["reply_markup"] = {"inline_keyboard": [[button] * told.pop("many", 1)]}
            answer = await client.post(f"/bot{TOKEN}/{method}", json=told)
            assert (answer.status_code, answer.json()["error_code"]) == (status, status)
            assert said in answer.json()["description"]
            assert on.from_bot() == []

    run(play)


@pytest.mark.parametrize(
    ("token", "status"), [("1:another-token", 401), ("tanpa-titik-dua", 404), (TOKEN, 200)], ids=range(3)
)
def test_only_its_own_token_is_taken(token: str, status: int) -> None:
    async def play() -> None:
        async with stage() as on, httpx.AsyncClient(base_url=on.emulator.address) as client:
            assert (await client.get(f"/bot{token}/getMe")).status_code == status

    run(play)


def test_a_person_can_be_played_over_http() -> None:
    async def play() -> None:
        async with stage() as on, httpx.AsyncClient(base_url=f"{on.emulator.address}/emulator/") as client:
            person = (await client.post("people", json={"first_name": "Orang Contoh"})).json()
            base = f"people/{person['id']}/"
            assert (await client.post(base + "start", json={"payload": "0000000001"})).json()["ok"]
            assert (await client.post(base + "text", json={"text": "halo"})).json()["ok"]
            for action, told in (
                ("contact", {}),
                ("location", {"latitude": -6.5, "longitude": 106.8}),
                ("send", {"thing": "voice"}),
                ("group", {"title": "Grup"}),
                ("block", {}),
                ("unblock", {}),
            ):
                assert (await client.post(base + action, json=told)).json()["ok"], action
            keyboard = {"inline_keyboard": [[{"text": "Ya", "callback_data": "ya"}]]}
            bot = f"{on.emulator.address}/bot{TOKEN}/"
            told = {"chat_id": person["id"], "text": "Mau?", "reply_markup": json.dumps(keyboard)}
            sent = (await client.post(bot + "sendMessage", data=told)).json()["result"]
            tap = {"message_id": sent["message_id"], "data": "ya"}
            assert (await client.post(base + "tap", json=tap)).json()["ok"]
            assert (await client.post(base + "tap", json={**tap, "data": "bukan"})).status_code == 400
            chat = (await client.get(base + "chat")).json()
            assert [line["mine"] for line in chat["messages"]] == [True] * 5 + [False]
            assert chat["messages"][-1]["buttons"] == keyboard["inline_keyboard"]
            edit = {"message_id": chat["messages"][1]["id"], "text": "halo pak"}
            assert (await client.post(base + "edit", json=edit)).json()["ok"]
            assert (await client.post(base + "delete", json={})).json()["ok"]
            assert len((await client.get("people")).json()) == 2

    run(play)


def test_pictures_and_page_are_shown() -> None:
    async def play() -> None:
        async with stage() as on, httpx.AsyncClient(base_url=on.emulator.address, follow_redirects=True) as client:
            page = await client.get("/")
            assert page.status_code == 200
            assert EMULATOR_WORDS["heading"] in page.text
            for name in ("emulator_telegram.css", "emulator_telegram.js"):
                assert (await client.get(f"/emulator/static/{name}")).status_code == 200
            assert (await client.get("/emulator/static/chat.js")).status_code == 404
            files = {"photo": ("kartu.png", picture(), "image/png")}
            sent = await client.post(f"/bot{TOKEN}/sendPhoto", data={"chat_id": str(on.person.id)}, files=files)
            name = sent.json()["result"]["photo"][-1]["file_id"]
            assert (await client.get(f"/emulator/photos/{name}")).content == picture()
            assert (await client.get("/emulator/photos/tidak-ada")).status_code == 404

    run(play)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("people", b"{", 400),
        ("people", b"[]", 400),
        ("people/1/text", b"{}", 404),
        ("people/x/text", b"{}", 404),
        ("people/500000001/terbang", b"{}", 400),
        ("people/500000001/send", b'{"thing": "gajah"}', 400),
        ("people/500000001/tap", b'{"message_id": "x"}', 400),
        ("people/500000001/edit", b'{"message_id": 9}', 400),
        ("faults", b'{"kind": "drop_before"}', 400),
        ("faults", b'{"method": "getMe", "kind": "drop_before"}', 200),
        ("manners", b'{"twice": true}', 200),
        ("manners", b'{"polite": true}', 400),
    ],
)
def test_wishes_are_checked(path: str, body: bytes, status: int) -> None:
    async def play() -> None:
        async with stage() as on, httpx.AsyncClient(base_url=f"{on.emulator.address}/emulator/") as client:
            json_type = {"Content-Type": "application/json"}
            assert (await client.post(path, content=body, headers=json_type)).status_code == status

    run(play)


def test_another_site_cannot_play_people() -> None:
    async def play() -> None:
        async with stage() as on, httpx.AsyncClient(base_url=f"{on.emulator.address}/emulator/") as client:
            assert (await client.post("people/500000001/text", data={"text": "x"})).status_code == 415
            assert (await client.post("people/500000001/block")).status_code == 415
            assert (await client.post("faults", data={"method": "x"})).status_code == 415

    run(play)


def test_faults_are_used_up() -> None:
    async def play() -> None:
        async with stage() as on, httpx.AsyncClient(base_url=on.emulator.address) as client:
            on.emulator.faults.append(Fault("getMe", "error", times=2, status=502, description="Bad Gateway"))
            codes = [(await client.get(f"/bot{TOKEN}/getMe")).status_code for _ in range(3)]
            assert codes == [502, 502, 200]
            on.emulator.faults.append(Fault("*", "error", times=100))
            assert (await client.delete("/emulator/faults")).json()["ok"]
            assert (await client.get(f"/bot{TOKEN}/getMe")).status_code == 200

    run(play)


def test_a_webhook_may_answer_with_a_method() -> None:
    async def play() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            asked = json.loads(await reader.readexactly(length))
            wish = {"method": "sendMessage", "chat_id": asked["message"]["chat"]["id"], "text": "langsung"}
            body = json.dumps(wish).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        async with stage() as on, await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            on.emulator.world.updates.webhook.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            await on.emulator.people.write(on.person, "halo")
            await until(lambda: bool(on.from_bot()))
            assert on.from_bot()[0]["text"] == "langsung"

    run(play)
