"""What the page of one lead shows, gathered in one reading. Long numbers are masked here, before any template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from zoneinfo import ZoneInfo

from console.access import access_lead_for
from console.desk import Desk, Place
from console.words import masked, rupiah, without_numbers
from content import Content
from flows.contact import LEAD_MOVES, ConsentState, LeadState, Purpose
from storage import Store
from storage.conversation import Line
from storage.lead_columns import cell_of, lead_columns
from storage.lead_import import PAPER_SLOT
from storage.leads import MERGED, Lead, Move
from storage.staff import StaffUser

LINES = 100
#: Answers that the page shows in a place of their own.
_PLACED = {"nama", "nik", "lahir", "jenis_kelamin", "hp", "desa", "pekerjaan", "penghasilan", "program"}


class Hidden(Enum):
    """A field that is shown only on request, with a reason."""

    NIK = "nik"
    PHONE = "hp"


class CloseReason(StrEnum):
    """Why a lead is closed; the words are close_reason_… in the lexicon."""

    JOINED_ALREADY = "joined_already"
    NOT_INTERESTED = "not_interested"
    NOT_REACHED = "not_reached"
    NOT_ELIGIBLE = "not_eligible"
    DUPLICATE = "duplicate"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Form:
    """The form as staff read it."""

    name: str
    nik: str
    phone: str
    born: date | None
    born_differs: bool
    sex: str | None
    occupation: str | None
    sector: str | None
    income: str
    base: str
    program: str | None
    contribution: str
    sex_differs: bool
    #: The other answers, each under the heading of its column.
    further: Sequence[tuple[str, str]]
    paper: str | None


@dataclass(frozen=True, slots=True)
class LeadCard:
    """Everything the page of one lead shows."""

    lead: Lead
    form: Form
    place: Place | None
    zone: ZoneInfo
    moves: Sequence[Move]
    allowed: Sequence[LeadState]
    lines: Sequence[Line]
    twin: str | None
    twins: Sequence[Lead]
    merged_into: str | None
    staff: Sequence[StaffUser]
    consents: Mapping[Purpose, ConsentState]


def lead_card(desk: Desk, user: StaffUser, lead_id: int, store: Store) -> LeadCard:
    """Read the lead, its history and its conversation."""
    lead = access_lead_for(user, lead_id, store)
    place = desk.place(lead.village_code)
    twin = access_lead_for(user, lead.duplicate_of, store).number if lead.duplicate_of else None
    open_twin = lead.duplicate_by is not None and lead.state is not LeadState.CLOSED
    return LeadCard(
        lead=lead,
        form=lead_form(lead, desk.content.current),
        place=place,
        zone=place.zone if place else desk.settings.zone,
        moves=store.leads.moves(lead_id),
        allowed=[state for state in LeadState if state in LEAD_MOVES[lead.state]],
        lines=store.outbox.conversation(lead.contact_id, LINES),
        twin=twin if open_twin else None,
        twins=store.leads.looking_like(lead_id) if lead.state is not LeadState.CLOSED else (),
        merged_into=twin if lead.close_reason == MERGED else None,
        staff=[one for one in store.staff.everyone() if not one.disabled_at],
        consents=store.consents.current(lead.contact_id),
    )


def lead_form(lead: Lead, content: Content) -> Form:
    """The slots of the form in words."""
    work = lead.fields.get("pekerjaan")
    occupation: Mapping[str, object] = work if isinstance(work, dict) else {}
    sector = occupation.get("sector")
    return Form(
        name=lead.name,
        nik=masked(lead.fields.get("nik")),
        phone=masked(lead.fields.get("hp")),
        born=day_of(lead.fields.get("lahir")),
        born_differs=lead.fields.get("lahir_beda") is True,
        sex=sex_of(lead.fields.get("jenis_kelamin")),
        occupation=text_of(occupation.get("name")) or text_of(work),
        sector=str(sector) if sector else None,
        income=rupiah(income_of(lead)),
        base=rupiah(lead.fields.get("upah_dasar")),
        program=program_of(lead, content),
        contribution=rupiah(lead.fields.get("iuran_pilihan")),
        sex_differs=lead.fields.get("kelamin_beda") is True,
        further=further_answers(lead, content),
        paper=text_of(lead.fields.get(PAPER_SLOT)),
    )


def further_answers(lead: Lead, content: Content) -> list[tuple[str, str]]:
    """What the form holds beside the fields that have a place of their own; long numbers masked."""
    columns = [column for column in lead_columns(content) if column.slot not in _PLACED]
    cells = ((column.heading, cell_of(lead, column, content, full=False)) for column in columns)
    return [(heading, without_numbers(str(cell))) for heading, cell in cells if cell not in (None, "")]


def sex_of(value: object) -> str | None:
    """The letter, as a spreadsheet or a chat leaves it."""
    return text_of(value.get("id") if isinstance(value, dict) else value)


def income_of(lead: Lead) -> object:
    """The monthly income in rupiah."""
    income = lead.fields.get("penghasilan")
    return income.get("amount") if isinstance(income, dict) else income


def program_of(lead: Lead, content: Content) -> str | None:
    """The chosen package, as the content names it."""
    chosen = text_of(lead.fields.get("program"))
    packages: Mapping[str, str] = content.lexicon.get("programs", {}).get("packages", {})
    return packages.get(chosen, chosen) if chosen else None


def hidden_value(lead: Lead, which: Hidden) -> str | None:
    """The whole number behind a masked field. Whoever calls this has written the audit row."""
    number = lead.nik if which is Hidden.NIK else lead.phone
    return number.reveal() if number else None


def day_of(value: object) -> date | None:
    """A date of the form, if it is one."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def text_of(value: object) -> str | None:
    """Text of the form; None when it is something else or empty."""
    return value or None if isinstance(value, str) else None
