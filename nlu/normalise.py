"""Writes a message the standard way, so that "sy mw dftr gmn crany" and "saya mau daftar bagaimana caranya" look alike.

Order: folding, emoji, elongation, reduplication, chat forms of the lexicon, -nya, consonant skeletons, spelling.
What is a correct word, a name, a place or a number is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from nlu.folding import LONGEST, fold
from nlu.lexicon import RawLexicon, any_of, occupations, pairs, part, words
from nlu.spelling import Spelling

_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+(?:['-][^\W\d_]+)*\d{0,2}[^\W\d_]*")
_RUPIAH = re.compile(r"(?<![a-z])rp\.?\s*(?=\d)")
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_DOUBLED = re.compile(r"([a-z])\1")
_TWICE = re.compile(r"([a-z]{2,})(?:2|\")((?:nya|ny|an|ku|mu)?)")
_VOWELS = re.compile(r"[aeiou]")
#: A word in this many sentences may be meant by as little as three letters.
_COMMON = 12
_ENDINGS = ("nya", "ny", "nye", "nyah", "x", "na", "ne")
#: After these words a name follows, which spelling leaves alone.
_NAME_BEFORE = frozenset(["bu", "pak", "bapak", "ibu", "mas", "mbak", "bang", "kak", "kang", "teh", "bli", "nama", "namaku", "bernama", "desa", "ds", "kelurahan", "kel", "kecamatan", "kec", "kabupaten", "kab", "kota", "dusun", "kampung", "gampong", "nagari", "pt", "cv", "rt", "rw", "jalan", "jl", "pasar", "provinsi"])  # fmt: skip  # noqa: E501 (one pattern or table)


class Normaliser:
    """Normalises messages by the lexicon and the words of the training examples (`vocabulary`: word to count)."""

    def __init__(self, lexicon: RawLexicon, vocabulary: Mapping[str, int]) -> None:
        forms = pairs(part(lexicon, "slang", "forms"))
        self._forms = {form: said for form, said in forms.items() if " " not in form}
        self._phrases = {form: said for form, said in forms.items() if " " in form}
        self._phrase = re.compile(rf"(?<![^\W_]){any_of(self._phrases)}(?![^\W_])")
        self._emoji = {
            sign.replace("\ufe0f", ""): f" {said} " for sign, said in pairs(part(lexicon, "words", "emoji")).items()
        }
        self._protected = frozenset(_known_words(lexicon))
        self._counts = {word: count for word, count in vocabulary.items() if word.isalpha() and word not in self._forms}
        self.known = self._protected | {word for word, count in self._counts.items() if count > 3}
        targets = {word for said in self._forms.values() for word in said.split()}
        self._rank = {
            word: self._counts.get(word, 0) for word in self.known | targets if word.isascii() and word.isalpha()
        }
        worth = {word: count for word, count in self._rank.items() if count > 2 or word in targets}
        self._spelling = Spelling(frozenset(self.known | targets), worth)
        self._skeletons = _skeletons(self._rank, targets)
        self._word = lru_cache(maxsize=20_000)(self._write)

    def __call__(self, text: str) -> str:
        """The message in standard spelling; at most the first thousand characters count."""
        return " ".join(self.tokens(text))

    def tokens(self, text: str) -> list[str]:
        """The words of the normalised message."""
        folded = _RUPIAH.sub("", fold(text, LONGEST).text)
        if not folded.isascii():
            folded = self._without_emoji(folded)
        if self._phrases:
            folded = self._phrase.sub(lambda match: self._phrases[" ".join(match[0].split())], folded)
        written: list[str] = []
        before = ""
        for token in _TOKEN.findall(folded):
            if len(token) > 40:
                continue
            word = token if before in _NAME_BEFORE and token not in self._forms else self._word(token)
            written.extend(word.split())
            before = token
        return written

    def _without_emoji(self, text: str) -> str:
        return "".join(self._emoji.get(char, char) for char in text)

    def _write(self, token: str) -> str:
        if token[0].isdigit() or token in self._protected:
            return token
        if token in self._forms:
            return self._forms[token]
        if token in self.known:
            return token
        twice = _TWICE.fullmatch(token)
        if twice:
            stem = self._word(twice[1])
            return f"{stem}-{stem}{'nya' if twice[2] in {'ny', 'nya'} else twice[2]}"
        short = self._shortened(token)
        return short or self._with_ending(token) or self._corrected(token) or token

    def _shortened(self, token: str) -> str | None:
        """As in "haloooo" is "halo", "makasihh" is "makasih"."""
        for pattern in (_STRETCHED, _DOUBLED) if len(token) > 3 else (_STRETCHED,):
            for keep in (r"\1", r"\1\1"):
                shorter = pattern.sub(keep, token)
                if shorter != token and (shorter in self.known or shorter in self._forms):
                    return self._forms.get(shorter, shorter)
        once = _STRETCHED.sub(r"\1", token)
        return self._word(once) if once != token else None

    def _with_ending(self, token: str) -> str | None:
        """As in "iuranny", "iuranx" and "iurane" are "iurannya"."""
        for ending in _ENDINGS:
            stem = token[: -len(ending)]
            if token.endswith(ending) and len(stem) > 1:
                whole = self._stem(stem)
                if whole is not None:
                    return f"{whole}nya" if ending not in {"ne", "na"} or len(stem) > 3 else None
        return None

    def _stem(self, stem: str) -> str | None:
        if stem in self.known and len(stem) > 2:
            return stem
        said = self._forms.get(stem)
        if said is not None and " " not in said:
            return said
        return self._skeletons.get(stem) if len(stem) > 2 else None

    def _corrected(self, token: str) -> str | None:
        if not token.isascii() or not token.isalpha() or len(token) > 20:
            return None
        if len(token) > 2 and token in self._skeletons:
            return self._skeletons[token]
        return self._spelling.correct(token)


def _known_words(lexicon: RawLexicon) -> Iterable[str]:
    yield from words(part(lexicon, "words", "protected"))
    yield from words(part(lexicon, "words", "stop_words_indonesian"))
    yield from words(part(lexicon, "cues", "also_right"))
    for section in ("months", "weekdays", "numbers", "relations"):
        for form in pairs(part(lexicon, "months", section)):
            yield from form.split()
    for work in occupations(lexicon):
        for form in work.words:
            yield from form.split()


def _skeletons(rank: Mapping[str, int], targets: set[str]) -> dict[str, str]:
    """Consonants alone ("dftr"), or with one vowel kept ("daftr"), to the most used word they stand for."""
    found: dict[str, tuple[int, str]] = {}
    for word, count in rank.items():
        if len(word) < 4 or (count < 2 and word not in targets):
            continue
        candidates = {word[0] + _VOWELS.sub("", word[1:]), _VOWELS.sub("", word)}
        if len(word) > 5 or count >= _COMMON:
            candidates |= {
                word[:place] + word[place + 1 :] for place in range(1, len(word) - 1) if word[place] in "aeiou"
            }
        for skeleton in candidates:
            if len(skeleton) > (2 if count >= _COMMON else 3) and skeleton not in rank:
                best = found.get(skeleton)
                if best is None or count > best[0]:
                    found[skeleton] = (count, word)
    return {skeleton: word for skeleton, (_, word) in found.items()}
