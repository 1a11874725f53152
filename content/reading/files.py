"""Finds the content files, reads each with the reader of its folder, and fingerprints what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from content.reading import facts, flows, replies, words
from content.reading.draft import Draft
from content.reading.fields import Source
from content.strict_yaml import Node, parse

Reader = Callable[[Draft, Source, Node], None]
_FOLDERS: dict[str, tuple[str, Reader]] = {
    "facts": (".yaml", facts.read_facts),
    "slots": (".yaml", facts.read_slots),
    "buttons": (".yaml", replies.read_buttons),
    "replies": (".yaml", replies.read_replies),
    "flows": (".yaml", flows.read_flow),
    "intents": (".yml", words.read_intents),
    "lexicon": (".yaml", words.read_lexicon),
}
_SUFFIXES = (".yaml", ".yml", ".md")
_SOURCES = "sources.yaml"
_ANSWERS = "flows/jawaban.yaml"
_LARGEST = 2_000_000


def read(root: Path) -> tuple[Draft, str]:
    """Read everything under `root`. What is wrong is in the draft's report; the text is the version."""
    draft, digest = Draft(), hashlib.sha256()
    found = False
    for path, name in _files(root):
        found = True
        _read_file(draft, path, name, digest)
    if not found:
        draft.report.add(root.name, 1, "file.none", "Folder isi kosong atau tidak ada.")
    return draft, digest.hexdigest()[:12]


def _files(root: Path) -> Iterator[tuple[Path, str]]:
    """Every content file with its path as staff see it: "content/facts/jkm.yaml"."""
    folders = [root / folder for folder in (*_FOLDERS, "consent") if (root / folder).is_dir()]
    paths = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    paths += [root / _SOURCES] if (root / _SOURCES).is_file() else []
    for path in sorted(paths):
        if path.suffix in _SUFFIXES and path.name != "README.md":
            yield path, f"{root.name}/{path.relative_to(root).as_posix()}"


def _read_file(draft: Draft, path: Path, name: str, digest: hashlib._Hash) -> None:
    text = _text(draft, path, name)
    if text is None:
        draft.unread = True
        return
    digest.update(f"{name.partition('/')[2]}\0{len(text)}\0{text}".encode())
    inside = PurePosixPath(name.partition("/")[2])
    if inside.parts[0] == "consent":
        words.read_consent(draft, name, text)
        return
    reader = _reader(draft, inside, name)
    node = parse(text, name, draft.report) if reader is not None else None
    if reader is None or node is None:
        draft.unread = True
    else:
        reader(draft, Source(name, draft.report), node)


def _text(draft: Draft, path: Path, name: str) -> str | None:
    try:
        raw = path.read_bytes()
    except OSError:
        draft.report.add(name, 1, "file.unreadable", "Berkas tidak bisa dibuka. Periksa izinnya.")
        return None
    if len(raw) > _LARGEST:
        draft.report.add(name, 1, "file.large", "Berkas terlalu besar. Bagi menjadi beberapa berkas.")
        return None
    try:
        return raw.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        draft.report.add(name, line, "file.encoding", "Ada huruf yang bukan UTF-8. Simpan berkas sebagai UTF-8.")
        return None


def _reader(draft: Draft, inside: PurePosixPath, name: str) -> Reader | None:
    if str(inside) == _SOURCES:
        return facts.read_sources
    if str(inside) == _ANSWERS:
        return flows.read_answers
    suffix, reader = _FOLDERS[inside.parts[0]]
    if inside.suffix != suffix:
        draft.report.add(name, 1, "file.suffix", f'Akhiran berkas di folder ini harus "{suffix}".')
        return None
    return reader
