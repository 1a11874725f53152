"""Picture cards: small, readable on a narrow phone, never cut, true to the words, and shown only to their owner."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import segno
from fastapi import FastAPI
from PIL import Image
from world_fixtures import SATURDAY, content_in_force

import content
from bot import pictures
from bot.channels.channel import Limits, Outgoing
from bot.channels.web import COOKIE, IMAGES, chat_router
from bot.outbox import Sender
from bot.web_chat import WebChat
from bot.world import Person, World
from content.model import Card
from content.preview import sample_slots
from flows.contact import Channel
from flows.outreach.sending_policy import SendingRules
from storage.outcomes import Sent

DAY = date(2026, 11, 21)
LIMITS = Limits(text=4096, buttons=3, button_label=20)
LONG = Card(
    name="long",
    color="#112233",
    title="Pertanggungjawaban " * 6,
    subtitle="W" * 200,
    rows=tuple(("keterangan yang panjang sekali " * 4, "Rp8.888.888.888 " * 8) for _ in range(5)),
    note="catatan " * 60,
    foot="https://www.contoh.go.id/halaman/yang/alamatnya/panjang/sekali/dan/tidak/punya/spasi/sama/sekali",
    code="x" * 200,
)


def every_card() -> list[Card]:
    shown = content_in_force().current
    slots = sample_slots(shown) | {"nomor": "R-2611-ABCD"}
    cards = {r.card for key in shown.replies if (r := shown.render(key, DAY, slots)).card is not None}
    return sorted((card for card in cards if card), key=lambda card: card.name)


CARDS = every_card()


def test_each_programme_a_contribution_and_the_receipt_have_a_card() -> None:
    assert [card.name for card in CARDS] == ["iuran", "jht", "jkk", "jkm", "jkp", "jp", "tanda_terima"]
    assert {card.name for card in CARDS} == set(content_in_force().current.cards)


@pytest.mark.parametrize("card", [*CARDS, LONG], ids=lambda card: card.name)
def test_a_card_is_small_and_nothing_is_cut(card: Card) -> None:
    drawn = pictures.draw(card)
    layout = pictures.lay_out(card)
    assert len(drawn) < 80_000
    with Image.open(io.BytesIO(drawn)) as image:
        assert image.format == "PNG"
        assert image.size == (pictures.WIDTH, layout.height)
    assert max(words.right for words in layout.words) <= pictures.WIDTH - pictures.MARGIN
    bottoms = [words.y + words.size * 1.25 for words in layout.words]
    assert all(bottom <= below.y for bottom, below in zip(bottoms, layout.words[1:], strict=False))
    assert bottoms[-1] <= layout.height


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_letters_are_big_enough_at_360_pixels(card: Card) -> None:
    scale = 360 / pictures.WIDTH
    assert min(words.size for words in pictures.lay_out(card).words) * scale >= 13


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_has_the_height_of_a_phone_at_most(card: Card) -> None:
    assert pictures.lay_out(card).height <= 1.6 * pictures.WIDTH


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_no_letter_is_lost(card: Card) -> None:
    said = [card.title, card.subtitle, *(word for row in card.rows for word in row), card.note, card.foot]
    drawn = " ".join(words.text for words in pictures.lay_out(card).words)
    assert drawn.split() == " ".join(said).split()


def test_amounts_on_cards_are_those_of_the_facts() -> None:
    jkm = next(card for card in CARDS if card.name == "jkm")
    assert jkm.rows[0][1] == content_in_force().current.said("jkm.total", DAY) == "Rp42.000.000"


def test_letters_that_the_font_lacks_are_replaced() -> None:
    assert pictures.printable("Désa “Tanjung”—2 × 24 • 源") == 'Desa "Tanjung"-2 x 24 - ?'


def test_the_code_on_the_receipt_can_be_read_back_square_by_square() -> None:
    receipt = next(card for card in CARDS if card.name == "tanda_terima")
    wanted = [bytes(row) for row in segno.make(receipt.code, error="m", micro=False).matrix_iter(border=4)]
    layout = pictures.lay_out(receipt)
    assert layout.code_at is not None
    with Image.open(io.BytesIO(pictures.draw(receipt))) as image:
        grey = image.convert("L")
    scale = 300 // len(wanted)
    spare = (300 - scale * len(wanted)) // 2
    left, top = (pictures.WIDTH - 300) // 2 + spare, layout.code_at + spare
    for y, row in enumerate(wanted):
        for x, dark in enumerate(row):
            shade = grey.getpixel((left + x * scale + scale // 2, top + y * scale + scale // 2))
            assert isinstance(shade, int)
            assert (shade < 80) == bool(dark)


def test_a_reply_keeps_its_words_where_the_picture_is_not_in_force() -> None:
    shown = content_in_force().current
    card = shown.cards["jkm"]
    old = date(2010, 1, 1)
    with pytest.raises(content.NotInForce):
        card.filled(shown._shelf, old, {})
    assert shown._card("jkm", old, {}) is None


# on its way out


def test_a_channel_with_pictures_is_handed_the_png() -> None:
    card = CARDS[0]
    message = Outgoing("1", "halo")
    slots = pictures.as_slots(card) or {}
    assert pictures.card_in(slots) == card
    assert pictures.with_picture(message, slots, LIMITS).image == pictures.draw(card)


@pytest.mark.parametrize(
    ("slots", "limits", "template"),
    [
        ({}, LIMITS, None),
        ({"card": {"name": "x"}}, LIMITS, None),
        ({"card": "x"}, LIMITS, None),
        (pictures.as_slots(CARDS[0]), replace(LIMITS, images=False), None),
        (pictures.as_slots(CARDS[0]), LIMITS, "pengingat"),
    ],
    ids=["no card", "half a card", "no table", "channel without pictures", "template"],
)
def test_everything_else_goes_out_as_words(slots: Any, limits: Limits, template: str | None) -> None:
    message = Outgoing("1", "halo", template=template)
    assert pictures.with_picture(message, slots, limits) == message


def test_a_picture_that_fails_does_not_hold_the_answer_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Card) -> bytes:
        raise OSError

    monkeypatch.setattr(pictures, "draw", fails)
    message = Outgoing("1", "halo")
    assert pictures.with_picture(message, pictures.as_slots(CARDS[0]) or {}, LIMITS) == message


class _Recording:
    """A channel that shows pictures and keeps what it was handed."""

    name, account, limits = Channel.TELEGRAM, "local", LIMITS

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    async def send(self, message: Outgoing) -> str:
        self.sent.append(message)
        return "1"

    async def close(self) -> None:
        pass


def test_the_sender_sends_the_picture_with_the_answer(world: World) -> None:
    channel, person = _Recording(), Person(Channel.TELEGRAM, "sari-contoh")
    world.send_all = lambda: None  # type: ignore[method-assign]  # what is due stays due
    world.say(person, "jkm itu apa")
    sender = Sender(
        world.app.database, {(Channel.TELEGRAM, "local"): channel}, world.clock, SendingRules, worker="test"
    )
    _, ready = sender.claim()
    assert isinstance(asyncio.run(sender.carry(ready[0])), Sent)
    jkm = next(card for card in CARDS if card.name == "jkm")
    assert [message.image for message in channel.sent] == [pictures.draw(jkm)]


# on the page


def test_the_page_shows_a_person_their_own_pictures_only(world: World) -> None:
    chat = WebChat(world.app.database, world.clock, lambda: None)
    mine, other = "m" * 32, "o" * 32
    world.say(Person(Channel.WEB, mine), "jkm itu apa")
    world.say(Person(Channel.WEB, other), "halo")
    path = next(line.image for line in chat.history(mine, 0) if line.sender == "bot")
    assert path is not None

    async def get(token: str | None, address: str = path) -> httpx.Response:
        app = FastAPI()
        app.include_router(chat_router(chat, content_in_force().current.lexicon["web_chat"]["words"]))
        cookies = {COOKIE: token} if token else None
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://rangkul", cookies=cookies
        ) as page:
            return await page.get(address)

    shown = asyncio.run(get(mine))
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert shown.content.startswith(b"\x89PNG")
    for token, address in [(other, path), (None, path), (mine, f"{IMAGES}/999"), (mine, f"{IMAGES}/x")]:
        assert asyncio.run(get(token, address)).status_code == 404


def test_only_answers_with_a_card_have_a_picture(make_world: Callable[..., World]) -> None:
    world = make_world(SATURDAY)
    lines = world.say(Person(Channel.TERMINAL, "sari"), "bayarnya di mana").replies
    assert [(line.image, dict(line.slots)) for line in lines] == [(None, {})]


# what the check says


EXAMPLE = Path(__file__).parent / "example_content"
GOOD = """
foot: Tanya petugas.
cards:
  santunan:
    color: "#123456"
    title: Santunan
    rows:
      - {label: Untuk keluarga, value: "{fact.contoh.santunan}"}
