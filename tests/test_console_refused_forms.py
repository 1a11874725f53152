"""A form that is refused comes back with everything that was typed and chosen in it."""

from __future__ import annotations

import re

from console_site import HERE, Site, send, site

from storage.words import StaffRole

__all__ = ["site"]

_WORDS = 'Rapat "warga" <Rabu>, jam 9 & selesai.'
_DRAFT = {
    "kata": "sendiri",
    "siaran_kapan": "Senin jam 9",
    "siaran_tempat": "balai desa",
    "isi_siaran": _WORDS,
    "kode": HERE,
    "pekerjaan": ["petani", "nelayan"],
    "sektor": "other",
    "program": "3",
    "status": "new",
    "rt_rw": "dekat masjid",
    "bahasa": "jv",
    "terakhir": "dalam-30",
    "nama_segmen": "Petani masjid",
}


def _chosen(page: str) -> list[str]:
    """What is selected in the lists of the composing form."""
    form = page.split('data-test="compose"', 1)[1]
    return re.findall(r'<option value="([^"]+)" selected>', form)


def test_a_refused_announcement_keeps_words_audience_and_segment(site: Site) -> None:
    client = site.signed_in()
    answer = send(client, "/konsol/siaran/baru", _DRAFT)
    assert (answer.status_code, answer.url.path) == (400, "/konsol/siaran/baru")
    assert "tidak terbaca" in answer.text
    assert "Rapat &#34;warga&#34; &lt;Rabu&gt;, jam 9 &amp; selesai.</textarea>" in answer.text
    for typed in ("Senin jam 9", "balai desa", HERE, "dekat masjid", "Petani masjid"):
        assert f'value="{typed}"' in answer.text, typed
    assert sorted(_chosen(answer.text)) == sorted(
        ["sendiri", "petani", "nelayan", "other", "3", "new", "jv", "dalam-30"]
    )
    assert "<details" in answer.text
    assert " open>" in answer.text
    with site.database.reading() as store:
        assert (store.broadcasts.recent(), store.segments.everyone()) == ([], [])
    again = send(client, "/konsol/siaran/baru", {**_DRAFT, "rt_rw": "RT 3 RW 2"})
    assert re.fullmatch(r"/konsol/siaran/\d+", again.url.path)
    empty = client.get("/konsol/siaran/baru").text
    assert _chosen(empty) == []
    assert "dekat masjid" not in empty


def test_a_refused_account_keeps_all_but_the_password(site: Site) -> None:
    client = site.signed_in("kepala", StaffRole.ADMIN)
    form = {"name": "Joko <Contoh>", "login": "kepala", "role": "reader", "password": "sepuluh huruf"}
    answer = send(client, "/konsol/petugas/tambah", form)
    assert answer.status_code == 400
    assert 'value="Joko &lt;Contoh&gt;"' in answer.text
    assert 'value="kepala"' in answer.text
    assert '<option value="reader" selected>' in answer.text
    assert "sepuluh huruf" not in answer.text


def test_a_refused_gathering_keeps_everything(site: Site) -> None:
    client = site.signed_in()
    form = {
        "kind": "fgd", "title": "Masukan petani", "place": "Balai desa", "map_link": "https://peta.example/x",
        "village": HERE, "starts": "2020-01-01T09:00", "minutes": "90", "capacity": "40", "for_whom": "village",
    }  # fmt: skip
    answer = send(client, "/konsol/acara/baru", form)
    assert answer.status_code == 400
    for name in ("title", "place", "map_link", "village", "starts", "minutes", "capacity"):
        assert f'value="{form[name]}"' in answer.text, name
    assert '<option value="fgd" selected>' in answer.text
