"""The sums a person can ask for: what each needs, and which reply tells the result with which amounts.

Arithmetic is in `flows/benefits`; words are in content/replies/hitung.yaml. When to work one out is `benefit_talk`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from content import Content
from content.model import Kind, SlotValue
from content.render import write, write_number
from flows.benefits import jakon, jht, jkk, jkm, jkp, jp, pmi, pu, scholarship
from flows.benefits.contribution import base_for
from flows.benefits.jht import Purpose
from flows.benefits.law import rupiah
from flows.benefits.pu import Risk
from flows.benefits.scholarship import Level
from flows.conversation.worked import Inputs


@dataclass(frozen=True, slots=True)
class Told:
    """A reply with its amounts, said as of `day`."""

    reply: str
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What a sum is worked out from: the inputs, the content, today, and the names of school levels."""

    inputs: Inputs
    content: Content
    today: date
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """The day the law of which counts."""
        return self.inputs.day(self.today)

    @property
    def money(self) -> int:
        """The amount, where the sum needs one."""
        return self.inputs.money or 0

    @property
    def months(self) -> int:
        """The months, where the sum needs them."""
        return self.inputs.months or 0

    @property
    def wage(self) -> int:
        """The wage benefits are counted from: reported for employees, else the base of the income's band."""
        return self.money if self.inputs.employee else base_for(self.content, self.money, self.day)


@dataclass(frozen=True, slots=True)
class Sum:
    """One sum. `needs`: names of inputs, one of each group must be known. `accepts`: what a follow-up may change."""

    work: Callable[[Given], tuple[Told, ...]]
    flow: str
    needs: tuple[tuple[str, ...], ...]
    accepts: frozenset[str]
    monthly: bool = True  # its money is a monthly wage, so a daily one is asked about


def _jkp(given: Given) -> tuple[Told, ...]:
    due = jkp.schedule(given.content, given.money, given.day)
    slots = {"upah": due.wage, "upah_dihitung": due.counted, "per_bulan": due.monthly, "jumlah": due.total}
    return (Told("hitung_jkp", slots, given.day),)


def _base(given: Given) -> tuple[Told, ...]:
    """For the self-employed: which base their income has."""
    if given.inputs.employee:
        return ()
    return (Told("hitung_dasar", {"penghasilan": given.money, "upah_dasar": given.wage}, given.day),)


def _work_death(given: Given) -> tuple[Told, ...]:
    due = jkk.death(given.content, given.wage, given.day)
    slots = {"upah_dasar": due.wage, "santunan": due.compensation, "jumlah": due.sure}
    return (Told("hitung_jkk_meninggal", slots, given.day), *_base(given))


def _disability(given: Given) -> tuple[Told, ...]:
    due = jkk.total_disability(given.content, given.wage, given.day)
    return (Told("hitung_jkk_cacat_total", {"upah_dasar": due.wage, "santunan": due.sure}, given.day), *_base(given))


def _wage_pay(given: Given) -> tuple[Told, ...]:
    due = jkk.wage_pay(given.content, given.wage, given.months, given.day)
    slots: dict[str, SlotValue] = {
        "upah_dasar": due.wage,
        "lama": due.months,
        "lama_awal": due.first_months,
        "per_bulan": due.first_monthly,
        "jumlah_awal": due.first_months * due.first_monthly,
        "lama_lanjut": due.later_months,
        "per_bulan_lanjut": due.later_monthly,
        "jumlah_lanjut": due.later_months * due.later_monthly,
        "jumlah": due.total,
    }
    reply = "hitung_jkk_stmb_lama" if due.later_months else "hitung_jkk_stmb"
    return (Told(reply, slots, given.day), *_base(given))


def _death(given: Given) -> tuple[Told, ...]:
    due = jkm.benefit(given.content, given.months, given.day)
    reply = "hitung_jkm_penuh" if due.full else "hitung_jkm_belum"
    return (Told(reply, {"lama": due.months_paid, "jumlah": due.total}, given.day),)


