"""Answering "what does it cost": one message where the person gave enough, else only what is missing is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from content.model import Kind, NotInForce, SlotValue
from content.render import write
from flows.benefits.contribution import Contribution, Sector, contribution, contributions
from flows.conversation.scene import Scene
from nlu.understanding import JsonValue, Understanding

COMPUTED = ("penghasilan_per", "penghasilan_kali", "hitung_bulan", "hitung_jumlah", "hitung_sektor")
#: More months than this are not worked out in chat.
MOST_MONTHS = 36


def answer(scene: Scene) -> str | None:
    """Work out the contribution from the sentence, or start asking for the income."""
    understanding = scene.understanding
    _note_details(scene, understanding)
    money = understanding.first("money") if understanding else None
    match money.value if money else None:
        case {"amount": int(amount), "period": ("day" | "week") as period}:
            unit: dict[str, JsonValue] = {"amount": amount, "period": period}
            scene.keep(penghasilan_satuan=unit, penghasilan_per=amount)
            return "start:hitung_iuran"
        case {"amount": int(amount)}:
            _tell(scene, amount)
            return None
    if scene.slot("hitung_bulan") and not money:
        scene.say("iuran_umum", _smallest(scene, _month(scene)), day=_month(scene))
        return None
    return "start:hitung_iuran"


def result(scene: Scene) -> None:
    """The end of the little form: income is known now."""
    income = scene.slot("hitung_penghasilan")
    if isinstance(income, dict) and isinstance(income.get("amount"), int):
        _tell(scene, int(str(income["amount"])))


def _note_details(scene: Scene, understanding: Understanding | None) -> None:
    """Keep month, number of months and sector, so that they outlast a question back."""
    scene.forget("hitung_bulan", "hitung_jumlah", "hitung_sektor")
    if understanding is None:
        return
    month = understanding.first("month")
    months = understanding.first("months")
    work = understanding.first("occupation")
    sector = understanding.first("sector")
    if month:
        scene.keep(hitung_bulan=str(month.value))
    if months and isinstance(months.value, int) and 1 < months.value <= MOST_MONTHS:
        scene.keep(hitung_jumlah=months.value)
    if sector:
        scene.keep(hitung_sektor=str(sector.value))
    elif work:
        rows = scene.content.lexicon.get("occupations", {}).get("occupations", ())
        scene.keep(hitung_sektor=next((row["sector"] for row in rows if row["id"] == work.value), "other"))


def _month(scene: Scene) -> date:
    kept = scene.slot("hitung_bulan")
    if isinstance(kept, str):
        year, month = kept.split("-")[:2]
        return date(int(year), int(month), 1)
    return scene.today.replace(day=1)


def _tell(scene: Scene, income: int) -> None:
    month = _month(scene)
    sector = scene.slot("hitung_sektor")
    count = scene.slot("hitung_jumlah")
    try:
        if isinstance(count, int):
            _tell_many(scene, income, Sector(str(sector or "other")), month, count)
        elif sector:
            _tell_one(scene, contribution(scene.content, income, Sector(str(sector)), month), Sector(str(sector)), income)
        else:
            _tell_unknown_sector(scene, income, month)
    except NotInForce:
        scene.say("fakta_lewat")


def _tell_one(scene: Scene, due: Contribution, sector: Sector, income: int) -> None:
    kind = f"iuran_diskon_{sector.value}" if due.discount_percent else "iuran_penuh"
    scene.say(kind, {"penghasilan": income, **amounts(due)}, day=due.month)


def _tell_unknown_sector(scene: Scene, income: int, month: date) -> None:
    """The kind of work matters only while the two sectors' discounts differ."""
    other = contribution(scene.content, income, Sector.OTHER, month)
    transport = contribution(scene.content, income, Sector.TRANSPORT, month)
    if other == transport:
        kind = "iuran_diskon_other" if other.discount_percent else "iuran_penuh"
        scene.say(kind, {"penghasilan": income, **amounts(other)}, day=month)
        return
    slots: dict[str, SlotValue] = {"penghasilan": income, **amounts(other)}
    slots |= {"iuran_2_angkutan": transport.two, "iuran_3_angkutan": transport.three}
    scene.say("iuran_beda_sektor", slots, day=month)


def _tell_many(scene: Scene, income: int, sector: Sector, first: date, count: int) -> None:
    due = contributions(scene.content, income, sector, first, count)
    slots: dict[str, SlotValue] = {
        "penghasilan": income,
        "upah_dasar": due[0].base,
        "jumlah_bulan": count,
        "bulan": first,
        "total_2": sum(month.two for month in due),
        "total_3": sum(month.three for month in due),
        "rincian": _working(due),
    }
    scene.say("iuran_beberapa_bulan", slots, day=first)


def _working(due: tuple[Contribution, ...]) -> str:
    """The sum as people write it: 2 x Rp8.400 + 10 x Rp16.800."""
    runs: list[list[int]] = []
    for month in due:
        if runs and runs[-1][1] == month.two:
            runs[-1][0] += 1
        else:
            runs.append([1, month.two])
    return " + ".join(f"{times} × {write(amount, Kind.RUPIAH)}" for times, amount in runs)


def _smallest(scene: Scene, month: date) -> Mapping[str, SlotValue]:
    try:
        other = contribution(scene.content, 0, Sector.OTHER, month)
    except NotInForce:
        return {}
    return amounts(other)


def amounts(due: Contribution) -> dict[str, SlotValue]:
    """A contribution as reply slots."""
    return {
        "bulan": due.month,
        "upah_dasar": due.base,
        "iuran_2": due.two,
        "iuran_3": due.three,
        "iuran_2_penuh": due.full_two,
        "iuran_3_penuh": due.full_three,
    }
