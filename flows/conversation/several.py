"""Reading one message as several answers: "nama Siti, petani, 1,2 juta sebulan", or a numbered list in one line.

Cuts the message into pieces and finds the question each answers: by its label ("nik …", "gaji …"), else by its look.
 What reads wrongly is left for its own question, which then says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from content.model import FlowDef, Step
from flows.conversation.answers import ASKING, Read, read_plain
from flows.conversation.scene import Scene
from nlu.answers.reading import readers_for
from nlu.folding import fold
from nlu.lexicon import any_of

_NUMBERED = re.compile(r"(?:^|(?<=[\s,;:]))\d{1,2}\s*[.)]\s*(?=[^\d\s])|(?:^|(?<=[\s,;:]))\d{1,2}\s*[.)]\s+(?=\S)")
_CUT = re.compile(r"[\n;]+|,(?!\d)|(?<!\d),|\.\s+(?=[A-Za-z])")
#: Found in a message, these stand alone whatever is around them.
_ALONE = frozenset({"nik", "phone", "kpj"})
_EMAIL = re.compile(r"\S+@\S+\.\S+")
_PROGRAM = re.compile(r"\b(?:[23]|dua|tiga)\s*program|\bjk[km]\b|\bjht\b", re.IGNORECASE)
_STREET = re.compile(r"\b(?:dusun|dsn|dukuh|jalan|jl|jln|gang|gg|rt|rw|blok)\b", re.IGNORECASE)
_LONGEST_WORK = 6
_WHERE = re.compile(r"(?:(?:kerja|bekerja|jualan|dagang)\w*\s+)?(?:di|ke)\s+(?!desa|kel)", re.IGNORECASE)
#: What follows the name of a kind of work and tells where or when.
_THEN = re.compile(r"\s*(?:di|ke|dari|mulai|jam|jm|pukul)\b|\s*\d", re.IGNORECASE)
#: Kinds that are told from each other by their look, in the order tried.
_BY_LOOK = (
    "nik",
    "phone",
    "email",
    "kpj",
    "birth_date",
    "programs",
    "income",
    "payment",
    "sex",
    "address",
    "village",
    "occupation",
    "name",
)


@dataclass(slots=True)
class Found:
    """What a message answers: readings by step id, pieces whose reading needs a question back, and what was asked."""

    reads: dict[str, Read] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)
    asks: bool = False

    def __len__(self) -> int:
        return len(self.reads) + len(self.unclear)


def read_several(scene: Scene, flow: FlowDef, text: str, *, waiting: Step | None = None) -> Found:
    """Every answer that `text` holds to the questions of `flow` whose answers may be changed."""
    steps = [step for step in flow.steps if step.ask and step.words]
    found = Found()
    if not steps:
        return found
    labels = {word: step for step in steps for word in step.words}
    places: list[str] = []
    for label, piece in _pieces(scene, text, labels):
        if ASKING.search(piece) and label is None:
            found.asks = True
            continue
        if label is None and (_WHERE.match(piece) or _hours(scene, piece)):
            places.append(piece)
            continue
        _place(scene, found, steps, label, piece, waiting=waiting)
    place = next((step for step in steps if step.ask == "work_place"), None)
    if place is not None and places and place.id not in found.reads:
        read = read_plain(scene, "work_place", ", ".join(places))
        if read.ok:
            found.reads[place.id] = read
    return found


def _hours(scene: Scene, piece: str) -> bool:
    """Whether a piece says from when to when."""
    return bool(read_plain(scene, "work_place", piece).also.get("jam_kerja"))


def _place(
    scene: Scene, found: Found, steps: Sequence[Step], label: Step | None, piece: str, *, waiting: Step | None
) -> None:
    """Find the question that a piece answers."""
    if label is not None and label.id not in found.reads:
        read = read_plain(scene, label.ask or "text", _before_others(scene, label, piece))
        if read.ok:
            found.reads[label.id] = read
            if label.ask == "address":  # "alamat dusun 2, desa contoh": the village stands in it
                _also_village(scene, found, steps, piece)
            return
        if label.ask in {"nik", "phone", "income", "village", "birth_date"} and re.search(r"\d|\w{4}", piece):
            found.unclear[label.id] = piece
            return
    by_kind: dict[str, Step] = {}
    for step in steps:
        by_kind.setdefault(step.ask or "", step)
    for kind in _BY_LOOK:
        asked = by_kind.get(kind)
        if asked is None or asked.id in found.reads or not _looks_like(scene, kind, piece, waiting, found):
            continue
        read = read_plain(scene, kind, piece)
        if read.ok:
            found.reads[asked.id] = read
            return
        if read.narrowing or kind == "nik":
            found.unclear[asked.id] = piece
            return


def _also_village(scene: Scene, found: Found, steps: Sequence[Step], piece: str) -> None:
    step = next((step for step in steps if step.ask == "village" and step.id not in found.reads), None)
    said = re.search(r"\b(?:desa|kelurahan|kel)\b.*", piece, re.IGNORECASE)
    read = read_plain(scene, "village", said[0]) if step is not None and said is not None else None
    if step is not None and read is not None and read.ok:
        found.reads[step.id] = read


def _looks_like(scene: Scene, kind: str, piece: str, waiting: Step | None, found: Found) -> bool:
    """Whether it may be that at all: loose readers would take anything."""
    entities = {entity.kind for entity in readers_for(scene.content.lexicon).entities.read(fold(piece))}
    digits = len(re.sub(r"\D", "", piece))
    match kind:
        case "nik":
            return "nik" in entities or (12 <= digits <= 18 and not entities & {"phone", "kpj", "money"})
        case "phone":
            return "phone" in entities
        case "kpj":
            return "kpj" in entities
        case "email":
            return _EMAIL.search(piece) is not None
        case "birth_date":
            return digits >= 4 and not entities & {"nik", "phone", "kpj", "money"}
        case "programs":
            return _PROGRAM.search(piece) is not None
        case "income":
            return "money" in entities
        case "payment":
            return "months" in entities or re.search(r"\bbayar|bulan\b", piece, re.IGNORECASE) is not None
        case "address":
            return _STREET.search(piece) is not None and not entities & {"nik", "phone", "money"}
        case "village":
            return "village" in entities
        case "occupation":
            return "occupation" in entities and len(piece.split()) <= _LONGEST_WORK
        case "name":
            return (
                waiting is not None
                and waiting.ask == "name"
                and not found.reads.get(waiting.id)
                and not entities - {"village", "relation"}
            )
        case _:
            return True


def _before_others(scene: Scene, label: Step, piece: str) -> str:
    """A name ends where a kind of work or an amount begins: "nama siti petani 1,2 juta"."""
    if label.ask != "name":
        return piece
    entities = readers_for(scene.content.lexicon).entities.read(fold(piece))
    starts = [entity.start for entity in entities if entity.kind in {"occupation", "money", "date", "age", "village"}]
    return piece[: min(starts)] if starts and min(starts) > 2 else piece


def _pieces(scene: Scene, text: str, labels: Mapping[str, Step]) -> Iterator[tuple[Step | None, str]]:
    """Pieces in order, each with the question its label names."""
    spoken = scene.content.lexicon.get("formulir", {})
    filler = any_of(spoken.get("filler", ()))
    known = any_of(labels)
    leading = re.compile(
        rf"^(?:{filler}\b[\s,:]*)*({known})(?:nya|ny|ku)?(?:\s+(?:saya|sy|aku|ku))?(?![a-z0-9])[\s:=.,-]*(?:adalah\s+|itu\s+|di\s+(?=desa|kel))?",
        re.IGNORECASE,
    )
    for piece in _cut(scene, text, known):
        match = leading.match(piece)
        bare = re.sub(rf"^(?:{filler}\b[\s,:]*)+", "", piece, flags=re.IGNORECASE).strip()
        if match and piece[match.end() :].strip():
            yield labels[" ".join(match[1].lower().split())], piece[match.end() :].strip()
        else:
            yield from ((None, part) for part in _work_and_where(scene, bare) if part)


def _work_and_where(scene: Scene, piece: str) -> tuple[str, ...]:
    """As in "petani di sawah jam 6 sampai 2": a kind of work, and a place with hours."""
    entities = readers_for(scene.content.lexicon).entities.read(fold(piece))
    works = [entity for entity in entities if entity.kind == "occupation"]
    rest = piece[works[-1].end :] if works else ""
    return (piece[: works[-1].end], rest.strip()) if works and _THEN.match(rest) else (piece,)


def _cut(scene: Scene, text: str, labels: str) -> list[str]:
    """The message in pieces: at line ends, commas, list numbers, labels, and around long numbers."""
    said = text
    for entity in reversed(readers_for(scene.content.lexicon).entities.read(fold(text))):
        if entity.kind in _ALONE:
            label = re.search(
                rf"(?:^|\W){labels}(?:nya|ku)?(?:\s+(?:saya|sy))?[\s:=]*$", said[: entity.start], re.IGNORECASE
            )
            said = f"{said[: entity.start]}{'' if label else chr(10)}{entity.text}\n{said[entity.end :]}"
    if re.search(r"(?:^|\s)1\s*[.)]", said):
        said = _NUMBERED.sub("\n", said)
    pieces: list[str] = []
    for part in _CUT.split(said):
        starts = [
            match.start(1) for match in re.finditer(rf"(?:^|\s)({labels})(?:nya|ku)?(?![a-z0-9])", part, re.IGNORECASE)
        ]
        cuts = [0, *(start for start in starts if _begins_piece(part, start)), len(part)]
        pieces += [part[first:last].strip(" \t:") for first, last in pairwise(cuts)]
    return [piece for piece in pieces if piece]


def _begins_piece(part: str, start: int) -> bool:
    """A label after one of these words belongs to what stands before: "tanggal | lahir", "di desa"."""
    before = part[:start].rstrip().lower()
    return bool(before) and not re.search(
        r"(?:\b(?:di|ke|tanggal|tgl|tempat|nomor|no|jam|nama|dari|dana|kas|per|dan)|\d)$", before
    )
