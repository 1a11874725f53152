"""Runs an engine on a task in processes of its own and hands back what they measured."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from nlu.bench.data import Row, Task
from nlu.export import CONFIG

RASA = Path(".venv-rasa")
_QUIET = {"SQLALCHEMY_SILENCE_UBER_WARNING": "1", "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
_ONE_CORE = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)
Write = Callable[[str], str]


class EngineFailed(Exception):
    """An engine's process ended without a result."""


@dataclass(frozen=True, slots=True)
class Default:
    """The engine of this project, with or without sentence vectors."""

    vectors: bool

    @property
    def name(self) -> str:
        """For the table."""
        return "Rangkul, n-grams + vectors" if self.vectors else "Rangkul, n-grams"

    def run(self, task: Task, folder: Path) -> dict[str, Any]:
        """Learn, then answer."""
        spec = {"vectors": self.vectors, "own": task.own, "learn": task.learn, "model": str(folder / "model.npz")}
        command = [sys.executable, "-m", "nlu.bench.worker"]
        learnt = _result(command, spec | {"do": "learn"}, folder)
        return learnt | _result(command, spec | {"do": "answer", "ask": task.questions()}, folder)


@dataclass(frozen=True, slots=True)
class Diet:
    """Rasa's DIET with its default pipeline, with or without our normaliser before it."""

    epochs: int = 100
    normalise: Callable[[Sequence[Row]], Write] | None = None

    @property
    def name(self) -> str:
        """For the table."""
        rounds = "" if self.epochs == 100 else f", {self.epochs} epochs"
        return f"Rasa DIET{' + our normaliser' if self.normalise else ''}{rounds}"

    def run(self, task: Task, folder: Path) -> dict[str, Any]:
        """Learn, then answer."""
        write: Write = self.normalise(task.learn) if self.normalise else str
        self._project([(write(text), intent) for text, intent in task.learn], folder)
        ask = {name: [write(text) for text in texts] for name, texts in task.questions().items()}
        start = perf_counter()
        rasa = str((RASA / "bin" / "rasa").absolute())
        train = [rasa, "train", "nlu", "--nlu", "nlu.yml", "--config", "config.yml", "--domain", "domain.yml",
                 "--out", ".", "--fixed-model-name", "diet"]  # fmt: skip
        used = _run(train, folder)[1]
        spent = {"train_s": perf_counter() - start, "train_cpu_s": used.ru_utime + used.ru_stime}
        command = [
            str((RASA / "bin" / "python").absolute()),
            str(Path(__file__).with_name("diet_worker.py").absolute()),
        ]
        return spent | _result(command, {"model": str(folder / "diet.tar.gz"), "ask": ask}, folder)

    def _project(self, rows: Sequence[Row], folder: Path) -> None:
        by_intent: dict[str, list[str]] = {}
        for text, intent in rows:
            by_intent.setdefault(intent, []).append(text.translate(str.maketrans("[]{}", "    ")))
        lines = ['version: "3.1"', "nlu:"]
        for intent, texts in sorted(by_intent.items()):
            lines += [
                f"  - intent: {intent}",
                "    examples: |",
                *(f"      - {text}" for text in texts if text.strip()),
            ]
        (folder / "nlu.yml").write_text("\n".join([*lines, ""]), encoding="utf-8")
        intents = "".join(f"  - {intent}\n" for intent in sorted(by_intent))
        (folder / "domain.yml").write_text(f'version: "3.1"\nintents:\n{intents}', encoding="utf-8")
        (folder / "config.yml").write_text(CONFIG.replace("{epochs}", str(self.epochs)), encoding="utf-8")


def rasa_is_installed() -> bool:
    """Whether `make rasa-setup` ran."""
    return (RASA / "bin" / "rasa").exists()


def _result(command: Sequence[str], spec: dict[str, Any], folder: Path) -> dict[str, Any]:
    file = (folder / "spec.json").absolute()
    file.write_text(json.dumps(spec), encoding="utf-8")
    told: dict[str, Any] = json.loads(_run([*command, str(file)], None)[0].splitlines()[-1])
    return told


def _run(command: Sequence[str], folder: Path | None) -> tuple[str, resource.struct_rusage]:
    """What the command printed, and what it used alone, whatever else runs beside it."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = subprocess.Popen(  # noqa: S603 (our own commands)
            command, cwd=folder, env={**os.environ, **_QUIET, **_ONE_CORE}, stdout=out, stderr=err
        )
        _, status, used = os.wait4(begun.pid, 0)
        begun.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if begun.returncode:
            raise EngineFailed(f"{command[0]}: {err.read()[-800:]}")
        return out.read(), used
