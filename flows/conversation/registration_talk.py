"""Actions of pre-registration: consents, age, price, receipt, and what the person may ask about their own data."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from typing import cast

from content.model import Kind, NotInForce
from content.render import write
from flows.benefits.contribution import Contribution, Payer, Sector, add_months, contribution
from flows.contact import ConsentState, Purpose, Role
from flows.conversation.answers import SKIPPED, nik_tells
from flows.conversation.scene import Scene
from flows.conversation.sharing_talk import remember_shared, says_others
from flows.events import (
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    DataErasureRequested,
    DraftHeld,
    DraftRefused,
    DraftTaken,
    LeadSubmitted,
    OthersNamed,
    ProfileLearned,
)
from nlu.understanding import JsonValue

REGISTRATION = "pendaftaran"
_MAY_BE_EMPTY = ("tempat_lahir", "alamat", "lokasi_kerja", "jam_kerja", "email", "kpj")
#: So many contribution months are looked ahead for the month the amount changes.
_MONTHS_AHEAD = 36
#: Slots that these actions compute for replies; they go with the form.
COMPUTED = (
    "lahir_dari_nik", "jenis_kelamin", "lahir_beda", "kelamin_beda", "iuran_2", "iuran_3", "iuran_pilihan",
    "nama_program",
    "upah_dasar", "golongan", "bulan", "bulan_nanti", "iuran_2_nanti", "iuran_3_nanti", "total_bayar", "pekerjaan_2",
    "jam_kerja", "jumlah_bulan_bayar", "dibayar_lain", "titipan", "belum_jelas", "sekaligus", "hp_dari_saluran",
    "bersama", "iuran_penuh", "ada_tambahan", "titipan_kode", "penitip", "kode_titipan", "jam_titipan", "tautan",
)  # fmt: skip
_ASKED = {
    "setuju_data": Purpose.REGISTRATION,
    "setuju_pengingat": Purpose.REMINDERS,
    "setuju_siaran": Purpose.ANNOUNCEMENTS,
}
#: Where a lead keeps the number of the paper it was agreed to on.
PAPER_FIELD = "izin_kertas"
#: What a lead keeps of the form.
LEAD_FIELDS = (
    "nama", "nik", "tempat_lahir", "lahir", "jenis_kelamin", "lahir_beda", "kelamin_beda", "pekerjaan", "pekerjaan_2",
    "lokasi_kerja", "jam_kerja", "alamat", "desa", "penghasilan", "program", "pembayar", "jumlah_bulan_bayar", "hp",
    "email", "kpj", "upah_dasar", "iuran_pilihan",
)  # fmt: skip
#: What of the form waits for the person it is about, as the form keeps it, and where their form keeps the code.
_OWN = ("hp", "email", "kpj")
ENTRUSTED = (*(name for name in LEAD_FIELDS if name not in _OWN), "dibayar_lain", "lahir_dari_nik")
ENTRUSTED_CODE = "titipan_kode"


def consent_version(scene: Scene) -> str:
    """The version of the consent text in force: the newest."""
    return max(scene.content.consents)


def record_consents(scene: Scene) -> None:
    """Note each answer to a consent question with the version of the text it was given to."""
    version = consent_version(scene)
    given: list[Purpose] = []
    refused: list[Purpose] = []
    for slot, purpose in _ASKED.items():
        answer = scene.slot(slot)
        if answer is True and scene.contact.consents[purpose] is not ConsentState.GIVEN:
            given.append(purpose)
        elif answer is False:
            refused.append(purpose)
    if given:
        scene.note(ConsentGiven(tuple(given), version))
    if refused:
        scene.note(ConsentRefused(tuple(refused), version))


def refuse_data(scene: Scene) -> str:
    """The person does not agree that we keep their data: nothing is kept, also of what somebody else wrote."""
    if scene.contact.consents[Purpose.REGISTRATION] is not ConsentState.GIVEN:
        scene.note(ConsentRefused((Purpose.REGISTRATION,), consent_version(scene)))
    return "titipan" if refuse_entrusted(scene) else "*"


def refuse_entrusted(scene: Scene) -> bool:
    """Erase what somebody else wrote for this person, if that is what the form was filled with."""
    code = scene.slot(ENTRUSTED_CODE)
    if isinstance(code, str):
        scene.note(DraftRefused(code))
    return isinstance(code, str)


def check_birth(scene: Scene) -> str:
    """Under 18: nothing is collected, and what was agreed to a moment ago is taken back.

    From 65 on: explained, not registered. A mismatch with the NIK only warns.
    """
    born = scene.slot("lahir")
    if not isinstance(born, str):
        return "*"
    age = years_between(date.fromisoformat(born), scene.today)
    known = scene.slot("lahir_beda") is True
    scene.forget("lahir_beda")
    if age < youngest(scene):
        if scene.slot("setuju_data") is True:
            scene.note(ConsentWithdrawn(tuple(Purpose)))
        return "terlalu_muda"
    if age >= oldest(scene):
        return "terlalu_tua"
    nik = scene.slot("nik")
    from_nik = nik_tells(scene, nik).get("lahir_dari_nik") if isinstance(nik, str) else None
    if from_nik is not None and from_nik != born:
        scene.keep(lahir_beda=True)
        return "*" if known else "beda"
    return "*"


def age_verdict(scene: Scene, age: int) -> str | None:
    """The reply for an age that cannot join, or None."""
    if age < youngest(scene):
        return "umur_di_bawah_18"
    return "umur_lebih_65" if age >= oldest(scene) else None


def youngest(scene: Scene) -> int:
    """The bot's own policy: below this age nothing is collected (facts.md section 1.2)."""
    return int(str(scene.content.fact("pendaftaran.usia_dilayani", scene.today).value))


