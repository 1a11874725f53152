"""An independent client on our emulator: pywa sends unmodified, and reads every webhook the emulator makes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web
from whatsapp_world import PNG, World, run, whatsapp_world

from bot.channels.channel import Outgoing
from content.model import Button

pywa = pytest.importorskip("pywa", reason="pywa is not installed (it is a development dependency)")
httpx = pytest.importorskip("httpx")


@contextmanager
def client(world: World) -> Iterator[Any]:
    """pywa's client, pointed at the emulator."""
    account, session = world.emulator.account, httpx.Client()
    made = pywa.WhatsApp(
        phone_id=account.phone_id,
        waba_id=account.waba_id,
        token=account.token,
        session=session,
        server=None,
        verify_token="x",
        validate_updates=False,
    )
    session.base_url = f"{world.base}/v23.0"
    with session:
        yield made


def driven(act: Callable[[Any, World, dict[str, Any]], Any]) -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            with client(world) as wa:
                await asyncio.to_thread(act, wa, world, dict(person))
            assert len(await world.seen(person)) == 1

    run(scene())


def test_pywa_sends_text() -> None:
    driven(lambda wa, _world, person: wa.send_message(to=person["phone"], text="halo"))


def test_pywa_fetches_a_photo() -> None:
    def act(wa: Any, world: World, person: dict[str, Any]) -> None:
        world.emulator.state.media["300"] = PNG
        told = wa.get_media_url(media_id="300")
        assert (told.mime_type, told.file_size, wa.get_media_bytes(url=told.url)) == ("image/png", len(PNG), PNG)
        wa.send_message(to=person["phone"], text="terima kasih")

    driven(act)


def test_pywa_sends_to_a_scoped_id() -> None:
    driven(lambda wa, _world, person: wa.send_message(to=person["user_id"], text="halo"))


def test_pywa_sends_buttons() -> None:
    buttons = [pywa.types.Button(title="Daftar", callback_data="daftar")]
    driven(lambda wa, _world, person: wa.send_message(to=person["phone"], text="halo", buttons=buttons))


def test_pywa_sends_a_list() -> None:
    rows = [pywa.types.SectionRow(title="Kematian", callback_data="jkm", description="JKM")]
    pick = pywa.types.SectionList("Pilih", [pywa.types.Section("Program", rows)])
    driven(lambda wa, _world, person: wa.send_message(to=person["phone"], text="halo", buttons=pick))


def test_pywa_sends_a_picture() -> None:
    def act(wa: Any, _world: World, person: dict[str, Any]) -> None:
        wa.send_image(to=person["phone"], image=b"\x89PNG\r\n\x1a\n", caption="kartu", mime_type="image/png")

    driven(act)


def test_pywa_names_our_refusals() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            with client(world) as wa:
                for code, name in ((130429, "RateLimitHit"), (131056, "TooManyMessages"), (132015, "TemplatePaused")):
                    await world.order("faults", messages=[{"kind": "error", "code": code}])
                    with pytest.raises(getattr(pywa.errors, name)):
                        await asyncio.to_thread(wa.send_message, person["phone"], "halo")

    run(scene())


def test_pywa_reads_every_webhook_of_the_emulator(caplog: pytest.LogCaptureFixture) -> None:
    kinds: list[str] = []

    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            bodies = await _webhooks(world)
            with client(world) as wa:
                for listen in (
                    wa.on_message,
                    wa.on_callback_button,
                    wa.on_callback_selection,
                    wa.on_message_status,
                    wa.on_user_marketing_preferences,
                    wa.on_phone_number_change,
                    wa.on_template_status_update,
                ):
                    listen()(lambda _wa, update: kinds.append(type(update).__name__))
                for raw in bodies:
                    await asyncio.to_thread(wa.webhook_update_handler, raw)
            assert len(kinds) == len(bodies)

    run(scene())
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    assert {"Message", "CallbackButton", "CallbackSelection", "MessageStatus"} <= set(kinds)
    assert {"UserMarketingPreferences", "PhoneNumberChange", "TemplateStatusUpdate"} <= set(kinds)


async def _webhooks(world: World) -> list[bytes]:
    """The raw bodies of everything that can happen."""
    bodies: list[bytes] = []

    async def taken(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/", taken)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    world.emulator.courier.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await _everything(world)
    await world.settle()
    await runner.cleanup()
    return bodies


async def _everything(world: World) -> None:
    """Whatever a person and Meta can do."""
    person = await world.person()
    path = f"people/{person['user_id']}"
    await world.channel.send(Outgoing(to=person["user_id"], text="a", buttons=(Button("daftar", "Daftar", say="x"),)))
    await world.order(f"{path}/say", tap="daftar", label="Daftar")
    rows = tuple(Button(f"baris_{i}", f"Baris {i}", say="x") for i in range(4))
    await world.channel.send(Outgoing(to=person["user_id"], text="a", choices=rows))
    await world.order(f"{path}/say", tap="baris_1", label="Baris 1")
    await world.order(f"{path}/do", action="stop")
    await world.order(f"{path}/do", action="resume")
    await world.order("templates", name="kabar_desa", status="PAUSED")
    hidden = await world.person(hides_phone=True, username="tono.contoh")
    await world.channel.send(Outgoing(to=hidden["user_id"], text="a"))
    await world.order(f"{path}/do", action="new_number", phone="62800099")
