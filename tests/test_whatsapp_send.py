"""What we send: forms and lengths, the limits of the emulator, and every error by its name."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest
from pydantic import SecretStr
from whatsapp_world import PNG, run, templates, whatsapp_world, words

from bot.channels import errors
from bot.channels.channel import Outgoing
from bot.channels.errors import SendError
from bot.channels.whatsapp import WhatsAppAccount, WhatsAppChannel
from bot.channels.whatsapp_send import compose
from content.model import Button

REMINDER = {"template": "pengingat_iuran_bulanan", "template_slots": (("bulan", "Desember 2026"), ("tanggal", "15"))}
NEWS = {"template": "kabar_desa", "template_slots": (("desa", "Desa Contoh"), ("isi", "Penyuluhan Sabtu"))}


def taps(number: int, label: str = "Pilihan", hint: str | None = None) -> tuple[Button, ...]:
    return tuple(Button(f"tap_{i}", f"{label} {i}", say="x", hint=hint) for i in range(1, number + 1))


def composed(**what: object) -> dict[str, object]:
    return compose(Outgoing(to="62800001", **{"text": "Pilih satu", **what}), None, templates(), "Lihat pilihan")


def test_a_number_goes_under_to_and_a_scoped_id_under_recipient() -> None:
    assert composed()["to"] == "62800001"
    body = compose(Outgoing(to="ID.9000000001", text="a"), None, {}, "x")
    assert body["recipient"] == "ID.9000000001"
    assert "to" not in body
    with pytest.raises(errors.Refused):
        compose(Outgoing(to="bukan nomor", text="a"), None, {}, "x")


@pytest.mark.parametrize(
    ("what", "form"),
    [
        ({}, "text"),
        ({"buttons": taps(3)}, "button"),
        ({"buttons": taps(3, "Label yang panjang sekali")}, "text"),
        ({"buttons": taps(2, "Label agak panjang.")}, "list"),  # 21 characters: a row, but no button
        ({"buttons": (Button("a", "Sama", say="x"), Button("b", "Sama", say="x"))}, "list"),
        ({"buttons": taps(4)}, "list"),
        ({"choices": taps(10, hint="Keterangan")}, "list"),
        ({"choices": taps(11)}, "text"),
        ({"choices": taps(2, hint="x" * 73)}, "text"),
        ({"buttons": taps(1), "choices": taps(3, "Baris")}, "text"),  # equal ids
        ({"text": "x" * 1025, "buttons": taps(2)}, "text"),
    ],
)
def test_taps_become_what_fits(what: dict[str, object], form: str) -> None:
    body = composed(**what)
    held = body["interactive"]["type"] if body["type"] == "interactive" else body["type"]
    assert held == form
    if form == "text" and what:
        assert "1. " in body["text"]["body"]


def test_a_text_that_does_not_fit_is_refused_and_never_cut() -> None:
    with pytest.raises(errors.Refused, match="too_long"):
        composed(text="x" * 4097)
    assert composed(text="x" * 4096)["text"]["body"] == "x" * 4096


def test_every_form_arrives_as_it_was_meant() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            await world.say(person, "Jaminan Kematian")
            await world.say(person, "Mau apa?", buttons=taps(3))
            await world.say(person, "Pilih program", choices=taps(10, hint="Keterangan"))
            await world.say(person, "Kartu", image=PNG)
            await world.say(person, "Kartu dan tombol", image=PNG, buttons=taps(2))
            await world.say(person, "Kartu dan daftar", image=PNG, choices=taps(4))
            seen = await world.seen(person)
            assert [bubble["text"].split("\n")[0] for bubble in seen] == [
                "Jaminan Kematian",
                "Mau apa?",
                "Pilih program",
                "Kartu",
                "Kartu dan tombol",
                "Kartu dan daftar",
            ]
            assert [len(bubble["buttons"]) for bubble in seen] == [0, 3, 0, 0, 2, 0]
            assert [len(bubble["rows"]) for bubble in seen] == [0, 0, 10, 0, 0, 0]
            assert seen[5]["text"].endswith("4. Pilihan 4")
            async with world.http.get(world.base + seen[3]["image"]) as response:
                assert await response.read() == PNG
            assert world.emulator.state.counts["uploads"] == 1  # the same picture is uploaded once

    run(scene())


def test_a_template_is_filled_by_name_and_looks_like_its_preview() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person(wrote=False)
            await world.say(person, "-", **REMINDER)
            template = templates()["tindak_lanjut_pendaftaran"]
            slots = (("nomor", "RK-1"),)
            world.advance(seconds=6)
            await world.say(person, "-", template=template.name, template_slots=slots)
            seen = await world.seen(person)
            assert "bulan Desember 2026. Bayar paling lambat tanggal 15 di" in seen[0]["text"]
            assert seen[1]["text"] == template.preview(slots)
            assert seen[1]["buttons"] == [["petugas", "Bicara petugas", ""]]

    run(scene())


@pytest.mark.parametrize(
    "slots", [(), (("bulan", "Mei"),), (("bulan", "Mei"), ("tanggal", " ")), (("bulan", "Mei"), ("tgl", "1"))]
)
def test_a_template_with_other_parameters_is_refused(slots: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(errors.Refused, match="template_parameters"):
        composed(template="pengingat_iuran_bulanan", template_slots=slots)


def test_an_unknown_template_and_one_that_grows_too_long_are_refused() -> None:
    with pytest.raises(errors.Refused, match="template_unknown"):
        composed(template="tidak_ada")
    with pytest.raises(errors.Refused, match="template_too_long"):
        composed(template="kabar_desa", template_slots=(("desa", "Desa Contoh"), ("isi", "x" * 1000)))


def test_line_breaks_in_a_parameter_become_blanks() -> None:
    body = composed(template="kabar_desa", template_slots=(("desa", "Desa  Contoh"), ("isi", "Sabtu\n\nbalai\tdesa")))
    given = body["template"]["components"][0]["parameters"]
    assert [parameter["text"] for parameter in given] == ["Desa Contoh", "Sabtu balai desa"]


CODES: list[tuple[int, type[SendError]]] = [
    (0, errors.AccountBroken),
    (1, errors.Unreachable),
    (2, errors.Unreachable),
    (3, errors.AccountBroken),
    (4, errors.FloodWait),
    (10, errors.AccountBroken),
    (33, errors.AccountBroken),
    (100, errors.Refused),
    (190, errors.AccountBroken),
    (200, errors.AccountBroken),
    (299, errors.AccountBroken),
    (368, errors.AccountBroken),
    (80007, errors.FloodWait),
    (130429, errors.FloodWait),
    (130472, errors.Refused),
    (131000, errors.Unreachable),
    (131008, errors.Refused),
    (131009, errors.Refused),
    (131016, errors.Unreachable),
    (131026, errors.PersonGone),
    (131031, errors.AccountBroken),
    (131042, errors.AccountBroken),
    (131047, errors.WindowClosed),
    (131048, errors.TierUsedUp),
    (131049, errors.Refused),
    (131050, errors.OptedOut),
    (131051, errors.Refused),
    (131052, errors.MediaRefused),
    (131053, errors.MediaRefused),
    (131056, errors.PairLimit),
    (131057, errors.Unreachable),
    (131062, errors.Refused),
    (131064, errors.TierUsedUp),
    (132000, errors.Refused),
    (132001, errors.Refused),
    (132015, errors.TemplatePaused),
    (132016, errors.TemplatePaused),
    (133010, errors.AccountBroken),
    (999999, errors.Refused),
]


def test_every_code_is_named() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            for code, kind in CODES:
                await world.order("faults", messages=[{"kind": "error", "code": code}])
                with pytest.raises(kind) as raised:
                    await world.say(person)
                assert type(raised.value) is kind, code
                assert raised.value.detail == f"code {code}"
            assert await world.seen(person) == []

    run(scene())


def test_how_long_to_wait_is_told() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            await world.order("faults", messages=[{"kind": "error", "code": 130429, "status": 429, "retry_after": 7}])
            with pytest.raises(errors.FloodWait) as flood:
                await world.say(person)
            assert flood.value.retry_after == 7
            await world.order("faults", messages=[{"kind": "error", "code": 131056}])
            with pytest.raises(errors.PairLimit) as pair:
                await world.say(person)
            assert pair.value.retry_after == 6

    run(scene())


@pytest.mark.parametrize(
    ("fault", "kind", "arrived"),
    [
        ({"kind": "drop_before"}, errors.Unknown, 0),
        ({"kind": "drop_after"}, errors.Unknown, 1),
        ({"kind": "gateway"}, errors.Unknown, 1),
        ({"kind": "garbage"}, errors.Unknown, 1),
        ({"kind": "slow", "seconds": 60}, errors.Unknown, 0),
    ],
)
def test_a_broken_connection_is_the_one_ambiguity(
    fault: dict[str, object], kind: type[SendError], arrived: int
) -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False, timeout=0.3) as world:
            person = await world.person()
            await world.order("faults", messages=[fault])
            with pytest.raises(kind) as raised:
                await world.say(person)
            assert raised.value.ambiguous
            assert len(await world.seen(person)) == arrived
            await world.say(person, "lagi")  # the channel goes on

    run(scene())


def test_nobody_there_is_unreachable_not_unknown() -> None:
    async def scene() -> None:
        with socket.socket() as taken:  # bound but not listening: the connection is refused
            taken.bind(("127.0.0.1", 0))
            base = f"http://127.0.0.1:{taken.getsockname()[1]}"
            account = WhatsAppAccount("1", "2", SecretStr("x"), base=base)
            channel = WhatsAppChannel(account, {}, words("whatsapp")["words"])
            for message in (Outgoing(to="62800001", text="a"), Outgoing(to="62800001", text="a", image=PNG)):
                with pytest.raises(errors.Unreachable):
                    await channel.send(message)
            await channel.close()

    run(scene())


def test_a_wrong_token_breaks_the_account() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            wrong = replace(world.channel.details, token=SecretStr("salah"))
            channel = WhatsAppChannel(wrong, templates(), words("whatsapp")["words"])
            with pytest.raises(errors.AccountBroken):
                await channel.send(Outgoing(to="62800001", text="a"))
            await channel.close()

    run(scene())


def test_a_picture_that_is_too_large_is_refused_here() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            with pytest.raises(errors.MediaRefused):
                await world.say(person, image=bytes(5 * 1024 * 1024 + 1))
            with pytest.raises(errors.MediaRefused):
                await world.say(person, image=b"")

    run(scene())


def test_the_token_is_not_shown() -> None:
    account = WhatsAppAccount("1", "2", SecretStr("rahasia-sekali"))
    assert "rahasia-sekali" not in repr(account)


def test_many_at_once_share_connections_and_uploads() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            made = await world.order("people", name="Orang contoh", count=40)
            for person in made["people"]:
                await world.order(f"people/{person['user_id']}/say", text="halo")
            sent = await asyncio.gather(*(world.say(person, "Poster", image=PNG) for person in made["people"]))
            assert len(set(sent)) == 40
            assert world.emulator.state.counts["uploads"] == 1

    run(scene())


def test_the_same_news_can_be_previewed_without_an_account() -> None:
    text = templates()["kabar_desa"].preview(NEWS["template_slots"])
    assert text.startswith("Kabar dari perangkat Desa Contoh untuk warga: Penyuluhan Sabtu")
