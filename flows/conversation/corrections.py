"""A correction of an answer given before, in one message: "eh nik salah, yang benar 0000…"."""

from __future__ import annotations

import re

from content.model import FlowDef, Step
from flows.conversation.answers import Read, read_plain
from flows.conversation.scene import Scene
from nlu.lexicon import any_of, whole_words

#: Kinds that show by themselves which answer is meant, without its name.
_TELLING = ("nik", "phone", "email", "birth_date", "income")


def read_correction(scene: Scene, flow: FlowDef, waiting: Step, text: str) -> tuple[Step, Read] | None:
    """Which earlier answer the message corrects, with the new reading; None when it corrects none."""
    spoken = scene.content.lexicon.get("formulir", {})
    said = text.strip()
    if not whole_words(spoken.get("correction", ())).search(said.lower()):
        return None
    answered = [
        step for step in flow.steps if step.words and step.slot and step.id != waiting.id and scene.slot(step.slot)
    ]
    for step in answered:
        label = re.search(
            rf"(?<![a-z0-9]){any_of(step.words)}(?:nya|ny|ku)?(?:\s+(?:saya|sy|ku))?(?![a-z0-9])", said, re.IGNORECASE
        )
        if label is not None:
            read = _new_value(scene, step, said, said[label.end() :])
            return (step, read) if read is not None else None
    for step in answered:
        if step.ask in _TELLING and step.ask != waiting.ask:
            read = _new_value(scene, step, said, said)
            if read is not None and not read_plain(scene, waiting.ask or "text", said).ok:
                return step, read
    return None


def _new_value(scene: Scene, step: Step, whole: str, after: str) -> Read | None:
    """The value said as the right one: after "yang benar", before "bukan"."""
    spoken = scene.content.lexicon.get("formulir", {})
    right = re.compile(rf"(?<![a-z0-9]){any_of(spoken.get('correct_after', ()))}(?![a-z0-9])[\s:,]*", re.IGNORECASE)
    cue = re.compile(rf"(?<![a-z0-9]){any_of(spoken.get('correction', ()))}(?![a-z0-9])[\s:,.]*", re.IGNORECASE)
    tried = [after[match.end() :] for match in right.finditer(after)]
    tried += [after, whole]
    for said in tried:
        kept = re.split(r"(?<![a-z0-9])bukan(?![a-z0-9])", said, maxsplit=1, flags=re.IGNORECASE)[0]
        bare = cue.sub(" ", kept).strip(" ,.:;-")
        read = read_plain(scene, step.ask or "text", bare) if bare else None
        if read is not None and read.ok:
            return read
    return None
