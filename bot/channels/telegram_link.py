"""The link that opens a chat with our bot on Telegram and carries a code. Kept apart: reading updates loads aiogram."""

from __future__ import annotations


def deep_link(username: str, code: str) -> str:
    """The address that opens the chat carrying `code`; Telegram allows no dots in it, so a village code loses them."""
    return f"https://t.me/{username}?start={code.replace('.', '')}"
