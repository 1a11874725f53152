"""Writes a complete Rasa 3.6 project from content: the same examples, DIET's default pipeline, nothing hand-kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from content import Content
    from nlu.normalise import Normaliser

#: Rasa's own default for a language without a model of its own (`rasa init`, 3.6).
CONFIG = """\
# Written by `rangkul nlu export-rasa`; change content/ instead.
recipe: default.v1
assistant_id: rangkul
language: id
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
    constrain_similarities: true
    random_seed: 7
  - name: EntitySynonymMapper
  - name: FallbackClassifier
    threshold: 0.3
    ambiguity_threshold: 0.1
policies:
  - name: RulePolicy
"""
_ENDPOINTS = (
    "# Written by `rangkul nlu export-rasa`. Rangkul only uses /model/parse; no action server, no tracker store.\n"
)
_CREDENTIALS = "# Written by `rangkul nlu export-rasa`. Channels are Rangkul's own; Rasa only understands.\nrest:\n"
_RULES = """\
version: "3.1"
rules:
  - rule: Ask again when nothing was understood
    steps:
      - intent: nlu_fallback
      - action: utter_again
"""
_MARK = re.compile(r"\[([^\]]+)\]\(([a-z_]+)[^)]*\)")


def export_rasa(
    content: Content, directory: Path, *, epochs: int = 100, normaliser: Normaliser | None = None
) -> list[Path]:
    """Write the project; with `normaliser` the examples are written as the bot asks, in standard spelling.

    Returns the files written.
    """
    files = {
        "config.yml": CONFIG.replace("{epochs}", str(epochs)),
        "domain.yml": _domain(content),
        "endpoints.yml": _ENDPOINTS,
        "credentials.yml": _CREDENTIALS,
        "data/nlu.yml": _nlu(content, normaliser),
        "data/rules.yml": _RULES,
        "data/stories.yml": 'version: "3.1"\nstories: []\n',
    }
    written = []
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _domain(content: Content) -> str:
    marks = {kind for intent in content.intents.values() for text in intent.examples for _, kind in _MARK.findall(text)}
    lines = ['version: "3.1"', "intents:", *(f"  - {name}" for name in sorted(content.intents)), "  - nlu_fallback"]
    lines += ["entities:", *(f"  - {kind}" for kind in sorted(marks))] if marks else []
    lines += ["responses:", "  utter_again:", '    - text: "?"', "session_config:", "  session_expiration_time: 60"]
    return "\n".join([*lines, "  carry_over_slots_to_new_session: false", ""])


def _nlu(content: Content, normaliser: Normaliser | None) -> str:
    lines = ['version: "3.1"', "nlu:"]
    for name in sorted(content.intents):
        lines += [f"  - intent: {name}", "    examples: |"]
        lines += [f"      - {text}" for text in _examples(content, name, normaliser)]
    return "\n".join([*lines, ""])


def _examples(content: Content, name: str, normaliser: Normaliser | None) -> list[str]:
    kept: dict[str, None] = {}
    for example in content.intents[name].examples:
        said = _woven(example, normaliser)
        if said:
            kept[said] = None
    return list(kept)


def _woven(example: str, normaliser: Normaliser | None) -> str:
    """Entity marks stay; stray brackets would break Rasa's reader. Normalised as the bot will ask, part by part."""
    write = normaliser or (lambda text: " ".join(re.sub(r"[\[\]{}()]", " ", text).split()))
    parts = _MARK.split(example)
    marks = [f"[{write(text) or text}]({kind})" for text, kind in zip(parts[1::3], parts[2::3], strict=True)]
    rest = [write(part) for part in parts[0::3]]
    woven = rest[:1] + [piece for pair in zip(marks, rest[1:], strict=True) for piece in pair]
    return " ".join(piece for piece in woven if piece)
