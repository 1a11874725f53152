"""WhatsApp templates: content/templates/*.yaml, each the text Meta approved, with named parameters and a local preview.

Only templates may be sent when a person has not written for a day. The words are data; here is how they are proved,
filled and put into Meta's form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.channels.errors import Refused
from content.model import Button, ContentBroken
from content.problems import Report
from content.reading.fields import Fields, Source
from content.strict_yaml import Node, parse

LONGEST_BODY = 1024
LONGEST_FOOTER = 60
LONGEST_BUTTON = 25
MOST_BUTTONS = 3
CATEGORIES = ("UTILITY", "MARKETING")

_FOLDER = Path(__file__).parents[2] / "content" / "templates"
_PLACE = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
_BRACES = re.compile(r"[{}]{2,}")
_TOUCHING = re.compile(r"\}\}[^\w{]*\{\{")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A place in the text. Meta wants an example of what will stand there."""

    name: str
    meaning: str
    example: str


@dataclass(frozen=True, slots=True)
class Template:
    """One approved text. `buttons` are quick replies; a tap comes back as the button's id."""

    name: str
    purpose: str
    language: str
    category: str
    body: str
    parameters: tuple[Parameter, ...] = ()
    footer: str | None = None
    buttons: tuple[Button, ...] = ()

    def preview(self, slots: Iterable[tuple[str, str]]) -> str:
        """The text as the person will read it.

        Raises:
            Refused: a parameter is missing, unknown or empty, or the text becomes too long.
        """
        values = self._values(slots)
        filled = _PLACE.sub(lambda place: values[place[1]], self.body)
        if len(filled) > LONGEST_BODY:
            raise Refused(detail="template_too_long")
        return f"{filled}\n\n{self.footer}" if self.footer else filled

    def outgoing(self, slots: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """The `template` object of a message; raises as `preview` does."""
        given = tuple(slots)
        self.preview(given)
        values = self._values(given)
        filled = [{"type": "text", "parameter_name": p.name, "text": values[p.name]} for p in self.parameters]
        body = [{"type": "body", "parameters": filled}] if filled else []
        taps = [_tap(index, button) for index, button in enumerate(self.buttons)]
        language = {"code": self.language, "policy": "deterministic"}
        return {"name": self.name, "language": language, "components": [*body, *taps]}

    def registration(self) -> dict[str, Any]:
        """What is handed in to Meta for approval."""
        body: dict[str, Any] = {"type": "BODY", "text": self.body}
        if self.parameters:
            named = [{"param_name": p.name, "example": p.example} for p in self.parameters]
            body["example"] = {"body_text_named_params": named}
        parts = [body]
        if self.footer:
            parts.append({"type": "FOOTER", "text": self.footer})
        if self.buttons:
            replies = [{"type": "QUICK_REPLY", "text": button.label} for button in self.buttons]
            parts.append({"type": "BUTTONS", "buttons": replies})
        return {
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "parameter_format": "NAMED",
            "components": parts,
        }

    def _values(self, slots: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The values by name; Meta takes no line breaks or runs of blanks inside a value."""
        values = {name: " ".join(value.split()) for name, value in slots}
        wanted = {parameter.name for parameter in self.parameters}
        if values.keys() != wanted or not all(values.values()):
            raise Refused(detail="template_parameters")
        return values


def load_templates(buttons: Mapping[str, Button], folder: Path | None = None) -> dict[str, Template]:
    """Every template by its name, which is the stem of its file.

    Args:
        buttons: `Content.buttons`, which templates name.
        folder: content/templates by default.

    Raises:
        ContentBroken: with every problem found.
    """
    report, templates = Report(), {}
    for path in sorted((folder or _FOLDER).glob("*.yaml")):
        name = f"content/templates/{path.name}"
        node = parse(path.read_text(encoding="utf-8"), name, report)
        template = _read(path.stem, Source(name, report), node, buttons) if node is not None else None
        if template is not None:
            templates[template.name] = template
    if report.problems:
        raise ContentBroken(tuple(report.in_order()))
    return templates


def _read(name: str, source: Source, node: Node, buttons: Mapping[str, Button]) -> Template | None:
    fields = source.table(node, "Templat")
    if fields is None:
        return None
    template = Template(
        name=name,
        purpose=fields.text("purpose"),
        language=fields.text("language"),
        category=fields.one_of("category", CATEGORIES) or "",
        body=fields.text("body").strip(),
        parameters=tuple(_parameters(fields)),
        footer=fields.maybe("footer"),
        buttons=tuple(_buttons(fields, buttons)),
    )
    fields.done()
    for sentence in _wrong(template):
        source.add(fields.line_of("body"), "template.form", sentence)
    return template


def _parameters(fields: Fields) -> Iterable[Parameter]:
    node = fields.node("parameters")
    for name, _line, inner in fields.source.named(node, '"parameters"') if node is not None else ():
        told = fields.source.table(inner, f'Isian "{name}"')
        if told is not None:
            yield Parameter(name, told.text("meaning"), told.text("example"))
            told.done()


def _buttons(fields: Fields, buttons: Mapping[str, Button]) -> Iterable[Button]:
    for button_id, line in fields.texts("buttons"):
        if button_id in buttons:
            yield buttons[button_id]
        else:
            fields.source.add(line, "template.button", f'Tombol "{button_id}" tidak ada di content/buttons/.')


def _wrong(template: Template) -> Iterable[str]:
    body, places = template.body, _PLACE.findall(template.body)
    if set(places) != {parameter.name for parameter in template.parameters}:
        yield "Isian dalam teks tidak sama dengan daftar parameters."
    if body.startswith("{{") or body.endswith("}}") or _TOUCHING.search(body):
        yield "Isian tidak boleh di awal, di akhir, atau berdempetan. Tambahkan kata di sekitarnya."
    if len(_BRACES.findall(body)) != 2 * len(places):
        yield "Kurung kurawal harus berpasangan, misalnya {{bulan}}."
    if len(body) > LONGEST_BODY or len(template.footer or "") > LONGEST_FOOTER:
        yield f"Teks paling panjang {LONGEST_BODY} huruf, kaki paling panjang {LONGEST_FOOTER} huruf."
    if len(template.buttons) > MOST_BUTTONS or any(len(button.label) > LONGEST_BUTTON for button in template.buttons):
        yield f"Paling banyak {MOST_BUTTONS} tombol, labelnya paling panjang {LONGEST_BUTTON} huruf."


def _tap(index: int, button: Button) -> dict[str, Any]:
    payload = [{"type": "payload", "payload": button.id}]
    return {"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": payload}
