"""The link that opens a chat with us on WhatsApp and says which village a person comes from."""

from __future__ import annotations

import re
from urllib.parse import quote

_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NOT_DIGITS = re.compile(r"[^0-9]")


def village_link(number: str, greeting: str, code: str) -> str:
    """A wa.me link; its message is read back as the start of a chat with that code (`whatsapp_message.START_MARK`).

    Args:
        number: our business number, in any writing that begins with the country code.
        greeting: what the person sends, from content; the code is put behind it.
        code: of the village.

    Raises:
        ValueError: the code has characters that a link's message can't carry back.
    """
    if not _CODE.fullmatch(code):
        raise ValueError("a village code has letters, digits, dots, dashes and underscores only")
    return said_link(number, f"{greeting} (#{code})")


def said_link(number: str, text: str) -> str:
    """A wa.me link that puts these words into a chat with us, ready to be sent."""
    return f"https://wa.me/{_NOT_DIGITS.sub('', number)}?text={quote(text, safe='')}"
