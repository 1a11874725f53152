"""A picture with an announcement: made plain, shown before it leaves, sent once kept, and forgotten with the words."""

from __future__ import annotations

import asyncio
import io
import random
from datetime import timedelta

import pytest
from console_site import HERE, Site, site, token_in
from PIL import Image
from telegram_stage import run as run_telegram
from telegram_stage import stage as telegram_stage
from whatsapp_world import run as run_whatsapp
from whatsapp_world import whatsapp_world
from world_fixtures import open_world

from bot.channels.channel import Limits, Outgoing
from bot.due import tick
from bot.web_chat import WebChat
from bot.world import Person
from flows.contact import Channel, Purpose
from flows.outreach.audience import Target
from storage.broadcasts import Draft
from storage.pictures import LARGEST_KEPT, LONGEST_SIDE, NotAPicture, PictureFault, prepared
from storage.retention import Limits as Stay

__all__ = ["site"]
#: The library's own check for forged forms reads the form once more and leaves it to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning")

_GPS, _MODEL, _ORIENTATION = 0x8825, 0x0110, 0x0112


def photo(width: int = 600, height: int = 400, kind: str = "JPEG", *, noisy: bool = False) -> bytes:
    """A photo as a phone makes it: lying on its side, with the phone's name and where it was taken."""
    image = Image.new("RGB", (width, height), "teal")
    if noisy:
        image = Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))
    exif = Image.Exif()
    exif[_MODEL], exif[_ORIENTATION] = "HP-CONTOH-9000", 6
    exif.get_ifd(_GPS)[1] = "S"
    packed = io.BytesIO()
    image.save(packed, kind, exif=exif, **({"quality": 100} if noisy else {}))
    return packed.getvalue()


def test_what_is_kept_stands_upright_is_small_and_tells_nothing_of_the_phone():
    assert b"HP-CONTOH-9000" in photo()
    for raw in (photo(), photo(kind="PNG"), photo(kind="WEBP")):
        kept = prepared(raw)
        image = Image.open(io.BytesIO(kept))
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (400, 600), {})
        assert b"HP-CONTOH-9000" not in kept
    large = prepared(photo(2000, 1500, noisy=True))
    assert len(large) <= LARGEST_KEPT
    assert max(Image.open(io.BytesIO(large)).size) == LONGEST_SIDE


def bomb() -> bytes:
    """A few bytes that say they are a picture of a hundred million points."""
    packed = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(packed, "PNG")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"%PDF-1.7 bukan gambar", PictureFault.NO_PICTURE),
        (photo()[:200], PictureFault.NO_PICTURE),
        (bytes(8 * 1024 * 1024 + 1), PictureFault.TOO_LARGE),
        (bomb(), PictureFault.TOO_LARGE),
        (photo(40, 40), PictureFault.TOO_SMALL),
        (photo(1200, 100), PictureFault.TOO_LONG),
    ],
    ids=["pdf", "torn", "file too large", "too many points", "too small", "too long"],
)
def test_what_no_phone_can_show_is_refused_with_its_fault(raw, fault):
    with pytest.raises(NotAPicture) as wrong:
        prepared(raw)
    assert wrong.value.fault is fault


def compose(client, raw: bytes):
    """Compose reviewed words with a picture in the console."""
    form = {"kata": "ingat_iuran", "kode": HERE, "csrftoken": token_in(client.get("/konsol/siaran/baru").text)}
    return client.post("/konsol/siaran/baru", data=form, files={"gambar": ("foto.jpg", raw, "image/jpeg")})


def test_a_picture_is_shown_before_it_leaves_and_waits_for_a_second_person(site: Site):
    site.contact()
    client = site.signed_in()
    page = compose(client, photo())
    assert 'data-test="picture"' in page.text
    assert "Minta persetujuan" in page.text
    shown = client.get(f"{page.url.path}/gambar")
    assert (shown.headers["content-type"], Image.open(io.BytesIO(shown.content)).size) == ("image/jpeg", (400, 600))
    assert site.visitor().get(f"{page.url.path}/gambar").headers["content-type"] != "image/jpeg"
    refused = compose(client, b"bukan gambar").text
    assert "Berkas itu bukan gambar" in refused
    assert f'value="{HERE}"' in refused
    with site.database.reading() as store:
        assert len(store.broadcasts.recent()) == 1
    assert client.get("/konsol/siaran/99/gambar").status_code == 404


