"""What all tests share. Fixtures live in files of their own; they are named here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

pytest_plugins = ["storage_fixtures", "world_fixtures"]


def pytest_configure() -> None:
    """Errors are logged as plain text: structlog's own default paints them with every local value, seconds apiece."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make rewrite`: write the bot's lines into the conversations anew."""
    parser.addoption("--rewrite", action="store_true", help="write the bot's lines in tests/conversations anew")


@pytest.fixture
def shots() -> Callable[[Any, str], None]:
    """Keep a screenshot when RANGKUL_SHOTS names a folder; people look at them, tests don't."""
    folder = os.environ.get("RANGKUL_SHOTS")

    def keep(page: Any, name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png")

    return keep
