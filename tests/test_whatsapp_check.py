"""What `rangkul channels setup whatsapp` finds, and that each finding has its sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from whatsapp_world import World, platform_limits, run, templates, whatsapp_world, words

from bot.channels.whatsapp import WhatsAppChannel
from bot.channels.whatsapp_check import Finding, check, fetch_templates
from bot.channels.whatsapp_limits import limits_on
from bot.channels.whatsapp_templates import load_templates
from content.model import ContentBroken

FINE = ["token_ok", "number_ok", "quality_green", "tier", "webhook_ok", *["template_ok"] * len(templates())]


async def found(world: World, channel: WhatsAppChannel | None = None) -> list[Finding]:
    findings = await check(channel or world.channel, platform_limits().tiers)
    for finding in findings:
        sentence = finding.sentence(words("whatsapp")["findings"])
        assert sentence.endswith(".")
        assert "{" not in sentence
    return findings


def keys(findings: list[Finding]) -> list[str]:
    return [finding.key for finding in findings]


def test_a_sound_account_has_nothing_to_repair() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            findings = await found(world)
            assert keys(findings) == FINE
            assert {finding.level for finding in findings} == {"ok"}
            assert "250 orang" in findings[3].sentence(words("whatsapp")["findings"])

    run(scene())


@pytest.mark.parametrize(
    ("path", "order", "expected"),
    [
        ("account", {"quality": "RED"}, "quality_red"),
        ("account", {"quality": "YELLOW"}, "quality_yellow"),
        ("account", {"quality": "UNKNOWN"}, "quality_unknown"),
        ("account", {"tier": "TIER_UNLIMITED"}, "tier_unlimited"),
        ("account", {"scopes": ["whatsapp_business_messaging"]}, "token_scopes"),
        ("account", {"subscribed": False}, "webhook_missing"),
        ("templates", {"name": "kabar_desa", "status": "PENDING"}, "template_pending"),
        ("templates", {"name": "kabar_desa", "status": "REJECTED"}, "template_rejected"),
        ("templates", {"name": "kabar_desa", "status": "PAUSED"}, "template_paused"),
        ("templates", {"name": "kabar_desa", "status": "DISABLED"}, "template_disabled"),
        ("templates", {"name": "kabar_desa", "status": "ARCHIVED"}, "template_state"),
    ],
)
def test_what_is_wrong_is_said(path: str, order: dict[str, Any], expected: str) -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            await world.order(path, **order)
            assert expected in keys(await found(world))

    run(scene())


def test_missing_and_differing_templates_are_named() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            del world.emulator.state.templates["kabar_desa"]
            world.emulator.state.templates["undangan_kegiatan"].form["components"][0]["text"] = "lain"
            findings = {finding.values.get("name"): finding.key for finding in await found(world)}
            assert findings["kabar_desa"] == "template_missing"
            assert findings["undangan_kegiatan"] == "template_differs"

    run(scene())


def test_a_wrong_token_a_wrong_number_and_nobody_there_are_told_apart() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            account = world.channel.details
            for changed, expected in (
                (replace(account, token=SecretStr("salah")), "token_refused"),
                (replace(account, phone_id="9"), "api_refused"),
                (replace(account, base="http://127.0.0.1:9"), "api_unreachable"),
            ):
                channel = WhatsAppChannel(changed, templates(), words("whatsapp")["words"])
                assert keys(await found(world, channel)) == [expected]
                await channel.close()

    run(scene())


def test_templates_are_read_over_all_pages() -> None:
    async def scene() -> None:
        async with whatsapp_world(webhooks=False) as world:
            form = templates()["kabar_desa"].registration()
            for number in range(230):
                world.emulator.state.register({**form, "name": f"contoh_{number}"})
            assert len(await fetch_templates(world.channel)) == 230 + len(templates())

    run(scene())


def test_a_template_can_be_handed_in_and_approved() -> None:
    async def scene() -> None:
        async with whatsapp_world() as world:
            form = {**templates()["kabar_desa"].registration(), "name": "kabar_baru"}
            url = f"{world.base}/v23.0/{world.emulator.account.waba_id}/message_templates"
            headers = {"Authorization": f"Bearer {world.emulator.account.token}"}
            async with world.http.post(url, json=form, headers=headers) as response:
                assert (await response.json())["status"] == "PENDING"
            await world.order("templates", name="kabar_baru", status="APPROVED")
            assert "kabar_baru" in str(await world.settle())

    run(scene())


def test_limits_are_those_of_the_day() -> None:
    lexicon = words("whatsapp_limits")
    assert limits_on(lexicon, date(2026, 11, 21)).tiers["TIER_2K"] == 2000
    with pytest.raises(LookupError):
        limits_on(lexicon, date(2020, 1, 1))
    later = {"limits": [*lexicon["limits"], {**lexicon["limits"][0], "from": "2027-01-01", "per_second": "100"}]}
    assert limits_on(later, date(2026, 12, 31)).per_second == 80
    assert limits_on(later, date(2027, 1, 1)).per_second == 100


SOUND = """
purpose: Contoh
category: UTILITY
language: id
body: Iuran bulan {{bulan}} belum dibayar.
parameters:
  bulan: {meaning: Bulan, example: Mei}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("bulan {{bulan}}", "bulan {{bln}}", "tidak sama"),
        ("Iuran bulan {{bulan}} belum dibayar.", "Iuran bulan {{bulan}}", "di akhir"),
        ("Iuran bulan {{bulan}} belum", "'{{bulan}} belum", "di awal"),
        ("bulan {{bulan}} belum", "bulan {{bulan} belum", "berpasangan"),
        ("UTILITY", "IKLAN", "Pilihannya"),
        ("purpose: Contoh", "purpos: Contoh", "tidak dikenal"),
        ("dibayar.", "dibayar. " + "x" * 1024, "paling panjang"),
        ("language: id", "language: id\nbuttons: [tidak_ada]", "tidak ada di content/buttons"),
        ("language: id", "language: id\nlanguage: en", "dua kali"),
    ],
)
def test_a_wrong_template_file_is_refused_in_indonesian(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "contoh.yaml").write_text(SOUND)
    assert load_templates({}, tmp_path)["contoh"].preview([("bulan", "Mei")]) == "Iuran bulan Mei belum dibayar."
    changed = SOUND.replace(old, new)
    if "'{{bulan}}" in changed:
        changed = changed.replace("dibayar.", "dibayar.'")
    (tmp_path / "contoh.yaml").write_text(changed)
    with pytest.raises(ContentBroken, match=said):
        load_templates({}, tmp_path)


def test_our_templates_keep_the_rules_of_content() -> None:
    for template in templates().values():
        example = [(parameter.name, parameter.example) for parameter in template.parameters]
        assert len(template.preview(example)) <= 600
        assert template.footer is not None
        assert "BERHENTI" in template.footer
