"""Reads content/sources.yaml, content/facts/*.yaml and content/slots/*.yaml."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath

from content.model import Confidence, Fact, FactValue, Kind, Scalar, SlotDef
from content.model import Source as LegalSource
from content.reading import values
from content.reading.draft import Draft
from content.reading.fields import Fields, Source
from content.strict_yaml import Items, Node, Table

DEPTHS = ("text", "quoted", "link", "official", "secondary")
STATUSES = ("berlaku", "diubah", "dicabut")
_KINDS = tuple(kind.value for kind in Kind)
_LATER = date(9999, 12, 31)
#: A fact's key, kind and columns: what is needed to read its values.
_Shape = tuple[str, Kind, tuple[tuple[str, Kind], ...]]


def read_sources(draft: Draft, source: Source, root: Node) -> None:
    """Every source: title, short name, address, how well it was read."""
    if not isinstance(root, Table):
        source.add(root.line, "schema.shape", "Daftar sumber harus berisi pasangan kunci dan nilai.")
        return
    for key, node in root.nodes.items():
        fields = source.table(node, f'sumber "{key}"')
        if fields is None or not draft.claim(draft.sources, "source", key, source.place(root.lines[key])):
            continue
        draft.sources[key] = LegalSource(
            id=key,
            title=fields.text("title"),
            short=fields.text("short"),
            article=fields.maybe("article"),
            url=_url(fields),
            depth=fields.one_of("depth", DEPTHS) or DEPTHS[-1],
            status=fields.one_of("status", STATUSES) or STATUSES[0],
            read_on=fields.day("read_on") or date.min,
        )
        fields.maybe("code"), fields.maybe("note"), fields.maybe("quote")
        draft.places.note(source.place(fields.line_of("read_on")), "source", key, "read_on")
        fields.done()


def _url(fields: Fields) -> str:
    node = fields.required("url")
    if node is None:
        return ""
    return str(fields.source.typed(node, '"url"', values.url) or "")


def read_slots(draft: Draft, source: Source, root: Node) -> None:
    """Every slot: how it is written and why it is kept."""
    for name, line, node in source.named(root, "Berkas slot"):
        fields = source.table(node, f'slot "{name}"')
        if fields is None or not draft.claim(draft.slots, "slot", name, source.place(line)):
            continue
        kind = fields.one_of("kind", [kind for kind in _KINDS if kind != Kind.TABLE])
        purpose, longest = fields.text("purpose"), fields.maybe_whole("longest")
        draft.slots[name] = SlotDef(name, Kind(kind or Kind.TEXT), purpose, longest)
        fields.done()


def read_facts(draft: Draft, source: Source, root: Node) -> None:
    """One file of facts; the file's name comes before each fact's."""
    top = source.table(root, "Berkas fakta")
    if top is None:
        return
    stem = PurePosixPath(source.path).stem
    program = top.text("program")
    if program and program != stem:
        source.add(top.line_of("program"), "fact.program", f'"program" harus sama dengan nama berkas: tulis {stem}.')
    excused = _excused(top)
    facts = top.required("facts")
    top.maybe("note"), top.maybe("name")
    top.done()
    for name, line, node in source.named(facts, '"facts"') if facts is not None else ():
        key = f"{stem}.{name}"
        fields = source.table(node, f'fakta "{key}"')
        if fields is None or not draft.claim(draft.facts, "fact", key, source.place(line)):
            continue
        _read_fact(draft, fields, key, excused=excused)


def _excused(fields: Fields) -> bool:
    """Whether it may go unsaid: `unused: boleh` with the reason beside it."""
    reason = fields.maybe("why_unused")
    if not fields.has("unused"):
        return False
    fields.one_of("unused", ("boleh",))
    if reason is None:
        sentence = 'Tulis alasannya di "why_unused" bila fakta boleh tidak dipakai.'
        fields.source.add(fields.line_of("unused"), "fact.why_unused", sentence)
    return True


def _read_fact(draft: Draft, fields: Fields, key: str, *, excused: bool) -> None:
    source = fields.source
    kind = Kind(fields.one_of("kind", _KINDS) or Kind.TEXT)
    columns = _columns(fields) if kind == Kind.TABLE else ()
    meaning, by_month = fields.text("meaning"), fields.flag("by_month")
    node = fields.required("recheck_by", "fact.recheck_by")
    recheck_by = source.typed(node, '"recheck_by"', values.day, "schema.date") if node is not None else None
    if fields.has("gap") and fields.one_of("gap", ("boleh",)):
        draft.gaps_allowed.add(key)
    if _excused(fields) or excused:
        draft.unused_allowed.add(key)
    listed = fields.required("values")
    nodes = source.items(listed, f'"values" pada fakta "{key}"') if listed is not None else ()
    read = [_read_value(draft, source, node, (key, kind, columns)) for node in nodes]
    found = sorted((value for value in read if value is not None), key=lambda value: value.since)
    place = str(draft.places.at("fact", key))
    draft.facts[key] = Fact(key, meaning, kind, tuple(found), recheck_by or _LATER, columns, by_month, place)
    fields.maybe("note")
    fields.done()


def _columns(fields: Fields) -> tuple[tuple[str, Kind], ...]:
    if not fields.has("columns"):
        fields.required("columns")
        return ()
    columns = fields.mapping("columns")
    known = [kind for kind in _KINDS if kind != Kind.TABLE]
    for name, kind in columns.items():
        if kind not in known:
            sentence = f'Kolom "{name}" berjenis "{kind}". Pilihannya: {", ".join(known)}.'
            fields.source.add(fields.line_of("columns"), "schema.choice", sentence)
    return tuple((name, Kind(kind)) for name, kind in columns.items() if kind in known)


def _read_value(draft: Draft, source: Source, node: Node, fact: _Shape) -> FactValue | None:
    key, kind, columns = fact
    fields = source.table(node, f'nilai fakta "{key}"')
    if fields is None:
        return None
    value = _rows(draft, fields, key, columns) if kind == Kind.TABLE else _scalar(fields, kind)
    since, until = fields.day("from"), fields.maybe_day("until")
    origin = fields.text("source")
    confidence = _confidence(fields)
    fields.maybe("note")
    fields.done()
    if since is None:
        return None
    draft.places.note(source.place(fields.line), "fact", key, since.isoformat())
    draft.places.note(source.place(fields.line_of("source")), "fact", key, since.isoformat(), "source")
    return FactValue(value, since, until, origin, confidence)


def _scalar(fields: Fields, kind: Kind) -> Scalar:
    node = fields.required("value")
    if node is None:
        return ""
    read = fields.source.typed(node, '"value"', lambda text: values.typed(text, kind), "fact.type")
    return "" if read is None else read


def _confidence(fields: Fields) -> Confidence:
    node = fields.node("confidence")
    if node is not None and fields.source.text(node, '"confidence"') == "L":
        sentence = "Nilai dengan keyakinan L tidak boleh diucapkan. Hapus nilai ini sampai ada sumber yang lebih baik."
        fields.source.add(node.line, "fact.confidence", sentence)
        return Confidence.MEDIUM
    return Confidence(fields.one_of("confidence", ("H", "M")) or "M")


def _rows(
    draft: Draft, fields: Fields, key: str, columns: tuple[tuple[str, Kind], ...]
) -> tuple[tuple[Scalar, ...], ...]:
    node = fields.required("rows")
    rows = fields.source.items(node, f'"rows" pada fakta "{key}"') if node is not None else ()
    read: list[tuple[Scalar, ...]] = []
    for row in rows:
        cells = row.nodes if isinstance(row, Items) else ()
        if len(cells) != len(columns):
            names = ", ".join(name for name, _ in columns)
            sentence = f"Baris tabel berisi {len(cells)} nilai, padahal kolomnya {len(columns)}: {names}."
            fields.source.add(row.line, "table.width", sentence)
            continue
        draft.places.note(fields.source.place(row.line), "fact", key, "row", str(len(read)))
        read.append(_cells(fields.source, cells, columns))
    return tuple(read)


def _cells(source: Source, cells: tuple[Node, ...], columns: tuple[tuple[str, Kind], ...]) -> tuple[Scalar, ...]:
    row = []
    for cell, (name, kind) in zip(cells, columns, strict=True):
        value = source.typed(cell, f'kolom "{name}"', lambda text, kind=kind: values.typed(text, kind), "table.type")  # type: ignore[misc]
        row.append("" if value is None else value)
    return tuple(row)
