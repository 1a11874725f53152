"""Finds amounts of money and their period in folded text; lokal-id reads each amount."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lokal import parse_rupiah

from nlu.lexicon import RawLexicon, any_of, pairs, part, words

PERIODS = ("day", "week", "month", "year", "harvest")
_UNITS = "satu|dua|tiga|empat|lima|enam|tujuh|delapan|dlapan|lapan|sembilan"
_SCALE = r"(?:ribuan|ribu|rbuan|rban|rb|rbu|rebu|ceng|jutaan|juta|jtaan|jtan|jt|jeti|miliar|milyar|k)"
_WHOLE = r"(?:seribu|sejuta|semiliar|semilyar|setengah|seratus|sepuluh|sebelas|seceng|noceng|goceng|ceban|noban|goban|cetiaw|cepek|gopek|gocap|jigo)"  # noqa: E501 (one pattern or table)
_TOKEN = rf"(?:\d+(?:[.,]\d+)*|{_SCALE}|{_WHOLE}|{_UNITS}|puluh|belas|ratus)"
_SPAN = re.compile(
    rf"(?<![\w.,])(?:rp\.?\s*)?{_TOKEN}(?:[\s-]*{_TOKEN})*(?:-?an)?(?![a-z])|(?<!\w)rp\.?\s*\d+(?:[.,]\d+)*"
)
_PIECE = re.compile(rf"{_TOKEN}")
_HAS_SCALE = re.compile(rf"{_SCALE}|seribu|sejuta|semili?[ay]ar|seceng|noceng|goceng|ceban|noban|goban|cetiaw")
_BIG_SCALE = re.compile(r"(juta(?:an)?|jtan|jt|jeti|sejuta)(?:-?an)?(?:\s+|-)")
_DOTTED = re.compile(r"\d{1,3}(?:[.,]\d{3})+$")
_RANGE = re.compile(rf"(?:^|\s)(?:\d+(?:[.,]\d+)?|{_UNITS})(?:\s*-\s*|\s+)(?:\d+(?:[.,]\d+)?|{_UNITS})\s*{_SCALE}")
_COUNTED = re.compile(
    r"\s*(?:orang|org|kali|kk|warga|hari|bulan|bln|tahun|thn|anak|meter|km|kg|kilo|jam|menit|persen|%|desa|peserta)(?![a-z])"
)
_NOT_PERIOD = re.compile(r"\s*(?:lagi|lalu|depan|yang lalu|kemudian|sekaligus)(?![a-z])")


@dataclass(frozen=True, slots=True)
class Amount:
    """Rupiah read from `start:end` of the folded text. `high` is the upper end of a range, else the same."""

    rupiah: int
    high: int
    period: str | None
    start: int
    end: int


class MoneyReader:
    """Reads amounts with the period words and cues of the lexicon."""

    def __init__(self, lexicon: RawLexicon) -> None:
        cues = part(lexicon, "cues")
        self._periods = _period_patterns(lexicon)
        self._cue = re.compile(rf"(?<![a-z]){any_of(words(part(cues, 'money_cue')))}(?![a-z])[^.;?!]{{0,25}}$")
        self._to = any_of(word for word in words(part(cues, "range")) if len(word) > 1)
        self._joined_range = re.compile(rf"^\s*(?:{self._to}|-)\s*$")
        spoken = pairs(part(cues, "amount"))
        self._spoken = re.compile(rf"(?<![a-z0-9]){any_of(spoken)}(?![a-z0-9])") if spoken else None
        self._said = spoken

    def read(self, text: str) -> list[Amount]:
        """All amounts, in order. A bare number counts only beside a money word or a period."""
        if len(text) > 2000 or not self._worth_reading(text):
            return []
        found: list[Amount] = []
        for start, end in self._spans(text):
            value = self._value(text, start, end)
            if value is not None:
                found.append(value)
        return self._joined(text, found)

    def period(self, text: str, start: int, end: int) -> tuple[str, int, int] | None:
        """The period said right after or before `start:end`, with its place."""
        after = text[end : end + 28]
        best: tuple[int, str, int, int] | None = None
        for name, pattern in self._periods:
            match = pattern.search(after)
            if match and not re.search(r"[.;?!]|\d", after[: match.start()]):
                if _NOT_PERIOD.match(after, match.end()):
                    continue
                if best is None or (match.start(), -len(match[0])) < (best[0], best[2] - best[3]):
                    best = (match.start(), name, end + match.start(), end + match.end())
        if best and (best[0] <= 18):
            return best[1:]
        return self._period_before(text, start)

    def _period_before(self, text: str, start: int) -> tuple[str, int, int] | None:
        head = max(0, start - 40)
        before = text[head:start]
        last: tuple[int, str, int, int] | None = None
        for name, pattern in self._periods:
            for match in pattern.finditer(before):
                between = before[match.end() :]
                if _NOT_PERIOD.match(between):
                    continue
                if not re.search(r"[.;?!,]|\d", between) and (last is None or match.start() > last[0]):
                    last = (match.start(), name, head + match.start(), head + match.end())
        return last[1:] if last else None

    def all_periods(self, text: str) -> list[tuple[str, int, int]]:
        """Every period word in the text."""
        return sorted(
            ((name, match.start(), match.end()) for name, pattern in self._periods for match in pattern.finditer(text)),
            key=lambda found: found[1],
        )

    def _worth_reading(self, text: str) -> bool:
        return bool(re.search(r"\d{4}|\d[.,]?\d*\s*(?:rb|ribu|jt|juta|k\b|r)", text) or _HAS_SCALE.search(text)
                    or _WORTH.search(text) or (self._spoken and self._spoken.search(text)))  # fmt: skip

    def _spans(self, text: str) -> list[tuple[int, int]]:
        spans = [match.span() for match in self._spoken.finditer(text)] if self._spoken else []
        taken = list(spans)
        for match in _SPAN.finditer(text):
            start, end = match.start(), match.start() + len(_without_stray_number(match[0]))
            if not any(start < last and first < end for first, last in taken):
                spans.append((start, end))
        return sorted(spans)

    def _value(self, text: str, start: int, end: int) -> Amount | None:
        span = text[start:end].strip()
        end = start + len(text[start:end].rstrip())
        span = self._said.get(re.sub(r"\s+", " ", span), span)
        period = self.period(text, start, end)
        if not self._is_money(text, span, start, end, has_period=period is not None):
            return None
        low, high = rupiah(span)
        if low is None or high is None or not 0 < high <= 10**13:
            return None
        return Amount(low, high, period[0] if period else None, start, end)

    def _is_money(self, text: str, span: str, start: int, end: int, *, has_period: bool) -> bool:
        if span.startswith("rp"):
            return any(char.isdigit() for char in span) or _HAS_SCALE.search(span) is not None
        if _HAS_SCALE.search(span):
            return not _COUNTED.match(text, end) or has_period
        if not span[0].isdigit():
            return span in {"cepek", "gopek", "gocap", "jigo"} or text.startswith("rupiah", end + 1)
        if re.search(r"\s", span) or not re.fullmatch(r"\d+(?:[.,]\d+)*", span):
            return False
        digits = len(re.sub(r"\D", "", span))
        if not 4 <= digits <= 10 or span.startswith("0") or (_COUNTED.match(text, end) and digits < 5):
            return False
        cued = self._cue.search(text[max(0, start - 40) : start]) is not None or has_period
        year = digits == 4 and re.fullmatch(r"(19|20)\d\d", span) is not None
        return (_DOTTED.fullmatch(span) is not None or cued or text.startswith("rupiah", end + 1)) and not year

    def _joined(self, text: str, found: list[Amount]) -> list[Amount]:
        """As in "1 juta sampai 2 juta" and "500 sampai 700 ribu" are one amount with an upper end."""
        joined: list[Amount] = []
        for amount in found:
            last = joined[-1] if joined else None
            if last and last.rupiah < amount.rupiah and self._joined_range.match(text[last.end : amount.start]):
                joined[-1] = Amount(last.rupiah, amount.high, amount.period or last.period, last.start, amount.end)
            else:
                joined.append(self._with_bare_start(text, amount))
        return joined

    def _with_bare_start(self, text: str, amount: Amount) -> Amount:
        lower = re.search(rf"(?<![\w.,])(\d{{1,3}}|{_UNITS})\s*(?:{self._to}|-)\s*$", text[: amount.start])
        scale = re.search(_SCALE, text[amount.start : amount.end])
        if not lower or not scale:
            return amount
        low, _ = rupiah(f"{lower[1]} {scale[0]}")
        if low is None or low >= amount.rupiah:
            return amount
        return Amount(low, amount.high, amount.period, lower.start(), amount.end)


def _period_patterns(lexicon: RawLexicon) -> list[tuple[str, re.Pattern[str]]]:
    alone = set(words(part(lexicon, "cues", "period_unit")))
    forms = pairs(part(lexicon, "months", "periods")) | pairs(part(lexicon, "cues", "period"))
    kept = {name: [form for form, value in forms.items() if value == name and form not in alone] for name in PERIODS}
    return [(name, re.compile(rf"(?<![a-z0-9]){any_of(kept[name])}(?![a-z0-9])")) for name in PERIODS]


_STRAY = re.compile(rf"(?<=[a-z])(?<!setengah)\s+(?:\d{{1,2}}|(?<!ratus )(?<!puluh )(?:{_UNITS}))$")
_WORTH = re.compile(r"\d{4}|\brp|cepek|gopek|gocap|jigo|rupiah|\d{1,3}[.,]\d{3}")


def _without_stray_number(span: str) -> str:
    """As in "2 juta 3 (anak)" and "50 ribu 10 (hari)" end at the scale: what follows counts something else."""
    return _STRAY.sub("", span)


@lru_cache(maxsize=4096)
def rupiah(span: str) -> tuple[int | None, int | None]:
    """Lowest and highest rupiah of a span such as "2 juta-an", "dua juta lima ratus", "1-2 juta"."""
    if len(span) > 80:
        return None, None
    span = re.sub(r"(?<=[a-z])an-an\b", "an", span)
    span = re.sub(r"\bd?lapan\b", "delapan", span)
    if _RANGE.search(span):
        return _range(span)
    span = _spoken_tail(span)
    parsed = parse_rupiah(span)
    if parsed is None or parsed.amount <= 0:
        return None, None
    return int(parsed.amount), int(parsed.amount)


def _range(span: str) -> tuple[int | None, int | None]:
    pieces = list(_PIECE.findall(span))
    scale = " ".join(pieces[2:])
    low, high = (parse_rupiah(f"{piece} {scale}") for piece in pieces[:2])
    if low is None or high is None or low.amount >= high.amount:
        return None, None
    return int(low.amount), int(high.amount)


def _spoken_tail(span: str) -> str:
    """In speech "dua juta lima ratus" leaves out the last "ribu"; a lone digit after "juta" belongs elsewhere."""
    scales = list(_BIG_SCALE.finditer(span))
    match = scales[-1] if scales else None
    if match is None or _HAS_SCALE.search(span, match.end()):
        return span
    rest = parse_rupiah(span[match.end() :]) if "setengah" not in span[match.end() :] else None
    if rest is None:
        return span
    if 10 <= rest.amount <= 999:
        return f"{span} ribu"
    return span[: match.end()] if rest.amount < 10 else span