class Showing:
    """A platform that shows pictures, and what it was given."""

    name, account, limits = Channel.TELEGRAM, "local", Limits(text=4096, buttons=3, button_label=20)

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    async def send(self, message: Outgoing) -> str:
        self.sent.append(message)
        return f"pesan-{len(self.sent)}"

    async def close(self) -> None:
        """Nothing to let go of."""


def test_everybody_gets_the_picture_and_a_year_later_nobody_has_it():
    with open_world() as world:
        channel, now = Showing(), world.clock.now()
        world.app.channels[Channel.TELEGRAM, "local"] = channel
        sari, budi = Person(Channel.TELEGRAM, "sari"), Person(Channel.WEB, "budi")
        for person in (sari, budi):
            contact = world.set_up(person, village=HERE)
            with world.app.database.transaction() as store:
                store.consents.give(contact, [Purpose.ANNOUNCEMENTS], "persetujuan-v1", now)
        kept = prepared(photo())
        with world.app.database.transaction() as store:
            draft = Draft(Target((HERE,)), "Posko di sini.", picture_id=store.pictures.keep(kept, now))
            made = store.broadcasts.draft(draft, now)
            store.broadcasts.submit(made, now, approval=False)
        tick(world.app.database, world.app.content, world.clock)
        _, ready = world.app.sender.claim()
        world.app.sender.record([(item, asyncio.run(world.app.sender.carry(item))) for item in ready])
        tick(world.app.database, world.app.content, world.clock)
        assert [(message.text, message.image) for message in channel.sent] == [("Posko di sini.", kept)]
        (line,) = world.unread(budi)
        chat = WebChat(world.app.database, world.clock, lambda: None)
        assert chat.picture("budi", line.id) == kept
        assert chat.picture("sari", line.id) is None
        stay = Stay(talk=timedelta(days=365), closed_leads=timedelta(days=730), puzzles=timedelta(days=90))
        with world.app.database.transaction() as store:
            picture_id = store.broadcasts.get(made).picture_id
            store.retention.sweep(stay, now + timedelta(days=364))
            assert store.pictures.get(picture_id) == kept
            store.retention.sweep(stay, now + timedelta(days=367))
            gone = store.broadcasts.get(made)
            assert (gone.text, gone.picture_id, store.pictures.get(picture_id), gone.will) == ("", None, None, 2)
            assert store.retention.sweep(stay, now + timedelta(days=367)) == 0


def test_an_announcement_on_its_way_keeps_its_words():
    with open_world() as world, world.app.database.transaction() as store:
        now = world.clock.now()
        made = store.broadcasts.draft(Draft(Target((HERE,)), "Menunggu."), now)
        store.broadcasts.submit(made, now, approval=True)
        stay = Stay(talk=timedelta(days=365), closed_leads=timedelta(days=730), puzzles=timedelta(days=90))
        store.retention.sweep(stay, now + timedelta(days=800))
        assert store.broadcasts.get(made).text == "Menunggu."


def test_both_platforms_take_a_photo():
    kept = prepared(photo())

    async def on_telegram() -> None:
        async with telegram_stage() as on:
            await on.channel.send(Outgoing(to=str(on.person.id), text="Posko", image=kept))
            (message,) = on.from_bot()
            assert message["caption"] == "Posko"

    async def on_whatsapp() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            await world.say(person, "Posko", image=kept)
            (bubble,) = await world.seen(person)
            async with world.http.get(world.base + bubble["image"]) as response:
                assert (response.content_type, await response.read()) == ("image/jpeg", kept)

    run_telegram(on_telegram)
    run_whatsapp(on_whatsapp())
