"""Answers with a trained Rasa model; runs under Rasa's own Python 3.10 (`.venv-rasa`), so it imports nothing of ours.

`python diet_worker.py SPEC.json`: one JSON object on the last line of its output.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time
from typing import Any


async def main(spec: dict[str, Any]) -> dict[str, Any]:
    """Load the model and answer every set of sentences; only the clean set is timed."""
    start = perf_counter()
    agent = import_module("rasa.core.agent").Agent.load(spec["model"])
    await agent.parse_message("halo")
    first = perf_counter() - start
    answers: dict[str, list[Any]] = {}
    times: list[float] = []
    spent: list[float] = []
    for name, texts in spec["ask"].items():
        answers[name] = []
        for text in texts:
            before, cpu = perf_counter(), process_time()
            heard = await agent.parse_message(text)
            if name == "clean":
                times.append(perf_counter() - before)
                spent.append(process_time() - cpu)
            answers[name].append(_guess(heard))
    times.sort()
    spent.sort()
    return {
        "load_s": first,
        "first_answer_s": first,
        "answers": answers,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[int(len(times) * 0.99)] * 1000,
        "p50_cpu_ms": spent[len(spent) // 2] * 1000,
        "p99_cpu_ms": spent[int(len(spent) * 0.99)] * 1000,
        "per_s": len(times) / sum(times),
    }


def _guess(heard: Any) -> tuple[str | None, float]:
    """DIET's own best intent (its fallback left aside), and how likely the best intent within scope is."""
    ranked = [row for row in heard["intent_ranking"] if row["name"] != "nlu_fallback"]
    within = [float(row["confidence"]) for row in ranked if row["name"] != "out_of_scope"]
    return (ranked[0]["name"] if ranked else None), max(within, default=0.0)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))))  # noqa: T201 (its result)
