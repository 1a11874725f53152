"""Gatherings in the chat: an official makes, changes and calls off; people answer, come, and say what they thought."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from content.model import Button, SlotValue
from flows.contact import ConsentState, Purpose, Role
from flows.conversation.scene import Scene
from flows.events import (
    CheckedIn,
    FeedbackGiven,
    GatheringAnswered,
    GatheringCancelled,
    GatheringChanged,
    GatheringMade,
    InputGiven,
)
from flows.gathering import (
    Attending,
    FgdRole,
    GatheringChange,
    GatheringDraft,
    GatheringKind,
    GatheringState,
    GatheringView,
    Useful,
    door_number,
    doors_are_open,
)
from flows.outreach.gathering import ANSWERS, MARK, OPINIONS, slots_of, taps, when

COMPUTED = ("acara_id", "acara", "acara_kapan", "acara_di", "acara_seberapa", "acara_waktu_sebagian")
_TAP = re.compile(rf"{MARK}(\d+):(\w+)")
#: Questions of a discussion, by the slot that keeps the answer.
_INPUTS = ("fgd_kendala", "fgd_usul")
_LONGEST_LABEL = 24
_MOST_CHOICES = 10
_NOT_YET = frozenset({None, Attending.INVITED, Attending.LEFT_OUT, Attending.WALK_IN})
_ANSWERED = {"ikut": Attending.COMING, "mungkin": Attending.MAYBE, "tidak": Attending.NOT_COMING}


def hear(scene: Scene, text: str) -> bool:
    """Take a number told at the door, or words that answer an invitation. Returns whether they did."""
    door = door_number(text)
    if door is not None:
        check_in(scene, door)
        return True
    if scene.step is not None:
        return False
    said = " ".join(re.sub(r"[^\w\s]", " ", text.casefold()).split())
    words = scene.content.lexicon.get("acara", {}).get("answers", {})
    verb = next((verb for verb, forms in words.items() if said in forms), None)
    view = _meant_by(scene, verb) if verb else None
    if verb is None or view is None:
        return False
    answer(scene, view, verb)
    return True


def _meant_by(scene: Scene, verb: str) -> GatheringView | None:
    """Which gathering bare words are about: the one asked about last that is unanswered, else the next they answered.

    A bare "tidak" is only an answer to an invitation that waits for one.
    """
    ahead = [view for view in _ahead(scene) if view.attending not in {None, Attending.LEFT_OUT}]
    unanswered = [view for view in ahead if view.attending is Attending.INVITED]
    if unanswered:
        return max(unanswered, key=lambda view: view.id)
    if verb in {"tidak", "mungkin"} and not any(view.attending in _SEATED for view in ahead):
        return None
    return ahead[0] if ahead else None


_SEATED = frozenset({Attending.COMING, Attending.WAITING, Attending.MAYBE})


def tap(scene: Scene, option: str) -> bool:
    """Carry out a tap about a gathering. Returns False when it is none."""
    found = _TAP.fullmatch(option)
    if found is None:
        return False
    view, verb = _view(scene, int(found[1])), found[2]
    if view is None:
        scene.say("acara_lewat")
    elif verb in ANSWERS:
        answer(scene, view, verb)
    elif verb in OPINIONS:
        say_useful(scene, view, Useful(verb))
    elif verb == "lihat":
        show(scene, view)
    elif not view.own:
        scene.say("hanya_perangkat_desa")
    else:
        _look_after(scene, view, verb)
    return True


def _look_after(scene: Scene, view: GatheringView, verb: str) -> None:
    if verb == "angka":
        scene.say("acara_angka", {**_slots(scene, view), "acara_angka": view.door})
        return
    if view.state is not GatheringState.OPEN or view.starts_at <= scene.given.now:
        scene.say("acara_lewat")
        return
    scene.keep(acara_id=view.id, **_texts(scene, view))
    scene.wants_flow = "acara_ubah" if verb == "ubah" else "acara_batal"


def answer(scene: Scene, view: GatheringView, verb: str) -> None:
    """Ikut, mungkin or tidak; a full gathering has a waiting list."""
    if view.state is not GatheringState.OPEN or view.starts_at <= scene.given.now:
        scene.say("acara_dibatalkan" if view.state is GatheringState.CANCELLED else "acara_lewat", _slots(scene, view))
        return
    attending = _ANSWERED[verb]
    if attending is Attending.COMING and view.full and view.attending is not Attending.COMING:
        attending = Attending.WAITING
    scene.note(GatheringAnswered(view.id, attending))
    reply = {Attending.WAITING: "acara_daftar_tunggu", Attending.MAYBE: "acara_mungkin"}.get(attending, "acara_tidak")
    if attending is Attending.COMING:
        reply = "acara_ikut" if _may_be_told(scene) else "acara_ikut_tanpa_kabar"
        if scene.given.public_address and _may_be_told(scene):
            reply = "acara_ikut_kalender"
    buttons = taps(scene.content, view.id, "tidak") if attending in _SEATED else taps(scene.content, view.id, "ikut")
    calendar = f"{scene.given.public_address}/acara/{view.token}.ics"
    scene.say(reply, {**_slots(scene, view), "acara_kalender": calendar}, buttons=buttons)


def _may_be_told(scene: Scene) -> bool:
    return scene.contact.consents[Purpose.ANNOUNCEMENTS] is ConsentState.GIVEN


def check_in(scene: Scene, door: str) -> None:
    """The number at the door, typed or read from the QR code there."""
    view = next((view for view in scene.contact.gatherings if view.door == door), None)
    if view is None or view.state is not GatheringState.OPEN:
        scene.say("acara_angka_salah")
    elif not doors_are_open(view, scene.given.now):
        scene.say("acara_belum_buka", _slots(scene, view))
    elif view.checked_in:
        scene.say("acara_sudah_hadir", _slots(scene, view))
    else:
        scene.note(CheckedIn(view.id))
        scene.say("acara_hadir", _slots(scene, view))


def say_useful(scene: Scene, view: GatheringView, useful: Useful) -> None:
    """The one question afterwards; a discussion goes on with its own."""
    scene.note(FeedbackGiven(view.id, useful))
    if view.kind is GatheringKind.FGD:
        scene.keep(acara_id=view.id, **_texts(scene, view))
        scene.wants_flow = "fgd"
    else:
        scene.say("acara_terima_kasih")


def info(scene: Scene) -> str | None:
    """What is on: one gathering in full, several as a list, none as what is said in general.

    An official who asks for what is not there yet may make it.
    """
    ahead = _ahead(scene)
    if not ahead and scene.contact.role is Role.OFFICIAL and scene.step is None:
        return "start:acara"
    if not ahead:
        scene.say("acara_info")
    elif len(ahead) == 1:
        show(scene, ahead[0])
    else:
        scene.say("acara_daftar", {"acara_jumlah": len(ahead)}, choices=_listed(scene, ahead))
    return None


def show(scene: Scene, view: GatheringView) -> None:
    """One gathering: to who looks after it with its counts, to others with their answer."""
    slots = _slots(scene, view)
    if view.own:
        counts: dict[str, SlotValue] = {"acara_ikut": view.coming, "acara_tunggu": view.waiting}
        counts |= {"acara_mungkin": view.maybe, "acara_hadir": view.here}
        buttons = taps(scene.content, view.id, "ubah", "batal", "angka")
        scene.say("acara_kelola", {**slots, **counts}, buttons=buttons)
    elif view.attending in _NOT_YET:
        scene.say("acara_rincian", slots, buttons=taps(scene.content, view.id, *ANSWERS))
    else:
        word = scene.content.lexicon["acara"]["attending"][str(view.attending)]
        verb = "ikut" if view.attending is Attending.NOT_COMING else "tidak"
        scene.say("acara_jawaban", {**slots, "acara_jawaban": str(word)}, buttons=taps(scene.content, view.id, verb))


def create(scene: Scene) -> str | None:
    """Officials make a gathering; others are told who does."""
    if scene.contact.role is Role.OFFICIAL:
        return "start:acara"
    scene.say("hanya_perangkat_desa")
    return None


def preview(scene: Scene) -> str:
    """What will be sent to how many, put into words for the question; or why it can't be."""
    audience, starts_at = scene.contact.audience, _moment(scene)
    if scene.contact.village is None or audience is None:
        return "tanpa_desa"
    if starts_at is None or starts_at <= scene.given.now:
        scene.forget("acara_waktu")
        return "lewat"
    seats, place = scene.slot("acara_kursi"), _place(scene)
    words = scene.content.lexicon["acara"]["seats"]
    scene.keep(
        acara=str(scene.slot("acara_judul")),
        acara_kapan=when(scene.content, starts_at, scene.contact.zone),
        acara_di=" ".join(part for part in place if part),
        acara_seberapa=str(words["limited"]).format(jumlah=seats) if seats else str(words["free"]),
        siaran_akan=audience.will,
        siaran_tidak=sum(audience.wont.values()),
    )
    return "*"


