"""Reads YAML so that nothing is guessed: every scalar stays text, and every value remembers its line.

PyYAML's usual loader turns 16.800 into 16.8 and drops the first of two equal keys. Here the parser's events are
composed by hand: types are left to `content.reading`, and whatever the format allows but reviewers cannot see through
(anchors, aliases, tags, doubled keys, tabs) is a problem at its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from content.problems import Report

#: The C parser where PyYAML was built with it, else the same thing in Python.
_Parser: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DEEPEST = 20
_TAB_INDENT = re.compile(r"^ *\t")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Text:
    """One scalar. `line` is where its first character stands, also for a block that starts below its key."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    nodes: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping from text; `lines` holds the line of each key."""

    nodes: Mapping[str, Node]
    lines: Mapping[str, int]
    line: int


Node = Text | Items | Table


class _Unreadable(Exception):
    """The rest of this file cannot be understood; the problem has been reported."""


def parse(text: str, path: str, report: Report) -> Node | None:
    """Compose one YAML document, or report why not and return None."""
    if not _plain(text, path, report):
        return None
    try:
        return _Composer(text, path, report).document()
    except _Unreadable:
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        report.add(path, line, "yaml.syntax", _syntax_sentence(error))
    except yaml.YAMLError:
        report.add(path, 1, "yaml.syntax", "Berkas ini bukan YAML yang bisa dibaca.")
    return None


def _plain(text: str, path: str, report: Report) -> bool:
    """Refuse tabs in indentation and control characters, at every line that has them."""
    before = len(report.problems)
    if "\t" in text or _CONTROL.search(text):
        for number, line in enumerate(text.split("\n"), start=1):
            if _TAB_INDENT.match(line):
                report.add(path, number, "yaml.tab", "Baris ini menjorok dengan tab. Ganti tab dengan spasi.")
            elif _CONTROL.search(line):
                report.add(
                    path, number, "yaml.character", "Ada karakter kendali yang tidak terlihat. Hapus karakter itu."
                )
    return len(report.problems) == before


def _syntax_sentence(error: yaml.MarkedYAMLError) -> str:
    detail = str(error.problem or error.context or "")
    for sign, sentence in _SYNTAX.items():
        if sign in detail:
            return sentence
    return "Susunan YAML salah di sini. Periksa titik dua, tanda kutip, kurung, dan jorokan baris."


_SYNTAX = {
    "mapping values are not allowed": "Titik dua di tempat yang tidak boleh. Beri tanda kutip pada seluruh kalimat.",
    "did not find expected key": "Jorokan baris tidak sejajar atau kunci kurang titik dua.",
    "could not find expected ':'": "Kurang titik dua setelah kunci.",
    "found unexpected end of stream": "Tanda kutip atau kurung dibuka tetapi tidak ditutup.",
    "did not find expected ',' or ']'": "Kurung siku dibuka tetapi tidak ditutup, atau kurang koma.",
    "did not find expected ',' or '}'": "Kurung kurawal dibuka tetapi tidak ditutup, atau kurang koma.",
    "cannot start any token": "Ada tanda yang tidak boleh di awal nilai. Beri tanda kutip pada nilainya.",
    "block entry": "Tanda hubung daftar ada di tempat yang salah.",
    "did not find expected '-' indicator": "Butir daftar harus sejajar dan diawali tanda hubung.",
}


class _Composer:
    """Turns the parser's events into nodes, depth first."""

    def __init__(self, text: str, path: str, report: Report) -> None:
        self._parser = _Parser(text)
        self._lines = text.split("\n")
        self._path = path
        self._report = report

    def document(self) -> Node | None:
        """The one document of the stream."""
        self._parser.get_event()  # stream start
        event = self._parser.get_event()
        if isinstance(event, yaml.StreamEndEvent):
            self._report.add(self._path, 1, "yaml.empty", "Berkas kosong. Isi berkas ini atau hapus.")
            return None
        node = self._node(self._parser.get_event(), 0)
        self._parser.get_event()  # document end
        event = self._parser.get_event()
        if not isinstance(event, yaml.StreamEndEvent):
            self._refuse(event, "yaml.documents", 'Satu berkas hanya boleh berisi satu dokumen. Hapus baris "---".')
        return node

    def _refuse(self, event: Any, rule: str, sentence: str) -> None:
        self._report.add(self._path, event.start_mark.line + 1, rule, sentence)
        raise _Unreadable

    def _node(self, event: Any, depth: int) -> Node:
        line: int = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self._refuse(
                event, "yaml.alias", f'Rujukan "*{event.anchor}" tidak dipakai di sini. Tulis nilainya langsung.'
            )
        if event.anchor is not None:
            self._refuse(event, "yaml.anchor", f'Jangkar "&{event.anchor}" tidak dipakai di sini. Hapus jangkar itu.')
        if event.tag is not None:
            self._refuse(event, "yaml.tag", f'Tanda jenis "{event.tag}" tidak dipakai di sini. Hapus tanda itu.')
        if depth > _DEEPEST:
            self._refuse(event, "yaml.depth", "Susunan bertingkat terlalu dalam.")
        if isinstance(event, yaml.ScalarEvent):
            return self._text(event, line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(tuple(self._sequence(depth)), line)
        return self._table(line, depth)

    def _text(self, event: Any, line: int) -> Text:
        if event.style in ("|", ">"):
            line += 1
            while line <= len(self._lines) and not self._lines[line - 1].strip() and event.value.strip():
                line += 1
        return Text(event.value, line)

    def _sequence(self, depth: int) -> list[Node]:
        nodes = []
        while not isinstance(event := self._parser.get_event(), yaml.SequenceEndEvent):
            nodes.append(self._node(event, depth + 1))
        return nodes

    def _table(self, line: int, depth: int) -> Table:
        nodes: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := self._parser.get_event(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Text):
                self._refuse(event, "yaml.key", "Kunci harus satu kata, bukan daftar atau susunan.")
                continue
            value = self._node(self._parser.get_event(), depth + 1)
            if key.value in lines:
                first = lines[key.value]
                sentence = f'Kunci "{key.value}" ditulis dua kali (pertama di baris {first}). Hapus salah satu.'
                self._report.add(self._path, key.line, "yaml.doubled", sentence)
                continue
            nodes[key.value] = value
            lines[key.value] = key.line
        return Table(nodes, lines, line)
