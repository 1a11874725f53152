"""Both platforms beside the bot, as `rangkul run --emulate` starts them: who writes there is answered there."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager

import httpx
import pytest

from bot.app import build
from bot.config import NluSettings, Settings, StoreSettings, WebSettings
from bot.run import Runner

PATIENCE = 600  # looks at a chat, each a real request


def free_ports() -> int:
    """A port whose two successors are free as well."""
    while True:
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
            except (OSError, OverflowError):
                continue
            return port


@asynccontextmanager
async def running(tmp_path):
    settings = Settings(
        store=StoreSettings(url=f"sqlite:///{tmp_path / 'data' / 'r.db'}", keys=tmp_path / "keys" / "k"),
        web=WebSettings(port=free_ports()),
        nlu=NluSettings(),
    )
    app = build(settings, env={})
    app.engines.of(app.content.current)
    pages = {}
    runner = Runner(app, emulate=("telegram", "whatsapp"), announce=pages.update)
    serving = asyncio.create_task(runner.serve())
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            await until(lambda: healthy(client, settings.web.port))
            yield client, pages
    finally:
        runner.stop()
        await serving
        app.close()


async def healthy(client, port):
    try:
        return (await client.get(f"http://127.0.0.1:{port}/health")).status_code == 200
    except httpx.TransportError:
        return False


async def until(look):
    for _ in range(PATIENCE):
        if found := await look():
            return found
        await asyncio.sleep(0.02)
    pytest.fail("it did not happen")


def test_a_person_on_telegram_is_answered_there(tmp_path):
    asyncio.run(telegram(tmp_path))


def test_a_person_on_whatsapp_is_answered_there(tmp_path):
    asyncio.run(whatsapp(tmp_path))


async def telegram(tmp_path):
    async with running(tmp_path) as (client, pages):
        base = pages["telegram"].rstrip("/")
        person = (await client.post(f"{base}/emulator/people", json={"first_name": "Sari (orang contoh)"})).json()
        await client.post(f"{base}/emulator/people/{person['id']}/start", json={})
        await client.post(f"{base}/emulator/people/{person['id']}/text", json={"text": "jkm itu apa"})

        async def answered():
            chat = (await client.get(f"{base}/emulator/people/{person['id']}/chat")).json()
            return "Jaminan Kematian" in str(chat) and "Rangkul" in str(chat)

        await until(answered)


async def whatsapp(tmp_path):
    async with running(tmp_path) as (client, pages):
        base = pages["whatsapp"].removesuffix("/emulator")
        met = await client.post(f"{base}/emulator/people", json={"name": "Tono (orang contoh)"})
        person = met.json()["people"][0]["user_id"]
        await client.post(f"{base}/emulator/people/{person}/say", json={"text": "iuran nelayan 2 juta sebulan berapa"})

        async def answered():
            chat = (await client.get(f"{base}/emulator/people/{person}/messages")).json()
            return "Rp13.400" in str(chat)

        await until(answered)
