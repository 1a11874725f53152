"""SHOWS: the staff console. Reads and writes rows inside one transaction a request; it cannot send."""

from console.app import Console, console_app
from console.settings import ConsoleSettings, ContentProvider

__all__ = ["Console", "ConsoleSettings", "ContentProvider", "console_app"]
