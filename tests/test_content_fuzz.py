"""Whatever a hand or a bad download does to a content file, checking answers with problems and never a traceback."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_content_broken import BREAKS, EXAMPLE

import content
from content import ContentBroken, Known, strict_yaml
from content.problems import Report
from content.usage import Names

FILES = sorted(path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.rglob("*.*"))
RULE = re.compile(
    r"\"((?:yaml|schema|file|source|fact|table|reply|button|flow|answer|finer|intent|consent)\.[a-z_]+)\""
)
#: In tests of their own; root can read any file, so "unreadable" cannot be made here.
SHOWN_ELSEWHERE = {
    "file.none",
    "file.large",
    "file.encoding",
    "file.suffix",
    "yaml.empty",
    "yaml.depth",
    "schema.shape",
    "file.unreadable",
    "card.text",  # and the two below: test_pictures.py
    "card.shape",
    "reply.image",
}


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 3000), st.integers(0, 60), st.text(max_size=12))
def test_any_edit_gives_problems_or_content(name: str, start: int, length: int, typed: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(shutil.copytree(EXAMPLE, Path(folder) / "content"))
        text = (root / name).read_text(encoding="utf-8")
        at = start % (len(text) + 1)
        edited = text[:at] + typed + text[at + length :]
        (root / name).write_bytes(edited.encode("utf-8", errors="surrogatepass"))
        problems = content.check(root, date(2026, 11, 21), Known(names=Names()))
        assert all(problem.line >= 1 and problem.sentence for problem in problems)
        with contextlib.suppress(ContentBroken):
            content.load(root)


@settings(max_examples=200)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    report = Report()
    if strict_yaml.parse(text, "x.yaml", report) is None:
        assert report.problems


def test_the_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = content.load(EXAMPLE)
    monkeypatch.setattr(strict_yaml, "_Parser", yaml.BaseLoader)
    slow = content.load(EXAMPLE)
    assert slow == fast
    assert [reply.where for reply in slow.replies.values()] == [reply.where for reply in fast.replies.values()]


def test_every_rule_has_a_bad_example() -> None:
    package = Path(content.__file__).parent
    sources = [*package.glob("[!m]*.py"), *package.glob("reading/*.py"), *package.glob("checks/*.py")]
    rules = {rule for path in sources for rule in RULE.findall(path.read_text(encoding="utf-8"))}
    assert rules - {broken.rule for broken in BREAKS} - SHOWN_ELSEWHERE == set()
