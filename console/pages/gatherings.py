"""Gatherings: the list, a new one, one with its answers, the code for the door, the attendance list."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import segno
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette_admin.routing import route

from console.access import check_may
from console.desk import Desk
from console.lists import PAGE
from console.pages.page import Page, cursor_of, form_of, link, staff_of
from console.permissions import Permission
from flows.gathering import Attending, ForWhom, GatheringChange, GatheringDraft, GatheringKind, GatheringState
from storage import Store
from storage.gathering_sheet import attendance_file
from storage.gatherings import Counts, Gathering, Guest, Input
from storage.staff import StaffUser

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FIELDS = ("kind", "title", "place", "map_link", "village", "starts", "minutes", "capacity", "for_whom")
_LONGEST = {"title": 80, "place": 160, "map_link": 160}
_DOORS = 9000
#: Villages offered while typing; any other is found by its code.
_MOST_VILLAGES = 300
_NUMBERS = ("capacity", "minutes")


@dataclass(frozen=True, slots=True)
class _One:
    """What the page of one gathering shows."""

    gathering: Gathering
    counts: Counts
    guests: list[Guest]
    inputs: list[Input]
    will: int
    wont: dict[str, int]


class Gatherings(Page):
    """What villages invite to."""

    path = "/acara"
    label = "gatherings_title"
    icon = "fa-solid fa-calendar-days"
    permission = Permission.SEE_GATHERINGS

    @route("", name="gatherings")
    async def index(self, request: Request) -> Response:
        """The newest fifty with their counts."""

        def work(store: Store) -> list[tuple[Gathering, Counts]]:
            return [(one, store.gatherings.counts(one.id)) for one in store.gatherings.recent(50)]

        rows = await self.desk.read(work)
        shown = [(one, self.desk.place(one.village_code), counts) for one, counts in rows]
        context = {"rows": shown, "subtitle": self.desk.words("gatherings_subtitle"), "words": self._words()}
        return self.show(request, "pages/gatherings.html", {**context, "attending": Attending})

    @route("/baru", name="gathering-new")
    async def new(self, request: Request) -> Response:
        """The empty form."""
        await self.desk.read(lambda _: check_may(staff_of(request), Permission.MAKE_GATHERINGS))
        return await self._form(request, {})

    @route("/baru", methods=["POST"], name="gathering-make")
    async def make(self, request: Request) -> Response:
        """Keep it as a draft: the next page says how many would be invited."""
        user, form, now = staff_of(request), await form_of(request, *_FIELDS), self.desk.now()
        await self.desk.read(lambda _: check_may(user, Permission.MAKE_GATHERINGS))
        draft = self._draft(form, now)
        if isinstance(draft, str):
            return await self._form(request, form, draft)

        def work(store: Store) -> int:
            check_may(user, Permission.MAKE_GATHERINGS)
            door = store.gatherings.free_door(secrets.randbelow(_DOORS))
            made = store.gatherings.make(draft, door, now, staff=user.id)
            store.audit.record(user.login, "gathering_made", f"gathering:{made}", now)
            return made

        made = await self.desk.write(work)
        return self.back(request, f"{self.path}/{made}", self.desk.words("gathering_made"))

    @route("/{gathering_id:int}", name="gathering")
    async def one(self, request: Request) -> Response:
        """One of them, a page of its people at a time."""
        user, number = staff_of(request), _number(request)
        after = cursor_of(request).after or 0
        found = await self.desk.read(lambda store: self._read(store, user, number, after))
        here = f"{request.scope.get('root_path', '')}{self.path}/{number}"
        questions = {key: reply.text.strip() for key, reply in self.desk.content.current.replies.items()}
        context = {
            "one": found,
            "gathering": found.gathering,
            "place": self.desk.place(found.gathering.village_code),
            "guests": found.guests[:PAGE],
            "questions": questions,
            "words": self._words(),
            "codes": list(self.desk.settings.door_links(found.gathering.door)),
            "attending": Attending,
            "reasons": self.desk.content.current.lexicon["reasons"]["skip"],
            "ahead": found.gathering.starts_at > self.desk.now(),
            "next": link(here, sesudah=found.guests[PAGE - 1].contact_id) if len(found.guests) > PAGE else None,
            "first": here if after else None,
            "title": found.gathering.title,
        }
        await self.note_view(request, "gathering_viewed", f"gathering:{number}")
        return self.show(request, "pages/gathering.html", context)

    @route("/{gathering_id:int}/undang", methods=["POST"], name="gathering-invite")
    async def invite(self, request: Request) -> Response:
        """Invite who agreed; who was invited before is not invited again."""
        now = self.desk.now()
        return await self._act(request, "gathering_invited", lambda store, one: store.gatherings.invite(one, now) >= 0)

    @route("/{gathering_id:int}/batal", methods=["POST"], name="gathering-cancel")
    async def cancel(self, request: Request) -> Response:
        """Call it off."""
        now = self.desk.now()
        return await self._act(request, "gathering_cancelled", lambda store, one: store.gatherings.cancel(one, now))

    @route("/{gathering_id:int}/ubah", methods=["POST"], name="gathering-change")
    async def change(self, request: Request) -> Response:
        """Another time, place or number of seats; who it concerns is told once."""
        number, now = _number(request), self.desk.now()
        form = await form_of(request, "place", "starts", "capacity", longest=160)
        gathering = await self.desk.read(lambda store: store.gatherings.get(number))
        starts_at = _local(form["starts"], self.desk, gathering.village_code) if form["starts"] else None
        if form["starts"] and (starts_at is None or starts_at <= now):
            return self.back(request, f"{self.path}/{number}", self.desk.words("gathering_bad_time"), "error")
        seats = int(form["capacity"]) if form["capacity"].isascii() and form["capacity"].isdigit() else None
        new = GatheringChange(place=form["place"] or None, starts_at=starts_at, capacity=seats or None)
        return await self._act(request, "gathering_changed", lambda store, one: store.gatherings.change(one, new, now))

    @route("/{gathering_id:int}/kode.svg", name="gathering-code")
    async def code(self, request: Request) -> Response:
        """A code for the door, to print or to show: one platform's, or the bare words where none is known."""
        user, number = staff_of(request), _number(request)
        found = await self.desk.read(lambda store: _access(store, user, number))
        links = self.desk.settings.door_links(found.door)
        told = links.get(request.query_params.get("lewat", ""), f"HADIR {found.door}")
        picture = io.BytesIO()
        segno.make_qr(told, error="m").save(picture, kind="svg", scale=8, border=4)
        return Response(picture.getvalue(), media_type="image/svg+xml")

    @route("/{gathering_id:int}/hadir", methods=["POST"], name="gathering-attendance")
    async def attendance(self, request: Request) -> Response:
        """The attendance list as XLSX; who took it is on record before it leaves."""
        user, number, now = staff_of(request), _number(request), self.desk.now()

        def record(store: Store) -> Gathering:
            check_may(user, Permission.EXPORT_LEADS)
            store.audit.record(user.login, "gathering_attendance", f"gathering:{number}", now)
            return _access(store, user, number)

        found = await self.desk.write(record)

        def pieces() -> Iterator[bytes]:
            with self.desk.database.reading() as store:
                guests, inputs = store.gatherings.attendance(number), store.gatherings.inputs(number)
                yield from attendance_file(found, guests, inputs, self.desk.content.current, (user.login, now))

        headers = {"Content-Disposition": f'attachment; filename="daftar-hadir-{number}.xlsx"'}
        return StreamingResponse(pieces(), media_type=_XLSX, headers=headers)

    async def _act(self, request: Request, act: str, work: Callable[[Store, int], bool]) -> Response:
        """Do it and note who did; say so, or that there was nothing to do."""
        user, number, now = staff_of(request), _number(request), self.desk.now()

        def write(store: Store) -> bool:
            check_may(user, Permission.MAKE_GATHERINGS)
            done = work(store, _access(store, user, number).id)
            if done:
                store.audit.record(user.login, act, f"gathering:{number}", now)
            return done

        done = await self.desk.write(write)
        said = act if done else "gathering_nothing_done"
        return self.back(request, f"{self.path}/{number}", self.desk.words(said), "success" if done else "error")

    def _read(self, store: Store, user: StaffUser, number: int, after: int) -> _One:
        gathering = _access(store, user, number)
        open_to_all = gathering.state in {GatheringState.DRAFT, GatheringState.OPEN}
        will, wont = store.gatherings.forecast(number) if open_to_all else (0, {})
        guests = store.gatherings.guests(number, after=after, limit=PAGE + 1)
        return _One(gathering, store.gatherings.counts(number), guests, store.gatherings.inputs(number), will, wont)

    async def _form(self, request: Request, said: dict[str, str], problem: str | None = None) -> Response:
        known = await self.desk.read(lambda store: store.officials.villages())
        places = [place for code in list(known)[:_MOST_VILLAGES] if (place := self.desk.place(code))]
        context = {
            "villages": sorted(places, key=lambda place: place.name),
            "said": said,
            "problem": problem,
            "kinds": list(GatheringKind),
            "audiences": list(ForWhom),
            "words": self._words(),
            "title": self.desk.words("gathering_new"),
        }
        return self.show(request, "pages/gathering_new.html", context, 400 if problem else 200)

    def _draft(self, form: dict[str, str], now: datetime) -> GatheringDraft | str:
        """The gathering of the form, or what is wrong with it."""
        place = self.desk.place(form["village"])
        if place is None or not place.where:
            return self.desk.words("gathering_bad_village")
        starts_at = _local(form["starts"], self.desk, form["village"])
        if starts_at is None or starts_at <= now:
            return self.desk.words("gathering_bad_time")
        if not form["title"] or not form["place"] or any(len(form[name]) > most for name, most in _LONGEST.items()):
            return self.desk.words("gathering_bad_words")
        seats, minutes = (form[name] if form[name].isascii() and form[name].isdigit() else "" for name in _NUMBERS)
        return GatheringDraft(
            kind=GatheringKind(form["kind"]) if form["kind"] in set(GatheringKind) else GatheringKind.SOSIALISASI,
            title=form["title"],
            place=form["place"],
            map_link=form["map_link"] if form["map_link"].startswith("https://") else None,
            starts_at=starts_at,
            village=form["village"],
            capacity=int(seats[:6]) or None if seats else None,
            for_whom=ForWhom(form["for_whom"]) if form["for_whom"] in set(ForWhom) else ForWhom.VILLAGE,
            minutes=min(int(minutes[:4]) or 120, 2880) if minutes else 120,
        )

    def _words(self) -> object:
        return self.desk.content.current.lexicon["acara"]


def _number(request: Request) -> int:
    return int(request.path_params["gathering_id"])


def _access(store: Store, user: StaffUser, number: int) -> Gathering:
    """The gathering, if this user may see it."""
    check_may(user, Permission.SEE_GATHERINGS)
    return store.gatherings.get(number)


def _local(text: str, desk: Desk, village: str) -> datetime | None:
    """A date and time as the village's clock shows them."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=desk.zone(village))
    except ValueError:
        return None
