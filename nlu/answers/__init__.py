"""Reads a form answer: `read_answer(kind, text, …)` gives the normalised value, or the reply that asks back.

Never guesses in silence: what can be read two ways is asked about, and what is wrong is named exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from nlu.answers import birth, calendar, choices, contact, gathering, identity, income, payment, work, workplace
from nlu.answers.reading import Asked, refused
from nlu.answers.reading import readers_for as _readers_for
from nlu.folding import squeeze
from nlu.places import Place
from nlu.understanding import FormAnswer

if TYPE_CHECKING:
    from content import Content

__all__ = ["KINDS", "read_answer"]

_READERS: Mapping[str, Callable[[Asked], FormAnswer]] = {
    "name": identity.name,
    "nik": identity.nik,
    "kpj": identity.kpj,
    "birth_date": birth.birth_date,
    "occupation": work.occupation,
    "income": income.income,
    "amount": income.amount,
    "work_days": income.work_days,
    "phone": contact.phone,
    "email": contact.email,
    "address": contact.address,
    "birth_place": contact.birth_place,
    "village": contact.village,
    "yes_no": choices.yes_no,
    "programs": choices.programs,
    "programs_2_or_3": choices.programs,
    "months": choices.months,
    "date": calendar.future_date,
    "month": calendar.month,
    "day": choices.day,
    "hour": choices.hour,
    "text": choices.free_text,
    "sex": identity.sex,
    "work_place": workplace.work_place,
    "payment": payment.payment,
    "title": gathering.title,
    "place": gathering.place,
    "moment": gathering.moment,
    "seats": gathering.seats,
    "paper": choices.paper,
}
#: Every kind of answer that can be read.
KINDS = tuple(_READERS)


def read_answer(
    kind: str,
    text: str,
    *,
    content: Content,
    today: date,
    extra_villages: Sequence[tuple[str, str, str]] = (),
) -> FormAnswer:
    """Read `text` as the answer a step waits for. `extra_villages`: (code, name, path) beside the official ones.

    Raises:
        KeyError: there is no such kind of answer (content checks prove there is).
    """
    read = _READERS[kind]
    said = squeeze(text)
    asked = Asked(text, said, today, _readers_for(content.lexicon), tuple(Place(*row) for row in extra_villages))
    return read(asked) if said or kind == "text" else refused(text, _EMPTY.get(kind, f"{kind}_tidak_jelas"))


_EMPTY = {
    "name": "nama_tidak_jelas",
    "nik": "nik_bukan_angka",
    "birth_date": "tanggal_tidak_jelas",
    "occupation": "pekerjaan_tidak_jelas",
    "income": "penghasilan_tidak_jelas",
    "amount": "jumlah_tidak_jelas",
    "work_days": "jumlah_tidak_jelas",
    "phone": "hp_tidak_jelas",
    "address": "alamat_tidak_jelas",
    "birth_place": "tempat_lahir_tidak_jelas",
    "village": "desa_tidak_ditemukan",
    "yes_no": "ya_tidak_jelas",
    "programs": "program_tidak_jelas",
    "programs_2_or_3": "program_tidak_jelas",
    "months": "jumlah_tidak_jelas",
    "date": "perlindungan_tidak_jelas",
    "month": "bulan_tidak_jelas",
    "day": "hari_tidak_jelas",
    "hour": "jam_tidak_jelas",
    "sex": "kelamin_tidak_jelas",
    "work_place": "tempat_kerja_tidak_jelas",
    "payment": "bayar_tidak_jelas",
    "title": "judul_acara_tidak_jelas",
    "place": "tempat_acara_tidak_jelas",
    "moment": "waktu_acara_tidak_jelas",
    "seats": "kapasitas_acara_tidak_jelas",
    "paper": "izin_kertas_tidak_jelas",
}
