"""The benchmark's tasks: our examples against the held-out sentences, and the public MASSIVE id-ID split."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nlu.bench import noise
from nlu.evaluate import NEAR, OUT_OF_SCOPE, Labelled
from nlu.examples import sentences

if TYPE_CHECKING:
    from content import Content

_SEED = 20
#: Every sixth intent is left out of training once, to play near out of scope.
_EVERY = 6
Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Task:
    """What to learn from, what to ask, and which sentences are out of scope near and far."""

    name: str
    learn: tuple[Row, ...]
    ask: tuple[Row, ...]
    near: tuple[str, ...] = ()
    far: tuple[str, ...] = ()
    #: Whether the content's roles and rules apply.
    own: bool = False
    #: Whether the sentences are also asked with noise.
    noisy: bool = True

    def questions(self) -> dict[str, list[str]]:
        """All sentences to ask, by set."""
        clean = [text for text, _ in self.ask]
        noisy = {"informal": noise.informal(clean), "heavy": noise.heavy(clean)} if self.noisy else {}
        return {"clean": clean, **noisy, "near": list(self.near), "far": list(self.far)}


def own(content: Content, held_out: Sequence[Labelled], each: int | None = None) -> Task:
    """Our examples (`each` an intent; None: all) and held-out sentences."""
    return Task(
        f"ours, {each} an intent" if each else "ours",
        tuple(_some(sentences(content.intents), each)),
        tuple((row.text, row.intent) for row in held_out),
        tuple(row.text for row in held_out if row.intent == OUT_OF_SCOPE and row.style == NEAR),
        tuple(row.text for row in held_out if row.intent == OUT_OF_SCOPE and row.style != NEAR),
        own=True,
    )


def massive(folder: Path, each: int | None, far: Sequence[str] = ()) -> Task:
    """MASSIVE with `each` examples an intent (None: all), asked all its test sentences; `far` is from elsewhere."""
    learn, ask = _read(folder / "id.train.tsv"), _read(folder / "id.test.tsv")
    name = f"MASSIVE {each} an intent" if each else "MASSIVE all"
    return Task(name, tuple(_some(learn, each)), tuple(ask), far=tuple(far))


def massive_without(folder: Path, each: int | None) -> Task:
    """MASSIVE with a sixth of its intents never learnt: their test sentences are near out of scope."""
    task = massive(folder, each)
    missing = frozenset(sorted({intent for _, intent in task.learn})[::_EVERY])
    return Task(
        f"{task.name}, a sixth of the intents unknown",
        tuple(row for row in task.learn if row[1] not in missing),
        tuple(row for row in task.ask if row[1] not in missing),
        near=tuple(text for text, intent in task.ask if intent in missing),
        noisy=False,
    )


def _read(path: Path) -> list[Row]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        intent, _, text = line.partition("\t")
        rows.append((text, intent))
    return rows


def _some(rows: Sequence[Row], each: int | None) -> list[Row]:
    if each is None:
        return list(rows)
    by_intent: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_intent[row[1]].append(row)
    dice = random.Random(_SEED)  # noqa: S311 (a benchmark, no secret)
    return [
        row for intent in sorted(by_intent) for row in dice.sample(by_intent[intent], min(each, len(by_intent[intent])))
    ]