def _migrant(given: Given) -> tuple[Told, ...]:
    if given.months < pmi.SHORTEST:
        return (Told("pmi_iuran", {}, given.day),)
    due = pmi.contribution(given.content, given.months, given.day)
    slots: dict[str, SlotValue] = {
        "lama": due.months,
        "sendiri": due.independent,
        "lewat_perusahaan": due.through_agency,
        "lama_dasar": due.listed_months,
        "iuran_dasar": due.contract,
        "lama_tambahan": due.extra_months,
    }
    return (Told("hitung_migran_tambahan" if due.extra_months else "hitung_migran", slots, given.day),)


def _project(given: Given) -> tuple[Told, ...]:
    if given.inputs.wages:
        paid = jakon.by_wages(given.content, given.money, given.day)
        slots: dict[str, SlotValue] = {"upah": paid.wages, "jkk": paid.jkk, "jkm": paid.jkm, "jumlah": paid.total}
        return (Told("hitung_proyek_upah", slots, given.day),)
    due = jakon.by_contract(given.content, given.money, given.day)
    working = [f"{write(one.rate, Kind.PERCENT)} × {write(one.amount, Kind.RUPIAH)}" for one in due.slices]
    slots = {
        "nilai": due.value,
        "jkk": due.jkk,
        "jkm": due.jkm,
        "jumlah": due.total,
        "rincian_lapisan": " + ".join(working),
    }
    return (Told("hitung_proyek", slots, given.day),)


def _savings(given: Given) -> tuple[Told, ...]:
    due = jht.payout(given.content, given.money, given.day)
    slots: dict[str, SlotValue] = {"saldo": due.balance, "kena_pajak": due.taxed, "pajak": due.tax, "bersih": due.net}
    if due.taxed:
        return (Told("hitung_jht_pajak", slots, given.day),)
    return (Told("hitung_jht_jmo" if due.through_app else "hitung_jht_tanpa_pajak", slots, given.day),)


