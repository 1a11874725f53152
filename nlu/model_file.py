"""Keeps what was learnt on disk, under a name that changes with the examples, the lexicon, the code or a library."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from nlu import vectors
from nlu.classify import Doubt, Head, Model
from nlu.features import Features

_HERE = Path(__file__).parent
#: Code that changes what is learnt.
_CODE = ("folding.py", "normalise.py", "spelling.py", "features.py", "training.py", "classify.py", "model_file.py")
#: Models of earlier examples that stay, for going back and for several checkouts on one cache.
_KEPT = 8
_LIBRARIES = ("scikit-learn", "numpy", "rapidfuzz")


def name_for(parts: Iterable[str]) -> str:
    """The file name for a model learnt from these texts by this code."""
    digest = hashlib.sha256()
    for text in (*parts, *(f"{library} {metadata.version(library)}" for library in _LIBRARIES), vectors.version()):
        digest.update(text.encode("utf-8", "replace") + b"\0")
    for file in _CODE:
        digest.update((_HERE / file).read_bytes())
    return f"nlu-{digest.hexdigest()[:20]}.npz"


def save(model: Model, path: Path) -> None:
    """Write the model; another process sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {"labels": model.labels, "doubt": asdict(model.doubt)}
    arrays = {
        "about": np.array(json.dumps(about)),
        "grams": np.array("\n".join(model.features.columns)),
        "telling": np.asarray(model.features.telling, dtype=np.float32),
        "plain": model.plain.grams.astype(np.float16),
        "plain_bias": model.plain.bias,
    }
    if model.joint is not None and model.joint.vector is not None:
        arrays |= {
            "joint": model.joint.grams.astype(np.float16),
            "joint_bias": model.joint.bias,
            "vector": model.joint.vector,
        }
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the flag allow_pickle for an array
    Path(temporary).replace(path)
    for old in sorted(path.parent.glob("nlu-*.npz"), key=lambda kept: kept.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)


def load(path: Path) -> Model | None:
    """The model, or None where there is none or the file is damaged (then it is learnt again)."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            columns = {gram: column for column, gram in enumerate(str(arrays["grams"]).split("\n"))}
            features = Features(columns, tuple(arrays["telling"].tolist()))
            doubt = Doubt(**about["doubt"])
            plain = Head(arrays["plain"].astype(np.float32), None, arrays["plain_bias"], doubt.temperature)
            joint = None
            if "joint" in arrays.files:
                joint = Head(
                    arrays["joint"].astype(np.float32), arrays["vector"], arrays["joint_bias"], doubt.temperature
                )
            return Model(tuple(about["labels"]), features, plain, joint, doubt)
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
        return None
