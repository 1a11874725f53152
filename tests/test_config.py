"""Settings: what an operator sees when config.yaml has a mistake."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from bot.config import ConfigBroken, read_settings


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_holds_exactly_the_defaults(tmp_path):
    assert read_settings(Path("config.yaml")) == read_settings(written(tmp_path, ""))


def test_a_mistyped_key_names_the_nearest_known_one(tmp_path):
    with pytest.raises(ConfigBroken, match=r'unknown key "sending\.awake_form"\. Did you mean "sending\.awake_from"'):
        read_settings(written(tmp_path, "sending:\n  awake_form: '08:00'\n"))


def test_a_mistyped_section_names_the_nearest_known_one(tmp_path):
    with pytest.raises(ConfigBroken, match='Did you mean "store"'):
        read_settings(written(tmp_path, "stor:\n  url: sqlite:///x.db\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("web:\n  port: many\n", "web.port"),
        ("web: [1\n", "not valid YAML"),
        ("- a\n", "must hold keys"),
        ("sending:\n  awake_from: '25:00'\n", "sending.awake_from"),
    ],
)
def test_bad_values_are_named(tmp_path, text, told):
    with pytest.raises(ConfigBroken, match=told):
        read_settings(written(tmp_path, text))


def test_a_named_file_must_exist(tmp_path):
    with pytest.raises(ConfigBroken, match="does not exist"):
        read_settings(tmp_path / "nowhere.yaml")


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("RANGKUL_WEB__PORT", "9123")
    settings = read_settings(written(tmp_path, "web:\n  port: 8000\n  host: 0.0.0.0\n"))
    assert (settings.web.port, settings.web.host) == (9123, "0.0.0.0")


def test_times_are_times(tmp_path):
    assert read_settings(written(tmp_path, "sending:\n  awake_from: '08:30'\n")).sending.awake_from == time(8, 30)
