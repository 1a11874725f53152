"""Facts: what the bot says now, what comes next, on which source it rests, and what must be read again. Read only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from console.pages.page import Page
from console.permissions import Permission
from content import Content
from content.model import Fact, FactValue, Kind
from content.render import write, write_date


@dataclass(frozen=True, slots=True)
class Stated:
    """One value in words, with its days and its source."""

    value: str
    rows: int
    since: str
    until: str | None
    source: str
    url: str | None


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact in the list."""

    key: str
    meaning: str
    now: Stated | None
    next: Stated | None
    recheck_by: date
    overdue: bool
    where: str


class Facts(Page):
    """Every fact, those past their recheck date first."""

    path = "/fakta"
    label = "facts_title"
    icon = "fa-solid fa-scale-balanced"
    permission = Permission.SEE_CONTENT

    @route("", name="facts")
    async def index(self, request: Request) -> Response:
        """The list, by area."""
        content, today = self.desk.content.current, self.desk.now().astimezone(self.desk.settings.zone).date()
        lines = [fact_line(fact, content, today) for fact in content.facts.values()]
        areas: dict[str, list[FactLine]] = {}
        for line in sorted(lines, key=lambda line: line.key):
            areas.setdefault(line.key.partition(".")[0], []).append(line)
        context = {
            "areas": areas,
            "overdue": [line for line in lines if line.overdue],
            "count": len(lines),
            "subtitle": self.desk.words("facts_subtitle"),
        }
        return self.show(request, "pages/facts.html", context)


def overdue(content: Content, today: date) -> list[Fact]:
    """The facts that should have been read again before today."""
    return [fact for fact in content.facts.values() if fact.recheck_by < today]


def fact_line(fact: Fact, content: Content, today: date) -> FactLine:
    """A fact as staff read it on that day."""
    current = next((value for value in fact.values if value.covers(today)), None)
    coming = min((value for value in fact.values if value.since > today), key=lambda value: value.since, default=None)
    return FactLine(
        key=fact.key,
        meaning=fact.meaning,
        now=_stated(fact, current, content) if current else None,
        next=_stated(fact, coming, content) if coming else None,
        recheck_by=fact.recheck_by,
        overdue=fact.recheck_by < today,
        where=fact.where,
    )


def _stated(fact: Fact, value: FactValue, content: Content) -> Stated:
    source = content.sources.get(value.source)
    rows = len(value.value) if isinstance(value.value, tuple) else 0
    return Stated(
        value="" if fact.kind is Kind.TABLE else write(value.value, fact.kind),
        rows=rows,
        since=write_date(value.since, by_month=fact.by_month),
        until=write_date(value.until, by_month=fact.by_month) if value.until else None,
        source=source.cited if source else value.source,
        url=source.url if source and source.url.startswith("https://") else None,
    )
