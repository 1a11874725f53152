"""The door for webhooks: who is let in, what is read, and when 200 is said."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from pathlib import Path

import pytest
from whatsapp_world import VERIFY_TOKEN, World, run, whatsapp_world

from bot.channels.channel import Ignored, Incoming, Unread
from bot.channels.whatsapp_webhook import LARGEST_BODY, verify_signature

RAW = (Path(__file__).parent / "payloads" / "whatsapp" / "text.json").read_bytes()
SECRET = "emulator-secret"


def signed(raw: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


async def post(world: World, raw: bytes, signature: str | None) -> int:
    headers = {"Content-Type": "application/json"} | ({"X-Hub-Signature-256": signature} if signature else {})
    async with world.http.post(world.webhook, data=io.BytesIO(raw), headers=headers) as response:
        return response.status


def test_the_signature_is_over_the_raw_bytes() -> None:
    assert verify_signature(RAW, signed(RAW), SECRET)
    assert not verify_signature(RAW.replace(b" ", b""), signed(RAW), SECRET)
    assert not verify_signature(RAW, signed(RAW, "lain"), SECRET)


@pytest.mark.parametrize(
    "header",
    [None, "", "sha256=", "sha256=xyz", "sha1=" + "0" * 40, signed(RAW).upper(), signed(RAW)[7:], "sha256=é" * 3],
)
def test_any_other_header_is_no_signature(header: str | None) -> None:
    assert not verify_signature(RAW, header, SECRET)


def test_an_empty_secret_proves_nothing() -> None:
    assert not verify_signature(RAW, signed(RAW, ""), "")


def test_a_signed_message_is_stored_before_200() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            assert await post(world, RAW, signed(RAW)) == 200
            assert [type(part) for part in world.arrived] == [Incoming]

    run(scene())


@pytest.mark.parametrize("signature", [None, "sha256=00", signed(RAW, "lain")])
def test_without_the_right_signature_nothing_is_read(signature: str | None) -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            assert await post(world, RAW, signature) == 401
            assert world.arrived == []

    run(scene())


def test_a_body_that_is_too_large_is_refused() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            raw = b" " * (LARGEST_BODY + 1)
            assert await post(world, raw, signed(raw)) == 413

            async def pieces():
                for _ in range(4):
                    yield b" " * 1_000_000

            headers = {"X-Hub-Signature-256": signed(raw)}
            async with world.http.post(world.webhook, data=pieces(), headers=headers) as response:
                assert response.status == 413
            assert world.arrived == []

    run(scene())


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff"])
def test_what_cannot_be_read_is_kept_and_answered(raw: bytes) -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            assert await post(world, raw, signed(raw)) == 200
            assert [type(part) for part in world.arrived] == [Unread]

    run(scene())


def test_another_platform_on_the_same_address_is_ignored() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            raw = json.dumps({"object": "instagram", "entry": []}).encode()
            assert await post(world, raw, signed(raw)) == 200
            assert world.arrived == [Ignored("object_instagram")]

    run(scene())


def test_when_storing_fails_the_platform_comes_again() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            world.storage_down = True
            assert await post(world, RAW, signed(RAW)) == 503

    run(scene())


@pytest.mark.parametrize(
    ("mode", "token", "status"),
    [
        ("subscribe", VERIFY_TOKEN, 200),
        ("subscribe", "salah", 403),
        ("subscribe", "", 403),
        ("lain", VERIFY_TOKEN, 403),
    ],
)
def test_verification_knows_our_word(mode: str, token: str, status: int) -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            asked = {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "<b>1158201444</b>"}
            async with world.http.get(world.webhook, params=asked) as response:
                assert response.status == status
                assert response.content_type == "text/plain" or status == 403
                assert await response.text() == ("<b>1158201444</b>" if status == 200 else "")

    run(scene())
