"""Intents: enough examples, no sentence that means two things, and an answer to each."""

from __future__ import annotations

import re

from content.reading.draft import Draft
from content.reading.words import plain_text

FEWEST_EXAMPLES = 15
_NOT_WORDS = re.compile(r"[^\w\s]+|_")


def intents(draft: Draft) -> None:
    """Every rule about intents and their answers."""
    for intent in draft.intents.values():
        if len(intent.examples) < FEWEST_EXAMPLES:
            sentence = (
                f'Niat "{intent.name}" baru punya {len(intent.examples)} contoh; paling sedikit {FEWEST_EXAMPLES}.'
            )
            draft.add("intent.few", sentence, "intent", intent.name)
        if draft.answers and intent.name not in draft.answers:
            sentence = f'Niat "{intent.name}" belum punya jawaban di flows/jawaban.yaml.'
            draft.add("intent.unanswered", sentence, "intent", intent.name)
    _doubled(draft)


def _doubled(draft: Draft) -> None:
    seen: dict[str, str] = {}
    for intent in draft.intents.values():
        for number, example in enumerate(intent.examples):
            words = normal(example)
            first = seen.get(words)
            seen.setdefault(words, intent.name)
            at = ("intent", intent.name, "example", str(number))
            if first == intent.name:
                draft.add("intent.repeated", f'Kalimat "{plain_text(example)}" ditulis dua kali. Hapus satu.', *at)
            elif first is not None:
                sentence = f'Kalimat "{plain_text(example)}" sudah menjadi contoh niat "{first}". Pilih satu niat saja.'
                draft.add("intent.two_meanings", sentence, *at)


def normal(example: str) -> str:
    """An example without marks, punctuation and case, to tell whether two are the same sentence."""
    return " ".join(_NOT_WORDS.sub(" ", plain_text(example).lower()).split())
