"""What the channel shows on a phone, and what it calls each thing that can go wrong; over real HTTP to the emulator."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from telegram_stage import NOW, TOKEN, WORDS, Stage, run, stage

from bot.channels import errors
from bot.channels.channel import Channel, Outgoing
from bot.channels.telegram import LIMITS, TelegramChannel, setup
from bot.channels.telegram_read import GroupMet, read_update
from bot.emulators.telegram import Fault
from bot.emulators.telegram_rules import Rates
from content.model import Button


def picture(width: int = 60, height: int = 40) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(held, "PNG")
    return held.getvalue()


def tap(name: str, label: str = "Pilih", **more: str) -> Button:
    return Button(id=name, label=label, intent="greet", **more)


async def send(on: Stage, text: str = "Halo, Bapak/Ibu.", **more: Any) -> str:
    return await on.channel.send(Outgoing(to=str(on.person.id), text=text, **more))


def shown(**more: Any) -> list[dict[str, Any]]:
    """What the person sees after one message."""

    async def play() -> list[dict[str, Any]]:
        async with stage() as on:
            sent = await send(on, **more)
            assert sent == str(on.from_bot()[-1]["message_id"])
            return on.from_bot()

    return run(play)


def failure(prepare: Callable[[Stage], object], timeout: float = 30.0, **more: Any) -> errors.SendError:
    """What a message fails with."""

    async def play() -> errors.SendError:
        async with stage(timeout=timeout) as on:
            prepare(on)
            with pytest.raises(errors.SendError) as caught:
                await send(on, **more)
            return caught.value

    return run(play)


def fault(**told: Any) -> Callable[[Stage], object]:
    return lambda on: on.emulator.faults.append(Fault(**told))


def says(status: int, description: str) -> Callable[[Stage], object]:
    return fault(method="sendMessage", kind="error", status=status, description=description)


def test_it_keeps_the_contract() -> None:
    async def play() -> None:
        channel: Channel = TelegramChannel(TOKEN, WORDS)
        assert (channel.name, channel.account) == ("telegram", "700000001")
        await channel.close()

    run(play)


def test_text() -> None:
    (message,) = shown(text="Iuran <b>itu</b> *murah* & [mudah](x).")
    assert message["text"] == "Iuran <b>itu</b> *murah* & [mudah](x)."
    assert "reply_markup" not in message


def test_buttons_stand_one_in_a_row_and_two_where_both_are_short() -> None:
    buttons = (tap("a", "Daftar sekarang"), tap("b", "Menu"), tap("c", "Batal"), tap("d", "Lagi"))
    (message,) = shown(buttons=buttons)
    rows = message["reply_markup"]["inline_keyboard"]
    assert [[button["text"] for button in row] for row in rows] == [["Daftar sekarang"], ["Menu", "Batal"], ["Lagi"]]
    assert [button["callback_data"] for row in rows for button in row] == ["a", "b", "c", "d"]


def test_choices_come_before_buttons_each_in_its_row() -> None:
    (message,) = shown(choices=(tap("x", "Satu"), tap("y", "Dua")), buttons=(tap("z", "Batal"),))
    rows = message["reply_markup"]["inline_keyboard"]
    assert [[button["callback_data"] for button in row] for row in rows] == [["x"], ["y"], ["z"]]


def test_sharing_a_number_takes_the_keyboard() -> None:
    buttons = (tap("share_contact", "Kirim nomor saya"), tap("share_location", "Kirim lokasi"), tap("b", "Tulis saja"))
    (message,) = shown(buttons=buttons)
    rows = message["keyboard"]["keyboard"]
    assert [row[0]["text"] for row in rows] == ["Kirim nomor saya", "Kirim lokasi", "Tulis saja"]
    assert [bool(row[0].get("request_contact")) for row in rows] == [True, False, False]
    assert [bool(row[0].get("request_location")) for row in rows] == [False, True, False]
    assert message["keyboard"]["one_time_keyboard"]


def test_a_picture_carries_its_text() -> None:
    (message,) = shown(text="Kartu", image=picture(), buttons=(tap("a"),))
    assert (message["caption"], message["photo"][0]["width"]) == ("Kartu", 60)
    assert message["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "a"


def test_a_text_too_long_for_a_picture_follows_it() -> None:
    photo, text = shown(text="y" * 1025, image=picture(), buttons=(tap("a"),))
    assert "caption" not in photo
    assert "reply_markup" not in photo
    assert len(text["text"]) == 1025
    assert "reply_markup" in text


def test_the_limits_fit() -> None:
    (message,) = shown(text="y" * LIMITS.text, buttons=(tap("i" * 64, "L" * LIMITS.button_label),))
    assert len(message["text"]) == 4096


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ({"text": "y" * 4097}, "Bad Request: message is too long"),
        ({"text": " \n "}, "Bad Request: message text is empty"),
        ({"buttons": (tap("é" * 33),)}, "a button id is longer than 64 bytes"),
        ({"buttons": (tap("a", " "),)}, "Bad Request: can't parse keyboard button: text must be non-empty"),
    ],
)
def test_what_does_not_fit_is_refused(more: dict[str, Any], detail: str) -> None:
    error = failure(lambda _: None, **more)
    assert isinstance(error, errors.Refused)
    assert (error.detail, error.retry) == (detail, False)


def test_a_person_of_another_platform_is_refused() -> None:
    async def play() -> None:
        async with stage() as on:
            with pytest.raises(errors.Refused):
                await on.channel.send(Outgoing(to="id.62812", text="Halo"))

    run(play)


@pytest.mark.parametrize(
    ("prepare", "kind"),
    [
        (lambda on: setattr(on.person, "blocked", True), errors.PersonBlockedUs),
        (lambda on: setattr(on.person, "gone", True), errors.PersonGone),
        (lambda on: on.emulator.world.people.clear(), errors.PersonGone),
        (lambda on: setattr(on.person, "started", False), errors.Refused),
        (lambda on: setattr(on.emulator, "token", "1:another-token"), errors.AccountBroken),
        (says(404, "Not Found"), errors.AccountBroken),
        (says(400, "Bad Request: PEER_ID_INVALID"), errors.PersonGone),
        (says(400, "Bad Request: user not found"), errors.PersonGone),
        (says(403, "Forbidden: bot was kicked from the group chat"), errors.PersonBlockedUs),
        (says(403, "Forbidden: bot can't send messages to the user"), errors.Unreachable),
        (says(400, "Bad Request: something new"), errors.Refused),
        (says(406, "Not Acceptable"), errors.Refused),
        (says(500, "Internal Server Error"), errors.Unknown),
        (says(502, "Bad Gateway"), errors.Unknown),
        (says(500, "Internal Server Error: restart"), errors.Unreachable),
        (fault(method="sendMessage", kind="drop_before"), errors.Unknown),
        (fault(method="sendMessage", kind="drop_after"), errors.Unknown),
    ],
)
def test_every_refusal_has_its_name(prepare: Callable[[Stage], object], kind: type[errors.SendError]) -> None:
    error = failure(prepare)
    assert type(error) is kind
    assert TOKEN not in f"{error!r} {error}"


def test_asked_to_wait() -> None:
    error = failure(fault(method="*", kind="error", status=429, description="Too Many Requests", retry_after=17))
    assert isinstance(error, errors.FloodWait)
    assert (error.retry_after, error.retry) == (17.0, True)


@pytest.mark.parametrize("slow", ["slow_before", "slow_after"])
def test_no_answer_in_time_is_unknown(slow: str) -> None:
    error = failure(fault(method="sendMessage", kind=slow, seconds=20), timeout=0.2)
    assert isinstance(error, errors.Unknown)
    assert error.ambiguous


def test_a_dropped_line_tells_nothing_about_the_message() -> None:
    async def play(kind: str) -> int:
        async with stage() as on:
            on.emulator.faults.append(Fault("sendMessage", kind))  # type: ignore[arg-type]
            with pytest.raises(errors.Unknown):
                await send(on)
            return len(on.from_bot())

    assert run(lambda: play("drop_before")) == 0
    assert run(lambda: play("drop_after")) == 1


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"

        async def play() -> errors.SendError:
            channel = TelegramChannel(TOKEN, WORDS, api=address)
            try:
                with pytest.raises(errors.SendError) as caught:
                    await channel.send(Outgoing(to="500000001", text="Halo"))
            finally:
                await channel.close()
            return caught.value

        error = run(play)
    assert isinstance(error, errors.Unreachable)
    assert error.retry


def test_an_answer_that_is_no_json_is_unknown() -> None:
    async def play() -> errors.SendError:
        async def gateway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(gateway, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            channel = TelegramChannel(TOKEN, WORDS, api=f"http://127.0.0.1:{port}")
            with pytest.raises(errors.SendError) as caught:
                await channel.send(Outgoing(to="500000001", text="Halo"))
            await channel.close()
        return caught.value

    assert isinstance(run(play), errors.Unknown)


@pytest.mark.parametrize(
    "image", [b"not a picture", picture()[:60], picture(9_000, 2_000), picture(600, 20)], ids=range(4)
)
def test_a_picture_that_is_none_is_named(image: bytes) -> None:
    error = failure(lambda _: None, image=image)
    assert isinstance(error, errors.MediaRefused)


def test_too_big_a_picture_is_named() -> None:
    refuse = fault(method="sendPhoto", kind="error", status=413, description="Request Entity Too Large")
    assert isinstance(failure(refuse, image=picture()), errors.MediaRefused)


def test_too_fast_is_told_with_the_seconds_to_wait() -> None:
    async def play() -> None:
        async with stage(Rates(chat_burst=1)) as on:
            await send(on)
            with pytest.raises(errors.FloodWait) as caught:
                await send(on)
            assert caught.value.retry_after == 1.0

    run(play)


def test_a_token_that_is_none_is_named() -> None:
    with pytest.raises(errors.AccountBroken):
        TelegramChannel("bukan token", WORDS)


def test_typing_shows_and_never_raises() -> None:
    async def play() -> None:
        async with stage() as on:
            await on.channel.typing(str(on.person.id))
            assert on.person.typing_until > on.emulator.world.now
            on.person.blocked = True
            await on.channel.typing(str(on.person.id))
            await on.channel.answer_callback("tidak ada")

    run(play)


def test_who_writes_sees_at_once_that_an_answer_is_being_typed() -> None:
    async def play() -> None:
        async with stage() as on:
            await on.emulator.people.write(on.person, "jkm itu apa")
            raw = on.emulator.world.updates.fresh()[-1]
            on.channel.follow_up(read_update(raw, NOW))
            await on.channel.settled()
            assert on.person.typing_until > on.emulator.world.now

    run(play)


def test_a_group_hears_one_sentence_and_is_left() -> None:
    async def play() -> None:
        async with stage() as on:
            group = await on.emulator.people.found_group(on.person, "Grup Contoh")
            met = GroupMet("group", str(group.id))
            on.channel.follow_up([met, met])
            await on.channel.settled()
            said = [message["text"] for message in on.emulator.world.said[group.id] if message["from"]["is_bot"]]
            assert WORDS["group_declined"] in said
            assert not group.member
            on.channel.follow_up([met])
            await on.channel.settled()
            assert len(on.emulator.world.said[group.id]) == 1 + len(said)

    run(play)


def test_setting_up_gives_commands_and_descriptions() -> None:
    async def play() -> None:
        async with stage() as on:
            account = await setup(on.channel)
            profile = on.emulator.world.profile
            assert (account.username, account.commands, account.webhook) == ("rangkul_contoh_bot", 6, "")
            assert [one["command"] for one in profile["commands"]] == list(WORDS["commands"])
            assert profile["description"] == WORDS["description"]
            assert profile["short_description"] == WORDS["short_description"]
            on.emulator.token = "1:another-token"
            with pytest.raises(errors.AccountBroken):
                await setup(on.channel)

    run(play)
