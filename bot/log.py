"""Logs: a constant event name, values as fields, never a message's text. Masks what slips through all the same."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

#: Long runs of digits are numbers of people (NIK, phone, KPJ), whatever field they came in.
_DIGITS = re.compile(r"\d(?:[\s.-]?\d){8,}")

#: An error that an error caused, and so on; enough to see where it began.
_MOST_CAUSES = 5


def mask_digits(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace nine or more digits in a row by their last three."""
    for name, value in fields.items():
        if isinstance(value, str) and name not in {"timestamp", "version", "kept"}:
            fields[name] = _DIGITS.sub(lambda match: "…" + match.group()[-3:], value)
    return fields


def frames_only(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An error as its kind and where it happened. Its message stays out: it may quote what a person wrote."""
    told = fields.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        fields["exception"] = described(error)
    return fields


def described(error: BaseException) -> str:
    """The frames and the kind of an error and of what caused it, without a word of their messages."""
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(parts) < _MOST_CAUSES:
        frames = "".join(traceback.format_tb(cause.__traceback__))
        parts.append(f"{frames}{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\nwhile handling, or because of:\n".join(parts)


class _FramesOnly(logging.Formatter):
    """The same for libraries that use Python's own logging."""

    def format(self, record: logging.LogRecord) -> str:
        said = super().format(record)
        if record.name == "asyncio":  # from its second line on it quotes the error itself
            said = said.split("\n", 1)[0]
        return _DIGITS.sub(lambda match: "…" + match.group()[-3:], said)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the base class names it)
        return described(ei[1]) if ei[1] is not None else ""


def keep_words_out_of_crashes() -> None:
    """What nobody caught ends in kind and frames too, in a thread as well: its message may quote a person."""

    def say(error: BaseException | None) -> None:
        if error is not None and sys.stderr is not None:
            sys.stderr.write(f"{described(error)}\n")

    def in_main(kind: type[BaseException], error: BaseException, frames: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, frames)
        else:
            say(error)

    sys.excepthook = in_main
    threading.excepthook = lambda told: say(told.exc_value)
    sys.unraisablehook = lambda told: say(told.exc_value)


def set_up(*, as_json: bool, level: str = "info") -> None:
    """Send structured logs to standard error, as JSON lines or readable."""
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            frames_only,
            mask_digits,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FramesOnly("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