def make(scene: Scene) -> None:
    """The official confirmed: it is kept, and those who agreed are invited."""
    village, starts_at = scene.contact.village, _moment(scene)
    if village is None or starts_at is None:
        return
    place, seats = _place(scene), scene.slot("acara_kursi")
    draft = GatheringDraft(
        kind=GatheringKind(str(scene.slot("acara_jenis"))),
        title=str(scene.slot("acara_judul")),
        place=place[0],
        map_link=place[1],
        starts_at=starts_at,
        village=village.code,
        capacity=seats if isinstance(seats, int) and seats else None,
    )
    scene.note(GatheringMade(draft))


def change(scene: Scene) -> str:
    """The official said the new time or place."""
    view = _kept(scene)
    if view is None:
        return "lewat"
    if scene.slot("acara_yang_diubah") == "waktu":
        starts_at = _moment(scene)
        if starts_at is None or starts_at <= scene.given.now:
            scene.forget("acara_waktu")
            return "waktu_lewat"
        new = GatheringChange(starts_at=starts_at)
        shown = replace(view, starts_at=starts_at)
    else:
        place = _place(scene)
        new = GatheringChange(place=place[0], map_link=place[1])
        shown = replace(view, place=place[0], map_link=place[1])
    scene.note(GatheringChanged(view.id, new))
    scene.keep(**_texts(scene, shown))
    return "*"


