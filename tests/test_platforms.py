"""Both platforms beside the bot, as `rangkul run --emulate` starts them: who writes there is answered there."""

from __future__ import annotations

import asyncio
import io
import socket
from base64 import b64encode
from contextlib import asynccontextmanager

import httpx
import pytest
from photos import PHONE, photo
from PIL import Image

from bot.app import build
from bot.config import NluSettings, Settings, StoreSettings, WebSettings
from bot.run import Runner
from flows.contact import Channel, Purpose, Role

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
            yield client, pages, app
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
    async with running(tmp_path) as (client, pages, _):
        base = pages["telegram"].rstrip("/")
        person = (await client.post(f"{base}/emulator/people", json={"first_name": "Sari (orang contoh)"})).json()
        await client.post(f"{base}/emulator/people/{person['id']}/start", json={})
        await client.post(f"{base}/emulator/people/{person['id']}/text", json={"text": "jkm itu apa"})

        async def answered():
            chat = (await client.get(f"{base}/emulator/people/{person['id']}/chat")).json()
            return "Jaminan Kematian" in str(chat) and "Rangkul" in str(chat)

        await until(answered)


async def whatsapp(tmp_path):
    async with running(tmp_path) as (client, pages, _):
        base = pages["whatsapp"].removesuffix("/emulator")
        met = await client.post(f"{base}/emulator/people", json={"name": "Tono (orang contoh)"})
        person = met.json()["people"][0]["user_id"]
        await client.post(f"{base}/emulator/people/{person}/say", json={"text": "iuran nelayan 2 juta sebulan berapa"})

        async def answered():
            chat = (await client.get(f"{base}/emulator/people/{person}/messages")).json()
            return "Rp13.400" in str(chat)

        await until(answered)


VILLAGE = "00.00.00.0001"


def made_official(app, channel, external_id):
    """What staff did before, and a neighbour who agreed to announcements."""
    (account,) = [account for name, account in app.channels if name is channel]
    with app.database.transaction() as store:
        official, _ = store.contacts.find_or_make(channel, account, external_id, app.clock.now())
        store.contacts.set_role(official, Role.OFFICIAL)
        neighbour, _ = store.contacts.find_or_make(Channel.WEB, "local", "tetangga", app.clock.now())
        store.consents.give(neighbour, [Purpose.ANNOUNCEMENTS], "persetujuan-v1", app.clock.now())
        for contact in (official, neighbour):
            store.contacts.learn(contact, village=VILLAGE)


def as_announced(raw):
    """Upright, and without a word of the phone that took it."""
    assert PHONE in photo()
    assert PHONE not in raw
    image = Image.open(io.BytesIO(raw))
    return (image.format, image.size, dict(image.getexif())) == ("JPEG", (400, 600), {})


def announced(app):
    """The official's announcement, which waits for somebody else because of its picture."""
    with app.database.reading() as store:
        (found,) = store.broadcasts.recent()
        assert as_announced(store.pictures.get(found.picture_id))
        return found.state.value, found.reviewed


def test_an_official_announces_with_a_photo_on_telegram(tmp_path):
    asyncio.run(photo_on_telegram(tmp_path))


def test_an_official_announces_with_a_photo_on_whatsapp(tmp_path):
    asyncio.run(photo_on_whatsapp(tmp_path))


async def photo_on_telegram(tmp_path):
    async with running(tmp_path) as (client, pages, app):
        base = pages["telegram"].rstrip("/")
        met = await client.post(f"{base}/emulator/people", json={"first_name": "Ratna (orang contoh)"})
        person = met.json()["id"]
        made_official(app, Channel.TELEGRAM, str(person))

        async def act(action, **told):
            assert (await client.post(f"{base}/emulator/people/{person}/{action}", json=told)).status_code == 200

        async def last(words):
            chat = (await client.get(f"{base}/emulator/people/{person}/chat")).json()
            said = [line for line in chat["messages"] if not line["mine"] and words in line["text"]]
            return said[-1] if said else None

        await act("text", text="siaran")
        await until(lambda: last("Mau mengabarkan apa"))
        await act("text", text="3")
        await until(lambda: last("Kirim sekarang?"))
        await act("send", thing="photo", file=b64encode(photo()).decode())
        shown = await until(lambda: last("Dengan gambar ini"))
        assert as_announced((await client.get(f"{base}/emulator/photos/{shown['photo']}")).content)
        await act("text", text="kirim")
        await until(lambda: last("menunggu persetujuan"))
        assert announced(app) == ("waiting", False)


async def photo_on_whatsapp(tmp_path):
    async with running(tmp_path) as (client, pages, app):
        base = pages["whatsapp"].removesuffix("/emulator")
        met = await client.post(f"{base}/emulator/people", json={"name": "Ratna (orang contoh)"})
        person = met.json()["people"][0]["user_id"]
        made_official(app, Channel.WHATSAPP, person)

        async def say(**told):
            answer = await client.post(f"{base}/emulator/people/{person}/say", json=told)
            assert answer.status_code == 200

        async def last(words):
            lines = (await client.get(f"{base}/emulator/people/{person}/messages")).json()
            said = [line for line in lines if not line["mine"] and words in line["text"]]
            return said[-1] if said else None

        await say(text="siaran")
        await until(lambda: last("Mau mengabarkan apa"))
        await say(text="3")
        await until(lambda: last("Kirim sekarang?"))
        await say(photo=b64encode(photo()).decode(), caption="posko kami")
        shown = await until(lambda: last("Dengan gambar ini"))
        assert as_announced((await client.get(f"{base}{shown['image']}")).content)
        await say(text="kirim")
        await until(lambda: last("menunggu persetujuan"))
        assert announced(app) == ("waiting", False)
