"""Words and word pairs, and pieces of words, as TF-IDF weights; the same small code trains and predicts.

Written without scikit-learn's vectorisers: they cost more per call than the whole prediction.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LONGEST_PIECE = 5
_MOST_TOKENS = 120


def grams(tokens: Sequence[str]) -> tuple[Counter[str], Counter[str]]:
    """Counts of words and word pairs, and of the pieces of 1 to 5 characters inside each word's edges."""
    tokens = tokens[:_MOST_TOKENS]
    said = Counter(f"w {token}" for token in tokens)
    said.update(f"w {first} {second}" for first, second in itertools.pairwise(tokens))
    pieces: Counter[str] = Counter()
    for token in tokens:
        edged = f" {token} "
        for size in range(1, LONGEST_PIECE + 1):
            if size >= len(edged):
                pieces[edged] += 1
                break
            pieces.update([edged[start : start + size] for start in range(len(edged) - size + 1)])
    return said, pieces


@dataclass(frozen=True, slots=True)
class Features:
    """Each known gram's column, and by column how telling it is."""

    columns: dict[str, int]
    telling: tuple[float, ...]

    def words(self) -> dict[str, float]:
        """Each single word and how telling it is."""
        return {
            gram[2:]: self.telling[column]
            for gram, column in self.columns.items()
            if gram.startswith("w ") and gram.count(" ") == 1
        }

    def of(self, tokens: Sequence[str]) -> tuple[list[int], list[float]]:
        """Columns and weights of one message; words and pieces each have length one."""
        found: list[int] = []
        weights: list[float] = []
        for counts in grams(tokens):
            columns: list[int] = []
            block: list[float] = []
            for gram, count in counts.items():
                column = self.columns.get(gram)
                if column is not None:
                    columns.append(column)
                    block.append((1 + math.log(count) if count > 1 else 1.0) * self.telling[column])
            size = math.sqrt(sum(weight * weight for weight in block)) or 1.0
            found.extend(columns)
            weights.extend([weight / size for weight in block])
        return found, weights


def learn(messages: Iterable[Sequence[str]], least: int = 2) -> Features:
    """The grams of at least `least` messages (words: of any)."""
    seen: Counter[str] = Counter()
    total = 0
    for tokens in messages:
        said, pieces = grams(tokens)
        seen.update(said.keys())
        seen.update(pieces.keys())
        total += 1
    kept = sorted(
        gram for gram, count in seen.items() if count >= least or (gram.startswith("w ") and gram.count(" ") == 1)
    )
    telling = tuple(math.log((1 + total) / (1 + seen[gram])) + 1 for gram in kept)
    return Features({gram: column for column, gram in enumerate(kept)}, telling)