def cancel(scene: Scene) -> str:
    """The official is sure."""
    view = _kept(scene)
    if view is None:
        return "lewat"
    scene.note(GatheringCancelled(view.id))
    return "*"


def give_input(scene: Scene) -> None:
    """Keep what was said in a discussion under the questions that were asked."""
    gathering, role = scene.slot("acara_id"), str(scene.slot("fgd_peran"))
    said = {f"tanya_{slot}_{role}": scene.slot(slot) for slot in _INPUTS}
    answers = {question: str(words) for question, words in said.items() if words is not None}
    if isinstance(gathering, int) and answers:
        scene.note(InputGiven(gathering, FgdRole(role), answers))


def read_moment(scene: Scene, said: object) -> tuple[str | None, dict[str, str | None]]:
    """Join half a moment with the half said before: the whole, or None and the half to keep."""
    before = scene.slot("acara_waktu_sebagian")
    half = dict(said) if isinstance(said, dict) else {}
    known = dict(before) if isinstance(before, dict) else {}
    day, time = half.get("date") or known.get("date"), half.get("time") or known.get("time")
    joined: dict[str, str | None] = {"date": str(day) if day else None, "time": str(time) if time else None}
    return (f"{day}T{time}" if day and time else None), joined


def not_before(scene: Scene) -> str:
    """The present moment as the clock in the village shows it, written as a moment is kept."""
    return scene.given.now.astimezone(scene.contact.zone).strftime("%Y-%m-%dT%H:%M")


def _moment(scene: Scene) -> datetime | None:
    said = scene.slot("acara_waktu")
    view = _kept(scene)
    zone: ZoneInfo = view.zone if view else scene.contact.zone
    return datetime.fromisoformat(said).replace(tzinfo=zone) if isinstance(said, str) else None


def _place(scene: Scene) -> tuple[str, str | None]:
    match scene.slot("acara_tempat"):
        case {"name": str(name), "map": map_link}:
            return name, str(map_link) if map_link else None
        case _:
            return "", None


def _kept(scene: Scene) -> GatheringView | None:
    gathering = scene.slot("acara_id")
    view = _view(scene, gathering) if isinstance(gathering, int) else None
    return view if view is not None and view.own and view.state is GatheringState.OPEN else None


def _view(scene: Scene, gathering_id: int) -> GatheringView | None:
    return next((view for view in scene.contact.gatherings if view.id == gathering_id), None)


def _ahead(scene: Scene) -> list[GatheringView]:
    """Those one may still come to, soonest first."""
    now = scene.given.now
    open_ones = [view for view in scene.contact.gatherings if view.state is GatheringState.OPEN]
    return [view for view in open_ones if view.starts_at > now - timedelta(hours=1)]


def _listed(scene: Scene, views: Iterable[GatheringView]) -> tuple[Button, ...]:
    rows = list(views)[:_MOST_CHOICES]
    return tuple(
        Button(
            id=f"{MARK}{view.id}:lihat",
            label=view.title[:_LONGEST_LABEL].strip(),
            hint=when(scene.content, view.starts_at, view.zone)[:72],
        )
        for view in rows
    )


def _slots(scene: Scene, view: GatheringView) -> dict[str, SlotValue]:
    return slots_of(scene.content, view)


def _texts(scene: Scene, view: GatheringView) -> dict[str, str]:
    return {name: str(value) for name, value in _slots(scene, view).items() if name in COMPUTED}
