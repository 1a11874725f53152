"""The console over real HTTP: who gets in, what they see, what they may do, and what is left on record."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import httpx
import pyotp
import pytest
from console_site import HERE, NIK, NOW, PASSWORD, PHONE, THERE, Site, real_content, send, site, token_in
from openpyxl import load_workbook
from storage_fixtures import VILLAGE, People

import console
from console.access import NotFound, access_lead_for, check_may
from console.lists import (
    Cursor,
    Pressing,
    Waiting,
    audit_page,
    closed_handoffs,
    contact_page,
    is_set_aside,
    lead_page,
    village_table,
    waiting,
)
from console.lists import LeadFilter as Filter
from console.pages.lead_card import CloseReason
from console.permissions import Permission
from console.settings import USUAL_LIMITS
from console.throttle import Throttle
from console.words import masked, without_numbers
from content.model import Problem
from flows.contact import LEAD_MOVES, Channel, ConsentState, LeadState, Purpose, Role
from flows.events import LeadSubmitted
from flows.outreach.sending_policy import Kind
from nlu.understanding import JsonValue
from storage import Database
from storage.contacts import Corner
from storage.staff import StaffUser
from storage.words import (
    BroadcastState,
    DuplicateOf,
    NoticeKind,
    OutboxState,
    PersonState,
    Promise,
    ReminderState,
    StaffRole,
)

__all__ = ["site"]
_FOLDER = Path(console.__file__).parent
PRESSING = Pressing(USUAL_LIMITS, NOW)


# Signing in


def test_good_password_opens_the_front_page_in_indonesian(site: Site) -> None:
    page = site.signed_in().get("/konsol/")
    assert page.status_code == 200
    assert "<h1" in page.text
    assert "Beranda" in page.text
    assert 'lang="id"' in page.text
    assert real_content().version[:12] in page.text


@pytest.mark.parametrize(("login", "password"), [("ratna", "salah"), ("siapa", PASSWORD), ("ratna", ""), ("", "")])
def test_bad_sign_in_is_refused_with_one_sentence_for_all(site: Site, login: str, password: str) -> None:
    site.staff()
    client, answer = site.sign_in(login, password)
    assert answer.status_code == 400
    assert "tidak cocok" in answer.text
    assert client.get("/konsol/calon").url.path == "/konsol/login"


def test_login_is_trimmed_and_case_does_not_matter(site: Site) -> None:
    site.staff()
    assert site.sign_in("  Ratna ")[1].url.path == "/konsol/"


def test_disabled_user_cannot_sign_in_and_open_sessions_end_at_once(site: Site) -> None:
    client = site.signed_in()
    assert client.get("/konsol/calon").url.path == "/konsol/calon"
    with site.database.transaction() as store:
        store.staff.disable("ratna", NOW)
    assert client.get("/konsol/calon").url.path == "/konsol/login"
    assert "tidak cocok" in site.sign_in()[1].text


def test_too_many_tries_must_wait_even_with_the_right_password(site: Site) -> None:
    site.staff()
    for _ in range(site.settings.tries_per_login):
        site.sign_in(password="salah")
    assert "Terlalu banyak percobaan" in site.sign_in()[1].text
    site.clock.advance(site.settings.login_window + timedelta(seconds=1))
    assert site.sign_in()[1].url.path == "/konsol/"


def test_a_new_password_ends_older_sessions(site: Site) -> None:
    client = site.signed_in()
    with site.database.transaction() as store:
        store.staff.set_password(store.staff.everyone()[0].id, "kata sandi yang lain")
    assert client.get("/konsol/calon").url.path == "/konsol/login"


def test_sign_out_ends_the_session(site: Site) -> None:
    client = site.signed_in()
    assert send(client, "/konsol/logout").url.path == "/konsol/login"
    assert client.get("/konsol/").url.path == "/konsol/login"


def test_forged_session_is_nobody(site: Site) -> None:
    site.staff()
    client = site.visitor()
    client.cookies.set("rangkul_console", "eyJzdGFmZiI6IDF9.aaaa.bbbb")
    assert client.get("/konsol/").url.path == "/konsol/login"


def test_second_factor_is_asked_for_and_each_code_works_once(site: Site) -> None:
    secret = pyotp.random_base32()
    staff = site.staff()
    with site.database.transaction() as store:
        store.staff.set_totp_secret(staff, secret)
    code = pyotp.TOTP(secret).at(site.clock.now())
    without = site.sign_in()[1]
    assert without.status_code == 422
    assert 'name="code"' in without.text
    assert "Kode tidak cocok" in site.sign_in(code="000000")[1].text
    assert site.sign_in(code=code)[1].url.path == "/konsol/"
    assert "sudah dipakai" in site.sign_in(code=code)[1].text
    site.clock.advance(timedelta(seconds=30))
    assert site.sign_in(code=pyotp.TOTP(secret).at(site.clock.now()))[1].url.path == "/konsol/"


def test_after_signing_in_one_lands_where_one_was_going_but_never_elsewhere(site: Site) -> None:
    site.staff()
    client = site.visitor()
    page = client.get("/konsol/kontak")
    form = {"csrftoken": token_in(page.text), "username": "ratna", "password": PASSWORD}
    assert client.post(str(page.url), data=form).url.path == "/konsol/kontak"
    other = site.visitor()
    form["csrftoken"] = token_in(other.get("/konsol/login").text)
    answer = other.post("/konsol/login?next=https://example.org/", data=form, follow_redirects=False)
    assert answer.headers["location"].startswith(site.url)


# Safety of every page


def test_forms_without_a_token_change_nothing_and_say_so_in_indonesian(site: Site) -> None:
    client, lead = site.signed_in(), site.lead()
    answer = client.post(f"/konsol/calon/{lead}/pindah", data={"seen": "new", "to": "contacted"})
    assert answer.status_code == 403
    assert "terlalu lama terbuka" in answer.text
    assert _state(site, lead) is LeadState.NEW


def test_pages_allow_nothing_inline_and_are_never_cached(site: Site) -> None:
    answer = site.signed_in().get("/konsol/")
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert not re.search(r"<style|style=\"|<script>|onclick=", answer.text)
    cookie = site.sign_in()[1].history[0].headers.get_list("set-cookie")
    session = next(line for line in cookie if line.startswith("rangkul_console="))
    assert "httponly" in session.lower()
    assert "samesite=lax" in session.lower()
    assert "path=/konsol" in session.lower()


def test_no_page_names_another_host(site: Site) -> None:
    client = site.signed_in("ratna", StaffRole.ADMIN)
    lead = site.lead()
    for path in ("", "calon", f"calon/{lead}", "kontak", "kontak/1", "permintaan", "belum-dipahami", "pesan-tertahan",
                 "siaran", "isi", "petugas", "catatan", "akun"):  # fmt: skip
        page = client.get(f"/konsol/{path}")
        assert page.status_code == 200, path
        loaded = re.findall(r'(?:src|<link[^>]*href)="(https?://[^"]+)"', page.text)
        assert all(address.startswith(site.url) for address in loaded), path
    assert client.get("/konsol/static/css/vendor/tabler.min.css").status_code == 200


@pytest.mark.parametrize(
    "path", ["tidak-ada", "calon/999", "kontak/999", "siaran/999", "calon/1/pindah/x", "calon/abc"]
)
def test_what_is_not_there_says_so_in_indonesian(site: Site, path: str) -> None:
    page = site.signed_in().get(f"/konsol/{path}")
    assert page.status_code == 404
    assert "Halaman ini tidak ada" in page.text


def test_coming_back_by_sign_in_to_a_form_address_leads_to_its_page(site: Site) -> None:
    client, lead = site.signed_in(), site.lead()
    assert client.get(f"/konsol/calon/{lead}/pindah").url.path == f"/konsol/calon/{lead}"


def test_a_failure_says_nothing_about_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(NIK)

    client = site.signed_in()
    monkeypatch.setattr("console.pages.contacts.contact_page", broken)
    page = client.get("/konsol/kontak")
    assert page.status_code == 500
    assert "Ada gangguan" in page.text
    assert NIK not in page.text


# Roles

_GUARDED = [
    ("calon/1/pindah", "staff"), ("calon/1/buka", "staff"), ("calon/unduh", "staff"), ("kontak/1/peran", "staff"),
    ("kontak/1/buka", "staff"), ("permintaan/1/selesai", "staff"), ("pesan-tertahan/1/ulang", "staff"),
    ("petugas/tambah", "admin"), ("petugas/1/nonaktif", "admin"), ("petugas/1/aktif", "admin"),
    ("petugas/1/sandi", "admin"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "needs"), _GUARDED)
def test_wrong_role_does_not_get_past_the_route(site: Site, path: str, needs: str) -> None:
    site.lead()
    client = site.signed_in("tamu", StaffRole.READER if needs == "staff" else StaffRole.STAFF)
    form = {"seen": "new", "to": "contacted", "field": "nik", "reason": "ingin tahu saja", "role": "official",
            "village": HERE, "name": "X", "login": "xxx", "password": PASSWORD}  # fmt: skip
    assert send(client, f"/konsol/{path}", form).status_code == 404
    assert site.audit() == []
    assert _state(site, 1) is LeadState.NEW


def test_wrong_role_does_not_see_the_buttons(site: Site) -> None:
    lead = site.lead()
    reader = site.signed_in("tamu", StaffRole.READER)
    page, contact = reader.get(f"/konsol/calon/{lead}").text, reader.get("/konsol/kontak/1").text
    assert "/pindah" not in page
    assert "/buka" not in page
    assert "hanya boleh melihat" in page
    assert "/peran" not in contact
    assert "/buka" not in contact
    assert "/unduh" not in reader.get("/konsol/calon").text
    staff = site.signed_in("ratna")
    page = staff.get(f"/konsol/calon/{lead}").text
    assert "/pindah" in page
    assert "/buka" in page
    assert 'href="/konsol/petugas"' not in page
    assert 'href="/konsol/catatan"' not in page
    for path in ("petugas", "catatan"):
        assert staff.get(f"/konsol/{path}").status_code == 404
    admin = site.signed_in("kepala", StaffRole.ADMIN)
    assert 'href="/konsol/petugas"' in admin.get("/konsol/").text
    assert admin.get("/konsol/catatan").status_code == 200


def test_absent_and_forbidden_leads_look_the_same(site: Site) -> None:
    lead = site.lead()
    gone = StaffUser(9, "Tamu", "tamu", StaffRole.STAFF, disabled_at=NOW)
    here = StaffUser(9, "Tamu", "tamu", StaffRole.STAFF, disabled_at=None)
    with site.database.reading() as store:
        for user, wanted in ((gone, lead), (here, 999)):
            with pytest.raises(NotFound):
                access_lead_for(user, wanted, store)
        assert access_lead_for(here, lead, store).id == lead
    with pytest.raises(NotFound):
        check_may(here, Permission.MANAGE_STAFF)


def test_pages_get_single_leads_only_through_the_door() -> None:
    for path in (_FOLDER / "pages").glob("*.py"):
        assert not re.search(r"store\.leads\.(get|find)\(", path.read_text()), path.name


# Leads


def test_list_masks_the_nik_and_shows_what_staff_need(site: Site) -> None:
    site.lead("Siti Aminah", nik=NIK)
    page = site.signed_in().get("/konsol/calon").text
    assert NIK not in page
    assert "•••• 9904" in page
    for word in ("Siti Aminah", "Desa Contoh", "Baru", "21 November 2026", "RK-TES"):
        assert word in page, word


def test_numbers_stay_masked_on_every_page_until_asked_for(site: Site) -> None:
    lead = site.lead(nik=NIK, hp=PHONE)
    site.says(1, f"NIK saya {NIK}, HP 0812 3456 7890", "Baik, iuran Rp174.000.000")
    client = site.signed_in("kepala", StaffRole.ADMIN)
    for path in (f"calon/{lead}", "calon", "kontak", "kontak/1", "", "catatan"):
        page = client.get(f"/konsol/{path}").text
        assert [number for number in (NIK, PHONE, "0812 3456 7890") if number in page] == [], path
    assert "Rp174.000.000" in client.get(f"/konsol/calon/{lead}").text


def test_filters_by_village_and_state(site: Site) -> None:
    here, there = site.lead("Siti Aminah", HERE), site.lead("Budi Hartono", THERE)
    _move(site, there, LeadState.CONTACTED)
    client = site.signed_in()
    assert _names(client.get(f"/konsol/calon?desa={HERE}")) == ["Siti Aminah"]
    assert _names(client.get("/konsol/calon?status=contacted")) == ["Budi Hartono"]
    assert _names(client.get("/konsol/calon?status=bohong")) == ["Budi Hartono", "Siti Aminah"]
    assert "Tidak ada yang cocok" in client.get(f"/konsol/calon?desa={HERE}&status=closed").text
    assert here


def test_with_too_many_villages_to_choose_from_the_code_is_typed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.lead("Siti Aminah", HERE)
    site.lead("Budi Hartono", THERE)
    client = site.signed_in()
    assert '<select class="form-select" id="desa"' in client.get("/konsol/calon").text
    monkeypatch.setattr("console.pages.leads._MOST_VILLAGES", 1)
    assert '<input class="form-control" id="desa"' in client.get("/konsol/calon").text
    assert _names(client.get(f"/konsol/calon?desa={HERE}")) == ["Siti Aminah"]


def test_lists_read_the_same_on_both_databases(db: Database, people: People) -> None:
    first, _ = people.make("sari", village=VILLAGE.code, agrees=(Purpose.REMINDERS,))
    second, _ = people.make("budi")
    form: dict[str, JsonValue] = {"nama": "Sari", "nik": NIK, "desa": {"code": VILLAGE.code}}
    with db.transaction() as store:
        store.leads.submit(first, LeadSubmitted("RK-A", form, "persetujuan-v1"), NOW)
        closed = store.handoffs.open(first, "accident", NOW, grave=True)
        store.handoffs.open(second, "speak_to_human", NOW)
        store.handoffs.close(closed, "ratna", NOW)
        store.audit.record("ratna", "signed_in", "staff:1", NOW)
    with db.reading() as store:
        assert [
            line.nik for line in lead_page(store, Filter(VILLAGE.code, LeadState.NEW), Cursor(), PRESSING).lines
        ] == ["•••• 9904"]
        contacts = contact_page(store, Role.WORKER, None, Cursor()).lines
        assert [line.id for line in contacts] == [second, first]
        assert contacts[1].consents == {Purpose.REMINDERS: ConsentState.GIVEN}
        assert [line.by_state for line in village_table(store)] == [{LeadState.NEW: 1}]
        assert waiting(store, PRESSING) == Waiting(new_leads=1, late_leads=0, twins=0, handoffs=1, grave=0, set_aside=0)
        assert [one.id for one in closed_handoffs(store)] == [closed]
        assert [line.who for line in audit_page(store, Cursor()).lines] == ["ratna"]
        assert not is_set_aside(store, 1)


def test_search_by_receipt_number_opens_the_lead(site: Site) -> None:
    lead = site.lead()
    with site.database.reading() as store:
        number = store.leads.get(lead).number
    client = site.signed_in()
    assert client.get(f"/konsol/calon?nomor=%20{number.lower()}").url.path == f"/konsol/calon/{lead}"
    assert "Tidak ada calon dengan nomor" in client.get("/konsol/calon?nomor=RK-%3Cb%3E").text
    assert "<b>" not in client.get("/konsol/calon?nomor=RK-%3Cb%3E").text.lower()


def test_duplicates_are_flagged_with_the_reason(site: Site) -> None:
    first, second = site.lead("Siti Aminah", nik=NIK), site.lead("Siti A", nik=NIK)
    third = site.lead("Siti B", hp="+628999999999")
    fourth = site.lead("Siti C", hp="+628999999999")
    client = site.signed_in()
    page = client.get("/konsol/calon").text
    assert "Mungkin ganda: NIK sama" in page
    assert "Mungkin ganda: nomor HP sama" in page
    assert f'href="/konsol/ganda/{second}"' in client.get(f"/konsol/calon/{second}").text
    assert f'href="/konsol/ganda/{second}"' in client.get(f"/konsol/calon/{first}").text
    assert "nomor HP sama" in client.get(f"/konsol/calon/{fourth}").text
    assert f'href="/konsol/ganda/{fourth}"' in client.get(f"/konsol/calon/{third}").text


def test_pages_of_a_long_list_meet_without_gap_or_repeat(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.lists.PAGE", 3)
    leads = [site.lead(f"Orang {number}") for number in range(8)]
    with site.database.reading() as store:
        first = lead_page(store, Filter(), Cursor(), PRESSING)
        second = lead_page(store, Filter(), Cursor(before=first.older), PRESSING)
        third = lead_page(store, Filter(), Cursor(before=second.older), PRESSING)
        back = lead_page(store, Filter(), Cursor(after=third.newer), PRESSING)
        start = lead_page(store, Filter(), Cursor(after=back.newer), PRESSING)
    seen = [line.id for page in (first, second, third) for line in page.lines]
    assert seen == leads[::-1]
    assert [line.id for line in back.lines] == [line.id for line in second.lines]
    assert (first.newer, third.older, start.newer) == (None, None, None)
    client = site.signed_in()
    page = client.get("/konsol/calon?status=new")
    older = re.search(r'href="([^"]+)" data-test="older"', page.text)
    assert older
    assert "status=new" in older[1]
    assert _names(client.get(older[1].replace("&amp;", "&"))) == ["Orang 4", "Orang 3", "Orang 2"]


def test_one_lead_shows_its_form_its_conversation_and_local_times(site: Site) -> None:
    lead = site.lead("Made Wirawan", THERE)
    site.says(1, "mau <b>daftar</b>", "Baik, kita mulai.")
    page = site.signed_in().get(f"/konsol/calon/{lead}").text
    for word in ("Petani", "Bukan angkutan", "Rp1.500.000", "Rp8.400", "JKK dan JKM", "12 Maret 1985", "Perempuan",
                 "21 Nov 2026, 10.15 WITA", "mau &lt;b&gt;daftar&lt;/b&gt;", "Baik, kita mulai.",
                 "menunggu dikirim"):  # fmt: skip
        assert word in page, word


def test_a_lead_of_an_erased_person_still_opens(site: Site) -> None:
    lead = site.lead()
    with site.database.transaction() as store:
        store.erasure.erase(1, NOW)
    page = site.signed_in().get(f"/konsol/calon/{lead}")
    assert page.status_code == 200
    assert "Siti Aminah" not in page.text


# Moves


def test_contacting_moves_the_lead_leaves_a_notice_and_is_on_record(site: Site) -> None:
    client, lead = site.signed_in(), site.lead()
    form = {"seen": "new", "to": "contacted", "note": f"Ditelepon sore, NIK {NIK}"}
    page = send(client, f"/konsol/calon/{lead}/pindah", form)
    assert page.url.path == f"/konsol/calon/{lead}"
    assert "Status diubah menjadi Dihubungi." in page.text
    assert "Baru menjadi Dihubungi" in page.text
    assert "Ditelepon sore" in page.text
    with site.database.transaction() as store:
        notices = store.notices.pending()
        moves = store.leads.moves(lead)
    assert [(notice.kind, notice.contact_id) for notice in notices] == [(NoticeKind.LEAD_CONTACTED, 1)]
    assert [(move.by, move.to_state) for move in moves] == [("ratna", LeadState.CONTACTED)]
    assert NIK not in (moves[0].note or "")
    assert [(line.who, line.action, line.target) for line in site.audit()] == [("ratna", "lead_moved", f"lead:{lead}")]


@pytest.mark.parametrize("to", [state for state in LeadState if state not in LEAD_MOVES[LeadState.NEW]])
def test_illegal_moves_are_refused_and_not_offered(site: Site, to: LeadState) -> None:
    client, lead = site.signed_in(), site.lead()
    assert f'name="to" value="{to.value}"' not in _moves_card(client.get(f"/konsol/calon/{lead}").text)
    form = {"seen": "new", "to": to.value, "official_number": "1", "close_reason": "other"}
    assert "tidak bisa diubah seperti itu" in send(client, f"/konsol/calon/{lead}/pindah", form).text
    assert _state(site, lead) is LeadState.NEW
    assert site.audit() == []


@pytest.mark.parametrize("to", ["", "bohong", "NEW"])
def test_unknown_moves_are_refused(site: Site, to: str) -> None:
    client, lead = site.signed_in(), site.lead()
    assert "tidak bisa diubah" in send(client, f"/konsol/calon/{lead}/pindah", {"seen": "new", "to": to}).text


def test_handing_over_needs_the_official_number_and_closing_a_reason(site: Site) -> None:
    client, lead = site.signed_in(), site.lead()
    _move(site, lead, LeadState.CONTACTED)
    to = f"/konsol/calon/{lead}/pindah"
    assert "Isi nomor pendaftaran resmi" in send(client, to, {"seen": "contacted", "to": "handed_over"}).text
    form = {"seen": "contacted", "to": "handed_over", "official_number": "BPU-77"}
    assert "BPU-77" in send(client, to, form).text
    assert "Pilih alasan" in send(client, to, {"seen": "handed_over", "to": "closed", "close_reason": "apa saja"}).text
    closed = send(client, to, {"seen": "handed_over", "to": "closed", "close_reason": "not_reached"})
    assert "Tidak bisa dihubungi" in closed.text
    assert _state(site, lead) is LeadState.CLOSED


def test_a_move_sent_twice_happens_once(site: Site) -> None:
    client, lead = site.signed_in(), site.lead()
    form = {"seen": "new", "to": "contacted"}
    send(client, f"/konsol/calon/{lead}/pindah", form)
    assert "baru saja berubah" in send(client, f"/konsol/calon/{lead}/pindah", form).text
    with site.database.transaction() as store:
        assert len(store.notices.pending()) == 1


# Hidden numbers


def test_revealing_needs_a_reason_shows_once_and_is_on_record(site: Site) -> None:
    client, lead = site.signed_in(), site.lead(nik=NIK)
    for reason in ("", "   ", "tes"):
        page = send(client, f"/konsol/calon/{lead}/buka", {"field": "nik", "reason": reason})
        assert NIK not in page.text
        assert "Tulis dulu alasannya" in page.text
    assert site.audit() == []
    shown = send(client, f"/konsol/calon/{lead}/buka", {"field": "nik", "reason": "mendaftarkan pekerja"})
    assert NIK in shown.text
    assert "Ditampilkan sekali" in shown.text
    assert NIK not in client.get(f"/konsol/calon/{lead}").text
    line = site.audit()[0]
    assert (line.who, line.action, line.target, line.reason) == (
        "ratna",
        "nik_shown",
        f"lead:{lead}",
        "mendaftarkan pekerja",
    )


def test_phone_is_revealed_the_same_way_and_numbers_in_reasons_are_masked(site: Site) -> None:
    client, lead = site.signed_in(), site.lead(hp=PHONE)
    shown = send(client, f"/konsol/calon/{lead}/buka", {"field": "hp", "reason": f"menelepon {PHONE}"})
    assert PHONE in shown.text
    contact = send(client, "/konsol/kontak/1/buka", {"reason": "menelepon balik"})
    assert PHONE in contact.text
    assert [line.action for line in site.audit()] == ["phone_shown", "phone_shown"]
    assert all(PHONE not in (line.reason or "") for line in site.audit())


def test_unknown_fields_cannot_be_revealed(site: Site) -> None:
    client, lead = site.signed_in(), site.lead()
    page = send(client, f"/konsol/calon/{lead}/buka", {"field": "penghasilan", "reason": "ingin tahu saja"})
    assert "Tulis dulu alasannya" in page.text
    assert site.audit() == []


# The file


def test_export_holds_the_filtered_leads_masked_and_says_who_and_when(site: Site) -> None:
    site.lead("Siti Aminah", HERE, nik=NIK, hp=PHONE)
    site.lead("Budi Hartono", THERE)
    answer = send(site.signed_in(), "/konsol/calon/unduh", {"desa": HERE, "status": "new", "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="calon-peserta-2026-11-21.csv"'
    (row,) = _rows(answer)
    assert (row["Nama lengkap"], row["Desa"], row["Kode desa"]) == ("Siti Aminah", "Desa Contoh", HERE)
    assert (row["Diambil oleh"], row["Diambil pada"]) == ("ratna", "2026-11-21 09:15 WIB")
    assert NIK not in answer.text
    assert PHONE[3:] not in answer.text
    line = site.audit()[0]
    assert (line.who, line.action, line.reason) == ("ratna", "leads_exported", f"desa={HERE} status=new csv")


def test_export_with_whole_numbers_needs_a_reason_that_goes_on_record(site: Site) -> None:
    site.lead(nik=NIK)
    client = site.signed_in()
    refused = send(client, "/konsol/calon/unduh", {"format": "csv", "full": "ya"})
    assert "tulis alasannya" in refused.text
    assert site.audit() == []
    form = {"format": "csv", "full": "ya", "reason": f"pendaftaran resmi {NIK}"}
    assert _rows(send(client, "/konsol/calon/unduh", form))[0]["NIK"] == NIK
    line = site.audit()[0]
    assert line.action == "leads_exported_full"
    assert "pendaftaran resmi" in (line.reason or "")
    assert NIK not in (line.reason or "")


def test_export_as_a_workbook_is_one(site: Site) -> None:
    site.lead("Siti Aminah")
    answer = send(site.signed_in(), "/konsol/calon/unduh", {"format": "xlsx"})
    book = load_workbook(io.BytesIO(answer.content), read_only=True)
    assert "Siti Aminah" in [cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row]


@pytest.mark.parametrize(
    "name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']
)
def test_export_runs_no_formula(site: Site, name: str) -> None:
    site.lead(name)
    assert _rows(send(site.signed_in(), "/konsol/calon/unduh", {"format": "csv"}))[0]["Nama lengkap"] == f"'{name}"


def test_export_of_many_leads_is_streamed(site: Site) -> None:
    for number in range(30):
        site.lead(f"Orang {number}")
    client = site.signed_in()
    form = {"csrftoken": token_in(client.get("/konsol/akun").text), "format": "csv"}
    with client.stream("POST", "/konsol/calon/unduh", data=form) as answer:
        assert "content-length" not in answer.headers
        assert len(list(answer.iter_lines())) == 31


# The other pages


def test_front_page_counts_what_waits(site: Site) -> None:
    client = site.signed_in()
    assert "Semua sudah tertangani" in client.get("/konsol/").text
    assert "Belum ada pendaftaran" in client.get("/konsol/").text
    site.lead("Siti Aminah", HERE)
    _move(site, site.lead("Budi Hartono", HERE), LeadState.CONTACTED)
    with site.database.transaction() as store:
        store.handoffs.open(1, "accident", NOW, grave=True)
    page = client.get("/konsol/").text
    assert "1 darurat" in page
    assert "Semua sudah tertangani" not in page
    assert f'href="/konsol/calon?desa={HERE}"' in page


def test_handoffs_put_grave_ones_first_and_can_be_closed(site: Site) -> None:
    site.lead("Siti Aminah")
    site.lead("Budi Hartono")
    with site.database.transaction() as store:
        store.handoffs.open(1, "speak_to_human", NOW)
        grave = store.handoffs.open(2, "accident", NOW, grave=True)
        store.handoffs.open(1, "pendaftaran:nik", NOW)
    client = site.signed_in()
    page = client.get("/konsol/permintaan").text
    assert page.index("Kecelakaan kerja") < page.index("Ingin bicara dengan petugas")
    assert "Kesulitan mengisi" in page
    assert "speak_to_human" not in page
    done = send(client, f"/konsol/permintaan/{grave}/selesai")
    assert "Ditandai selesai" in done.text
    assert "oleh ratna" in done.text
    assert send(client, f"/konsol/permintaan/{grave}/selesai").status_code == 404
    assert [line.action for line in site.audit()] == ["handoff_closed"]


def test_contact_becomes_official_of_a_village_found_by_name(site: Site) -> None:
    contact = site.contact("Pak Lurah", village=None)
    client = site.signed_in()
    page = client.get(f"/konsol/kontak/{contact}?cari=desa contoh tengah").text
    assert THERE in page
    to = f"/konsol/kontak/{contact}/peran"
    assert "Pilih desanya dulu" in send(client, to, {"role": "official"}).text
    assert "tidak dikenal" in send(client, to, {"role": "official", "village": "99.99.99.9999"}).text
    assert "Pilih peran" in send(client, to, {"role": "raja"}).text
    assert "Peran diubah menjadi Perangkat desa" in send(client, to, {"role": "official", "village": THERE}).text
    with site.database.reading() as store:
        view = store.contacts.view(contact)
    assert view.role is Role.OFFICIAL
    assert view.village is not None
    assert view.village.code == THERE
    assert "Pak Lurah" in client.get("/konsol/kontak?peran=official").text
    assert "Pak Lurah" not in client.get("/konsol/kontak?peran=worker").text
    send(client, to, {"role": "worker"})
    assert [(line.action, line.reason) for line in site.audit()] == [
        ("role_set", f"worker {THERE}"),
        ("role_set", f"official {THERE}"),
    ]


def test_consents_are_shown_with_their_history(site: Site) -> None:
    page = site.signed_in().get(f"/konsol/kontak/{site.contact()}").text
    assert "Pendaftaran: setuju" in page
    assert "Siaran: belum ditanya" in page
    assert "persetujuan-v1" in page


def test_messages_set_aside_can_be_tried_again(site: Site) -> None:
    contact = site.contact()
    site.says(contact, "halo", "hai")
    with site.database.transaction() as store:
        claimed = store.inbox.claim(NOW, timedelta(minutes=1))
        assert claimed is not None
        store.inbox.set_aside(claimed, "too_many_steps")
    client = site.signed_in()
    assert "too_many_steps" in client.get("/konsol/pesan-tertahan").text
    assert "antrean lagi" in send(client, f"/konsol/pesan-tertahan/{claimed.id}/ulang").text
    assert "Tidak ada pesan tertahan" in client.get("/konsol/pesan-tertahan").text
    assert send(client, f"/konsol/pesan-tertahan/{claimed.id}/ulang").status_code == 404


def test_not_understood_sentences_show_guesses_in_words_and_hide_numbers(site: Site) -> None:
    contact = site.contact()
    with site.database.transaction() as store:
        store.not_understood.add(contact, f"gmn ini {NIK}", [("claim_jkk", 0.312), ("objection", 0.2)], NOW)
    page = site.signed_in().get("/konsol/belum-dipahami").text
    assert "gmn ini •••• 9904" in page
    assert "31%" in page
    assert "claim_jkk" not in page


def test_broadcasts_show_counts_and_each_person_with_the_reason(site: Site) -> None:
    official = site.contact("Pak Lurah")
    site.contact("Siti Aminah")
    with site.database.transaction() as store:
        made = store.broadcasts.freeze(HERE, "Besok ada sosialisasi.", official, NOW)
    client = site.signed_in()
    assert "Besok ada sosialisasi." in client.get("/konsol/siaran").text
    page = client.get(f"/konsol/siaran/{made}").text
    assert "Siti Aminah" in page
    assert "tidak dikirimi" in page
    assert "belum memberi izin" in page


def test_staff_note_rt_rw_and_language_and_announce_to_them_only(site: Site) -> None:
    near, far = site.contact("Siti Aminah"), site.contact("Budi Santoso")
    client = site.signed_in()
    corner = {"rt": "03", "rw": "002", "bahasa": "jv"}
    assert "dicatat" in send(client, f"/konsol/kontak/{near}/tempat", corner).text
    assert "berupa angka" in send(client, f"/konsol/kontak/{far}/tempat", {**corner, "rt": "3a"}).text
    send(client, f"/konsol/kontak/{far}/tempat", {"rt": "3", "rw": "4", "bahasa": "xx"})
    assert 'value="jv" selected' in client.get(f"/konsol/kontak/{near}").text
    draft = {"kata": "ingat_iuran", "kode": HERE, "bahasa": ""}
    assert "tidak terbaca" in send(client, "/konsol/siaran/baru", {**draft, "rt_rw": "dekat masjid"}).text
    page = send(client, "/konsol/siaran/baru", {**draft, "rt_rw": "RT 3 RW 2, RW 09"}).text
    assert "RT 3 RW 2, RW 9" in page
    assert "1 belum memberi izin" in page
    spoken = send(client, "/konsol/siaran/baru", {**draft, "bahasa": "jv"}).text
    assert "1 belum memberi izin" in spoken
    assert "Jawa" in spoken
    with site.database.transaction() as store:
        store.contacts.learn(near, village=HERE)
        assert store.contacts.corner(near) == Corner("3", "2", "jv")
        store.contacts.learn(near, village="00.00.00.0002")
        assert store.contacts.corner(near) == Corner(language="jv"), "an RT is one of its village"
        assert "corner_noted" in [line.action for line in store.audit.recent(target=f"contact:{near}")]
        store.erasure.erase(near, NOW)
        assert store.contacts.corner(near) == Corner()
    reader = site.signed_in("baca", StaffRole.READER)
    assert send(reader, f"/konsol/kontak/{far}/tempat", corner).status_code == 404


def test_facts_show_value_source_and_what_is_overdue(site: Site) -> None:
    client = site.signed_in()
    page = client.get("/konsol/fakta").text
    assert "Rp42.000.000" in page
    assert "PP 82/2019" in page
    site.clock.move_to(NOW + timedelta(days=3650))
    assert "lewat tanggal" in client.get("/konsol/fakta").text


def test_broken_content_on_disk_shows_a_banner_on_every_page(site: Site) -> None:
    client = site.signed_in()
    assert 'data-test="content-broken"' not in client.get("/konsol/").text
    site.content.problems = (Problem("content/facts/jkm.yaml", 12, "facts.source", "Sumber itu <tidak> ada."),)
    assert "Bot tetap memakai isi lama" in client.get("/konsol/calon").text
    page = client.get("/konsol/isi").text
    assert "content/facts/jkm.yaml:12" in page
    assert "Sumber itu &lt;tidak&gt; ada." in page


def test_admin_adds_disables_and_resets_staff(site: Site) -> None:
    client = site.signed_in("kepala", StaffRole.ADMIN)
    form = {"name": "Joko", "login": "Joko", "role": "staff", "password": "sepuluh huruf"}
    for change, sentence in [
        ({"name": ""}, "Isi nama"), ({"role": "raja"}, "Isi nama"), ({"login": "a b"}, "hanya boleh huruf kecil"),
        ({"password": "pendek"}, "paling sedikit 10"), ({"login": "kepala"}, "sudah dipakai"),
    ]:  # fmt: skip
        assert sentence in send(client, "/konsol/petugas/tambah", {**form, **change}).text
    assert "Joko sudah bisa masuk" in send(client, "/konsol/petugas/tambah", form).text
    joko, answer = site.sign_in("joko", "sepuluh huruf")
    assert answer.url.path == "/konsol/"
    assert "Akun dinonaktifkan" in send(client, "/konsol/petugas/2/nonaktif").text
    assert joko.get("/konsol/").url.path == "/konsol/login"
    send(client, "/konsol/petugas/2/aktif")
    assert "Kata sandi diganti" in send(client, "/konsol/petugas/2/sandi", {"password": "huruf yang baru"}).text
    assert site.sign_in("joko", "huruf yang baru")[1].url.path == "/konsol/"
    assert "tidak bisa dinonaktifkan" in send(client, "/konsol/petugas/1/nonaktif").text
    assert [line.action for line in site.audit()] == [
        "password_reset",
        "staff_enabled",
        "staff_disabled",
        "staff_added",
    ]
    page = client.get("/konsol/catatan").text
    assert "Menambah petugas" in page
    assert ">staff_added<" not in page


def test_one_changes_ones_own_password_and_sets_up_codes(site: Site) -> None:
    client = site.signed_in()
    other = site.sign_in()[0]
    to = "/konsol/akun/sandi"
    assert "sekarang tidak cocok" in send(client, to, {"old": "salah", "new": "kata sandi baru"}).text
    assert "paling sedikit 10" in send(client, to, {"old": PASSWORD, "new": "baru"}).text
    assert "Sesi di perangkat lain berakhir" in send(client, to, {"old": PASSWORD, "new": "kata sandi baru"}).text
    assert other.get("/konsol/").url.path == "/konsol/login"
    found = re.search(r'name="secret" value="([A-Z2-7]{32})"', client.get("/konsol/akun").text)
    assert found
    assert "Kode tidak cocok" in send(client, "/konsol/akun/kode", {"secret": found[1], "code": "000000"}).text
    code = pyotp.TOTP(found[1]).at(site.clock.now())
    assert "memakai kode verifikasi" in send(client, "/konsol/akun/kode", {"secret": found[1], "code": code}).text
    assert site.sign_in(password="kata sandi baru")[1].status_code == 422
    assert "tidak cocok" in send(client, "/konsol/akun/kode/lepas", {"password": "salah"}).text
    assert "Kode verifikasi dilepas" in send(client, "/konsol/akun/kode/lepas", {"password": "kata sandi baru"}).text


# Words


def test_every_word_the_console_uses_exists_and_is_used() -> None:
    words = set(real_content().lexicon["console"]["words"])
    sources = [*(_FOLDER / "templates").rglob("*.html"), *_FOLDER.rglob("*.py")]
    text = "\n".join(path.read_text() for path in sources)
    named = set(re.findall(r"\bt\('([a-z0-9_]+)'[,)]", text)) | set(re.findall(r'words\("([a-z0-9_]+)"', text))
    assert named - words == set()
    groups = set(re.findall(r"word\([^()]*?,\s*'([a-z_]+)'\)", text))
    groups |= set(re.findall(r'words\.of\([^()]*?,\s*"([a-z_]+)"\)', text))
    built = groups | {
        "broadcast_col",
        "leads_order",
        "leads_export",
        "move_to",
        "move_hint",
        "role",
        "error",
        "handoff_reason",
    }
    literals = set(re.findall(r"[\"']([a-z0-9_]+)[\"']", text))
    idle = words - literals
    assert {word for word in idle if not word.startswith(tuple(f"{group}_" for group in built))} == set()


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("lead_state", LeadState),
        ("move_to", LeadState),
        ("move_hint", LeadState),
        ("contact_role", Role),
        ("role", StaffRole),
        ("close_reason", CloseReason),
        ("message_state", OutboxState),
        ("message_kind", Kind),
        ("person_state", PersonState),
        ("broadcast_state", BroadcastState),
        ("duplicate", DuplicateOf),
        ("channel", Channel),
        ("consent", ConsentState),
        ("purpose", Purpose),
        ("reminder_state", ReminderState),
        ("reminder_kind", Promise),
    ],
)
def test_every_state_has_a_word(group: str, values: type[StrEnum]) -> None:
    words = real_content().lexicon["console"]["words"]
    assert {f"{group}_{value.value}" for value in values} - set(words) == set()


def test_every_area_of_facts_has_a_word() -> None:
    content = real_content()
    areas = {f"area_{key.partition('.')[0]}" for key in content.facts}
    assert areas - set(content.lexicon["console"]["words"]) == set()


def test_every_act_on_record_has_a_word() -> None:
    text = "\n".join(path.read_text() for path in _FOLDER.rglob("*.py"))
    acts = set(re.findall(r'record\(\s*user\.login,\s*"([a-z_]+)"', text))
    words = real_content().lexicon["console"]["words"]
    assert acts
    assert {f"audit_{act}" for act in acts} - set(words) == set()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (NIK, "•••• 9904"),
        ("HP 0812-3456-7890 ya", "HP •••• 7890 ya"),
        ("3201 0152 0385 9904", "•••• 9904"),
        ("Rp174.000.000", "Rp174.000.000"),
        ("Rp1.234.567.890", "Rp1.234.567.890"),
        ("lahir 12-08-1985", "lahir 12-08-1985"),
        ("telepon 175", "telepon 175"),
    ],
)  # fmt: skip
def test_long_numbers_are_masked_in_conversations_but_amounts_and_dates_stay(text: str, shown: str) -> None:
    assert without_numbers(text) == shown


def test_masking_shows_four_digits_at_most() -> None:
    assert (masked(NIK), masked(None), masked(""), masked("12")) == ("•••• 9904", "–", "–", "•••• 12")


def test_throttle_counts_only_the_window() -> None:
    throttle = Throttle(2, timedelta(minutes=1))
    throttle.note("a", NOW)
    assert throttle.free("a", NOW)
    throttle.note("a", NOW)
    assert not throttle.free("a", NOW)
    assert throttle.free("b", NOW)
    assert throttle.free("a", NOW + timedelta(minutes=1))
    throttle.forget("a")
    assert throttle.free("a", NOW)


def _state(site: Site, lead: int) -> LeadState:
    with site.database.reading() as store:
        return store.leads.get(lead).state


def _move(site: Site, lead: int, to: LeadState) -> None:
    with site.database.transaction() as store:
        store.leads.move(lead, to, "ratna", NOW)


def _names(page: httpx.Response) -> list[str]:
    return re.findall(r'row-link" href="[^"]+">([^<]+)<', page.text)


def _moves_card(page: str) -> str:
    return page.split('data-test="moves"')[1].split("</section>", maxsplit=1)[0]


def _rows(answer: httpx.Response) -> list[dict[str, str]]:
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))
