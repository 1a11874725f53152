"""One printable page: the questions workers ask and what the bot answers today.

The questions are in content/lexicon/pertanyaan.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.world import Person, World
from content.render import write_date
from flows.contact import Channel

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and what somebody is answered who asks nothing else."""

    number: int
    question: str
    answer: str
    taps: tuple[str, ...]
    picture: bool


def answers(world: World) -> list[tuple[str, list[Answered]]]:
    """Each group's title with its questions, each asked by somebody new."""
    number, found = 0, []
    for group in world.app.content.current.lexicon["pertanyaan"]["groups"]:
        asked: list[Answered] = []
        for question in group["questions"]:
            number += 1
            asked.append(_ask(world, number, question))
        found.append((str(group["title"]), asked))
    return found


def page(world: World) -> str:
    """The page, as HTML."""
    content = world.app.content.current
    day = world.clock.now().astimezone(ZoneInfo("Asia/Jakarta")).date()
    words = dict(content.lexicon["pertanyaan"]["page"])
    words["made"] = words["made"].replace("{slot.tanggal}", write_date(day))
    templates = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    template = templates.get_template("questions.html")
    return template.render(words=words, version=content.version, groups=answers(world))


def _ask(world: World, number: int, question: str) -> Answered:
    lines = world.say(Person(Channel.TERMINAL, f"question-{number}"), question).replies
    return Answered(
        number,
        question,
        "\n\n".join(line.text.strip() for line in lines),
        tuple(str(tap["label"]) for line in lines for tap in line.taps),
        any(line.image for line in lines),
    )
