"""The emulator keeps WhatsApp's limits and delivers webhooks as badly as life does."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from whatsapp_world import START, World, platform_limits, run, templates, whatsapp_world

from bot.channels import errors
from bot.channels.channel import AccountNews, DeliveryReport, Incoming, Moved, Outgoing, Report, StopWish, Unread
from bot.emulators.whatsapp_shape import GraphError
from bot.emulators.whatsapp_state import WhatsAppState
from flows.message import HeardKind

NEWS: dict[str, Any] = {"template": "kabar_desa", "template_slots": (("desa", "Desa Contoh"), ("isi", "Penyuluhan"))}
REMINDER: dict[str, Any] = {
    "template": "pengingat_iuran_bulanan",
    "template_slots": (("bulan", "Desember 2026"), ("tanggal", "15")),
}


def reports(world: World, message_id: str) -> list[tuple[Report, str | None]]:
    told = [part for part in world.arrived if isinstance(part, DeliveryReport) and part.external_id == message_id]
    return [(part.report, part.reason) for part in told]


def heard(world: World) -> list[tuple[HeardKind, str]]:
    return [(part.kind, part.text) for part in world.arrived if isinstance(part, Incoming)]


def text_to(person: str) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": person, "type": "text", "text": {"body": "halo"}}


def test_eighty_a_second_and_no_more() -> None:
    state = WhatsAppState(platform_limits(), "TIER_250")
    people = [state.meet("Orang contoh", wrote_at=0.0).phone for _ in range(161)]
    for person in people[:80]:
        state.take(text_to(person), 100.0)
    with pytest.raises(GraphError) as refused:
        state.take(text_to(people[80]), 100.9)
    assert refused.value.code == 130429
    for person in people[80:160]:
        state.take(text_to(person), 101.0)
    with pytest.raises(GraphError):
        state.take(text_to(people[160]), 101.0)


def test_an_exact_pace_is_never_over_the_limit() -> None:
    state = WhatsAppState(platform_limits(), "TIER_250")
    people = [state.meet("Orang contoh", wrote_at=0.0).phone for _ in range(800)]
    for number, person in enumerate(people):
        state.take(text_to(person), 100.0 + number / 80)


def test_one_in_six_seconds_to_a_person_and_a_burst_is_paid_back() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            for _ in range(45):
                await world.say(person)
            with pytest.raises(errors.PairLimit):
                await world.say(person)
            world.advance(seconds=45 * 6 - 1)
            with pytest.raises(errors.PairLimit):
                await world.say(person)
            world.advance(seconds=1)
            for _ in range(5):
                await world.say(person)
                world.advance(seconds=6)

    run(scene())


def test_a_day_after_the_last_word_only_templates_arrive() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            person = await world.person()
            world.advance(hours=23, minutes=59)
            inside = await world.say(person)
            world.advance(minutes=1)
            outside = await world.say(person)
            template = await world.say(person, "-", **REMINDER)
            await world.settle()
            assert reports(world, outside) == [(Report.FAILED, "window_closed")]
            done = {(Report.SENT, None), (Report.DELIVERED, None), (Report.READ, None)}
            assert set(reports(world, inside)) == set(reports(world, template)) == done
            assert len(await world.seen(person)) == 2

    run(scene())


def test_the_tier_counts_people_written_to_first_in_a_moving_day() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            made = await world.order("people", name="Orang contoh", count=252)
            for number, person in enumerate(made["people"][:250]):
                await world.say(person, "-", **NEWS)
                if number % 50 == 49:
                    world.advance(seconds=1)
            with pytest.raises(errors.TierUsedUp):
                await world.say(made["people"][250], "-", **NEWS)
            world.advance(seconds=6)
            await world.say(made["people"][0], "-", **NEWS)  # already counted today
            answered = await world.person()
            await world.say(answered)  # an open window costs no tier
            world.advance(hours=23)
            with pytest.raises(errors.TierUsedUp):
                await world.say(made["people"][251], "-", **NEWS)
            world.advance(hours=1)
            await world.say(made["people"][251], "-", **NEWS)

    run(scene())


def test_a_higher_tier_is_a_setting_of_the_account() -> None:
    state = WhatsAppState(platform_limits(), "TIER_UNLIMITED", templates().values())
    form = {"name": "kabar_desa", "language": {"code": "id"}}
    given = [{"type": "text", "parameter_name": name, "text": "contoh"} for name in ("desa", "isi")]
    template = {**form, "components": [{"type": "body", "parameters": given}]}
    for number in range(2100):
        to = state.meet("Orang contoh").phone
        state.take({"messaging_product": "whatsapp", "to": to, "type": "template", "template": template}, number / 80)


def test_somebody_without_whatsapp_or_without_wish_for_offers_is_told_by_webhook() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            gone = await world.person(wrote=False, has_whatsapp=False)
            stopped = await world.person(wrote=False)
            await world.order(f"people/{stopped['user_id']}/do", action="stop")
            to_gone = await world.say(gone, "-", **REMINDER)
            offer = await world.say(stopped, "-", **NEWS)
            world.advance(seconds=6)
            useful = await world.say(stopped, "-", **REMINDER)
            await world.settle()
            assert reports(world, to_gone) == [(Report.FAILED, "gone")]
            assert reports(world, offer) == [(Report.FAILED, "opted_out")]
            assert len(reports(world, useful)) == 3
            wishes = {part.person_id: part.stop for part in world.arrived if isinstance(part, StopWish)}
            assert wishes == {stopped["user_id"]: True, stopped["phone"]: True}

    run(scene())


def test_complaints_lower_quality_until_the_template_is_paused_and_at_last_disabled() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            for pause, after in (("PAUSED", 3), ("PAUSED", 6), ("DISABLED", None)):
                made = await world.order("people", name="Orang contoh", count=6)
                for person in made["people"]:
                    await world.say(person, "-", **NEWS)
                for person in made["people"][:5]:
                    await world.order(f"people/{person['user_id']}/do", action="block")
                assert world.emulator.state.templates["kabar_desa"].status == pause
                waiting = await world.person(wrote=False)
                with pytest.raises(errors.TemplatePaused):
                    await world.say(waiting, "-", **NEWS)
                if after is not None:
                    world.advance(hours=after)
                    await world.say(waiting, "-", **NEWS)
                    world.emulator.state.templates["kabar_desa"].complaints = 0
            await world.settle()
            told = Counter((n.reason, n.subject, n.state) for n in world.arrived if isinstance(n, AccountNews))
            assert told["message_template_status_update", "kabar_desa", "PAUSED"] == 2
            assert told["message_template_status_update", "kabar_desa", "DISABLED"] == 1
            assert told["message_template_quality_update", "kabar_desa", "YELLOW"] == 3

    run(scene())


@pytest.mark.parametrize("status", ["PENDING", "REJECTED"])
def test_a_template_that_is_not_approved_is_refused(status: str) -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            await world.order("templates", name="kabar_desa", status=status)
            with pytest.raises(errors.Refused, match="132001"):
                await world.say(person, "-", **NEWS)

    run(scene())


def test_who_blocked_us_gets_nothing_and_we_are_only_told_sent() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            person = await world.person()
            await world.order(f"people/{person['user_id']}/do", action="block")
            message_id = await world.say(person)
            await world.settle()
            assert reports(world, message_id) == [(Report.SENT, None)]
            assert await world.seen(person) == []

    run(scene())


BAD_BODIES: list[tuple[dict[str, Any], int]] = [
    ({"type": "text", "text": {"body": ""}}, 131008),
    ({"type": "text", "text": {"body": "x" * 4097}}, 131009),
    ({"type": "text"}, 131008),
    ({"type": "image", "image": {"id": "tidak-ada"}}, 131053),
    ({"type": "video", "video": {"id": "1"}}, 131051),
    (
        {"type": "interactive", "interactive": {"type": "button", "body": {"text": "a"}, "action": {"buttons": []}}},
        131009,
    ),
    (
        {"type": "interactive", "interactive": {"type": "list", "body": {"text": "a"}, "action": {"button": "x" * 21}}},
        131009,
    ),
    ({"type": "interactive", "interactive": {"type": "list", "body": {"text": "x" * 1025}, "action": {}}}, 131009),
    ({"type": "interactive", "interactive": {"body": {"text": "a"}, "action": {}}}, 131009),
    ({"type": "template", "template": {"name": "kabar_desa"}}, 131008),
    ({"type": "template", "template": {"name": "x", "language": {"code": "id"}}}, 132001),
    ({"type": "template", "template": {"name": "kabar_desa", "language": {"code": "id"}}}, 132000),
    ({"type": "template", "template": {"name": "kabar_desa", "language": {"code": "id"}, "components": ["x"]}}, 100),
]


@pytest.mark.parametrize(("body", "code"), BAD_BODIES)
def test_a_badly_shaped_message_is_refused_with_its_code(body: dict[str, Any], code: int) -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            url = f"{world.base}/v23.0/{world.channel.account}/messages"
            headers = {"Authorization": f"Bearer {world.emulator.account.token}"}
            whole = {"messaging_product": "whatsapp", "to": "62800001", **body}
            async with world.http.post(url, json=whole, headers=headers) as response:
                assert response.status in (400, 404)
                assert (await response.json())["error"]["code"] == code

    run(scene())


def test_a_person_is_heard_in_every_way() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            person = await world.person(wrote=False)
            path = f"people/{person['user_id']}/say"
            await world.order(path, text="mau daftar")
            await world.order(path, tap="daftar", label="Daftar sekarang")
            for kind in ("image", "sticker", "location", "order", "hologram"):
                await world.order(path, message={"type": kind, kind: {"id": "1"}})
            card = [{"phones": [{"phone": "+62800002", "wa_id": "62800002"}]}]
            await world.order(path, message={"type": "contacts", "contacts": card})
            await world.settle()
            assert sorted(heard(world)) == sorted(
                [
                    (HeardKind.TEXT, "mau daftar"),
                    (HeardKind.BUTTON, "daftar"),
                    (HeardKind.PHOTO, ""),
                    *[(HeardKind.UNSUPPORTED, "")] * 4,
                    (HeardKind.CONTACT_CARD, "+62800002"),
                ]
            )

    run(scene())


def test_a_tap_on_a_template_and_on_a_list_come_in_their_own_forms() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            person = await world.person()
            await world.say(person, "-", template="tindak_lanjut_pendaftaran", template_slots=(("nomor", "RK-1"),))
            await world.order(f"people/{person['user_id']}/say", tap="petugas", label="Bicara petugas")
            await world.settle()
            assert (HeardKind.BUTTON, "petugas") in heard(world)

    run(scene())


def test_a_person_without_a_number_is_answered_by_their_id() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            person = await world.person(hides_phone=True, username="tono.contoh")
            await world.settle()
            came = next(part for part in world.arrived if isinstance(part, Incoming))
            assert (came.person_id, came.phone) == (person["user_id"], None)
            message_id = await world.channel.send(Outgoing(to=came.person_id, text="halo"))
            await world.settle()
            assert len(reports(world, message_id)) == 3

    run(scene())


def test_a_new_id_or_number_leads_from_the_old_one() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            person = await world.person()
            second = await world.order(f"people/{person['user_id']}/do", action="new_id")
            third = await world.order(f"people/{second['user_id']}/do", action="new_number", phone="62800099")
            await world.settle()
            moves = {(part.old_id, part.new_id) for part in world.arrived if isinstance(part, Moved)}
            assert moves == {
                (person["user_id"], second["user_id"]),
                (second["user_id"], third["user_id"]),
                (person["phone"], third["user_id"]),
            }

    run(scene())


def test_what_we_did_not_take_comes_again_until_we_do() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            world.storage_down = True
            person = await world.person()
            await world.settle()
            assert world.arrived == []
            world.storage_down = False
            assert await world.settle() == []  # nothing is due yet
            world.advance(seconds=1)
            await world.settle()
            assert heard(world) == [(HeardKind.TEXT, "halo")]
            world.emulator.courier.url = "http://127.0.0.1:9/"  # nobody listens there
            await world.order(f"people/{person['user_id']}/say", text="kedua")
            await world.settle()
            world.emulator.courier.url = world.webhook
            world.advance(days=1)
            await world.settle()
            assert heard(world)[1:] == [(HeardKind.TEXT, "kedua")]

    run(scene())


def test_it_gives_up_after_days_of_silence() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            world.storage_down = True
            await world.person()
            for _ in range(16):
                await world.settle()
                world.advance(days=1)
            await world.settle()
            assert world.emulator.courier.counts["given_up"] == 1

    run(scene())


def test_webhooks_come_late_twice_out_of_order_broken_and_forged() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            manners = {"late_share": 0.3, "twice_share": 0.3, "broken_share": 0.2, "forged_share": 0.2}
            await world.order("faults", webhooks=manners)
            made = await world.order("people", name="Orang contoh", count=100)
            for number, person in enumerate(made["people"]):
                await world.order(f"people/{person['user_id']}/say", text=str(number), id=f"wamid.{number}")
            await world.settle()
            world.advance(minutes=1)
            await world.settle()
            came = [part.message_id for part in world.arrived if isinstance(part, Incoming)]
            assert set(came) == {f"wamid.{number}" for number in range(100)}
            assert len(came) > 100
            order = [int(message_id.removeprefix("wamid.")) for message_id in came]
            assert order != sorted(order)
            counts = world.emulator.courier.counts
            assert counts["forged_401"] > 0
            assert counts["forged_200"] == counts["refused"] == 0
            assert any(isinstance(part, Unread) for part in world.arrived)

    run(scene())


def test_any_payload_can_be_delivered_as_it_is() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            await world.order("webhook", payload={"object": "page", "entry": []})
            assert [str(part) for part in await world.settle()] == ["Ignored(reason='object_page')"]

    run(scene())


def test_levers_take_json_only_and_refuse_what_they_do_not_know() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            for data, kind, status in (
                ("{}", "text/plain", 415),
                ("{", "application/json", 400),
                ("[]", "application/json", 400),
            ):
                async with world.http.post(
                    f"{world.base}/emulator/time", data=data, headers={"Content-Type": kind}
                ) as response:
                    assert response.status == status
            person = await world.person()
            for path, order in (
                (f"people/{person['user_id']}/do", {"action": "terbang"}),
                ("people/tidak-ada/say", {"text": "a"}),
                ("templates", {"name": "tidak_ada"}),
                ("account", {"tier": "TIER_X"}),
            ):
                async with world.http.post(f"{world.base}/emulator/{path}", json=order) as response:
                    assert response.status == 400

    run(scene())


def test_the_page_and_the_counts_are_there() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            person = await world.person()
            await world.say(person)
            async with world.http.get(f"{world.base}/emulator") as response:
                page = await response.text()
                assert "Emulator WhatsApp" in page
                assert "{{" not in page
            async with world.http.get(f"{world.base}/emulator/state") as response:
                state = await response.json()
                assert (state["people"], state["received_once"], state["received_more"]) == (1, 1, 0)
                assert state["now"] == START.timestamp()

    run(scene())
