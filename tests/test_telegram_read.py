"""Every kind of update Telegram documents, and what it is cut into."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram_stage import NOW, PAYLOADS, WORDS, expectations, payload, update

from bot.channels.channel import Arrived, Blocked, Ignored, Incoming, Moved, Unread
from bot.channels.telegram import command_words
from bot.channels.telegram_link import deep_link
from bot.channels.telegram_read import GroupMet, callback_of, read_update
from flows.message import HeardKind

EXPECTED = expectations()
COMMANDS = command_words(WORDS)
SENT = datetime.fromtimestamp(1795000000, UTC)


def read(name: str) -> Arrived:
    (arrived,) = read_update(payload(name), NOW, COMMANDS)
    return arrived


def test_there_are_at_least_sixty_shapes_and_each_has_an_expectation() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(EXPECTED)
    assert len(EXPECTED) >= 60


@pytest.mark.parametrize("name", sorted(name for name, told in EXPECTED.items() if told["arrived"] == "incoming"))
def test_what_a_person_sends(name: str) -> None:
    told = EXPECTED[name]
    arrived = read(name)
    assert isinstance(arrived, Incoming)
    assert arrived.kind == HeardKind(told["kind"])
    assert arrived.text == told["text"]
    assert arrived.label == told.get("label")
    assert arrived.phone == told.get("phone")
    assert arrived.file == told.get("file")
    assert arrived.person_id == told.get("person", "500000001")
    assert (arrived.name or "").startswith(told.get("name", "Orang"))
    assert arrived.at == (NOW if arrived.kind == HeardKind.BUTTON else SENT)
    assert (callback_of(arrived) is not None) == (arrived.kind == HeardKind.BUTTON)


@pytest.mark.parametrize("name", sorted(name for name, told in EXPECTED.items() if told["arrived"] != "incoming"))
def test_everything_else(name: str) -> None:
    told = EXPECTED[name]
    expected: dict[str, Arrived] = {
        "ignored": Ignored(told.get("reason", "")),
        "unread": Unread(told.get("why", ""), payload(name)),
        "blocked": Blocked("500000001", told.get("blocked", False), SENT),
        "moved": Moved(told.get("old", ""), told.get("new", ""), SENT),
        "group": GroupMet("group", told.get("chat", "")),
    }
    assert read(name) == expected[told["arrived"]]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_decoded_update_reads_the_same(name: str) -> None:
    (decoded,) = read_update(update(name), NOW, COMMANDS)
    if isinstance(decoded, Unread):
        assert json.loads(decoded.payload) == update(name)
    else:
        assert decoded == read(name)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not_json"),
        (b"halo", "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b'{"update_id": 1', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"update_id": ' + b"9" * 5000 + b"}", "not_json"),
        (b"[]", "not_an_update"),
        (b"null", "not_an_update"),
        (b'"halo"', "not_an_update"),
        (b"{}", "unknown_update"),
        (b'{"update_id": "x", "message": {}}', "unknown_update"),
        (b'{"update_id": 1, "message": null}', "unknown_update"),
        (b'{"update_id": 1, "message": {"text": "\\ud800"}}', "unknown_update"),
    ],
)
def test_what_cannot_be_read_is_kept(body: bytes, why: str) -> None:
    assert read_update(body, NOW) == [Unread(why, body)]


def test_a_repeat_has_the_same_id_even_under_a_new_update_number() -> None:
    again = {**update("text"), "update_id": 1}
    (first,), (second,) = read_update(update("text"), NOW), read_update(again, NOW)
    assert isinstance(first, Incoming)
    assert first == second


def test_messages_and_taps_never_share_an_id() -> None:
    ids = [arrived.message_id for name in EXPECTED if isinstance(arrived := read(name), Incoming)]
    assert len(ids) == len(set(ids))


def test_without_words_for_a_command_it_stays_text() -> None:
    (arrived,) = read_update(update("command_daftar"), NOW)
    assert isinstance(arrived, Incoming)
    assert arrived.text == "/daftar"


def test_a_village_link_comes_back_as_its_code() -> None:
    link = deep_link("rangkul_contoh_bot", "00.00.00.0001")
    assert link == "https://t.me/rangkul_contoh_bot?start=0000000001"
    start = update("start")
    start["message"]["text"] = f"/start {link.partition('=')[2]}"
    (arrived,) = read_update(start, NOW)
    assert isinstance(arrived, Incoming)
    assert (arrived.kind, arrived.text) == (HeardKind.START, "00.00.00.0001")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(EXPECTED)), place=st.integers(0, 40), put=JSON)
def test_no_damage_makes_it_raise(name: str, place: int, put: object) -> None:
    damaged = update(name)
    spots = [(damaged, key) for key in damaged]
    for holder, key in spots:
        if isinstance(holder[key], dict):
            spots += [(holder[key], inner) for inner in holder[key]]
    holder, key = spots[place % len(spots)]
    holder[key] = put
    (arrived,) = read_update(damaged, NOW, COMMANDS)
    assert isinstance(arrived, Arrived)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_no_body_makes_it_raise(body: bytes) -> None:
    assert len(read_update(body, NOW)) == 1
