"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bot.config import ConfigBroken, Settings, read_settings

out = Console()
err = Console(stderr=True)

ConfigOption = Annotated[Path | None, typer.Option("--config", help="Settings file (default: config.yaml).")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


def settings_from(path: Path | None) -> Settings:
    """The settings, or a clear sentence and exit code 2."""
    try:
        return read_settings(path)
    except ConfigBroken as wrong:
        fail(str(wrong))


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and end with exit code 2."""
    err.print(sentence, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(2)
