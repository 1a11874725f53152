"""Nlu understands: text becomes an `Understanding` (intent, entities, confidence, why). Pure; no clock, no database.

`load` gives the default engine, learnt from content or read from its cache. Nothing happens on import.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from content import Content
    from nlu.understand import DefaultEngine

__all__ = ["load"]

#: The lexicon files that change how examples are normalised, and so what is learnt.
_LEARNT_WITH = ("slang", "words", "months", "occupations", "cues")


def load(content: Content, cache_dir: Path | None = None) -> DefaultEngine:
    """The default engine. Learns when `cache_dir` has no model for this content, and keeps it there."""
    from nlu import examples, model_file, vectors  # noqa: PLC0415 (nothing on import)
    from nlu.classify import Classifier  # noqa: PLC0415 (nothing on import)
    from nlu.normalise import Normaliser  # noqa: PLC0415 (nothing on import)
    from nlu.understand import DefaultEngine  # noqa: PLC0415 (nothing on import)

    rows = examples.sentences(content.intents)
    normaliser = Normaliser(content.lexicon, examples.vocabulary(text for text, _ in rows))
    path = None
    model = None
    if cache_dir is not None:
        learnt_with = {stem: content.lexicon.get(stem) for stem in _LEARNT_WITH}
        texts = (json.dumps(rows, ensure_ascii=False), json.dumps(learnt_with, ensure_ascii=False, default=dict))
        path = Path(cache_dir) / model_file.name_for(texts)
        model = model_file.load(path)
    if model is None:
        from nlu.training import Examples, train  # noqa: PLC0415 (scikit-learn is slow to import)

        learnt_from = Examples([normaliser.tokens(text) for text, _ in rows], [intent for _, intent in rows])
        model = train(learnt_from, vectors.encoder())
        if path is not None:
            model_file.save(model, path)
    return DefaultEngine(
        content.lexicon, content.roles, normaliser, Classifier(model, vectors.warming(), normaliser.known)
    )
