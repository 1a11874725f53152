"""A spreadsheet through the console: checked without keeping anybody, then taken; what is wrong comes back."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import pytest
from console_site import NOW, Site, site, token_in
from openpyxl import load_workbook
from test_lead_files import GOOD, row_with, write_xlsx

from console.security import LARGEST_REQUEST
from storage.words import StaffRole, UploadState

__all__ = ["site"]
#: The library's own check for forged forms reads the form once more and leaves it to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning")


def hand_in(client: httpx.Client, file: bytes, paper: str = "IK-7") -> httpx.Response:
    token = token_in(client.get("/konsol/akun").text)
    return client.post(
        "/konsol/unggah", data={"csrftoken": token, "paper": paper}, files={"file": ("warga.xlsx", file)}
    )


def press(client: httpx.Client, path: str) -> httpx.Response:
    return client.post(path, data={"csrftoken": token_in(client.get("/konsol/akun").text)})


def settled(site: Site, upload: int = 1) -> UploadState:
    """The state once the background work has come to rest; the work runs before the next request is answered."""
    for _ in range(2_000):
        with site.database.reading() as store:
            found = store.uploads.get(upload)
        if not found.at_work:
            return found.state
        site.wait()
    raise AssertionError("the upload never came to rest")


def sheet(folder: Path) -> bytes:
    return write_xlsx(folder / "people.xlsx", [GOOD, row_with(NIK="12345")]).read_bytes()


def test_a_sheet_is_checked_then_taken_and_its_bad_rows_come_back(site: Site, tmp_path: Path) -> None:
    client = site.signed_in()
    assert hand_in(client, sheet(tmp_path)).url.path == "/konsol/unggah/1"
    assert settled(site) is UploadState.CHECKED
    page = client.get("/konsol/unggah/1").text
    assert "Ini baru pemeriksaan" in page
    assert "A3" in page
    assert "NIK terdiri dari" in page
    with site.database.reading() as store:
        assert store.leads.count() == 0
    press(client, "/konsol/unggah/1/catat")
    assert settled(site) is UploadState.TAKEN
    assert "1 orang sudah dicatat" in client.get("/konsol/unggah/1").text
    with site.database.reading() as store:
        assert store.leads.count() == 1
        assert store.uploads.file(1) is None
    back = press(client, "/konsol/unggah/1/perbaiki")
    rows = list(load_workbook(io.BytesIO(back.content), read_only=True).worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 2
    assert "NIK terdiri dari" in str(rows[1][-1])
    assert {"leads_imported", "upload_returned"} <= {line.action for line in site.audit()}


def test_taking_twice_takes_once(site: Site, tmp_path: Path) -> None:
    client = site.signed_in()
    hand_in(client, sheet(tmp_path))
    settled(site)
    for _ in range(2):
        press(client, "/konsol/unggah/1/catat")
        settled(site)
    hand_in(client, sheet(tmp_path))
    settled(site, 2)
    press(client, "/konsol/unggah/2/catat")
    settled(site, 2)
    with site.database.reading() as store:
        assert store.leads.count() == 1
        assert store.uploads.get(2).bad == 2


def test_what_is_no_sheet_is_said_in_indonesian(site: Site) -> None:
    client = site.signed_in()
    hand_in(client, b"\xd0\xcf\x11\xe0 an old workbook")
    assert settled(site) is UploadState.FAILED
    assert "berformat Excel lama" in client.get("/konsol/unggah/1").text
    assert "isi nomor izin kertas" in hand_in(client, b"x", paper="").text


def test_what_is_too_large_is_refused_before_it_is_read(site: Site) -> None:
    client = site.signed_in()
    answer = client.post("/konsol/unggah", content=b"x" * (LARGEST_REQUEST + 1))
    assert answer.status_code == 413
    assert "terlalu besar" in answer.text


def test_another_staff_members_upload_is_not_there(site: Site, tmp_path: Path) -> None:
    hand_in(site.signed_in(), sheet(tmp_path))
    settled(site)
    other = site.signed_in("budi")
    assert other.get("/konsol/unggah/1").status_code == 404
    assert press(other, "/konsol/unggah/1/catat").status_code == 404
    assert press(other, "/konsol/unggah/1/perbaiki").status_code == 404
    assert site.signed_in("kepala", StaffRole.ADMIN).get("/konsol/unggah/1").status_code == 200
    assert site.signed_in("tamu", StaffRole.READER).get("/konsol/unggah").status_code == 404


def test_the_template_is_a_workbook(site: Site) -> None:
    answer = site.signed_in().get("/konsol/unggah/templat")
    assert load_workbook(io.BytesIO(answer.content), read_only=True).worksheets[0]["A1"].value == "NIK"


def test_after_an_erasure_no_sheet_at_rest_is_kept(site: Site, tmp_path: Path) -> None:
    client = site.signed_in()
    contact = site.contact()
    hand_in(client, sheet(tmp_path))
    settled(site)
    with site.database.transaction() as store:
        store.erasure.erase(contact, NOW)
        assert store.uploads.file(1) is None
        assert store.uploads.shown(1) == []
    press(client, "/konsol/unggah/1/catat")
    assert settled(site) is UploadState.FAILED
    assert "sudah dihapus" in client.get("/konsol/unggah/1").text
