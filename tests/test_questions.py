"""The 98 questions of real workers: each stands in a conversation and has the answer that docs/questions.md names."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import transcript
from transcript import Said
from world_fixtures import CONVERSATIONS, ROOT, open_world, play

from bot.question_page import page
from bot.world import Person, World
from flows.contact import Channel

_ROW = re.compile(r"\| (\d+) \| (.+?) \| `(\w+)` \| (alur )?`(\w+)` \|")
TABLE = [
    found.groups()
    for line in (ROOT / "docs" / "questions.md").read_text(encoding="utf-8").splitlines()
    if (found := _ROW.fullmatch(line))
]
ASKED = sorted(CONVERSATIONS.glob("pertanyaan-*.md"))
#: "Dokumennya apa aja?" means the programme just talked about; asked out of the blue, all of them.
DEPENDS_ON_TALK = {"dokumen_semua": "dokumen_jkm"}


@pytest.fixture(scope="module")
def newcomers() -> Iterator[World]:
    """A bot that everybody here meets for the first time."""
    with open_world() as world:
        yield world


def test_the_table_has_98_questions_in_order() -> None:
    assert [int(number) for number, *_ in TABLE] == list(range(1, 99))


def test_each_question_stands_in_a_conversation() -> None:
    said = [item.text for path in ASKED for item in transcript.read(path).items if isinstance(item, Said)]
    assert [question for _, question, *_ in TABLE if question not in said] == []


def test_each_answer_of_the_table_is_shown_in_a_conversation() -> None:
    shown = set().union(*(play(path).seen.replies for path in ASKED))
    wanted = {DEPENDS_ON_TALK.get(answer, answer) for _, _, _, flow, answer in TABLE if not flow}
    assert wanted - shown == set()


@pytest.mark.parametrize(("number", "question", "intent", "flow", "answer"), TABLE, ids=[row[0] for row in TABLE])
def test_the_question_alone_is_answered(
    newcomers: World, number: str, question: str, intent: str, flow: str | None, answer: str
) -> None:
    exchange = newcomers.say(Person(Channel.TERMINAL, f"question-{number}"), question)
    turn = exchange.turns[0].turn
    assert turn is not None
    assert turn.session.last_intent == intent
    assert turn.session.flow == (answer if flow else None)
    if not flow:
        assert [line.reply for line in exchange.replies] == [answer]


@pytest.mark.parametrize("path", ASKED, ids=lambda path: path.stem)
def test_an_answer_is_short(path: Path) -> None:
    answers = [item.text for item in play(path).script.items if isinstance(item, Said) and item.who == "Bot"]
    words = [re.sub(r"\n\[.*", "", answer, flags=re.DOTALL) for answer in answers]
    assert [text for text in words if len(text) > 600] == []


def test_the_printed_page_asks_the_same_questions(make_world: Callable[..., World]) -> None:
    world = make_world()
    groups = world.app.content.current.lexicon["pertanyaan"]["groups"]
    assert [question for group in groups for question in group["questions"]] == [row[1] for row in TABLE]


def test_the_printed_page_has_every_question_and_todays_amounts(make_world: Callable[..., World]) -> None:
    printed = html.unescape(page(make_world()))
    assert [question for _, question, *_ in TABLE if question not in printed] == []
    for said in ("21 November 2026", "Rp42.000.000", "Rp8.400", "Sebelum itu hanya Rp10.000.000"):
        assert said in printed
    assert "{" not in printed.partition("</style>")[2]
