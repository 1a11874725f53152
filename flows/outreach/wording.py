"""What a contribution reminder says: amounts by each person's own band, sector and month, and what changes next month.

Amounts come from `flows.benefits.contribution` only. Several people on one phone are told in one message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from content import Content
from content.model import Kind, NotInForce, SlotValue
from content.render import write
from flows.benefits.contribution import Amounts, Contribution, Sector, add_months
from flows.contact import Occurrence, ReminderPlan
from flows.outreach.reminder import first_unpaid, inactive_from
from nlu.understanding import JsonValue

Fields = Mapping[str, JsonValue]
Worded = tuple[str, dict[str, SlotValue]]

#: More people than this on one phone are told the sum only.
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Payer:
    """Somebody whose contribution we can work out: what they chose at what income and in which sector."""

    name: str
    income: int
    sector: Sector
    chosen: str

    def owes(self, due: Contribution) -> int:
        """Their amount of one month."""
        return due.two if self.chosen == "2" else due.three


@dataclass(frozen=True, slots=True)
class _Sum:
    """What all on one phone owe: by person, in the month after, and whether a discount ends between the two."""

    each: tuple[int, ...]
    next_month: int
    after: date
    discount_ends: bool

    @property
    def total(self) -> int:
        return sum(self.each)


def payers(forms: Sequence[Fields]) -> tuple[Payer, ...]:
    """Those of the forms that tell enough, each person once: the newest form with that NIK counts."""
    found: dict[str, Payer] = {}
    for place, form in enumerate(forms):
        match form:
            case {
                "penghasilan": {"amount": int(income)},
                "pekerjaan": {"sector": str(sector)},
                "program": ("2" | "3") as chosen,
                "nama": str(name),
            } if _pays_alone(form):  # what others pay has rates of its own
                found.setdefault(str(form.get("nik") or place), Payer(name, income, Sector(sector), str(chosen)))
            case _:
                pass
    return tuple(found.values())


def _pays_alone(form: Fields) -> bool:
    said = form.get("pembayar")
    chosen = next((said[key] for key in ("payer", "id") if key in said), None) if isinstance(said, dict) else said
    return chosen in (None, "self")


def wording(
    content: Content,
    plan: ReminderPlan,
    occurrence: Occurrence,
    forms: Sequence[Fields],
    amounts: Amounts | None = None,
) -> Worded:
    """Which reply this reminder is, with its slots. Who words many hands in the same `amounts` each time."""
    slots: dict[str, SlotValue] = {"bulan": occurrence.month, "batas": occurrence.deadline}
    if plan.employer:
        return "pengingat_iuran_perusahaan", slots
    if occurrence.behind and not occurrence.again:
        return _behind(content, plan, occurrence, slots)
    people = payers(forms)
    try:
        due = _sum(amounts or Amounts(content), people, occurrence)
    except NotInForce:
        return "pengingat_iuran", slots
    if due is None:
        return _without_amount(occurrence, slots)
    return _with_amount(content, people, due, occurrence, slots)


@dataclass(frozen=True, slots=True)
class DiscountEnd:
    """The first contribution month without the discount, and what these people then owe a month."""

    month: date
    each_month: int


def discount_end(content: Content, first: date, last: date, forms: Sequence[Fields]) -> DiscountEnd | None:
    """The end of the discount between two contribution months, for those whose contribution we can work out.

    None where it does not end between them, or when we know nobody's amount.
    """
    people = payers(forms)
    months = (last.year - first.year) * 12 + last.month - first.month
    if not people or months < 1:
        return None
    amounts = Amounts(content)
    try:
        rows = [amounts.of(one.income, one.sector, first, months + 1) for one in people]
    except NotInForce:
        return None
    for each in zip(*rows, strict=True):
        had = any(row[0].discount_percent for row in rows)
        if had and not any(due.discount_percent for due in each):
            owed = sum(payer.owes(due) for payer, due in zip(people, each, strict=True))
            return DiscountEnd(each[0].month, owed)
    return None


def _without_amount(occurrence: Occurrence, slots: dict[str, SlotValue]) -> Worded:
    if occurrence.months == 1:
        return "pengingat_iuran", slots
    return "pengingat_panen_tanpa_jumlah", slots | {"jumlah_bulan": occurrence.months}


def _with_amount(
    content: Content, people: Sequence[Payer], due: _Sum, occurrence: Occurrence, slots: dict[str, SlotValue]
) -> Worded:
    tells_end = due.discount_ends and not occurrence.again  # said once, not again three days later
    slots |= {"jumlah": due.total, "per_bulan_lanjut": due.next_month, "bulan_lanjut": due.after}
    if occurrence.months > 1:
        last = add_months(occurrence.month, occurrence.months - 1)
        slots |= {"jumlah_bulan": occurrence.months, "bulan_akhir": last}
        return ("pengingat_panen_diskon" if tells_end else "pengingat_panen"), slots
    if tells_end:
        return "pengingat_iuran_diskon", slots
    if len(people) == 1:
        package = content.lexicon["programs"]["packages"][people[0].chosen]
        slots |= {"iuran_pilihan": due.total, "nama_program": package, "nama": people[0].name}
        return "pengingat_iuran_jumlah", slots
    named = zip(people[:_MOST_NAMED], due.each, strict=False)
    parts = [f"{payer.name} {write(amount, Kind.RUPIAH)}" for payer, amount in named]
    return "pengingat_iuran_keluarga", slots | {"rincian_keluarga": ", ".join(parts)}


def _behind(content: Content, plan: ReminderPlan, occurrence: Occurrence, slots: dict[str, SlotValue]) -> Worded:
    """Before three months of arrears more and more plainly; after them, how to be active again."""
    allowed = int(str(content.fact("iuran_bpu.tunggakan_bulan", occurrence.on).value))
    until = inactive_from(plan, allowed)
    if until is None or until < occurrence.on or occurrence.behind > allowed:
        return "pengingat_cek_aktif", slots
    first = first_unpaid(plan) or add_months(occurrence.month, -occurrence.behind)
    last_call = occurrence.behind + 1 >= allowed
    return ("pengingat_hampir_tidak_aktif" if last_call else "pengingat_menunggak"), slots | {
        "bulan_awal": first,
        "batas_aktif": until,
    }


def _sum(amounts: Amounts, people: Sequence[Payer], occurrence: Occurrence) -> _Sum | None:
    """What all of them owe for the months of the occurrence, and in the month after these."""
    each: list[int] = []
    following, ends = 0, False
    for payer in people:
        months = amounts.of(payer.income, payer.sector, occurrence.month, occurrence.months + 1)
        each.append(sum(payer.owes(due) for due in months[:-1]))
        following += payer.owes(months[-1])
        ends = ends or (months[0].discount_percent > 0 and months[-1].discount_percent == 0)
    after = add_months(occurrence.month, occurrence.months)
    return _Sum(tuple(each), following, after, ends) if each else None
