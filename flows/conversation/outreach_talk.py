"""Actions of an official's announcement and village."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from content.model import Rendered, SlotValue
from flows.contact import Role
from flows.conversation import attached, listeners
from flows.conversation.scene import Scene
from flows.events import BroadcastSent, BroadcastSteered
from flows.outreach.audience import Target, asks_approval, speeds_on
from flows.outreach.gathering import when
from flows.outreach.sending_policy import next_polite
from flows.outreach.wordings import announced, duration, wording

COMPUTED = (
    "siaran_akan",
    "siaran_tidak",
    "siaran_alasan",
    "siaran_bunyi",
    "siaran_lama",
    "siaran_mulai",
    "siaran_selesai",
    "siaran_siapa",
)


def has_village(scene: Scene) -> str:
    """Whether staff told us which village the official is of. "Siaran khusus petani" says already whom it is for."""
    only = listeners.read_only(scene, scene.heard.text) if scene.understanding is not None else None
    if only is not None:
        scene.keep(**{listeners.SLOT: only})
    return "*" if scene.contact.village is not None else "tanpa_desa"


def forecast(scene: Scene) -> str:
    """How many of the official's village get it, how long that takes, how many won't and why."""
    village, audience = scene.contact.village, listeners.audience(scene)
    if village is None or audience is None:
        return "tanpa_desa"
    scene.forget("kirim_siaran")
    if attached.is_gone(scene):
        scene.forget(attached.SLOT)
        scene.say("siaran_gambar_lewat")
    words = scene.content.lexicon["reasons"]["skip"]
    why = ", ".join(f"{count} {words.get(reason, reason)}" for reason, count in sorted(audience.wont.items()) if count)
    scene.keep(siaran_akan=audience.will, siaran_tidak=sum(audience.wont.values()), siaran_alasan=why)
    scene.keep(siaran_siapa=listeners.called(scene, village.name))
    if not audience.will:
        return "kosong_khusus" if audience is not scene.contact.audience else "kosong"
    scene.keep(siaran_bunyi=_announced(scene).text.strip(), siaran_lama=_how_long(scene, audience.will))
    return "sebagian" if why else "*"


def choose_listeners(scene: Scene) -> None:
    """The official wants to say whom it is for: what was chosen before is asked anew."""
    scene.forget(listeners.SLOT)


def send_broadcast(scene: Scene) -> str:
    """The official confirmed: reviewed words leave at once and by day, others wait for a second person."""
    return _confirmed(scene, None)


def schedule_broadcast(scene: Scene) -> str:
    """The official said when: it leaves then, or in the first hour after at which people may be written to."""
    said = scene.slot("siaran_pada")
    at = datetime.fromisoformat(str(said)).replace(tzinfo=scene.contact.zone)
    pause = next_polite(scene.contact, at, scene.given.rules)
    at = pause.until if pause else at
    _keep_moment(scene, at)
    return _confirmed(scene, at)


def _keep_moment(scene: Scene, at: datetime) -> None:
    scene.keep(siaran_mulai=when(scene.content, at, scene.contact.zone))


def _confirmed(scene: Scene, at: datetime | None) -> str:
    village, audience = scene.contact.village, listeners.audience(scene)
    if village is None or audience is None:
        return "*"
    if attached.is_gone(scene):
        return "gambar_lewat"
    rendered, chosen = _announced(scene), wording(scene.content, scene.slot("pilihan_siaran"))
    picture = attached.attached(scene.session)
    works = listeners.chosen(scene)
    # a picture can say anything, so even reviewed words then wait for a second person
    target, reviewed = Target((village.code,), occupations=works), chosen is not None and picture is None
    rules = scene.given.rules
    waits = asks_approval(target, village.code, reviewed=reviewed, will=audience.will, rules=rules)
    blanks = (*(chosen.blanks if chosen else ("isi_siaran",)), "desa")
    slots = {name: str(_words(scene)[name]) for name in blanks}
    said = (rendered.text, village.code, rendered.reply, slots)
    scene.note(BroadcastSent(*said, reviewed=reviewed, waits=waits, at=at, occupations=works, picture=picture))
    if waits:
        return "menunggu"
    pause = next_polite(scene.contact, scene.given.now, rules) if at is None else None
    if pause is None:
        return "*"
    _keep_moment(scene, pause.until)
    return "nanti"


def pause_broadcast(scene: Scene) -> str:
    """Hold one's own announcement."""
    return _steer(scene, "pause", ("sending",))


def resume_broadcast(scene: Scene) -> str:
    """Let one's own announcement go on."""
    return _steer(scene, "resume", ("paused",))


def cancel_broadcast(scene: Scene) -> str:
    """Stop one's own announcement for good."""
    return _steer(scene, "cancel", ("waiting", "scheduled", "sending", "paused"))


def _steer(scene: Scene, how: Literal["pause", "resume", "cancel"], states: tuple[str, ...]) -> str:
    own = scene.contact.announcement
    over = own is None or (own.state == "sending" and own.done >= own.people)
    if own is None or over or own.state not in states:
        return "tidak_ada"
    scene.keep(siaran_akan=own.people, siaran_selesai=own.done)
    scene.note(BroadcastSteered(own.id, how))
    return "*"


def _announced(scene: Scene) -> Rendered:
    """The announcement as people will read it."""
    chosen = scene.slot("pilihan_siaran")
    return announced(scene.content, str(chosen or ""), _words(scene), scene.today, staff=False)


def _words(scene: Scene) -> dict[str, SlotValue]:
    village = scene.contact.village
    filled = {name: str(scene.slot(name) or "").strip() for name in ("siaran_kapan", "siaran_tempat", "isi_siaran")}
    return {"desa": village.name if village else "", **filled}


def _how_long(scene: Scene, people: int) -> str:
    """In words of content, at the slowest platform's rate."""
    slowest = min(speed.per_second for speed in speeds_on(scene.content.lexicon, scene.today).values())
    return duration(scene.content, people / slowest)


def village_progress(scene: Scene) -> None:
    """Counts of the official's own village; no names."""
    progress, village = scene.contact.progress, scene.contact.village
    if scene.contact.role is not Role.OFFICIAL:
        scene.say("hanya_perangkat_desa")
    elif progress is None or village is None:
        scene.say("perangkat_tanpa_desa")
    else:
        by_state = progress.leads_by_state
        slots: dict[str, SlotValue] = {"desa": village.name, "jumlah_kontak": progress.contacts}
        slots |= {"jumlah_daftar": progress.leads, "jumlah_baru": by_state.get("new", 0)}
        slots |= {"jumlah_dihubungi": by_state.get("contacted", 0)}
        slots |= {"jumlah_selesai": by_state.get("handed_over", 0) + by_state.get("active", 0)}
        scene.say("kemajuan_desa", slots)
