"""Logs: a constant event name, values as fields, never a message's text. Masks what slips through all the same."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

#: Long runs of digits are numbers of people (NIK, phone, KPJ), whatever field they came in.
_DIGITS = re.compile(r"\d(?:[\s.-]?\d){8,}")


def mask_digits(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace nine or more digits in a row by their last three."""
    for name, value in fields.items():
        if isinstance(value, str) and name not in {"timestamp", "version", "kept"}:
            fields[name] = _DIGITS.sub(lambda match: "…" + match.group()[-3:], value)
    return fields


def set_up(*, as_json: bool, level: str = "info") -> None:
    """Send structured logs to standard error, as JSON lines or readable."""
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask_digits,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
