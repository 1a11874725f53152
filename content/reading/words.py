"""Reads content/intents/*.yml (Rasa's training format), content/lexicon/*.yaml and content/consent/*.md."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from content.model import ConsentText, IntentDef
from content.reading.draft import Draft
from content.reading.fields import Fields, Source
from content.strict_yaml import Items, Node, Table, Text, parse

#: Other kinds of entry that Rasa's format allows beside intents; they are kept for Rasa and not read here.
_RASA_EXTRAS = ("synonym", "lookup", "regex")
_MARK = re.compile(r"\[([^\[\]]+)\](?:\(([^()]+)\)|(\{[^{}]+\}))")
_FRONT = re.compile(r"\A---\n(.*?\n)---\n(.*)\Z", re.DOTALL)


def plain_text(example: str) -> str:
    """An example as a person would write it: "iuran [petani](occupation)" -> "iuran petani"."""
    return _MARK.sub(r"\1", example)


def read_intents(draft: Draft, source: Source, root: Node) -> None:
    """Intents with their meaning and examples."""
    top = source.table(root, "Berkas niat")
    if top is None:
        return
    top.maybe("version")
    listed = top.required("nlu")
    top.done()
    for node in source.items(listed, '"nlu"') if listed is not None else ():
        fields = source.table(node, "niat")
        if fields is not None and not any(fields.has(extra) for extra in _RASA_EXTRAS):
            _intent(draft, fields)


def _intent(draft: Draft, fields: Fields) -> None:
    name = fields.text("intent")
    source = fields.source
    if not name or not draft.claim(draft.intents, "intent", name, source.place(fields.line)):
        return
    metadata = fields.required("metadata")
    details = source.table(metadata, f'"metadata" niat "{name}"') if metadata is not None else None
    meaning = details.text("meaning") if details is not None else ""
    node = fields.required("examples")
    examples = _examples(draft, source, node, name) if isinstance(node, Text) else ()
    if isinstance(node, Items | Table):
        sentence = f'"examples" niat "{name}" harus teks berbaris: tulis "examples: |" lalu "- kalimat" per baris.'
        source.add(node.line, "intent.examples", sentence)
    draft.intents[name] = IntentDef(name, meaning, examples, str(source.place(fields.line)))
    fields.done()


def _examples(draft: Draft, source: Source, node: Text, name: str) -> tuple[str, ...]:
    examples: list[str] = []
    for line, raw in enumerate(node.value.split("\n"), start=node.line):
        written = raw.strip()
        if not written:
            continue
        example = written.removeprefix("-").strip()
        if not written.startswith("- ") or not example:
            source.add(line, "intent.examples", f'Contoh niat "{name}" harus diawali "- " lalu kalimatnya.')
            continue
        if re.search(r"[\[\]]", plain_text(example)):
            source.add(line, "intent.mark", "Tanda kurung siku tidak lengkap. Bentuknya: [petani](occupation).")
        draft.places.note(source.place(line), "intent", name, "example", str(len(examples)))
        examples.append(example)
    return tuple(examples)


def read_lexicon(draft: Draft, source: Source, root: Node) -> None:
    """A word list, by file name, every scalar as text."""
    stem = PurePosixPath(source.path).stem
    if draft.claim(draft.lexicon, "lexicon", stem, source.place(1)):
        draft.lexicon[stem] = _plain(root)


def _plain(node: Node) -> Any:
    match node:
        case Text(value):
            return value
        case Items(nodes):
            return tuple(_plain(item) for item in nodes)
        case Table(nodes):
            return {key: _plain(value) for key, value in nodes.items()}


def read_consent(draft: Draft, path: str, text: str) -> None:
    """A consent text: its purposes above, the exact words below. Its version is the file's name."""
    source = Source(path, draft.report)
    match = _FRONT.match(text)
    if match is None:
        source.add(1, "consent.front", 'Berkas harus diawali "---", lalu "purposes:", lalu "---", lalu teksnya.')
        return
    front = parse("\n" + match[1], path, draft.report)  # the empty line keeps line numbers true
    fields = source.table(front, "kepala persetujuan") if front is not None else None
    if fields is None:
        return
    purposes = tuple(purpose for purpose, _ in fields.texts("purposes"))
    if not purposes:
        source.add(fields.line_of("purposes"), "consent.purposes", 'Tulis tujuan persetujuan di "purposes".')
    version = fields.maybe("version") or PurePosixPath(path).stem
    fields.maybe("title"), fields.maybe("note"), fields.maybe("date")
    fields.done()
    if not match[2].strip():
        source.add(1, "consent.empty", "Teks persetujuan kosong.")
    if draft.claim(draft.consents, "consent", version, source.place(1)):
        draft.consents[version] = ConsentText(version, purposes, match[2].strip())
