"""The benchmark's own pieces: noise, tasks, figures and table; engines themselves are measured by `make bench-nlu`."""

from __future__ import annotations

from pathlib import Path

import pytest
from nlu_material import content

from nlu.bench import data, noise, table
from nlu.bench.engines import Default
from nlu.bench.figures import auroc, figures
from nlu.bench.run import Wish, steps
from nlu.evaluate import Labelled

SAID = ["tolong bangunkan saya jam lima pagi besok", "bagaimana caranya mendaftar", "diam"]


def test_noise_is_the_same_every_time_and_heavier_when_heavy() -> None:
    assert noise.informal(SAID) == noise.informal(SAID)
    assert noise.informal(SAID) != SAID
    assert noise.heavy(SAID) != noise.informal(SAID)
    assert [len(text.split()) for text in noise.heavy(SAID)] == [len(text.split()) for text in SAID]


def massive(folder: Path) -> Path:
    rows = [f"intent{place % 12:02}\tkalimat {place} {place % 12}" for place in range(120)]
    for part in ("train", "test"):
        (folder / f"id.{part}.tsv").write_text("\n".join(rows), encoding="utf-8")
    return folder


def test_massive_is_cut_to_the_same_examples_each_time(tmp_path: Path) -> None:
    task = data.massive(massive(tmp_path), 3)
    assert len(task.learn) == 36
    assert task == data.massive(tmp_path, 3)
    without = data.massive_without(tmp_path, None)
    assert {intent for _, intent in without.learn} == {f"intent{place:02}" for place in range(12)} - {
        "intent00",
        "intent06",
    }
    assert len(without.near) == 20
    assert len(without.ask) == 100


def test_what_is_missing_is_skipped_with_a_word(tmp_path: Path) -> None:
    told: list[str] = []
    held = [Labelled("halo", "greet"), Labelled("kis saya mati", "out_of_scope", "near")]
    planned = steps(content(), held, Wish(tmp_path, epochs=0), told.append)
    assert [step.task.name for step in planned if step.engine == Default(vectors=False)] == [
        "ours, 20 an intent",
        "ours, 50 an intent",
        "ours",
    ]
    assert any("MASSIVE" in line for line in told)
    assert any("Rasa" in line for line in told)


def test_auroc_counts_ties_half() -> None:
    assert auroc([0.9, 0.8], [0.1, 0.2]) == 1.0
    assert auroc([0.5], [0.5]) == 0.5
    assert auroc([0.1, 0.9], [0.5]) == 0.5


def test_figures_and_table(tmp_path: Path) -> None:
    task = data.Task("t", (), (("a", "x"), ("b", "y")), near=("c",))
    answers = {
        "clean": [["x", 0.9], ["x", 0.4]],
        "informal": [["x", 0.9], ["y", 0.4]],
        "heavy": [["y", 0.1], ["x", 0.1]],
        "near": [["x", 0.5]],
    }
    found = figures(task, {"answers": answers, "p50_ms": 1.25})
    assert (found["clean"], found["informal"], found["heavy"], found["auroc_near"]) == (0.5, 1.0, 0.0, 0.5)
    assert found["macro_f1"] == pytest.approx(1 / 3)
    file = tmp_path / "benchmarks.md"
    file.write_text("# Benchmarks\n\nwritten by hand\n", encoding="utf-8")
    for _ in range(2):
        table.write(file, "machine", {"t": [{"engine": "ours", **found}]}, ["a note"])
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# Benchmarks\n\nwritten by hand\n")
    assert text.count("| ours | 50.0% | 0.333 |") == 1


def test_a_part_measured_again_leaves_the_other_rows(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.md"
    ours, theirs = {"engine": "ours", "clean": 0.5}, {"engine": "theirs", "clean": 0.4, "p50_ms": 2.0}
    table.write(file, "whole", {"t": [ours, theirs], "u": [ours]}, ["a note"])
    table.write(file, "part", {"t": [{"engine": "theirs", "clean": 0.6}]}, ["a note"], keep=True)
    text = file.read_text(encoding="utf-8")
    assert "| theirs | 60.0% |" in text
    assert "40.0%" not in text
    assert text.count("| ours | 50.0% |") == 2
    assert text.count("- a note") == 1
    assert "\nwhole\n" in text
    assert "- t, theirs: part" in text


def test_the_default_engine_is_measured_in_processes_of_its_own(tmp_path: Path) -> None:
    learn = tuple(
        (f"{text} {place}", intent)
        for place in range(8)
        for text, intent in (("bangunkan saya jam", "alarm"), ("putar lagu nomor", "music"), ("cuaca hari", "weather"))
    )
    told = Default(vectors=False).run(data.Task("t", learn, (("tolong putar lagu", "music"),)), tmp_path)
    assert told["answers"]["clean"][0][0] == "music"
    assert {"train_s", "load_s", "memory_mb", "p99_ms", "per_s"} <= set(told)
