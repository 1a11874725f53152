"""How a reply reads: Indonesian, short sentences, "Bapak/Ibu" once, no abbreviation left unexplained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from content.checks.function_words import ENGLISH, INDONESIAN, PLAINLY_ENGLISH
from content.checks.sample import longest
from content.model import Reply
from content.reading.draft import Draft
from content.render import Template

LONGEST_SENTENCE = 20
_ENOUGH_WORDS = 6
_ABBREVIATIONS = "singkatan"
_COMMON = "umum"
_SLOT = re.compile(r"\{slot\.\w+\}")
_WORD = re.compile(r"[A-Za-zÀ-ÿ][\w'’/-]*|\d[\w.,/%-]*|Rp[\d.]+")
_SENTENCE_END = re.compile(r"[.!?:;]+(?:\s+|$)|\n+")
_ADDRESS = re.compile(r"\b(?:Bapak|Pak)\s*/\s*(?:Ibu|Bu)\b", re.I)
_SHAPED = re.compile(r"(?:me|di|ber|ter|pe|se|ke)\w{4,}|\w{3,}(?:kan|nya|an)")


def language(draft: Draft, day: date | None) -> None:
    """Every rule about how replies read."""
    meanings, common = _abbreviations(draft.lexicon.get(_ABBREVIATIONS))
    for reply in draft.replies.values():
        text = longest(draft, _SLOT.sub("isian", reply.text), day)  # an answer counts as one word
        _indonesian(draft, reply)
        _sentences(draft, reply, text)
        _address(draft, reply, text)
        _explained(draft, reply, text, meanings, common)


def _add(draft: Draft, reply: Reply, rule: str, sentence: str) -> None:
    draft.add(rule, sentence, "reply", reply.key, "text")


def _indonesian(draft: Draft, reply: Reply) -> None:
    literal = " ".join(Template.cut(reply.text).literals)
    words = [word.lower() for word in re.findall(r"[A-Za-z]+", literal)]
    english = sorted(ENGLISH.intersection(words))
    if len(english) > 1 or PLAINLY_ENGLISH.intersection(english):
        _add(
            draft,
            reply,
            "reply.english",
            f"Ada kata Inggris: {', '.join(english)}. Tulis dalam bahasa Indonesia.",
        )
    elif len(words) >= _ENOUGH_WORDS and not any(word in INDONESIAN or _SHAPED.fullmatch(word) for word in words):
        _add(draft, reply, "reply.language", "Kalimat ini tidak tampak seperti bahasa Indonesia.")


def _sentences(draft: Draft, reply: Reply, text: str) -> None:
    counts = [count for part in _SENTENCE_END.split(text) if (count := len(_WORD.findall(part)))]
    if counts and sum(counts) / len(counts) >= LONGEST_SENTENCE:
        average = round(sum(counts) / len(counts))
        sentence = f"Kalimat rata-rata {average} kata; usahakan di bawah {LONGEST_SENTENCE}. Bagi kalimatnya."
        _add(draft, reply, "reply.long_sentences", sentence)


def _address(draft: Draft, reply: Reply, text: str) -> None:
    if (count := len(_ADDRESS.findall(text))) > 1:
        _add(draft, reply, "reply.address", f'"Bapak/Ibu" disebut {count} kali; cukup sekali dalam satu pesan.')


def _explained(
    draft: Draft, reply: Reply, text: str, meanings: Mapping[str, tuple[str, ...]], common: set[str]
) -> None:
    lowered = " ".join(text.lower().split())
    for short in sorted(set(re.findall(r"\b[A-Z][A-Z0-9]+\b", text))):
        full = meanings.get(short)
        if full and short not in common and not any(meaning.lower() in lowered for meaning in full):
            sentence = f'Singkatan "{short}" belum dijelaskan. Tulis juga "{full[0]}" dalam pesan yang sama.'
            _add(draft, reply, "reply.abbreviation", sentence)


def _abbreviations(lexicon: Any) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    """content/lexicon/singkatan.yaml: `JKM: Jaminan Kematian` (or a list of ways to say it), and `umum: [KTP, …]`."""
    if not isinstance(lexicon, Mapping):
        return {}, set()
    common = lexicon.get(_COMMON, ())
    meanings = {short: (full,) if isinstance(full, str) else tuple(full) for short, full in lexicon.items()}
    meanings.pop(_COMMON, None)
    return meanings, set(common) if isinstance(common, tuple) else set()
