"""The work of staff on leads in the console: whose, how late, double or not, and what is on record about looking."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
from console_site import HERE, NIK, THERE, Site, send, site

from flows.contact import Channel, LeadState
from nlu.understanding import JsonValue
from storage.leads import MERGED
from storage.words import StaffRole

__all__ = ["site"]


def test_late_leads_come_first_and_say_since_when(site: Site) -> None:
    old = site.lead("Lama Menunggu")
    site.clock.advance(timedelta(days=3))
    site.lead("Baru Saja")
    client = site.signed_in()
    page = client.get("/konsol/calon")
    assert names(page) == ["Lama Menunggu", "Baru Saja"]
    assert "Lewat tenggat 23 November 2026" in page.text
    assert "Lewat tenggat" in client.get(f"/konsol/calon/{old}").text
    assert names(client.get("/konsol/calon?urut=telat")) == ["Lama Menunggu"]
    assert 'href="/konsol/calon?urut=telat"' in client.get("/konsol/").text


def test_a_move_gives_new_time(site: Site) -> None:
    lead = site.lead("Lama Menunggu")
    site.clock.advance(timedelta(days=3))
    client = site.signed_in()
    send(client, f"/konsol/calon/{lead}/pindah", {"seen": "new", "to": "contacted"})
    assert names(client.get("/konsol/calon?urut=telat")) == []


def test_territory_gives_leads_to_staff_who_find_them_under_their_own(site: Site) -> None:
    waiting = site.lead("Sudah Ada", HERE)
    admin = site.signed_in("kepala", StaffRole.ADMIN)
    client = site.signed_in("ratna")
    assert "Desa Contoh" in admin.get("/konsol/wilayah?cari=00.00.00.0001").text
    answer = send(admin, "/konsol/wilayah/beri", {"code": HERE, "staff": "2"})
    assert "1 calon yang belum ada petugasnya ikut dipindahkan" in answer.text
    site.lead("Datang Kemudian", HERE)
    site.lead("Desa Lain", THERE)
    assert names(client.get("/konsol/calon?urut=saya")) == ["Datang Kemudian", "Sudah Ada"]
    assert names(client.get("/konsol/calon?urut=kosong")) == ["Desa Lain"]
    send(client, f"/konsol/calon/{waiting}/petugas", {"staff": "1"})
    assert names(client.get("/konsol/calon?urut=saya")) == ["Datang Kemudian"]
    send(client, f"/konsol/calon/{waiting}/petugas", {"staff": ""})
    assert "Wilayah dilepas" in send(admin, "/konsol/wilayah/lepas", {"code": HERE}).text
    assert [line.action for line in site.audit()] == [
        "territory_taken",
        "lead_assigned",
        "lead_assigned",
        "territory_given",
    ]


def test_only_administrators_deal_out_territory_and_readers_assign_nothing(site: Site) -> None:
    lead = site.lead()
    reader = site.signed_in("tamu", StaffRole.READER)
    assert send(reader, f"/konsol/calon/{lead}/petugas", {"staff": "1"}).status_code == 404
    staff = site.signed_in("ratna")
    assert staff.get("/konsol/wilayah").status_code == 404
    assert send(staff, "/konsol/wilayah/beri", {"code": HERE, "staff": "1"}).status_code == 404
    assert site.audit() == []


def test_a_wrong_piece_of_the_tree_is_refused(site: Site) -> None:
    admin = site.signed_in("kepala", StaffRole.ADMIN)
    for form in ({"code": "99.99", "staff": "1"}, {"code": HERE, "staff": "x"}, {"code": "", "staff": ""}):
        assert "Pilih wilayah dan petugas" in send(admin, "/konsol/wilayah/beri", form).text
    assert "Wilayah tidak ditemukan" in admin.get("/konsol/wilayah?cari=qqqqqqq").text


def test_staff_who_leave_give_back_their_leads(site: Site) -> None:
    admin = site.signed_in("kepala", StaffRole.ADMIN)
    site.staff("ratna")
    send(admin, "/konsol/wilayah/beri", {"code": HERE, "staff": "2"})
    site.lead("Siti Aminah", HERE)
    send(admin, "/konsol/petugas/2/nonaktif")
    assert names(admin.get("/konsol/calon?urut=kosong")) == ["Siti Aminah"]


def test_two_leads_are_compared_without_showing_numbers_and_merged_once_staff_are_sure(site: Site) -> None:
    first, second = site.lead("Siti Aminah", nik=NIK), site.lead("Siti A", nik=NIK)
    client = site.signed_in()
    assert "NIK sama" in client.get("/konsol/ganda").text
    page = client.get(f"/konsol/ganda/{second}").text
    assert NIK not in page
    assert page.count("•••• 9904") >= 2
    to = f"/konsol/ganda/{second}/gabung"
    assert "Centang dulu" in send(client, to, {"keep": str(first)}).text
    assert site.audit() == []
    answer = send(client, to, {"keep": str(first), "sure": "ya"})
    assert answer.url.path == f"/konsol/calon/{first}"
    assert "Sudah digabung" in answer.text
    with site.database.reading() as store:
        assert store.leads.get(second).close_reason == MERGED
        assert [move.to_state for move in store.leads.moves(first)] == [LeadState.CLOSED]
    assert [(line.action, line.target) for line in site.audit()] == [("leads_merged", f"lead:{first}")]
    assert "Digabung ke" in client.get(f"/konsol/calon/{second}").text
    assert "Tidak ada yang ganda" in client.get("/konsol/ganda").text
    assert client.get(f"/konsol/ganda/{second}").status_code == 404


def test_the_later_one_may_be_the_one_that_goes_on(site: Site) -> None:
    first, second = site.lead("Siti Aminah", nik=NIK), site.lead("Siti A", nik=NIK)
    client = site.signed_in()
    send(client, f"/konsol/ganda/{second}/gabung", {"keep": str(second), "sure": "ya"})
    with site.database.reading() as store:
        assert store.leads.get(first).duplicate_of == second
        assert store.leads.get(second).state is LeadState.NEW


def test_two_people_with_one_phone_are_told_apart(site: Site) -> None:
    site.lead("Ibu", hp="+628999999999")
    second = site.lead("Anak", hp="+628999999999")
    client = site.signed_in()
    assert "Dicatat sebagai dua orang" in send(client, f"/konsol/ganda/{second}/beda").text
    assert "Mungkin ganda: " not in client.get("/konsol/calon").text
    assert site.audit()[0].action == "leads_told_apart"


def test_readers_merge_nothing(site: Site) -> None:
    first, second = site.lead(nik=NIK), site.lead(nik=NIK)
    reader = site.signed_in("tamu", StaffRole.READER)
    assert "duplicates_merge" not in reader.get(f"/konsol/ganda/{second}").text
    assert send(reader, f"/konsol/ganda/{second}/gabung", {"keep": str(first), "sure": "ya"}).status_code == 404
    assert send(reader, f"/konsol/ganda/{second}/beda").status_code == 404
    assert site.audit() == []


def test_every_look_at_people_is_on_record_and_the_record_can_be_narrowed(site: Site) -> None:
    first, second = site.lead(nik=NIK), site.lead(nik=NIK)
    client = site.signed_in()
    for path in ("calon", f"calon/{first}", f"ganda/{second}", "ganda", "kontak", "kontak/1", "permintaan",
                 "belum-dipahami", "pesan-tertahan"):  # fmt: skip
        assert client.get(f"/konsol/{path}").status_code == 200
    assert [(line.action, line.target) for line in site.record()][::-1] == [
        ("leads_listed", "leads"),
        ("lead_viewed", f"lead:{first}"),
        ("leads_compared", f"lead:{second}"),
        ("leads_listed", "twins"),
        ("contacts_listed", "contacts"),
        ("contact_viewed", "contact:1"),
        ("handoffs_listed", "handoffs"),
        ("messages_listed", "messages"),
        ("messages_listed", "messages"),
    ]
    admin = site.signed_in("kepala", StaffRole.ADMIN)
    page = admin.get("/konsol/catatan?siapa=ratna&apa=lead_viewed").text
    assert page.split("<tbody>")[1].count("<tr>") == 1
    assert "Membuka calon" in page
    assert "Belum ada catatan" in admin.get("/konsol/catatan?siapa=kepala&apa=lead_viewed").text


def test_a_lead_that_is_not_there_leaves_no_trace_of_a_look(site: Site) -> None:
    client = site.signed_in()
    assert client.get("/konsol/calon/999").status_code == 404
    assert site.record() == []


def test_workers_are_not_told_of_a_double_registration_that_closes(site: Site) -> None:
    lead, other = site.lead(), site.lead()
    client = site.signed_in()
    close = {"seen": "new", "to": "closed"}
    send(client, f"/konsol/calon/{lead}/pindah", {**close, "close_reason": "duplicate"})
    send(client, f"/konsol/calon/{other}/pindah", {**close, "close_reason": "not_reached"})
    with site.database.transaction() as store:
        assert [notice.payload["lead"] for notice in store.notices.pending()] == [other]


def names(page: httpx.Response) -> list[str]:
    return re.findall(r'row-link" href="[^"]+">([^<]+)<', page.text)


# Answers


def handoff(site: Site, channel: Channel = Channel.TELEGRAM) -> int:
    """Somebody who asked for a person just now."""
    with site.database.transaction() as store:
        contact, address = store.contacts.find_or_make(channel, "main", "wati", site.clock.now())
        store.contacts.learn(contact, name="Wati Contoh")
        store.contacts.heard_from(contact, address, site.clock.now())
        return store.handoffs.open(contact, "speak_to_human", site.clock.now())


def queued(site: Site) -> list[tuple[str, str]]:
    with site.database.reading() as store:
        return [(line.reply or "", line.text) for line in store.outbox.conversation(1, 10)]


def test_staff_answer_through_the_outbox_with_their_name(site: Site) -> None:
    matter = handoff(site)
    client = site.signed_in()
    assert f"/konsol/permintaan/{matter}" in client.get("/konsol/permintaan").text
    answer = send(client, f"/konsol/permintaan/{matter}/balas", {"text": "Selamat pagi, Bu Wati."})
    assert "masuk antrean kirim" in answer.text
    assert queued(site) == [("jawaban_petugas", "Dari petugas, Ratna Dewi:\nSelamat pagi, Bu Wati.")]
    assert "dibalas 21 Nov 2026" in client.get("/konsol/permintaan").text
    assert [(line.action, line.reason) for line in site.audit()] == [("person_answered", f"handoff:{matter}")]


def test_an_answer_may_close_the_matter(site: Site) -> None:
    matter = handoff(site)
    client = site.signed_in()
    send(client, f"/konsol/permintaan/{matter}/balas", {"text": "Sudah beres.", "done": "ya"})
    assert "Tidak ada yang menunggu" in client.get("/konsol/permintaan").text
    with site.database.reading() as store:
        assert store.handoffs.get(matter).closed_by == "ratna"


def test_empty_and_endless_answers_are_not_queued(site: Site) -> None:
    matter = handoff(site)
    client = site.signed_in()
    for text in ("", "   ", "a" * 501):
        assert "paling panjang 500" in send(client, f"/konsol/permintaan/{matter}/balas", {"text": text}).text
    assert queued(site) == []


def test_on_whatsapp_the_closed_window_is_explained_and_only_an_invitation_goes(site: Site) -> None:
    matter = handoff(site, Channel.WHATSAPP)
    client = site.signed_in()
    assert "Bisa dibalas di WhatsApp sampai 22 Nov 2026, 09.15 WIB" in client.get(f"/konsol/permintaan/{matter}").text
    site.clock.advance(timedelta(hours=25))
    client = site.sign_in()[0]
    page = client.get(f"/konsol/permintaan/{matter}").text
    assert "lebih dari sehari tidak menulis" in page
    assert "<textarea" not in page
    late = send(client, f"/konsol/permintaan/{matter}/balas", {"text": "Halo."})
    assert "Keadaannya baru berubah" in late.text
    send(client, f"/konsol/permintaan/{matter}/balas", {"invite": "ya"})
    assert [reply for reply, _ in queued(site)] == ["ajakan_balas"]


def test_readers_see_the_conversation_and_answer_nobody(site: Site) -> None:
    matter = handoff(site)
    reader = site.signed_in("tamu", StaffRole.READER)
    assert "<textarea" not in reader.get(f"/konsol/permintaan/{matter}").text
    assert send(reader, f"/konsol/permintaan/{matter}/balas", {"text": "Halo."}).status_code == 404
    assert queued(site) == []


def test_an_erased_person_is_answered_no_more(site: Site) -> None:
    matter = handoff(site)
    with site.database.transaction() as store:
        store.erasure.erase(1, site.clock.now())
    client = site.signed_in()
    assert client.get(f"/konsol/permintaan/{matter}").status_code == 404
    assert send(client, f"/konsol/permintaan/{matter}/balas", {"text": "Halo."}).status_code == 404


def test_the_lead_shows_every_answer_of_the_chat_and_the_sex_it_leaves(site: Site) -> None:
    told: dict[str, JsonValue] = {
        "jenis_kelamin": {"id": "P", "name": "perempuan"},
        "kelamin_beda": True,
        "lokasi_kerja": "Sawah",
        "jam_kerja": "07.00-15.00",
        "pembayar": {"id": "village", "name": "desa"},
        "jumlah_bulan_bayar": 3,
        "kpj": "12345678901",
        "izin_kertas": "KP-12/2026",
    }
    page = site.signed_in().get(f"/konsol/calon/{site.lead(**told)}").text
    for said in ("Perempuan", "Berbeda dengan NIK", "Sawah", "07.00-15.00", "Yang membayar", "KP-12/2026"):
        assert said in page
    assert "Didaftarkan dengan izin di kertas" in page
    assert "12345678901" not in page


def test_the_record_speaks_in_words(site: Site) -> None:
    admin = site.signed_in("kepala", StaffRole.ADMIN)
    site.staff("ratna")
    lead = site.lead()
    form = {"seen": "new", "to": "contacted"}
    send(admin, f"/konsol/calon/{lead}/pindah", form)
    admin.get(f"/konsol/calon?desa={HERE}&status=contacted")
    send(admin, f"/konsol/calon/{lead}/petugas", {"staff": "2"})
    send(admin, "/konsol/petugas/2/nonaktif")
    page = admin.get("/konsol/catatan").text
    for said in ("Baru &gt; Dihubungi", "Desa Contoh, Dihubungi,", "1 calon dilepas, 0 langsung"):
        assert said in page
    assert "desa=" not in page


def test_who_was_disabled_and_let_in_again_signs_in_anew(site: Site) -> None:
    ratna = site.signed_in("ratna")
    admin = site.signed_in("kepala", StaffRole.ADMIN)
    assert "Calon yang dilepas: 0" in send(admin, "/konsol/petugas/1/nonaktif").text
    send(admin, "/konsol/petugas/1/aktif")
    assert ratna.get("/konsol/calon").url.path == "/konsol/login"
    assert site.sign_in("ratna")[1].url.path == "/konsol/"
