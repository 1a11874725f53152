"""Everything that can go wrong while sending, and whether to try again.

SendError
├── TryLater: FloodWait, PairLimit, TierUsedUp, Unreachable, TemplatePaused
├── Never: PersonBlockedUs, PersonGone, WindowClosed, MediaRefused, Refused
└── Ambiguous: nobody knows whether it went out

The class docstring is the message; `code` finds the sentence for staff in content/lexicon/send_errors.yaml.
"""

from __future__ import annotations


class SendError(Exception):
    """A message could not be sent."""

    code = "unknown_error"
    retry = False
    withdraws_consent = False
    ambiguous = False

    def __init__(self, *, retry_after: float | None = None, detail: str = "") -> None:
        super().__init__(f"{self.__doc__} {detail}".strip())
        self.retry_after = retry_after  # seconds, where the platform says so
        self.detail = detail  # never holds personal data


class FloodWait(SendError):
    """The platform asks us to wait."""

    code = "flood_wait"
    retry = True


class PairLimit(SendError):
    """Too many messages to the same person in a short time."""

    code = "pair_limit"
    retry = True


class TierUsedUp(SendError):
    """Today's number of people the platform lets us write to first is used up."""

    code = "tier_used_up"
    retry = True


class TemplatePaused(SendError):
    """The platform paused this template."""

    code = "template_paused"
    retry = True


class Unreachable(SendError):
    """The platform could not be reached; nothing was accepted."""

    code = "unreachable"
    retry = True


class AccountBroken(SendError):
    """Our own token or account is refused; nothing can be sent until somebody repairs it."""

    code = "account_broken"
    retry = True


class PersonBlockedUs(SendError):
    """The person blocked us."""

    code = "blocked"
    withdraws_consent = True


class PersonGone(SendError):
    """The person's account no longer exists."""

    code = "gone"
    withdraws_consent = True


class OptedOut(SendError):
    """The person stopped such messages on the platform itself."""

    code = "opted_out"
    withdraws_consent = True


class WindowClosed(SendError):
    """More than a day has passed since the person wrote; only templates may be sent."""

    code = "window_closed"


class MediaRefused(SendError):
    """The platform refused the picture."""

    code = "media_refused"


class Refused(SendError):
    """The platform refused the message."""

    code = "refused"


class Unknown(SendError):
    """The connection broke after the message was handed over: nobody knows whether it went out."""

    code = "unknown"
    ambiguous = True
