"""Names what went wrong between us and Telegram. Decides only which `SendError` it is, never what happens next."""

from __future__ import annotations

from aiogram import exceptions as told
from aiohttp import ClientConnectorError, ConnectionTimeoutError

from bot.channels import errors

#: Fragments of Telegram's descriptions. It documents none of them, so these are matched loosely.
_DESCRIBED: tuple[tuple[tuple[str, ...], type[errors.SendError]], ...] = (
    (
        ("chat not found", "user not found", "user is deactivated", "input_user_deactivated", "peer_id_invalid"),
        errors.PersonGone,
    ),
    (("blocked by the user", "bot was kicked", "not a member"), errors.PersonBlockedUs),
    (("bot can't send messages to the user",), errors.Unreachable),  # seen for minutes, from people who block nobody
    (
        (
            "photo_",
            "image_process_failed",
            "wrong file",
            "file must be non-empty",
            "failed to get http",
            "file is too big",
        ),
        errors.MediaRefused,
    ),
)


def named(error: told.AiogramError) -> errors.SendError:
    """The sending error this is."""
    match error:
        case told.TelegramRetryAfter():
            return errors.FloodWait(retry_after=float(error.retry_after))
        case told.TelegramNetworkError() if not isinstance(error, told.TelegramEntityTooLarge):
            return _by_network(error)
        case told.TelegramAPIError():
            return _by_kind(error) or _by_description(error)
    return errors.Unknown(detail=type(error).__name__)  # an answer nobody can read


def _by_kind(error: told.TelegramAPIError) -> errors.SendError | None:
    match error:
        case told.TelegramUnauthorizedError() | told.TelegramNotFound():
            return errors.AccountBroken()
        case told.TelegramEntityTooLarge():
            return errors.MediaRefused()
        case told.RestartingTelegram():
            return errors.Unreachable()
        case told.TelegramServerError():
            return errors.Unknown(detail=type(error).__name__)
    return None


def _by_network(error: told.TelegramNetworkError) -> errors.SendError:
    """Whether it can have been accepted: only when there was a connection to hand it over on."""
    if isinstance(error.__cause__, ClientConnectorError | ConnectionTimeoutError):
        return errors.Unreachable(detail=type(error.__cause__).__name__)
    return errors.Unknown(detail=type(error.__cause__).__name__)


def _by_description(error: told.TelegramAPIError) -> errors.SendError:
    said = error.message.casefold()
    for fragments, kind in _DESCRIBED:
        if any(fragment in said for fragment in fragments):
            return kind()
    return errors.Refused(detail=error.message)