"""


def _problems(folder: Path, cards: str, image: str = "santunan") -> list[str]:
    root = Path(shutil.copytree(EXAMPLE, folder / "content"))
    (root / "lexicon").mkdir(exist_ok=True)
    (root / "lexicon" / "cards.yaml").write_text(cards, encoding="utf-8")
    replies = root / "replies" / "contoh.yaml"
    text = replies.read_text(encoding="utf-8")
    replies.write_text(text.replace("santunan:\n", f"santunan:\n  image: {image}\n", 1), encoding="utf-8")
    before = {str(problem) for problem in content.check(EXAMPLE)}
    return [f"{p.rule} {p.path}: {p.sentence}" for p in content.check(root) if str(p) not in before]


def test_a_good_card_is_fine(tmp_path: Path) -> None:
    assert _problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{fact.contoh.santunan}", "Rp10.000", "card.text"),
        ("{fact.contoh.santunan}", "{fact.contoh.santuna}", "card.text"),
        ("{fact.contoh.santunan}", "{santunan}", "card.text"),
        ("{fact.contoh.santunan}", "{slot.nama}", "reply.image"),
        ('"#123456"', "merah", "card.shape"),
        ("    title: Santunan\n", "", "card.shape"),
        ("label: Untuk keluarga, ", "", "card.shape"),
        ("  santunan:\n", "  lain:\n", "reply.image"),
    ],
)
def test_a_broken_card_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    found = _problems(tmp_path, GOOD.replace(old, new))
    assert found
    assert found[0].startswith(says)
