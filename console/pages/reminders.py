"""Reminders: who is reminded of what and when, what became of the last one, and holding one back or stopping it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.access import NotFound, check_may
from console.desk import Desk
from console.lists import PAGE, contact_names
from console.pages.page import Page, form_of, link, staff_of
from console.permissions import Permission
from storage import Store
from storage.reminder_steering import steer, steered_by
from storage.reminders import Listed
from storage.words import OutboxState, Promise, ReminderState

#: What the three buttons do and what is said then, by the end of their address.
_MOVES = {
    "jeda": (ReminderState.PAUSED, "reminder_now_paused"),
    "lanjut": (ReminderState.WAITING, "reminder_now_waiting"),
    "henti": (ReminderState.STOPPED, "reminder_now_stopped"),
}
#: "Due within": hours, as the filter offers them.
_WITHIN = (24, 7 * 24, 31 * 24)


@dataclass(frozen=True, slots=True)
class Line:
    """One reminder as a page shows it. `by` is who of staff changed it last, `last` what became of the last message."""

    one: Listed
    by: str | None
    last: tuple[OutboxState, str | None] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to."""

    state: ReminderState
    kind: Promise | None
    village: str | None
    within: int | None

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out on purpose."""
        return self != Wanted(ReminderState.WAITING, None, None, None)


class Reminders(Page):
    """The list, by the moment each is due next."""

    path = "/pengingat"
    label = "reminders_title"
    icon = "fa-solid fa-bell"
    permission = Permission.SEE_CONTACTS

    @route("", name="reminders")
    async def index(self, request: Request) -> Response:
        """One page of it: those that wait, unless others are asked for."""
        wanted, after = _wanted(request), _after(request.query_params.get("sesudah", ""))
        lines, names, older = await self.desk.read(lambda store: self._read(store, wanted, after))
        await self.note_view(request, "reminders_listed", "reminders")
        root = request.scope.get("root_path", "")
        narrowed = {"keadaan": wanted.state, "jenis": wanted.kind, "desa": wanted.village, "dalam": wanted.within}
        context = {
            "lines": lines,
            "names": names,
            "wanted": wanted,
            "states": list(ReminderState),
            "kinds": list(Promise),
            "within": _WITHIN,
            "now": self.desk.now(),
            "reasons": reasons(self.desk),
            "places": {line.one.village_code: self.desk.place(line.one.village_code) for line in lines},
            "newer": root + link(self.path, **narrowed) if after else None,
            "older": root + link(self.path, **narrowed, sesudah=older) if older else None,
            "subtitle": self.desk.words("reminders_subtitle"),
        }
        return self.show(request, "pages/reminders.html", context)

    @route("/{reminder_id:int}/{move}", methods=["POST"], name="reminder-steer")
    async def steer(self, request: Request) -> Response:
        """Hold one back, let it go on, or stop it."""
        user, reminder_id = staff_of(request), int(request.path_params["reminder_id"])
        move, now = _MOVES.get(request.path_params["move"]), self.desk.now()
        if move is None:
            raise NotFound
        to, said = move
        from_contact = (await form_of(request, "kontak", longest=18))["kontak"]

        def work(store: Store) -> int:
            check_may(user, Permission.CHANGE_CONTACTS)
            return steer(store, [reminder_id], to, user.login, now)

        changed = await self.desk.write(work)
        here = f"/kontak/{from_contact}" if from_contact.isdecimal() else self.path
        if not changed:
            return self.back(request, here, self.desk.words("reminder_unchanged"), "error")
        return self.back(request, here, self.desk.words(said))

    def _read(
        self, store: Store, wanted: Wanted, after: tuple[datetime, int] | None
    ) -> tuple[list[Line], dict[int, str], str | None]:
        due_by = self.desk.now() + timedelta(hours=wanted.within) if wanted.within else None
        found = store.reminders.listed(
            village=wanted.village, state=wanted.state, kind=wanted.kind, due_by=due_by, after=after, limit=PAGE + 1
        )
        shown, more = found[:PAGE], found[PAGE:]
        mark = f"{shown[-1].next_due_at.astimezone(UTC).isoformat()}~{shown[-1].id}" if more else None
        return lines_of(store, shown), contact_names(store, [one.contact_id for one in shown]), mark


def reminders_of(store: Store, contact_id: int) -> list[Line]:
    """Everything one person is reminded of or asked about, whatever its state."""
    return lines_of(store, store.reminders.listed(contact_id=contact_id, state=None))


def lines_of(store: Store, found: list[Listed]) -> list[Line]:
    """These with who changed them and what became of their last messages."""
    last = store.outbox.last_of_reminders({one.contact_id for one in found})
    by = steered_by(store, [one.id for one in found if one.state is not ReminderState.WAITING])
    return [Line(one, by.get(one.id), last.get(one.id)) for one in found]


def reasons(desk: Desk) -> object:
    """Why a message was not sent, in words."""
    return desk.content.current.lexicon["reasons"]["skip"]


def _wanted(request: Request) -> Wanted:
    """What the address asks for; nonsense narrows nothing."""
    asked = request.query_params
    hours = asked.get("dalam", "")
    return Wanted(
        state=next((one for one in ReminderState if one.value == asked.get("keadaan")), ReminderState.WAITING),
        kind=next((one for one in Promise if one.value == asked.get("jenis")), None),
        village=asked.get("desa", "").strip()[:13] or None,
        within=next((one for one in _WITHIN if str(one) == hours), None),
    )


def _after(text: str) -> tuple[datetime, int] | None:
    """Where the page before ended; nonsense means the beginning."""
    moment, _, number = text.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (at, int(number)) if at.tzinfo and number.isascii() and number.isdigit() and len(number) < 18 else None