def oldest(scene: Scene) -> int:
    """BPU must be under this age when they register."""
    return int(str(scene.content.fact("pendaftaran.usia_maks", scene.today).value))


def years_between(born: date, day: date) -> int:
    """Completed years of age."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def check_work(scene: Scene) -> str:
    """The membership segment of the work, however it became known: who is no BPU is pointed elsewhere."""
    work = scene.slot("pekerjaan")
    return str(work.get("segment", "*")) if isinstance(work, dict) else "*"


def price(scene: Scene) -> None:
    """Put exact amounts into the slots of the programme question and the review card: now, and once they change."""
    _leave_empty(scene)
    income, work = scene.slot("penghasilan"), scene.slot("pekerjaan")
    if not isinstance(income, dict) or not isinstance(work, dict):
        return
    sector = Sector.TRANSPORT if work.get("sector") == "transport" else Sector.OTHER
    monthly = int(str(income["amount"]))
    scene.forget("bulan_nanti", "iuran_2_nanti", "iuran_3_nanti", "total_bayar", "iuran_pilihan")
    try:
        due = contribution(scene.content, monthly, sector, scene.today)
        scene.keep(golongan=_band(scene, monthly))
    except NotInForce:
        scene.forget("iuran_2", "iuran_3", "golongan")
        return
    scene.keep(iuran_2=due.two, iuran_3=due.three, upah_dasar=due.base, bulan=due.month.isoformat())
    coming = _months_ahead(scene, monthly, sector)
    later = next((month for month in coming if (month.two, month.three) != (due.two, due.three)), None)
    if later is not None:
        scene.keep(bulan_nanti=later.month.isoformat(), iuran_2_nanti=later.two, iuran_3_nanti=later.three)
    chosen, count = scene.slot("program"), scene.slot("jumlah_bulan_bayar")
    if chosen in {"2", "3"}:
        _keep_price(scene, due, str(chosen))
        scene.keep(nama_program=scene.content.lexicon["programs"]["packages"][chosen])
        if isinstance(count, int) and count <= len(coming):
            scene.keep(total_bayar=sum(month.two if chosen == "2" else month.three for month in coming[:count]))


def _keep_price(scene: Scene, due: Contribution, chosen: str) -> None:
    """What the programmes chosen cost a month. A public budget gets no discount; of others it is not known."""
    payer = scene.slot("pembayar")
    by = payer.get("id") if isinstance(payer, dict) else "self"
    full, off = (due.full_two, due.two) if chosen == "2" else (due.full_three, due.three)
    scene.forget("iuran_penuh")
    scene.keep(iuran_pilihan=full if by == Payer.BUDGET else off)
    if by not in {Payer.BUDGET, Payer.SELF} and full != off:
        scene.keep(iuran_penuh=full)


def _leave_empty(scene: Scene) -> None:
    """What may stay empty is shown as empty on the review card; a phone is told by whom it belongs to."""
    scene.forget("ada_tambahan")
    if scene.slot("alamat") or scene.slot("tempat_lahir"):
        scene.keep(ada_tambahan=True)
    empty = (*_MAY_BE_EMPTY, "hp") if scene.slot("setuju_titip") is True else _MAY_BE_EMPTY
    scene.keep(**{name: SKIPPED for name in empty if scene.slot(name) is None})


def _months_ahead(scene: Scene, income: int, sector: Sector) -> list[Contribution]:
    """The contribution months from this one on, as far as the facts reach."""
    known: list[Contribution] = []
    for ahead in range(_MONTHS_AHEAD):
        try:
            known.append(contribution(scene.content, income, sector, add_months(scene.today, ahead)))
        except NotInForce:
            break
    return known


def _band(scene: Scene, income: int) -> str:
    """The band of that income as the table writes it: bounds end on whole thousands (facts.md section 3.2)."""
    rows = cast(tuple[tuple[int, int], ...], scene.content.fact("iuran_bpu.pita", scene.today).value)
    starts = [start for start, _ in rows]
    place = bisect_right(starts, income)
    first = write(starts[place - 1], Kind.RUPIAH)
    return f"{first}–{write(starts[place] - 1000, Kind.RUPIAH)}" if place < len(starts) else f"{first}+"


def submit_lead(scene: Scene) -> None:
    """The form is complete: hand it over under the fresh number."""
    fields = lead_fields(scene)
    village = fields.get("desa")
    if isinstance(village, dict):
        scene.note(ProfileLearned(village=str(village["code"]), name=str(fields.get("nama", ""))))
    scene.note(LeadSubmitted(scene.given.lead_number, fields, consent_version(scene)))
    scene.keep(nomor=scene.given.lead_number)
    remember_shared(scene)
    if scene.contact.mates:
        scene.keep(bersama=True)
    code = scene.slot(ENTRUSTED_CODE)
    if isinstance(code, str):
        scene.note(DraftTaken(code, scene.given.lead_number))


def submit_neighbour(scene: Scene) -> str | None:
    """An official's neighbour who agreed on paper: a person of their own, nothing of it is the official's.

    Who did not sign agrees from their own phone: until then it is a draft under a code.
    """
    if not scene.slot("setuju_kertas"):
        _entrust(scene)
        return "titipan"
    fields = {**lead_fields(scene), PAPER_FIELD: scene.slot("setuju_kertas")}
    scene.note(LeadSubmitted(scene.given.lead_number, fields, consent_version(scene)))
    scene.keep(nomor=scene.given.lead_number)
    return None


def _entrust(scene: Scene) -> None:
    """Keep the answers as they are for the person they are about, and show the code that opens them."""
    known = {name: scene.slot(name) for name in ENTRUSTED if scene.slot(name) is not None}
    scene.note(DraftHeld(scene.given.join_code, known))
    hours = int(scene.content.lexicon["kebijakan"]["jam_kode_titipan"])
    scene.keep(kode_titipan=scene.given.join_code, jam_titipan=hours)
    if scene.given.links:
        scene.keep(tautan="\n".join(scene.given.links))


def lead_fields(scene: Scene) -> dict[str, JsonValue]:
    """What a lead keeps of the answers; what was passed over is left out."""
    _note_sex(scene)
    fields: dict[str, JsonValue] = {
        name: scene.slot(name) for name in LEAD_FIELDS if scene.slot(name) not in (None, SKIPPED)
    }
    sex = fields.get("jenis_kelamin")
    if isinstance(sex, dict):
        fields["jenis_kelamin"] = sex["id"]
    return fields


def _note_sex(scene: Scene) -> None:
    """The NIK of a woman adds 40 to the day of birth; another sex than stated is noted for staff, never refused."""
    sex, nik = scene.slot("jenis_kelamin"), scene.slot("nik")
    if isinstance(sex, dict) and isinstance(nik, str) and (int(nik[6:8]) > 40) != (sex.get("id") == "P"):
        scene.keep(kelamin_beda=True)


def lead_status(scene: Scene) -> None:
    """Where the person's registration stands."""
    lead, others = scene.contact.lead, says_others(scene)
    if lead is not None:
        scene.say(f"status_{lead.state.value}", {"nomor": lead.number, "tanggal": lead.submitted_on})
    elif not others:
        scene.say("status_belum_ada")
    if others:
        scene.note(OthersNamed())
        scene.say("status_sekeluarga", {"daftar_sekeluarga": others})


def erase_data(scene: Scene) -> None:
    """Erase what we hold; the reply is the receipt."""
    scene.note(DataErasureRequested())


def who_writes(scene: Scene) -> str:
    """Only an official keeps signed papers; for others there is the person's own phone."""
    return "perangkat" if scene.contact.role is Role.OFFICIAL and scene.contact.village is not None else "*"


def register_neighbour(scene: Scene) -> str | None:
    """Registering somebody else rests on that person's own consent: from their own phone, on this one, or on paper."""
    if scene.contact.role is Role.OFFICIAL and scene.contact.village is not None:
        return "start:daftar_tetangga"
    scene.say("daftar_orang_lain")
    return None
