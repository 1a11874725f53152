"""What an operator is told about the accounts by `rangkul channels setup` and `rangkul doctor`."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from world_fixtures import content_in_force

from bot.channels.findings import Finding
from bot.channels.telegram import AccountSet
from bot.commands.account_findings import account_findings, whatsapp_lacks
from bot.commands.examination import examine
from bot.config import Secrets, Settings, TelegramSettings, WhatsAppSettings

DONE = AccountSet(username="contoh_bot", name="Rangkul (contoh)", commands=6, webhook="")


def told(settings: TelegramSettings, *, known_secret: bool = False) -> list[tuple[str, str]]:
    findings: list[Finding] = account_findings(DONE, settings, known_secret=known_secret)
    words = content_in_force().current.lexicon["telegram"]["setup"]
    return [(finding.level, finding.sentence(words)) for finding in findings]


def test_a_new_telegram_account_is_told_what_is_left_to_do() -> None:
    levels, sentences = zip(*told(TelegramSettings()), strict=True)
    assert levels == ("ok", "ok", "warn", "ok")
    assert "t.me/contoh_bot" in sentences[0]
    assert "telegram.username: contoh_bot" in sentences[2]


def test_a_name_that_is_not_the_bots_is_wrong_because_links_would_lead_elsewhere() -> None:
    assert ("bad", True) in [(level, "lain_bot" in said) for level, said in told(TelegramSettings(username="lain_bot"))]
    assert all(level == "ok" for level, _ in told(TelegramSettings(username="@Contoh_bot")))


@pytest.mark.parametrize(("known", "level"), [(True, "ok"), (False, "bad")])
def test_a_webhook_needs_its_secret_word(known: bool, level: str) -> None:
    settings = TelegramSettings(username="contoh_bot", public_address="https://contoh.example")
    assert told(settings, known_secret=known)[-1][0] == level


def test_what_whatsapp_lacks_is_named_one_by_one() -> None:
    half = Secrets(whatsapp_token=SecretStr("x"), whatsapp_verify_token=SecretStr("y"))
    assert whatsapp_lacks(WhatsAppSettings(phone_id="1"), half) == (
        ["whatsapp.waba_id"],
        ["RANGKUL_WHATSAPP_APP_SECRET"],
    )


@pytest.mark.parametrize(
    ("environment", "levels", "named"),
    [
        ({}, [1, 1], ["@BotFather", "whatsapp.waba_id"]),
        ({"RANGKUL_TELEGRAM_TOKEN": "disalin-separuh"}, [2, 1], ["not a whole token", "is off"]),
        ({"RANGKUL_WHATSAPP_TOKEN": "x"}, [1, 2], ["is off", "still missing whatsapp.phone_id"]),
    ],
)
def test_the_doctor_with_nothing_and_with_half(monkeypatch, tmp_path, environment, levels, named) -> None:
    for name in ("TELEGRAM_TOKEN", "WHATSAPP_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"):
        monkeypatch.delenv(f"RANGKUL_{name}", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    store = {"url": f"sqlite:///{tmp_path / 'x.db'}", "keys": tmp_path / "keys"}
    found = list(examine(Settings(store=store)))
    assert [one.level for one in found[-2:]] == levels
    assert all(word in one.sentence for word, one in zip(named, found[-2:], strict=True))
