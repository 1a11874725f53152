"""A photo in the chat. Only an official whose announcement waits for one is asked for it; nobody else's is fetched.

A turn that needs the photo ends with `PictureWanted`; the same message has its turn again once the photo is there.
"""

from __future__ import annotations

from collections.abc import Callable

from flows.conversation import attached, form
from flows.conversation.scene import Scene
from flows.events import PictureWanted
from flows.outreach.picture import Fetched, PictureFault
from nlu.understanding import JsonValue

_FAULTS = {
    PictureFault.TOO_LARGE: "gambar_terlalu_besar",
    PictureFault.NO_PICTURE: "gambar_bukan_foto",
    PictureFault.TOO_SMALL: "gambar_terlalu_kecil",
    PictureFault.TOO_LONG: "gambar_terlalu_panjang",
    PictureFault.UNREACHABLE: "gambar_belum_terambil",
}


def hear(scene: Scene, hear_text: Callable[[Scene], None]) -> None:
    """A photo arrived; `hear_text` reads its caption where the step waits for words."""
    if not _is_wanted(scene):
        scene.say("tidak_bisa_dibaca")
        form.ask_again(scene)
    elif scene.given.fetched is not None:
        _take(scene, scene.given.fetched, hear_text)
    else:
        scene.note(PictureWanted())


def _is_wanted(scene: Scene) -> bool:
    """Whether the official is at a step that takes a photo, and this message has one."""
    flow, step = scene.flow, scene.step
    official = scene.contact.role == "official" and flow is not None and flow.officials_only
    return official and step is not None and step.photo and (scene.heard.photo or scene.given.fetched is not None)


def _take(scene: Scene, fetched: Fetched, hear_text: Callable[[Scene], None]) -> None:
    step = scene.step
    if fetched.picture is None:
        scene.say(_FAULTS[fetched.fault or PictureFault.UNREACHABLE])
        form.ask_again(scene)
        return
    kept: JsonValue = {"id": fetched.picture, "at": scene.given.now.isoformat()}
    scene.keep(**{attached.SLOT: kept})
    if step is not None and step.ask == "picture":
        form.hear_choice(scene, "taken")
    elif step is not None and step.ask == "text" and scene.heard.text.strip():
        hear_text(scene)
    else:
        if step is not None and step.ask == "text":
            scene.say("gambar_terlampir")
        form.ask_again(scene)
