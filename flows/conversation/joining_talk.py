"""The last step of joining two platforms; its conversation is content/flows/gabung_akun.yaml."""

from __future__ import annotations

from flows.conversation.scene import Scene
from flows.events import AccountsJoined

OTHER, WHERE = "gabung_dengan", "gabung_saluran"
COMPUTED = (OTHER, WHERE)


def join_accounts(scene: Scene) -> None:
    """The person said yes."""
    other = scene.slot(OTHER)
    if isinstance(other, int):
        scene.note(AccountsJoined(other))
