"""Announcements: composed, forecast, approved, steered, and what became of each person's message.

The console writes rows; the bot freezes the audience and sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette_admin.routing import route

from console.access import access_broadcast_for, check_may
from console.lists import PAGE, contact_names
from console.pages.broadcast_form import (
    OWN_WORDS,
    area_name,
    asked,
    choices,
    moment_of,
    neighbourhoods,
    picture_in,
    target_of,
    target_words,
    typed,
    words_of,
)
from console.pages.broadcast_report import as_csv, as_xlsx
from console.pages.page import Page, cursor_of, form_of, link, staff_of
from console.permissions import Permission
from flows.contact import Role
from flows.outreach.audience import Forecast
from flows.outreach.wordings import duration
from storage import Store
from storage.broadcasts import Broadcast, Person
from storage.pictures import NotAPicture
from storage.planning import NotSayable, compose, forecast_of, illustrated, needs_approval
from storage.staff import StaffUser
from storage.words import BroadcastState, NoticeKind, PersonState

_ARRIVED = (PersonState.SENT, PersonState.DELIVERED, PersonState.READ)
_BEFORE = (BroadcastState.DRAFT, BroadcastState.WAITING, BroadcastState.SCHEDULED)


class Broadcasts(Page):
    """The newest ones, each one's people, and the form for another."""

    path = "/siaran"
    label = "broadcasts_title"
    icon = "fa-solid fa-bullhorn"
    permission = Permission.SEE_BROADCASTS

    @route("", name="broadcasts")
    async def index(self, request: Request) -> Response:
        """Fifty of them with their counts."""

        def work(store: Store) -> list[tuple[Broadcast, dict[PersonState, int]]]:
            return [(one, store.broadcasts.counts(one.id)) for one in store.broadcasts.recent(50)]

        rows = await self.desk.read(work)
        context = {
            "rows": [(one, self._where(one), self._zone(one), progress(counts)) for one, counts in rows],
            "subtitle": self.desk.words("broadcasts_subtitle"),
        }
        return self.show(request, "pages/broadcasts.html", context)

    @route("/baru", name="broadcast-new")
    async def new(self, request: Request) -> Response:
        """An empty form."""
        check_may(staff_of(request), Permission.SEND_BROADCASTS)
        return await self._form(request)

    @route("/baru", methods=["POST"], name="broadcast-draft")
    async def draft(self, request: Request) -> Response:
        """Keep the draft and go to its forecast."""
        user, form, now = staff_of(request), await asked(request), self.desk.now()
        check_may(user, Permission.SEND_BROADCASTS)
        try:
            picture = await picture_in(form)
        except NotAPicture as wrong:
            return await self._form(request, form, self.desk.words.of(wrong.fault.value, "picture_fault"))
        content, words = self.desk.content.current, words_of(form)
        name, kind = str(form.get("nama_segmen") or "").strip()[:60], str(form.get("kata") or "")

        def work(store: Store) -> int | str:
            check_may(user, Permission.SEND_BROADCASTS)
            target = target_of(form, store.segments.everyone())
            if neighbourhoods(str(form.get("rt_rw") or "")) is None:
                return "broadcast_rt_wrong"
            if not target.areas:
                return "broadcast_no_area"
            area = area_name(self.desk, target.areas[0]) if len(target.areas) == 1 else self.desk.words("areas_several")
            said = {**words, "desa": area}
            try:
                made = compose(content, None if kind == OWN_WORDS else kind, said, target, now, staff=user.id)
            except NotSayable:
                return "broadcast_words_wrong"
            if name:
                store.segments.save(name, target, user.login, now)
            if picture is not None:
                made = illustrated(made, store.pictures.keep(picture, now))
            broadcast_id = store.broadcasts.draft(made, now)
            store.audit.record(user.login, "broadcast_drafted", f"broadcast:{broadcast_id}", now)
            return broadcast_id

        made = await self.desk.write(work)
        if isinstance(made, str):
            again = self.desk.words("broadcast_picture_again") if picture is not None else ""
            return await self._form(request, form, f"{self.desk.words(made)} {again}".strip())
        return self.back(request, f"{self.path}/{made}")

    @route("/{broadcast_id:int}", name="broadcast")
    async def one(self, request: Request) -> Response:
        """One of them: its forecast while it has not begun, a page of its people at a time once it has."""
        user, broadcast_id = staff_of(request), int(request.path_params["broadcast_id"])
        after = cursor_of(request).after or 0
        broadcast, counts, people, names, forecast, again = await self.desk.read(
            lambda store: self._read(store, user, broadcast_id, after)
        )
        if people:
            await self.note_view(request, "broadcast_viewed", f"broadcast:{broadcast_id}")
        here = f"{request.scope.get('root_path', '')}{self.path}/{broadcast_id}"
        rules = self.desk.settings.rules()
        context = {
            "broadcast": broadcast,
            "place": self.desk.place(broadcast.village_code),
            "zone": self._zone(broadcast),
            "target": target_words(self.desk, broadcast.target),
            "forecast": forecast,
            "waits_for_other": forecast is not None and needs_approval(broadcast, forecast, rules),
            "how_long": duration(self.desk.content.current, forecast.seconds) if forecast else "",
            "own": broadcast.made_by_staff == user.id,
            "again": again,
            "counts": counts,
            "done": progress(counts),
            "people": people[:PAGE],
            "names": names,
            "reasons": self.desk.content.current.lexicon.get("reasons", {}).get("skip", {}),
            "next": link(here, sesudah=people[PAGE - 1].contact_id) if len(people) > PAGE else None,
            "first": here if after else None,
            "title": self.desk.words("broadcast_title", id=broadcast_id),
        }
        return self.show(request, "pages/broadcast.html", context)

    @route("/{broadcast_id:int}/gambar", name="broadcast-picture")
    async def picture(self, request: Request) -> Response:
        """Its picture, as people see it."""
        user, broadcast_id = staff_of(request), int(request.path_params["broadcast_id"])

        def work(store: Store) -> bytes | None:
            return store.pictures.get(access_broadcast_for(user, broadcast_id, store).picture_id)

        found = await self.desk.read(work)
        return Response(found, media_type="image/jpeg") if found else Response(status_code=404)

    @route("/{broadcast_id:int}/kemajuan", name="broadcast-progress")
    async def progress_now(self, request: Request) -> Response:
        """The counts of the rows, for the bar that moves."""
        user, broadcast_id = staff_of(request), int(request.path_params["broadcast_id"])

        def work(store: Store) -> dict[str, object]:
            broadcast = access_broadcast_for(user, broadcast_id, store)
            return {**progress(store.broadcasts.counts(broadcast_id)), "state": broadcast.state.value}

        found = await self.desk.read(work)
        settled, total = found["settled"], found["total"]
        found["text"] = self.desk.words("broadcast_progress_text", settled=settled, total=total)
        return JSONResponse(found)

    @route("/{broadcast_id:int}/kirim", methods=["POST"], name="broadcast-submit")
    async def submit(self, request: Request) -> Response:
        """Let it leave, now or later; somebody else may have to agree first."""
        form = await form_of(request, "pada")
        now, rules = self.desk.now(), self.desk.settings.rules()
        at = moment_of(form["pada"], self.desk.settings.zone, now)
        if at is None:
            here = f"{self.path}/{request.path_params['broadcast_id']}"
            return self.back(request, here, self.desk.words("broadcast_moment_wrong"), "error")

        def work(store: Store, broadcast: Broadcast) -> bool:
            forecast = forecast_of(store, self.desk.content.current, broadcast, now, rules)
            return store.broadcasts.submit(broadcast.id, at, approval=needs_approval(broadcast, forecast, rules))

        return await self._steer(request, "broadcast_submitted", work)

    @route("/{broadcast_id:int}/setujui", methods=["POST"], name="broadcast-approve")
    async def approve(self, request: Request) -> Response:
        """A second person agrees."""
        user, now = staff_of(request), self.desk.now()
        return await self._steer(
            request,
            "broadcast_approved",
            lambda store, broadcast: store.broadcasts.approve(broadcast.id, user.id, now),
            Permission.APPROVE_BROADCASTS,
        )

    @route("/{broadcast_id:int}/tolak", methods=["POST"], name="broadcast-refuse")
    async def refuse(self, request: Request) -> Response:
        """A second person doesn't agree."""
        user, now = staff_of(request), self.desk.now()
        return await self._steer(
            request,
            "broadcast_refused",
            lambda store, broadcast: store.broadcasts.refuse(broadcast.id, user.id, now),
            Permission.APPROVE_BROADCASTS,
        )

    @route("/{broadcast_id:int}/jeda", methods=["POST"], name="broadcast-pause")
    async def pause(self, request: Request) -> Response:
        """Hold it."""
        return await self._steer(request, "broadcast_paused", lambda store, one: store.broadcasts.pause(one.id))

    @route("/{broadcast_id:int}/lanjut", methods=["POST"], name="broadcast-resume")
    async def resume(self, request: Request) -> Response:
        """Go on."""
        return await self._steer(request, "broadcast_resumed", lambda store, one: store.broadcasts.resume(one.id))

    @route("/{broadcast_id:int}/batal", methods=["POST"], name="broadcast-cancel")
    async def cancel(self, request: Request) -> Response:
        """Stop it for good."""
        now = self.desk.now()
        return await self._steer(
            request, "broadcast_cancelled", lambda store, one: store.broadcasts.cancel(one.id, now)
        )

    @route("/{broadcast_id:int}/ulang", methods=["POST"], name="broadcast-again")
    async def again(self, request: Request) -> Response:
        """Once more to those who failed for a reason that passes."""
        now = self.desk.now()
        return await self._steer(
            request, "broadcast_again_done", lambda store, one: store.broadcasts.again(one.id, now) > 0
        )

    @route("/{broadcast_id:int}/uji", methods=["POST"], name="broadcast-test")
    async def test(self, request: Request) -> Response:
        """Show it to one official only: a contact that staff made one, so that no stranger gets a draft."""
        form = await form_of(request, "kontak", longest=18)
        now = self.desk.now()

        def work(store: Store, broadcast: Broadcast) -> bool:
            contact_id = int(form["kontak"]) if form["kontak"].isdecimal() else 0
            if not store.contacts.exists(contact_id) or store.contacts.view(contact_id).role is not Role.OFFICIAL:
                return False
            store.notices.add(contact_id, NoticeKind.BROADCAST_TEST, {"broadcast": broadcast.id}, now)
            return True

        return await self._steer(request, "broadcast_tested", work, wrong="broadcast_test_official")

    @route("/{broadcast_id:int}/unduh", methods=["POST"], name="broadcast-report")
    async def report(self, request: Request) -> Response:
        """Everyone's state and reason as a file; who took it is on record first."""
        user, broadcast_id = staff_of(request), int(request.path_params["broadcast_id"])
        form, now = await form_of(request, "bentuk"), self.desk.now()

        def record(store: Store) -> None:
            check_may(user, Permission.EXPORT_LEADS)
            access_broadcast_for(user, broadcast_id, store)
            store.audit.record(user.login, "broadcast_report", f"broadcast:{broadcast_id}", now)

        await self.desk.write(record)
        excel = form["bentuk"] == "xlsx"

        def lines() -> Iterator[str | bytes]:
            with self.desk.database.reading() as store:
                if excel:
                    yield from as_xlsx(self.desk, store, broadcast_id, user.login, now)
                else:
                    yield from as_csv(self.desk, store, broadcast_id)

        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" if excel else "text/csv"
        name = f"siaran-{broadcast_id}.{'xlsx' if excel else 'csv'}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingResponse(lines(), media_type=kind, headers=headers)

    async def _steer(
        self,
        request: Request,
        said: str,
        work: Callable[[Store, Broadcast], bool],
        permission: Permission = Permission.SEND_BROADCASTS,
        *,
        wrong: str = "broadcast_too_late",
    ) -> Response:
        """One change by one click, on record; or a sentence that says why not."""
        user, broadcast_id = staff_of(request), int(request.path_params["broadcast_id"])

        def change(store: Store) -> bool:
            check_may(user, permission)
            changed = work(store, access_broadcast_for(user, broadcast_id, store))
            if changed:
                store.audit.record(user.login, said, f"broadcast:{broadcast_id}", self.desk.now())
            return changed

        done = await self.desk.write(change)
        here = f"{self.path}/{broadcast_id}"
        if not done:
            return self.back(request, here, self.desk.words(wrong), "error")
        return self.back(request, here, self.desk.words(said))

    async def _form(self, request: Request, form: FormData | None = None, problem: str | None = None) -> Response:
        """The form, with everything that was typed and chosen when it was refused. A file has to be chosen again."""
        offered = await self.desk.read(lambda store: choices(self.desk, store))
        said = {"said": typed(form), "problem": problem, "title": self.desk.words("broadcast_new")}
        return self.show(request, "pages/broadcast_new.html", {**offered, **said}, 400 if problem else 200)

    def _read(
        self, store: Store, user: StaffUser, broadcast_id: int, after: int
    ) -> tuple[Broadcast, dict[PersonState, int], list[Person], dict[int, str], Forecast | None, int]:
        broadcast = access_broadcast_for(user, broadcast_id, store)
        people = store.broadcasts.people(broadcast_id, after=after, limit=PAGE + 1)
        names = contact_names(store, [person.contact_id for person in people])
        forecast, again = None, 0
        if broadcast.state in _BEFORE:
            now, rules = self.desk.now(), self.desk.settings.rules()
            forecast = forecast_of(store, self.desk.content.current, broadcast, now, rules)
        if broadcast.state is BroadcastState.FINISHED:
            again = store.broadcasts.may_go_again(broadcast_id)
        return broadcast, store.broadcasts.counts(broadcast_id), people, names, forecast, again

    def _where(self, broadcast: Broadcast) -> str:
        areas = broadcast.target.areas
        if len(areas) == 1:
            return area_name(self.desk, areas[0])
        return self.desk.words("areas_count", count=len(areas))

    def _zone(self, broadcast: Broadcast) -> object:
        return self.desk.zone(broadcast.village_code)


def progress(counts: dict[PersonState, int]) -> dict[str, int]:
    """How many of a broadcast have arrived, wait, failed and were left out."""
    arrived = sum(counts.get(state, 0) for state in _ARRIVED)
    queued = counts.get(PersonState.QUEUED, 0)
    failed = counts.get(PersonState.FAILED, 0) + counts.get(PersonState.UNKNOWN, 0)
    skipped = counts.get(PersonState.SKIPPED, 0)
    return {
        "arrived": arrived,
        "queued": queued,
        "failed": failed,
        "skipped": skipped,
        "total": arrived + queued + failed + skipped,
        "settled": arrived + failed + skipped,
    }
