"""One engine in a process of its own, so that its memory and start are its own: `python -m nlu.bench.worker SPEC.json`.

Writes what it measured as one JSON object on the last line of its output.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import content
from nlu import model_file, vectors
from nlu.classify import Classifier
from nlu.evaluate import OUT_OF_SCOPE
from nlu.examples import vocabulary
from nlu.normalise import Normaliser
from nlu.understand import DefaultEngine

_TODAY = "2026-11-21"
Answers = list[tuple[str | None, float]]


def main(spec: dict[str, Any]) -> dict[str, Any]:
    """Learn or answer, as `spec["do"]` says."""
    return learn(spec) if spec["do"] == "learn" else answer(spec)


def learn(spec: dict[str, Any]) -> dict[str, Any]:
    """Train and keep the model at `spec["model"]`."""
    from nlu.training import Examples, train  # noqa: PLC0415 (the answering process must not pay for it)

    rows = spec["learn"]
    known = content.load()
    wall, cpu = perf_counter(), process_time()
    normaliser = Normaliser(known.lexicon, vocabulary(text for text, _ in rows))
    examples = Examples([normaliser.tokens(text) for text, _ in rows], [intent for _, intent in rows])
    model = train(examples, vectors.encoder() if spec["vectors"] else None)
    spent = {"train_s": perf_counter() - wall, "train_cpu_s": process_time() - cpu, "train_mb": _peak_mb()}
    model_file.save(model, Path(spec["model"]))
    return spent


def answer(spec: dict[str, Any]) -> dict[str, Any]:
    """Load the model and answer every set of sentences; only the clean set is timed."""
    known = content.load()
    start = perf_counter()
    engine = _engine(spec, known)
    ready = perf_counter() - start
    engine.understand("halo", today=_TODAY)
    engine.classifier.rank(["halo"])  # where a rule answered "halo", this waits for the vectors
    first = perf_counter() - start
    gc.freeze()
    outside = OUT_OF_SCOPE if spec["own"] else ""
    answers: dict[str, Answers] = {}
    for name, texts in spec["ask"].items():
        answers[name], times = _timed(lambda text: _guess(engine, text, outside), texts)
        if name == "clean":
            speed = _speed(times)
    return {"load_s": ready, "first_answer_s": first, "answers": answers, "memory_mb": _peak_mb(), **speed}


def _engine(spec: dict[str, Any], known: content.Content) -> DefaultEngine:
    normaliser = Normaliser(known.lexicon, vocabulary(text for text, _ in spec["learn"]))
    model = model_file.load(Path(spec["model"]))
    if model is None:
        raise SystemExit("the model can't be read")
    encoder = vectors.warming() if spec["vectors"] else _no_encoder
    roles = known.roles if spec["own"] else {}
    return DefaultEngine(known.lexicon, roles, normaliser, Classifier(model, encoder, normaliser.known))


def _no_encoder() -> None:
    return None


def _guess(engine: DefaultEngine, text: str, outside: str) -> tuple[str | None, float]:
    """The intent, and how likely the best intent within scope is."""
    heard = engine.understand(text, today=_TODAY)
    ranking = heard.ranking
    if not ranking and not outside:  # our rule about messages that say nothing is made for our topics
        ranking = engine.classifier.rank(engine.normaliser.tokens(text))
    best = ranking[0][0] if ranking else None
    within = [chance for intent, chance in ranking if intent != outside]
    return (heard.intent or best) if outside else best, max(within, default=0.0)


def _timed(
    guess: Callable[[str], tuple[str | None, float]], texts: list[str]
) -> tuple[Answers, list[tuple[float, float]]]:
    answers, times = [], []
    for text in texts:
        wall, cpu = perf_counter(), process_time()
        answers.append(guess(text))
        times.append((perf_counter() - wall, process_time() - cpu))
    return answers, times


def _speed(times: list[tuple[float, float]]) -> dict[str, float]:
    """Wall and CPU time: on a busy machine only the second says what the engine costs."""
    wall, cpu = (sorted(column) for column in zip(*times, strict=True))
    middle, late = len(wall) // 2, int(len(wall) * 0.99)
    return {
        "p50_ms": wall[middle] * 1000,
        "p99_ms": wall[late] * 1000,
        "p50_cpu_ms": cpu[middle] * 1000,
        "p99_cpu_ms": cpu[late] * 1000,
        "per_s": len(times) / sum(wall),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))  # noqa: T201 (its result)
