"""Typed access to one mapping of a content file; every mistake becomes a problem at its line, never an exception."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from content.problems import Place, Report, nearest
from content.reading import values
from content.strict_yaml import Items, Node, Table, Text

T = TypeVar("T")
_ID = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Source:
    """The file being read and where its problems go."""

    path: str
    report: Report

    def add(self, line: int, rule: str, sentence: str) -> None:
        """Note a problem in this file."""
        self.report.add(self.path, line, rule, sentence)

    def place(self, line: int) -> Place:
        """A line of this file."""
        return Place(self.path, line)

    def table(self, node: Node, what: str) -> Fields | None:
        """The node as a mapping."""
        if isinstance(node, Table):
            return Fields(self, node, what)
        self.add(node.line, "schema.shape", f"{what} harus berisi pasangan kunci dan nilai.")
        return None

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """The node as a list with at least one item."""
        if isinstance(node, Items) and node.nodes:
            return node.nodes
        self.add(node.line, "schema.shape", f"{what} harus berupa daftar yang berisi.")
        return ()

    def text(self, node: Node, what: str) -> str | None:
        """The node as text that is not empty."""
        if not isinstance(node, Text):
            self.add(node.line, "schema.shape", f"{what} harus berupa teks, bukan daftar atau susunan.")
            return None
        if not node.value.strip():
            self.add(node.line, "schema.empty", f"{what} kosong. Isi atau hapus kuncinya.")
            return None
        return node.value

    def typed(self, node: Node, what: str, read: Callable[[str], T], rule: str = "schema.type") -> T | None:
        """The node read as a typed value."""
        text = self.text(node, what)
        if text is None:
            return None
        try:
            return read(text)
        except values.Unfit as unfit:
            self.add(node.line, rule, f"{what}: {unfit.sentence}.")
            return None

    def named(self, node: Node, what: str) -> Iterator[tuple[str, int, Node]]:
        """The entries of a mapping whose keys are ids: (id, line, value)."""
        if not isinstance(node, Table):
            self.add(node.line, "schema.shape", f"{what} harus berisi pasangan kunci dan nilai.")
            return
        for key, value in node.nodes.items():
            if not _ID.fullmatch(key):
                sentence = f'Nama "{key}" harus huruf kecil, angka, dan garis bawah, misalnya "iuran_bulanan".'
                self.add(node.lines[key], "schema.id", sentence)
            yield key, node.lines[key], value


class Fields:
    """One mapping with a fixed set of keys. Ask for each key, then call `done`."""

    def __init__(self, source: Source, table: Table, what: str) -> None:
        self.source = source
        self.line = table.line
        self._table = table
        self._what = what
        self._known: set[str] = set()

    def node(self, key: str) -> Node | None:
        """The value under an optional key."""
        self._known.add(key)
        return self._table.nodes.get(key)

    def has(self, key: str) -> bool:
        """Whether the key is written."""
        return self.node(key) is not None

    def line_of(self, key: str) -> int:
        """The line of a key, or of the mapping when the key is missing."""
        return self._table.lines.get(key, self.line)

    def required(self, key: str, rule: str = "schema.missing") -> Node | None:
        """The value under a key that must be there."""
        node = self.node(key)
        if node is None:
            self.source.add(self.line, rule, f'{self._what} tidak punya "{key}". Tambahkan kunci itu.')
        return node

    def text(self, key: str) -> str:
        """Required text; empty when missing (and reported)."""
        node = self.required(key)
        return (self.source.text(node, self._name(key)) or "") if node is not None else ""

    def maybe(self, key: str) -> str | None:
        """Optional text."""
        node = self.node(key)
        return self.source.text(node, self._name(key)) if node is not None else None

    def one_of(self, key: str, known: Collection[str], rule: str = "schema.choice") -> str | None:
        """Required text out of a fixed set."""
        node = self.required(key)
        text = self.source.text(node, self._name(key)) if node is not None else None
        if node is None or text is None or text in known:
            return text
        choices = ", ".join(known)
        sentence = f'{self._name(key)} berisi "{text}". Pilihannya: {choices}.{nearest(text, known)}'
        self.source.add(node.line, rule, sentence)
        return None

    def day(self, key: str) -> date | None:
        """Required date."""
        node = self.required(key)
        return self.source.typed(node, self._name(key), values.day, "schema.date") if node is not None else None

    def maybe_day(self, key: str) -> date | None:
        """Optional date."""
        return self.day(key) if self.has(key) else None

    def maybe_whole(self, key: str) -> int | None:
        """Optional whole number."""
        node = self.node(key)
        return self.source.typed(node, self._name(key), values.whole) if node is not None else None

    def flag(self, key: str) -> bool:
        """Optional ya or tidak; tidak when missing."""
        node = self.node(key)
        return bool(self.source.typed(node, self._name(key), values.yes)) if node is not None else False

    def texts(self, key: str) -> tuple[tuple[str, int], ...]:
        """Optional list of texts with their lines."""
        node = self.node(key)
        if node is None:
            return ()
        if not isinstance(node, Items):
            self.source.add(node.line, "schema.shape", f"{self._name(key)} harus berupa daftar, misalnya [a, b].")
            return ()
        read = ((self.source.text(item, self._name(key)), item.line) for item in node.nodes)
        return tuple((text, line) for text, line in read if text is not None)

    def mapping(self, key: str) -> dict[str, str]:
        """Optional mapping of text to text."""
        node = self.node(key)
        if node is None:
            return {}
        if not isinstance(node, Table):
            self.source.add(
                node.line, "schema.shape", f"{self._name(key)} harus berisi pasangan, misalnya {{ya: lanjut}}."
            )
            return {}
        read = {name: self.source.text(value, self._name(key)) for name, value in node.nodes.items()}
        return {name: text for name, text in read.items() if text is not None}

    def done(self) -> None:
        """Report every key that nobody asked for."""
        for key in self._table.nodes:
            if key not in self._known:
                sentence = f'Kunci "{key}" tidak dikenal pada {self._what}.{nearest(key, self._known)}'
                self.source.add(self._table.lines[key], "schema.unknown", sentence)

    def _name(self, key: str) -> str:
        return f'"{key}" pada {self._what}'
