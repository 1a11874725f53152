"""Puts one `Outgoing` into the form the Cloud API takes. Pure. Nothing is cut: what does not fit is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.channel import Limits, Outgoing, numbered
from bot.channels.errors import Refused
from bot.channels.whatsapp_templates import Template
from content.model import Button

LIMITS = Limits(text=4096, buttons=3, button_label=20, choices=10, choice_label=24, choice_hint=72, caption=1024)
BUTTON_TEXT = 1024  # characters above reply buttons
LONGEST_BUTTON_ID = 256
LONGEST_ROW_ID = 200
LARGEST_IMAGE = 5 * 1024 * 1024

_PHONE = re.compile(r"\+?([0-9]{4,15})")
_SCOPED_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def compose(
    message: Outgoing, media_id: str | None, templates: Mapping[str, Template], list_button: str
) -> dict[str, Any]:
    """The body of POST /{phone id}/messages.

    Args:
        message: what to say.
        media_id: of its picture, already uploaded.
        templates: what may be named by `message.template`.
        list_button: the words on the button that opens a list.

    Raises:
        Refused: it does not fit WhatsApp, or names no template of ours.
    """
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_recipient(message.to),
        **_said(message, media_id, templates, list_button),
    }


def fits_under_picture(message: Outgoing) -> bool:
    """Whether words and taps can stand under the message's picture."""
    if _as_buttons(message):
        return True
    try:
        numbered(message.text, (*message.buttons, *message.choices), LIMITS.caption)
    except ValueError:
        return False
    return True


def _recipient(to: str) -> dict[str, str]:
    """A phone number goes under "to", a business-scoped user id under "recipient"."""
    number = _PHONE.fullmatch(to)
    if number:
        return {"to": number[1]}
    if _SCOPED_ID.fullmatch(to):
        return {"recipient": to}
    raise Refused(detail="recipient")


def _said(
    message: Outgoing, media_id: str | None, templates: Mapping[str, Template], list_button: str
) -> dict[str, Any]:
    if message.template is not None:
        template = templates.get(message.template)
        if template is None:
            raise Refused(detail="template_unknown")
        return {"type": "template", "template": template.outgoing(message.template_slots)}
    taps = (*message.buttons, *message.choices)
    if _as_buttons(message):
        return _interactive("button", message.text, _reply_buttons(message.buttons), media_id)
    if media_id is None and _as_list(message.text, taps):
        return _interactive("list", message.text, _list(taps, list_button), None)
    return _plain(message.text, taps, media_id)


def _as_buttons(message: Outgoing) -> bool:
    labels = [button.label for button in message.buttons]
    return (
        0 < len(labels) <= LIMITS.buttons
        and not message.choices
        and len(set(labels)) == len(labels)  # WhatsApp takes no two equal buttons
        and all(0 < len(label) <= LIMITS.button_label for label in labels)
        and all(len(button.id) <= LONGEST_BUTTON_ID for button in message.buttons)
        and len(message.text) <= BUTTON_TEXT
    )


def _as_list(text: str, taps: Sequence[Button]) -> bool:
    return (
        0 < len(taps) <= LIMITS.choices
        and all(0 < len(tap.label) <= LIMITS.choice_label for tap in taps)
        and all(len(tap.hint or "") <= LIMITS.choice_hint for tap in taps)
        and len({tap.id for tap in taps}) == len(taps)
        and all(len(tap.id) <= LONGEST_ROW_ID for tap in taps)
        and len(text) <= BUTTON_TEXT
    )


def _interactive(kind: str, text: str, action: dict[str, Any], media_id: str | None) -> dict[str, Any]:
    picture = {"header": {"type": "image", "image": {"id": media_id}}} if media_id else {}
    return {"type": "interactive", "interactive": {"type": kind, **picture, "body": {"text": text}, "action": action}}


def _reply_buttons(buttons: Sequence[Button]) -> dict[str, Any]:
    return {"buttons": [{"type": "reply", "reply": {"id": b.id, "title": b.label}} for b in buttons]}


def _list(taps: Sequence[Button], list_button: str) -> dict[str, Any]:
    rows = [{"id": t.id, "title": t.label, **({"description": t.hint} if t.hint else {})} for t in taps]
    return {"button": list_button, "sections": [{"rows": rows}]}


def _plain(text: str, taps: Sequence[Button], media_id: str | None) -> dict[str, Any]:
    """Words or a picture with words, the taps as numbered lines."""
    room = LIMITS.caption if media_id else LIMITS.text
    try:
        shown = numbered(text, taps, room)
    except ValueError:
        raise Refused(detail="too_long") from None
    if media_id:
        return {"type": "image", "image": {"id": media_id, **({"caption": shown} if shown else {})}}
    if not shown.strip():
        raise Refused(detail="empty")
    return {"type": "text", "text": {"body": shown, "preview_url": False}}
