"""What the console is told by whoever mounts it. It reads no files, no environment and no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from content import Content
from content.model import Problem
from flows.contact import LeadState
from flows.outreach.sending_policy import SendingRules
from flows.village import WIB


class ContentProvider(Protocol):
    """The content in force, and what keeps newer files out."""

    @property
    def current(self) -> Content:
        """The content that answers are made from."""
        ...

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the files on disk; empty when they are the ones in force."""
        ...


#: How long a lead may stay in a state before it is late, unless the settings say otherwise.
USUAL_LIMITS: Mapping[LeadState, timedelta] = {
    LeadState.NEW: timedelta(days=2),
    LeadState.CONTACTED: timedelta(days=5),
    LeadState.WAITING: timedelta(days=14),
    LeadState.HANDED_OVER: timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How one console is run."""

    #: Signs the session, CSRF and flash cookies. Keep it beside the sealing keys, never in the repository.
    secret: str = field(repr=False)
    now: Callable[[], datetime]
    base_url: str = "/konsol"
    #: When and how much we may write to people first.
    rules: Callable[[], SendingRules] = SendingRules
    #: The branch's own zone, for times that belong to no village.
    zone: ZoneInfo = WIB
    #: Send the session cookie over HTTPS only. Turn on wherever the console is reached through HTTPS.
    https_only: bool = False
    limits: Mapping[LeadState, timedelta] = field(default_factory=lambda: USUAL_LIMITS)
    #: Makes receipt numbers for people who come in a spreadsheet. Without it nobody can hand one in.
    fresh_number: Callable[[], str] | None = None
    #: Poster and script of a village, by the names of their files. Without it nobody can print them from here; it
    #: raises ValueError while no address of ours is known.
    kit: Callable[[str], Mapping[str, bytes]] | None = None
    #: What the codes at the door of a gathering hold, by platform, for its number there; empty where nobody reaches us.
    door_links: Callable[[str], Mapping[str, str]] = field(default=lambda number: {})  # noqa: ARG005
    session_length: timedelta = timedelta(hours=12)
    #: Bad sign-ins allowed for one name, and from one address, within `login_window`.
    tries_per_login: int = 5
    tries_per_address: int = 30
    login_window: timedelta = timedelta(minutes=15)
