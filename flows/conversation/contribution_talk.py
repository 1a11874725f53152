"""Answering "what does it cost": one message where the person gave enough, else only what is missing is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from content.model import Kind, NotInForce, SlotValue
from content.render import write
from flows.benefits.contribution import Contribution, Payer, Sector, contribution, contributions
from flows.conversation.benefit_reading import read
from flows.conversation.scene import Scene
from flows.conversation.worked import Inputs, remember
from nlu.understanding import JsonValue

#: The little form that asks for the income.
_FLOW = "hitung_iuran"
COMPUTED = (
    "penghasilan_per",
    "penghasilan_kali",
    "penghasilan_jadi",
    "hitung_bulan",
    "hitung_jumlah",
    "hitung_sektor",
    "hitung_pembayar",
)
#: What a question that follows may change.
ACCEPTS = frozenset({"money", "period", "month", "months", "sector", "payer"})
#: More months than this are not worked out in chat.
MOST_MONTHS = 36


def answer(scene: Scene) -> str | None:
    """Work out the contribution from the sentence, or start asking for the income."""
    return _work(scene, read(scene, prices=False))


def answer_with(scene: Scene, inputs: Inputs) -> None:
    """The same from inputs that earlier messages gave part of."""
    if _work(scene, inputs):
        scene.wants_flow = _FLOW


def overhear(scene: Scene) -> None:
    """While the little form waits for the income, keep what else is said: "kalau ojek", "6 bulan"."""
    if scene.session.flow == _FLOW:
        _note_details(scene, read(scene, prices=False))


def _work(scene: Scene, inputs: Inputs) -> str | None:
    _note_details(scene, inputs)
    if inputs.money is not None and inputs.period in {"day", "week"}:
        unit: dict[str, JsonValue] = {"amount": inputs.money, "period": inputs.period}
        scene.keep(penghasilan_satuan=unit, penghasilan_per=inputs.money)
        if inputs.period == "week":
            scene.keep(penghasilan_mingguan=True)
        return f"start:{_FLOW}"
    if inputs.money is not None:
        _tell(scene, inputs.money)
        return None
    if inputs.month:
        smallest(scene)
        remember(scene, "iuran", inputs)
        return None
    known = scene.slot("penghasilan")
    if isinstance(known, dict) and isinstance(known.get("amount"), int):  # the form that waits has asked already
        _keep_sector_of_form(scene)
        _tell(scene, int(str(known["amount"])))
        return None
    return f"start:{_FLOW}"


def _keep_sector_of_form(scene: Scene) -> None:
    work = scene.slot("pekerjaan")
    if isinstance(work, dict) and not scene.slot("hitung_sektor"):
        scene.keep(hitung_sektor=work.get("sector"))


def smallest(scene: Scene) -> None:
    """What it costs at least, where the income stays unknown."""
    scene.say("iuran_umum", _smallest(scene, _month(scene)), day=_month(scene))


def result(scene: Scene) -> None:
    """The end of the little form: income is known now."""
    income = scene.slot("hitung_penghasilan")
    if isinstance(income, dict) and isinstance(income.get("amount"), int):
        _tell(scene, int(str(income["amount"])))


def _note_details(scene: Scene, inputs: Inputs) -> None:
    """Keep month, number of months, sector and payer, so that they outlast a question back."""
    if scene.session.flow != _FLOW:
        scene.forget("hitung_bulan", "hitung_jumlah", "hitung_sektor", "hitung_pembayar")
    if inputs.month:
        scene.keep(hitung_bulan=inputs.month)
    if inputs.months and 1 < inputs.months <= MOST_MONTHS:
        scene.keep(hitung_jumlah=inputs.months)
    if inputs.sector:
        scene.keep(hitung_sektor=inputs.sector)
    if inputs.payer:
        scene.keep(hitung_pembayar=inputs.payer)


def _noted(scene: Scene, income: int) -> Inputs:
    """What the contribution was worked out with, for a question that follows."""
    month, count = scene.slot("hitung_bulan"), scene.slot("hitung_jumlah")
    sector, payer = scene.slot("hitung_sektor"), scene.slot("hitung_pembayar")
    return Inputs(
        money=income,
        month=month if isinstance(month, str) else None,
        months=count if isinstance(count, int) else None,
        sector=sector if isinstance(sector, str) else None,
        payer=payer if isinstance(payer, str) else None,
    )


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
    remember(scene, "iuran", _noted(scene, income))
    try:
        if scene.slot("hitung_pembayar") is not None:
            _tell_paid_by_others(scene, income, month)
        elif isinstance(count, int):
            _tell_many(scene, income, Sector(str(sector)) if sector else None, month, count)
        elif sector:
            _tell_one(
                scene, contribution(scene.content, income, Sector(str(sector)), month), Sector(str(sector)), income
            )
        else:
            _tell_unknown_sector(scene, income, month)
    except NotInForce:
        scene.say("fakta_lewat")


def _tell_paid_by_others(scene: Scene, income: int, month: date) -> None:
    """Paid from the budget there is no discount; for a village or donor nobody has said yet."""
    due = contribution(scene.content, income, Sector.OTHER, month, Payer.BUDGET)
    known = scene.slot("hitung_pembayar") == Payer.BUDGET.value
    scene.say(
        "hitung_iuran_anggaran" if known else "hitung_iuran_desa", {"penghasilan": income, **amounts(due)}, day=month
    )


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


def _tell_many(scene: Scene, income: int, sector: Sector | None, first: date, count: int) -> None:
    """Several months at once. While the sectors' discounts differ and the work is unknown, both sums are told."""
    due = contributions(scene.content, income, sector or Sector.OTHER, first, count)
    slots: dict[str, SlotValue] = {
        "penghasilan": income,
        "upah_dasar": due[0].base,
        "jumlah_bulan": count,
        "bulan": first,
        "total_2": sum(month.two for month in due),
        "total_3": sum(month.three for month in due),
        "rincian": _working(due),
    }
    transport = contributions(scene.content, income, Sector.TRANSPORT, first, count)
    if sector is not None or transport == due:
        scene.say("iuran_beberapa_bulan", slots, day=first)
        return
    slots |= {"total_2_angkutan": sum(month.two for month in transport)}
    slots |= {"total_3_angkutan": sum(month.three for month in transport)}
    scene.say("iuran_beberapa_bulan_beda", slots, day=first)


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
