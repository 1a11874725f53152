"""Finds the things named in a message: programme, money, dates, numbers of people and papers, work, places, family.

Each entity keeps what was written and where. Money and dates have files of their own; numbers on papers are lokal-id's.
"""

from __future__ import annotations

import re
from datetime import date

from lokal import parse_nik, parse_phone

from nlu.dates import DateReader
from nlu.folding import Folded
from nlu.lexicon import RawLexicon, any_of, occupations, pairs, part, whole_words, words
from nlu.money import MoneyReader
from nlu.understanding import Entity, JsonValue

_PROGRAM = re.compile(r"(?<![a-z0-9])(jkk|jkm|jht|jkp|jp)(?:nya|ny|nye|ne|na)?(?![a-z0-9])")
_LONG_NUMBER = re.compile(r"(?<![\w.,])\+?\(?\d(?:[\d .()/-]{6,26})\d(?![\w])")
_NAME = r"[a-z][a-z'’.-]*"

Span = tuple[int, int]


class EntityReader:
    """All entities of a message, in order, none inside another (but sector and period inside an occupation)."""

    def __init__(self, lexicon: RawLexicon) -> None:
        cues = part(lexicon, "cues")
        self.money = MoneyReader(lexicon)
        self.dates = DateReader(lexicon)
        self._works = {form: work for work in occupations(lexicon) for form in work.words}
        self._work = whole_words(self._works)
        self._relations = pairs(part(lexicon, "months", "relations"))
        self._relation = whole_words(self._relations)
        self.numbers = {
            form: int(value) for form, value in pairs(part(lexicon, "months", "numbers")).items() if value.isdigit()
        }
        count = rf"(\d{{1,2}}|{any_of(self.numbers)})"
        child, unit = any_of(words(part(cues, "child"))), any_of(words(part(cues, "month_unit")))
        year, age = any_of(words(part(cues, "year_unit"))), any_of(words(part(cues, "age_cue")))
        self._children = re.compile(
            rf"(?<![a-z0-9]){count}\s*(?:orang\s+|org\s+)?{child}(?![a-z])|(?<![a-z]){child}\s+(?:ada\s+)?{count}(?!\w|[.,]\d)(?!\s*(?:tahun|thn|th|bulan|bln))"
        )
        self._months = re.compile(rf"(?<![\w.,]){count}\s*{unit}(?:an)?(?![a-z])")
        self._years = re.compile(rf"(?<![\w.,])(?:{count}\s*{year}(?![a-z])|(se)tahun(?![a-z]))")
        self._age = re.compile(rf"(?<![a-z]){age}\s*(?:saya|sy|aku|nya|sudah|udah|sdh|baru|:)?\s*{count}(?![\d.,])")
        self._years_old = re.compile(rf"(?<![\w.,])(\d{{2}})\s*{any_of(words(part(cues, 'age_unit')))}(?![a-z])")
        self._place_stop = frozenset(words(part(cues, "place_stop")))
        self._price_cue = whole_words(words(part(cues, "price_cue")))
        self._income_cue = whole_words(words(part(cues, "income_cue")))
        self._supposing = whole_words(words(part(cues, "supposing")))
        self._places = [
            (
                kind,
                re.compile(
                    rf"(?<![a-z])(?:{any_of(words(part(cues, 'place', kind)))})(?![a-z])\.?\s+({_NAME}(?:\s+{_NAME}){{0,3}})"  # noqa: E501 (one pattern or table)
                ),
            )
            for kind in ("village", "district", "regency")
        ]

    def read(self, folded: Folded, today: date | None = None) -> tuple[Entity, ...]:
        """Every entity; relative dates only where `today` is known."""
        text = folded.text
        found: list[Entity] = []
        taken: list[Span] = []

        def add(kind: str, value: JsonValue, start: int, end: int, *, alone: bool = True) -> None:
            if alone and any(start < last and first < end for first, last in taken):
                return
            if alone:
                taken.append((start, end))
            first, last = folded.place(start, end)
            found.append(Entity(kind, value, folded.raw[first:last], first, last))

        for kind, value, start, end in self._papers(text):
            add(kind, value, start, end)
        blanked = _blank(text, taken)
        for kind, value, start, end in [*self._sums(blanked), *self._days(blanked, today), *self._counts(blanked)]:
            add(kind, value, start, end)
        works = [(start, end) for _, start, end in self.occupation_in(blanked)]
        for name, start, end in self.money.all_periods(blanked):  # "buruh harian" is work, and says "a day" too
            add("period", name, start, end, alone=not any(first <= start and end <= last for first, last in works))
        for kind, value, start, end in [*self._place_names(blanked), *self._work_and_family(blanked)]:
            add(kind, value, start, end)
        named = [entity for entity in found if entity.kind == "occupation"]
        found += [Entity("sector", self._sector(str(one.value)), one.text, one.start, one.end) for one in named]
        for match in _PROGRAM.finditer(text):
            add("program", match[1], match.start(), match.end())
        return tuple(sorted(found, key=lambda entity: (entity.start, -entity.end)))

    @property
    def work_forms(self) -> dict[str, str]:
        """Every way to say an occupation, with its id."""
        return {form: work.id for form, work in self._works.items()}

    def number(self, said: str) -> int | None:
        """A small number in digits or words."""
        said = " ".join(said.split())
        return int(said) if said.isdigit() and len(said) < 5 else self.numbers.get(said)

    def occupation_in(self, text: str) -> list[tuple[str, int, int]]:
        """Ids of all kinds of work named in folded text; "driver ojek online" is one, the nearer named."""
        found: list[tuple[str, int, int]] = []
        for match in self._work.finditer(text):
            work = self._works[" ".join(match[0].split())]
            start = match.start()
            if (
                found
                and work.sector == self._sector(found[-1][0]) == "transport"
                and not text[found[-1][2] : start].strip()
            ):
                start = found.pop()[1]
            found.append((work.id, start, match.end()))
        return found

    def _papers(self, text: str) -> list[tuple[str, JsonValue, int, int]]:
        found: list[tuple[str, JsonValue, int, int]] = []
        for match in _LONG_NUMBER.finditer(text):
            written = match[0].rstrip(" .-/(")
            digits = re.sub(r"\D", "", written)
            end = match.start() + len(written)
            phone = parse_phone(written.replace("/", "")) if digits[:1] in {"0", "8", "6"} else None
            if len(digits) == 16:
                found.append(("nik", parse_nik(digits).nik or digits, match.start(), end))
            elif phone is not None and phone.valid and phone.type == "mobile":
                found.append(("phone", phone.e164, match.start(), end))
            elif len(digits) == 11 and re.fullmatch(r"\d[\d -]*", written):
                found.append(("kpj", digits, match.start(), end))
        return found

    def _sums(self, text: str) -> list[tuple[str, JsonValue, int, int]]:
        found: list[tuple[str, JsonValue, int, int]] = []
        for amount in self.money.read(text):
            value: dict[str, JsonValue] = {"amount": amount.rupiah, "period": amount.period}
            if amount.high > amount.rupiah:
                value["high"] = amount.high
            before = text[max(0, amount.start - 40) : amount.start]
            if self._is_price(before):
                value["of"] = "price"
            found.append(("money", value, amount.start, amount.end))
        return found

    def _is_price(self, before: str) -> bool:
        """As in "iuran 16.800", not in "iuran kalau 2 juta" or "iuran dari gaji 2 juta"."""
        cues = list(self._price_cue.finditer(before))
        if not cues or self._income_cue.search(before):
            return False
        return self._supposing.search(before, cues[-1].end()) is None

    def _days(self, text: str, today: date | None) -> list[tuple[str, JsonValue, int, int]]:
        return [(found.kind, found.value, found.start, found.end) for found in self.dates.read(text, today)]

    def _counts(self, text: str) -> list[tuple[str, JsonValue, int, int]]:
        found: list[tuple[str, JsonValue, int, int]] = []

        def add(kind: str, match: re.Match[str], times: int, least: int, most: int) -> None:
            said = next((group for group in match.groups() if group), None)
            number = 1 if said == "se" else self.number(said) if said else None
            if number is not None and least <= number * times <= most:
                found.append((kind, number * times, match.start(), match.end()))

        for match in self._age.finditer(text):
            add("age", match, 1, 0, 120)
        for match in self._years_old.finditer(text):
            if int(match[1]) > 14 and not re.search(r"(?:selama|masa|iuran|kerja|bayar)\s*$", text[: match.start()]):
                add("age", match, 1, 15, 110)
        for match in self._children.finditer(text):
            add("child_count", match, 1, 0, 20)
        for match in self._months.finditer(text):
            add("months", match, 1, 1, 600)
        for match in self._years.finditer(text):
            add("months", match, 12, 12, 600)
        return found

    def _place_names(self, text: str) -> list[tuple[str, JsonValue, int, int]]:
        found: list[tuple[str, JsonValue, int, int]] = []
        for kind, pattern in self._places:
            for match in pattern.finditer(text):
                name = self._place_name(match[1])
                if name:
                    found.append((kind, name.title(), match.start(1), match.start(1) + len(name)))
        return found

    def _place_name(self, said: str) -> str:
        """The leading words that can be a name."""
        end = 0
        for word in re.finditer(r"\S+", said):
            bare = word[0].strip(".-'")
            if bare in self._place_stop or bare in self._relations or len(bare) < 2 or bare in self._works:
                break
            end = word.start() + len(word[0].rstrip(".-'"))
        return said[:end]

    def _work_and_family(self, text: str) -> list[tuple[str, JsonValue, int, int]]:
        found: list[tuple[str, JsonValue, int, int]] = list(self._work_spans(text))
        for match in self._relation.finditer(text):
            relation = self._relations[" ".join(match[0].split())]
            found += [("relation", relation, match.start(), match.end())]
        return found

    def _work_spans(self, text: str) -> list[tuple[str, JsonValue, int, int]]:
        return [("occupation", work, start, end) for work, start, end in self.occupation_in(text)]

    def _sector(self, work_id: str) -> str:
        return next(work.sector for work in self._works.values() if work.id == work_id)


def _blank(text: str, spans: list[Span]) -> str:
    """The text with these spans emptied, so that a NIK is not also read as money."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
