"""The held-out sentences: none repeats an example, and the engine is no worse on them than the committed baseline."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest
import yaml
from nlu_material import CONTENT, TODAY, content

import nlu
from nlu import baseline, evaluate
from nlu.examples import sentences, vocabulary
from nlu.normalise import Normaliser
from nlu.understand import DefaultEngine

HERE = Path(__file__).parent / "nlu"
HELD_OUT = HERE / "held_out.jsonl"
BASELINE = HERE / "baseline.yaml"


@lru_cache(maxsize=1)
def engine() -> DefaultEngine:
    """Learnt once and kept beside the bot's own models; a changed example learns anew."""
    return nlu.load(content(), CONTENT.parent / "var" / "nlu")


@lru_cache(maxsize=1)
def report() -> evaluate.Report:
    return evaluate.report(evaluate.judge(engine(), evaluate.rows(HELD_OUT), today=TODAY.isoformat()))


def test_no_held_out_sentence_repeats_an_example() -> None:
    rows = sentences(content().intents)
    normalised = Normaliser(content().lexicon, vocabulary(text for text, _ in rows))
    examples = {normalised(text) for text, _ in rows}
    repeated = [row for row in evaluate.rows(HELD_OUT) if normalised(row.text) in examples]
    assert repeated == [], "write these sentences of tests/nlu/held_out.jsonl anew"


def test_the_file_covers_every_intent_and_says_nothing_twice() -> None:
    rows = evaluate.rows(HELD_OUT)
    said = Counter(row.intent for row in rows)
    assert set(said) == set(content().intents)
    assert len(rows) >= 600
    assert len({row.text.lower() for row in rows}) == len(rows)


def test_nothing_fell_below_the_baseline() -> None:
    fallen = [str(change) for change in baseline.changes(report(), BASELINE) if change.worse]
    assert fallen == [], "worse than tests/nlu/baseline.yaml by more than chance"


def test_what_rose_is_committed() -> None:
    risen = [str(change) for change in baseline.changes(report(), BASELINE) if not change.worse]
    assert risen == [], "better than the baseline: `make nlu-baseline` and commit it, so that it stays"


def test_the_bars_hold() -> None:
    found = report()
    assert found.macro_f1.value >= 0.90
    assert found.near_caught is not None
    assert found.near_caught >= 0.90
    assert found.good_turned_away + found.good_asked_back <= 0.05
    assert found.ece < 0.05


KNOWN = yaml.safe_load((HERE / "known_failures.yaml").read_text(encoding="utf-8")) or []


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["text"])
def test_known_failures_still_fail(row: dict[str, str]) -> None:
    heard = engine().understand(row["text"], today=TODAY.isoformat())
    assert heard.intent != row["intent"], "it passes now: take it out of tests/nlu/known_failures.yaml"


def test_a_fall_and_a_rise_are_told_apart(tmp_path: Path) -> None:
    def judged(right: int) -> evaluate.Report:
        truths = [("x", "x" if place < right else "y") for place in range(50)] + [("y", "y")] * 50
        return evaluate.report([evaluate.Judged("", truth, guess, 0.9, False) for truth, guess in truths])

    baseline.write(judged(45), tmp_path / "b.yaml")
    assert baseline.changes(judged(45), tmp_path / "b.yaml") == []
    assert {change.worse for change in baseline.changes(judged(30), tmp_path / "b.yaml")} == {True}
    assert {change.worse for change in baseline.changes(judged(50), tmp_path / "b.yaml")} == {False}
