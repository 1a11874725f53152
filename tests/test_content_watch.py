"""A running bot reloads changed content, and keeps the old one when the new one has a mistake."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

import content
from bot.content_watch import ContentInForce

DAY = date(2026, 11, 21)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "content"
    shutil.copytree(Path(content.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    return copy


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_changed_sentence_is_said_from_then_on(folder):
    in_force = ContentInForce(folder)
    change(folder / "replies" / "obrolan.yaml", "Sampai jumpa, Bapak/Ibu.", "Sampai bertemu lagi, Bapak/Ibu.")
    assert in_force.refresh() is True
    assert "Sampai bertemu lagi" in in_force.current.render("sampai_jumpa", DAY).text


def test_nothing_changed_means_nothing_is_read(folder):
    in_force = ContentInForce(folder)
    before = in_force.current
    assert in_force.refresh() is False
    assert in_force.current is before


def test_a_mistake_keeps_the_old_words_and_is_told_with_its_line(folder):
    in_force = ContentInForce(folder)
    before = in_force.current
    change(folder / "replies" / "obrolan.yaml", "buttons: [petugas]", "buttons: [petugass]")
    assert in_force.refresh() is False
    assert in_force.current is before
    (problem,) = in_force.problems
    assert problem.path.endswith("replies/obrolan.yaml")
    assert "petugas" in problem.sentence


def test_mending_the_mistake_brings_the_new_words_into_force(folder):
    in_force = ContentInForce(folder)
    path = folder / "replies" / "obrolan.yaml"
    change(path, "Sampai jumpa, Bapak/Ibu.", "Rp5.000 saja, Bapak/Ibu.")
    assert in_force.refresh() is False
    assert in_force.problems
    change(path, "Rp5.000 saja, Bapak/Ibu.", "Sampai nanti, Bapak/Ibu.")
    assert in_force.refresh() is True
    assert not in_force.problems
    assert "Sampai nanti" in in_force.current.render("sampai_jumpa", DAY).text