def _part(given: Given) -> tuple[Told, ...]:
    most = {
        purpose: jht.partial(given.content, given.money, given.months // 12, purpose, given.day).at_most
        for purpose in Purpose
    }
    slots = {"saldo": given.money, "untuk_rumah": most[Purpose.HOUSING], "untuk_pensiun": most[Purpose.RETIREMENT]}
    return (Told("hitung_jht_sebagian", slots, given.day),)


def _pension_age(given: Given) -> tuple[Told, ...]:
    born = given.inputs.born or given.today.year - (given.inputs.age or 0)
    due = jp.pension_age(given.content, born)
    slots: dict[str, SlotValue] = {"tahun_lahir": str(born), "usia_pensiun": due.age, "tahun_pensiun": str(due.year)}
    past = due.year < given.today.year
    return (Told("hitung_usia_pensiun_lewat" if past else "hitung_usia_pensiun", slots, date(due.year, 12, 31)),)


def _pension(given: Given) -> tuple[Told, ...]:
    entitled = jp.entitlement(given.content, given.months, given.day)
    slots: dict[str, SlotValue] = {"lama": given.months, "kurang": entitled.missing}
    if not entitled.monthly:
        return (Told("hitung_pensiun_sekaligus", slots, given.day),)
    if given.inputs.money is None:
        return (Told("hitung_pensiun_bulanan", slots, given.day),)
    counted = min(given.money, rupiah(given.content, "iuran_pu.jp_batas_upah", given.day))
    due = jp.first_year(given.content, given.months, counted * 12, given.day)
    years = write_number(due.months // 12) if due.months % 12 == 0 else f"{due.months}/12"
    slots |= {"upah": given.money, "upah_dihitung": counted, "tahun_iur": years, "per_bulan": due.monthly}
    return (Told("hitung_pensiun", slots, given.day),)


def _pension_cut(given: Given) -> tuple[Told, ...]:
    due = pu.pension(given.content, given.money, given.day)
    slots: dict[str, SlotValue] = {
        "upah": due.wage,
        "upah_dihitung": due.counted,
        "bulan": due.month,
        "jp_pekerja": due.worker,
        "jp_perusahaan": due.employer,
    }
    return (Told("hitung_potongan_jp", slots, due.month),)


def _children(given: Given) -> tuple[Told, ...]:
    levels = tuple(Level(level) for level in given.inputs.levels)
    if given.inputs.age is not None and not scholarship.young_enough(given.content, given.inputs.age, given.day):
        return (Told("hitung_beasiswa_usia", {"umur": given.inputs.age}, given.day),)
    if not levels:
        count = given.inputs.children or 1
        due = scholarship.for_family(given.content, [Level.KINDERGARTEN] * count, given.day)
        slots: dict[str, SlotValue] = {"jumlah_anak": len(due.children), "jumlah": due.total}
        return (Told("hitung_beasiswa_anak", slots, given.day),)
    if len(levels) == 1 and given.inputs.children:
        levels *= given.inputs.children
    due = scholarship.for_family(given.content, levels, given.day)
    parts = [(child.stages[0].level.value, child.yearly) for child in due.children]
    working = " + ".join(f"{given.names.get(level, level)} {write(yearly, Kind.RUPIAH)}" for level, yearly in parts)
    slots = {"rincian_beasiswa": working, "per_tahun": due.yearly, "jumlah": due.total}
    return (Told("hitung_beasiswa" if len(parts) > 1 else "hitung_beasiswa_satu", slots, given.day),)


def _employee(given: Given) -> tuple[Told, ...]:
    known = Risk(given.inputs.risk) if given.inputs.risk else None
    low = pu.contribution(given.content, given.money, known or Risk.VERY_LOW, given.day)
    high = pu.contribution(given.content, given.money, known or Risk.VERY_HIGH, given.day)
    slots: dict[str, SlotValue] = {
        "upah": low.wage,
        "bulan": low.month,
        "jht_pekerja": low.jht_worker,
        "jp_pekerja": low.pension.worker,
        "potongan": low.worker,
        "jkk": low.jkk,
        "jkk_sampai": high.jkk,
        "jkm": low.jkm,
        "jht_perusahaan": low.jht_employer,
        "jp_perusahaan": low.pension.employer,
        "jumlah": low.employer,
        "jumlah_sampai": high.employer,
    }
    return (Told("hitung_karyawan_risiko" if known else "hitung_karyawan", slots, low.month),)


_MONEY, _MONTHS = ("money",), ("months",)
_WAGE = frozenset({"money", "period", "employee", "wages", "month"})

SUMS: Mapping[str, Sum] = {
    "jkp": Sum(_jkp, "hitung_jkp", (_MONEY,), _WAGE),
    "jkk_meninggal": Sum(_work_death, "hitung_meninggal_kerja", (_MONEY,), _WAGE),
    "jkk_cacat_total": Sum(_disability, "hitung_cacat_total", (_MONEY,), _WAGE),
    "jkk_stmb": Sum(_wage_pay, "hitung_tidak_bekerja", (_MONEY, _MONTHS), _WAGE | {"months"}),
    "jkm": Sum(_death, "hitung_santunan", (_MONTHS,), frozenset({"months", "month"})),
    "migran": Sum(_migrant, "hitung_migran", (_MONTHS,), frozenset({"months"}), monthly=False),
    "proyek": Sum(_project, "hitung_proyek", (_MONEY,), _WAGE | {"sector"}, monthly=False),
    "jht": Sum(_savings, "hitung_jht", (_MONEY,), frozenset({"money"}), monthly=False),
    "jht_sebagian": Sum(_part, "hitung_jht", (_MONEY,), frozenset({"money"}), monthly=False),
    "usia_pensiun": Sum(_pension_age, "hitung_usia_pensiun", (("born", "age"),), frozenset({"born", "age"})),
    "pensiun": Sum(_pension, "hitung_pensiun", (_MONTHS,), _WAGE | {"months"}),
    "potongan_jp": Sum(_pension_cut, "hitung_potongan_jp", (_MONEY,), _WAGE),
    "beasiswa": Sum(_children, "hitung_beasiswa", (("levels", "children"),), frozenset({"levels", "children", "age"})),
    "karyawan": Sum(_employee, "hitung_karyawan", (_MONEY,), _WAGE | {"risk", "sector"}),
}
