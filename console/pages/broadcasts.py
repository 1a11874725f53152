"""Announcements as they were sent: the words, the counts, and what became of each person's message."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.access import access_broadcast_for
from console.lists import PAGE, contact_names
from console.pages.page import Page, cursor_of, link, staff_of
from console.permissions import Permission
from storage import Store
from storage.broadcasts import Broadcast, Person
from storage.staff import StaffUser
from storage.words import PersonState

_ARRIVED = (PersonState.SENT, PersonState.DELIVERED, PersonState.READ)


class Broadcasts(Page):
    """The newest ones, and each one's people."""

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
            "rows": [(one, self.desk.place(one.village_code), progress(counts), counts) for one, counts in rows],
            "subtitle": self.desk.words("broadcasts_subtitle"),
        }
        return self.show(request, "pages/broadcasts.html", context)

    @route("/{broadcast_id:int}", name="broadcast")
    async def one(self, request: Request) -> Response:
        """One of them, a page of its people at a time."""
        user, broadcast_id = staff_of(request), int(request.path_params["broadcast_id"])
        after = cursor_of(request).after or 0
        broadcast, counts, people, names = await self.desk.read(
            lambda store: self._read(store, user, broadcast_id, after)
        )
        here = f"{request.scope.get('root_path', '')}{self.path}/{broadcast_id}"
        context = {
            "broadcast": broadcast,
            "place": self.desk.place(broadcast.village_code),
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

    def _read(
        self, store: Store, user: StaffUser, broadcast_id: int, after: int
    ) -> tuple[Broadcast, dict[PersonState, int], list[Person], dict[int, str]]:
        broadcast = access_broadcast_for(user, broadcast_id, store)
        people = store.broadcasts.people(broadcast_id, after=after, limit=PAGE + 1)
        names = contact_names(store, [person.contact_id for person in people])
        return broadcast, store.broadcasts.counts(broadcast_id), people, names


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
