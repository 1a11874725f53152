"""The audit log: who did what, when and why. Read only."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.lists import audit_page
from console.pages.page import Page, cursor_of, neighbours
from console.permissions import Permission
from storage.audit import AuditLine

#: Words of the page itself.
_HEADINGS = {
    f"audit_{part}" for part in ("title", "subtitle", "empty", "empty_text", "when", "who", "what", "on", "why")
}
#: What somebody who left had, and how many of them went on to somebody else.
_COUNTS = re.compile(r"(\d+) > (\d+)")
#: Where the page of a target lies.
_PAGES = {"lead": "/calon", "contact": "/kontak"}


class AuditLog(Page):
    """Newest first."""

    path = "/catatan"
    label = "audit_title"
    icon = "fa-solid fa-clock-rotate-left"
    permission = Permission.SEE_AUDIT

    @route("", name="audit")
    async def index(self, request: Request) -> Response:
        """One page of it."""
        cursor = cursor_of(request)
        who = request.query_params.get("siapa", "").strip()[:60] or None
        act = request.query_params.get("apa", "").strip()[:60] or None
        page = await self.desk.read(lambda store: audit_page(store, cursor, who, act))
        people = await self.desk.read(lambda store: store.staff.everyone())
        context = {
            **neighbours(request, self.path, page, siapa=who, apa=act),
            "who": who,
            "act": act,
            "people": people,
            "acts": self._acts(),
            "links": {line.id: _link(line.target) for line in page.lines},
            "said": {line.id: self._said(line) for line in page.lines},
            "subtitle": self.desk.words("audit_subtitle"),
        }
        return self.show(request, "pages/audit.html", context)

    def _said(self, line: AuditLine) -> str:
        """The reason as staff read it: ids, states and filters that the row keeps become words."""
        words, reason = self.desk.words, line.reason or ""
        if counts := _COUNTS.fullmatch(reason):
            return words("said_staff_disabled", count=counts[1], taken=counts[2])
        if words.has(reason, "lead_state") or words.has(reason, "role"):
            return words.of(reason, "role")
        pieces = [self._piece(piece) for piece in reason.split(" ")]
        return " ".join(piece for piece in pieces if piece)

    def _piece(self, piece: str) -> str:
        """One word of a reason; a filter that lets everything through says nothing."""
        words = self.desk.words
        match piece.partition("="), piece.partition(":"):
            case ("desa" | "status", "=", "*"), _:
                return ""
            case ("desa", "=", code), _:
                place = self.desk.place(code)
                return f"{place.name}," if place else code
            case ("status", "=", state), _:
                return f"{words.of(state, 'lead_state')},"
            case _, (noun, ":", number) if number.isdecimal() and words.has(noun, "target"):
                return f"{words.of(noun, 'target')} {number}"
        return words.of(piece, "lead_state") if words.has(piece, "lead_state") else piece

    def _acts(self) -> list[tuple[str, str]]:
        """Every act that has words, by its words."""
        words: Mapping[str, str] = self.desk.content.current.lexicon["console"]["words"]
        known = (key.removeprefix("audit_") for key in words if key.startswith("audit_") and key not in _HEADINGS)
        return sorted(((act, words[f"audit_{act}"]) for act in known), key=lambda pair: pair[1])


def _link(target: str) -> str | None:
    noun, _, number = target.partition(":")
    return f"{_PAGES[noun]}/{number}" if noun in _PAGES and number.isdigit() else None
