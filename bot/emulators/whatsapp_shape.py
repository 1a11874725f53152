"""What the emulated WhatsApp takes as a message, by the forms and lengths Meta documents, and what a person sees."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

_PLACE = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
_BLANKS = re.compile(r"[\n\t]| {5,}")
LONGEST_BODY = 1024


class GraphError(Exception):
    """A request is refused with one of Meta's codes."""

    def __init__(self, code: int, details: str, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(f"(#{code}) {details}")
        self.code = code
        self.details = details
        self.status = status
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The answer in Graph's form."""
        data = {"messaging_product": "whatsapp", "details": self.details}
        told = {"message": str(self), "type": "OAuthException", "code": self.code, "error_data": data}
        return {"error": {**told, "fbtrace_id": "EMULATOR"}}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person sees of a message. Taps are (id, label, hint)."""

    text: str
    buttons: tuple[tuple[str, str, str], ...] = ()
    rows: tuple[tuple[str, str, str], ...] = ()
    image: str | None = None
    template: str | None = None


def recipient(body: Mapping[str, Any]) -> str:
    """Whom a message is for: `to` goes before `recipient`, as Meta has it."""
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required.")
    named = body.get("to") or body.get("recipient")
    if not isinstance(named, str):
        raise GraphError(131008, "The parameter to is required.")
    return named.removeprefix("+")


def shown(body: Mapping[str, Any], media: Container[str], templates: Mapping[str, Any]) -> Shown:
    """The message as seen.

    Args:
        body: of POST /{phone id}/messages.
        media: ids of uploaded pictures.
        templates: components by template name, for filling them.

    Raises:
        GraphError: a field is missing, too long or of the wrong form.
    """
    kind = body.get("type", "text")
    held = body.get(kind) if isinstance(kind, str) else None
    if not isinstance(held, dict):
        raise GraphError(131008, f"The parameter {kind} is required.")
    match kind:
        case "text":
            return Shown(_fitting(held.get("body"), "text.body", 4096))
        case "image":
            return Shown(_fitting(held.get("caption", " "), "image.caption", 1024).strip(), image=_media(held, media))
        case "interactive":
            return _interactive(held, media)
        case "template":
            return _template(held, templates)
        case _:
            raise GraphError(131051, "Message type is not supported by this emulator.")


def _fitting(value: Any, name: str, longest: int) -> str:
    if not isinstance(value, str) or not value:
        raise GraphError(131008, f"The parameter {name} is required.")
    if len(value) > longest:
        raise GraphError(131009, f"{name} must be at most {longest} characters.")
    return value


def _media(held: Mapping[str, Any], media: Container[str]) -> str:
    media_id = held.get("id")
    if not isinstance(media_id, str) or media_id not in media:
        raise GraphError(131053, "Media upload error: unknown media id.")
    return media_id


def _interactive(held: Mapping[str, Any], media: Container[str]) -> Shown:
    body, action, header = held.get("body"), held.get("action"), held.get("header")
    text = _fitting(body.get("text") if isinstance(body, dict) else None, "body.text", LONGEST_BODY)
    if not isinstance(action, dict):
        raise GraphError(131008, "The parameter action is required.")
    if held.get("type") == "button":
        image = _media(header["image"], media) if isinstance(header, dict) and "image" in header else None
        return Shown(text, buttons=_buttons(action), image=image)
    if held.get("type") == "list" and header is None:
        return Shown(text, rows=_rows(action))
    raise GraphError(131009, "interactive.type is not valid.")


def _buttons(action: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    listed = action.get("buttons")
    if not isinstance(listed, list) or not 1 <= len(listed) <= 3:
        raise GraphError(131009, "Buttons must be 1 to 3.")
    replies = [button.get("reply", {}) for button in listed if isinstance(button, dict)]
    taps = tuple((_fitting(r.get("id"), "id", 256), _fitting(r.get("title"), "title", 20), "") for r in replies)
    if len({title for _, title, _ in taps}) < len(listed) or len({tap for tap, _, _ in taps}) < len(listed):
        raise GraphError(131009, "Buttons must be unique.")
    return taps


def _rows(action: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    _fitting(action.get("button"), "action.button", 20)
    sections = [section for section in action.get("sections") or [] if isinstance(section, dict)]
    if len(sections) > 1:
        for section in sections:
            _fitting(section.get("title"), "section.title", 24)
    listed = [row for section in sections for row in section.get("rows") or [] if isinstance(row, dict)]
    if not 1 <= len(listed) <= 10:
        raise GraphError(131009, "Rows must be 1 to 10.")
    taps = tuple(
        (_fitting(r.get("id"), "row.id", 200), _fitting(r.get("title"), "row.title", 24), _hint(r)) for r in listed
    )
    if len({tap for tap, _, _ in taps}) < len(taps):
        raise GraphError(131009, "Row ids must be unique.")
    return taps


def _hint(row: Mapping[str, Any]) -> str:
    return _fitting(row["description"], "row.description", 72) if "description" in row else ""


def _template(held: Mapping[str, Any], templates: Mapping[str, Any]) -> Shown:
    name, language = held.get("name"), held.get("language")
    if not isinstance(name, str) or not isinstance(language, dict) or not isinstance(language.get("code"), str):
        raise GraphError(131008, "template.name and template.language.code are required.")
    parts = templates.get(name)
    if parts is None:
        raise GraphError(132001, "Template name does not exist in the translation.", 404)
    text = next(part["text"] for part in parts if part["type"] == "BODY")
    footer = next((part["text"] for part in parts if part["type"] == "FOOTER"), "")
    values, payloads = _given(held)
    if set(_PLACE.findall(text)) != values.keys():
        raise GraphError(132000, "Number of parameters does not match.")
    filled = _PLACE.sub(lambda place: values[place[1]], text)
    if len(filled) > LONGEST_BODY:
        raise GraphError(132005, "Translated text too long.")
    labels = [b["text"] for part in parts if part["type"] == "BUTTONS" for b in part["buttons"]]
    if any(index >= len(labels) for index in payloads):
        raise GraphError(132000, "Button index does not exist.")
    taps = tuple((payloads.get(index, label), label, "") for index, label in enumerate(labels))
    return Shown(f"{filled}\n\n{footer}".strip(), buttons=taps, template=name)


def _given(held: Mapping[str, Any]) -> tuple[dict[str, str], dict[int, str]]:
    values: dict[str, str] = {}
    payloads: dict[int, str] = {}
    for part in held.get("components") or []:
        for parameter in part.get("parameters") or []:
            if part.get("type") == "body":
                values[_fitting(parameter.get("parameter_name"), "parameter_name", 20)] = _value(parameter.get("text"))
            elif part.get("type") == "button" and str(part.get("index", "")).isdigit():
                payloads[int(part["index"])] = _fitting(parameter.get("payload"), "payload", 128)
    return values, payloads


def _value(value: Any) -> str:
    text = _fitting(value, "parameter.text", LONGEST_BODY)
    if _BLANKS.search(text):
        raise GraphError(132018, "Parameters can't have new lines, tabs or more than 4 blanks.")
    return text
