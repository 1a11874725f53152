"""A photo in the chat: fetched only for an official whose announcement waits for it, once, and never left behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count

import pytest
from aiohttp import web
from photos import WHOLE, photo
from pydantic import SecretStr
from sqlalchemy import select
from telegram_stage import run as run_telegram
from telegram_stage import stage as telegram_stage
from whatsapp_world import run as run_whatsapp
from whatsapp_world import templates, whatsapp_world, words
from world_fixtures import PhotoChannel, open_world

from bot.channels.channel import Incoming, Outgoing, gathered
from bot.channels.errors import AccountBroken, MediaRefused, Unreachable
from bot.channels.whatsapp import WhatsAppAccount, WhatsAppChannel
from bot.due import tick
from bot.emulators.telegram import Fault
from bot.emulators.telegram_world import Photo
from bot.inbox import receive
from bot.turn import FETCHING
from bot.world import Person
from content.model import Button
from flows.contact import Channel, Purpose, Role
from flows.message import HeardKind
from flows.outreach.picture import PICTURE_STAYS
from storage.pictures import LARGEST_FILE
from storage.tables import INBOUND, PICTURE

VILLAGE = "00.00.00.0001"
RATNA, SARI = Person(Channel.TELEGRAM, "ratna"), Person(Channel.WEB, "sari")
_numbers = count(1)


class Asked(PhotoChannel):
    """Remembers which photos it was asked for."""

    def __init__(self) -> None:
        super().__init__(Channel.TELEGRAM)
        self.files: list[str] = []

    async def download(self, file: str, most: int) -> bytes:
        self.files.append(file)
        return await super().download(file, most)


def at_the_preview(world):
    """An official who sees the words of an announcement, with a neighbour to read it; and who was asked for photos."""
    asked = world.app.channels[Channel.TELEGRAM, "local"] = Asked()
    world.set_up(RATNA, role=Role.OFFICIAL, village=VILLAGE)
    neighbour = world.set_up(SARI, village=VILLAGE)
    with world.app.database.transaction() as store:
        store.consents.give(neighbour, [Purpose.ANNOUNCEMENTS], "persetujuan-v1", world.clock.now())
    world.say(RATNA, "siaran")
    world.say(RATNA, "ingat bayar iuran")
    return asked


def sends(world, person, text="", *, file=None):
    """It is stored, and has no turn yet."""
    kind = HeardKind.PHOTO if file else HeardKind.TEXT
    message = Incoming(f"m{next(_numbers)}", person.external_id, kind, text, world.clock.now(), file=file)
    receive(world.app.database, person.channel, person.account, [message], world.clock.now())


def turn(world):
    return world.app.turns.take_next()


def fetch(world, wanted):
    asyncio.run(world.app.photos.fetch(wanted))


def pictures(world):
    """Number, whether there is something to see, and whether it waits to be announced."""
    with world.app.database.reading() as store:
        rows = store.connection.execute(select(PICTURE).order_by(PICTURE.c.id))
        return [(row.id, bool(row.image), row.unsent_by is not None) for row in rows]


def last_said(world, person):
    world.send_all()
    return world.unread(person)[-1].text


def test_whoever_else_sends_a_photo_is_answered_and_the_photo_is_not_fetched():
    with open_world() as world:
        asked = at_the_preview(world)
        budi = Person(Channel.TELEGRAM, "budi")
        world.set_up(budi, village=VILLAGE)
        world.say(budi, "mau daftar")
        told = world.say(budi, "ini KTP saya", kind=HeardKind.PHOTO, file="ktp-budi").replies[-1].text
        assert told.startswith("Maaf, saya baru bisa membaca tulisan.")
        world.say(RATNA, "batal")
        assert world.say(RATNA, "", kind=HeardKind.PHOTO, file="ktp-ratna").replies
        assert (asked.files, pictures(world)) == ([], [])
        with world.app.database.reading() as store:
            assert not any("file" in body for body in store.connection.scalars(select(INBOUND.c.body)))


def test_what_is_written_after_the_photo_waits_for_it():
    with open_world() as world:
        at_the_preview(world)
        sends(world, RATNA, file=WHOLE)
        sends(world, RATNA, "kirim")
        wanted = turn(world).wanted
        assert turn(world) is None
        fetch(world, wanted)
        assert [turn(world).error, turn(world).error, turn(world)] == [None, None, None]
        with world.app.database.reading() as store:
            (made,) = store.broadcasts.recent()
        assert (made.picture_id, made.reviewed, made.state.value) == (1, False, "waiting")
        assert pictures(world) == [(1, True, False)]


def test_a_photo_that_a_dead_process_was_fetching_is_fetched_again_and_kept_once():
    with open_world() as world:
        at_the_preview(world)
        sends(world, RATNA, file=WHOLE)
        lost = turn(world).wanted
        assert turn(world) is None
        world.clock.advance(FETCHING + timedelta(seconds=1))
        wanted = turn(world).wanted
        fetch(world, lost)  # it was not dead after all
        assert (turn(world), pictures(world)) == (None, [])
        fetch(world, wanted)
        assert last_said_after_turn(world).startswith("Dengan gambar ini")
        fetch(world, wanted)
        assert (turn(world), pictures(world)) == (None, [(1, True, True)])


def last_said_after_turn(world):
    assert turn(world).error is None
    return last_said(world, RATNA)


def test_a_photo_that_kills_whoever_fetches_it_does_not_come_back_for_ever():
    with open_world() as world:
        at_the_preview(world)
        sends(world, RATNA, file=WHOLE)
        while (done := turn(world)) is not None and done.wanted is not None:
            world.clock.advance(FETCHING + timedelta(seconds=1))
        assert done.error == "too_many_attempts"
        assert "sedang ada gangguan" in last_said(world, RATNA)
        assert world.say(RATNA, "kirim").replies[-1].text.startswith("Siaran dikirim ke 1 warga")


@pytest.mark.parametrize("word", ["batal", "hapus gambar", "hapus data saya"])
def test_a_photo_that_is_not_announced_is_gone_at_once(word):
    with open_world() as world:
        at_the_preview(world)
        world.say(RATNA, "", kind=HeardKind.PHOTO, file=WHOLE)
        assert pictures(world) == [(1, True, True)]
        world.say(RATNA, word)
        if word.startswith("hapus data"):
            world.say(RATNA, "ya")
        assert pictures(world) == [(1, False, False)]


def test_a_photo_that_nobody_comes_back_to_is_forgotten_and_one_that_was_announced_stays():
    with open_world() as world:
        at_the_preview(world)
        world.say(RATNA, "", kind=HeardKind.PHOTO, file=WHOLE)
        world.say(RATNA, "kirim")
        world.say(RATNA, "siaran")
        world.say(RATNA, "ingat bayar iuran")
        world.say(RATNA, "", kind=HeardKind.PHOTO, file=WHOLE)
        assert pictures(world) == [(1, True, False), (2, True, True)]
        world.clock.advance(PICTURE_STAYS - timedelta(minutes=1))
        tick(world.app.database, world.app.content, world.clock)
        assert pictures(world) == [(1, True, False), (2, True, True)]
        world.clock.advance(timedelta(minutes=2))
        tick(world.app.database, world.app.content, world.clock)
        assert pictures(world) == [(1, True, False), (2, False, False)]


def test_a_photo_is_given_up_at_its_first_bytes_or_once_it_is_too_large():
    read = []

    async def pieces(*sizes):
        for piece in sizes:
            read.append(len(piece))
            yield piece

    async def gather(*sizes):
        read.clear()
        with pytest.raises(MediaRefused) as wrong:
            await gathered(pieces(*sizes), 1000)
        return wrong.value.detail, len(read)

    assert asyncio.run(gather(b"%PDF-1.7", b" bukan foto", bytes(900))) == ("no_picture", 2)
    assert asyncio.run(gather(photo()[:600], bytes(600), bytes(600))) == ("too_large", 2)


def test_telegram_hands_out_a_photo_or_says_why_not():
    async def play():
        async with telegram_stage() as on:
            photos = on.emulator.world.photos
            said = await on.emulator.people.send_photo(on.person, photo())
            file = said["photo"][-1]["file_id"]
            assert await on.channel.download(file, LARGEST_FILE) == photo()
            with pytest.raises(MediaRefused, match="too_large"):
                await on.channel.download(file, 100)
            photos["pdf"] = Photo(b"%PDF-1.7 bukan foto", 1, 1)
            with pytest.raises(MediaRefused, match="no_picture"):
                await on.channel.download("pdf", LARGEST_FILE)
            with pytest.raises(MediaRefused):
                await on.channel.download("tidak-ada", LARGEST_FILE)
            for fault in (Fault("file", "error", status=502), Fault("file", "drop_before", times=2)):
                on.emulator.faults.append(fault)
                with pytest.raises(Unreachable):
                    await on.channel.download(file, LARGEST_FILE)

    run_telegram(play)


def test_whatsapp_hands_out_a_photo_or_says_why_not():
    async def play():
        async with whatsapp_world(webhooks=False) as world:
            media = world.emulator.state.media
            media |= {"300": photo(), "301": b"%PDF-1.7 bukan foto"}
            assert await world.channel.download("300", LARGEST_FILE) == photo()
            with pytest.raises(MediaRefused, match="too_large"):
                await world.channel.download("300", 100)
            with pytest.raises(MediaRefused, match="no_picture"):
                await world.channel.download("301", LARGEST_FILE)
            with pytest.raises(Exception, match="code 100"):
                await world.channel.download("302", LARGEST_FILE)
            stranger = WhatsAppAccount("1", "2", SecretStr("salah"), base=world.base)
            unknown = WhatsAppChannel(stranger, templates(), words("whatsapp")["words"])
            with pytest.raises(AccountBroken):
                await unknown.download("300", LARGEST_FILE)
            await unknown.close()

    run_whatsapp(play())


def test_our_token_is_shown_to_nobody_but_meta():
    visits, addresses = [], []

    async def somewhere(request):
        visits.append(request.headers.get("Authorization"))
        return web.Response(body=photo())

    async def told(_):
        return web.json_response({"id": "300", "url": addresses[-1], "mime_type": "image/jpeg", "file_size": 10})

    async def play():
        runners = []
        for routes in ([web.get("/foto", somewhere)], [web.get("/v23.0/300", told)]):
            served = web.Application()
            served.add_routes(routes)
            runners.append(web.AppRunner(served))
            await runners[-1].setup()
            await web.TCPSite(runners[-1], "127.0.0.1", 0).start()
        elsewhere, api = (f"http://127.0.0.1:{runner.addresses[0][1]}" for runner in runners)
        channel = WhatsAppChannel(
            WhatsAppAccount("1", "2", SecretStr("rahasia"), base=api), templates(), words("whatsapp")["words"]
        )
        for address in (f"{elsewhere}/foto", "https://fbsbx.com.contoh.invalid/foto", "http://lookaside.fbsbx.com/"):
            addresses.append(address)
            with pytest.raises(Unreachable, match="media_address"):
                await channel.download("300", LARGEST_FILE)
        await channel.close()
        for runner in runners:
            await runner.cleanup()

    run_whatsapp(play())
    assert visits == []


def test_a_picture_whose_words_do_not_fit_under_it_goes_ahead_of_them_on_whatsapp():
    async def play():
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            rows = tuple(Button(f"t{number}", f"Pilihan {number}") for number in range(1, 6))
            long = Outgoing(to=person["user_id"], text="kata " * 200, image=photo(), choices=rows)
            await world.channel.send(long)
            picture, said = await world.seen(person)
            assert (picture["image"] is not None, picture["text"]) == (True, "")
            assert (said["image"], len(said["rows"])) == (None, 5)
            await world.channel.send(Outgoing(to=person["user_id"], text="kata", image=photo(), choices=rows))
            assert (await world.seen(person))[-1]["text"].splitlines()[-1] == "5. Pilihan 5"

    run_whatsapp(play())
