"""The console from outside: every form needs a sign-in, a token and the right role; answers say nothing to others."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from console_site import PASSWORD, Site, send, site, token_in

from console import ConsoleSettings
from console.security import SecurityHeaders
from storage.words import StaffRole

__all__ = ["site"]
_PAGES = Path(__file__).parent.parent / "console" / "pages"
#: What everybody does with their own account.
_OWN = "/akun"
#: Forms that only an administrator sends, by the beginning of their address.
_ADMIN = ("/petugas", "/wilayah")
#: What the forms ask before they look at anything else.
_FILLED = {"field": "nik", "reason": "ingin tahu saja", "seen": "new", "to": "contacted", "keep": "1", "sure": "ya",
           "password": PASSWORD, "code": "00.00.00", "staff": "1", "role": "official", "jawaban": "Halo."}  # fmt: skip


def forms() -> list[str]:
    """The address of every form of the console, with ids filled in, as the pages declare them."""
    found = []
    for file in sorted(_PAGES.glob("*.py")):
        text = file.read_text()
        base = re.search(r'^    path = "([^"]+)"', text, re.MULTILINE)
        posts = re.findall(r'@route\("([^"]*)",\s*methods=\["POST"\]', text)
        found += [re.sub(r"\{\w+:int\}", "1", f"{base[1]}{path}") for path in posts if base]
    return found


def fresh(site: Site) -> None:
    site.lead()
    site.lead()


def rows(site: Site) -> list[str]:
    """Every act on record but signing in; nothing may be added by a refused form."""
    return [line.action for line in site.record()]


def test_all_forms_are_known() -> None:
    assert len(forms()) >= 30
    assert {"/calon/1/pindah", "/unggah", "/acara/1/undang", "/siaran/baru", "/petugas/tambah"} <= set(forms())


def test_no_form_works_without_a_sign_in(site: Site) -> None:
    fresh(site)
    visitor = site.visitor()
    token = token_in(visitor.get("/konsol/login").text)
    for path in forms():
        answer = visitor.post(f"/konsol{path}", data={"csrftoken": token}, follow_redirects=False)
        assert answer.status_code in {302, 303, 307}, path
        assert "/konsol/login" in answer.headers["location"], path
    assert rows(site) == []


def test_no_form_works_without_its_token_or_with_one_from_elsewhere(site: Site) -> None:
    fresh(site)
    client, stranger = site.signed_in("kepala", StaffRole.ADMIN), site.visitor()
    foreign = token_in(stranger.get("/konsol/login").text)
    before = rows(site)
    for path in forms():
        assert client.post(f"/konsol{path}", data={"reason": "tidak ada"}).status_code == 403, path
    assert client.post("/konsol/calon/1/pindah", data={"csrftoken": foreign}).status_code == 403
    assert rows(site) == before


def test_a_reader_sends_no_form_but_their_own(site: Site) -> None:
    fresh(site)
    reader = site.signed_in("tamu", StaffRole.READER)
    token = token_in(reader.get("/konsol/akun").text)
    before = rows(site)
    form = {"csrftoken": token, **_FILLED}
    others = [path for path in forms() if not path.startswith(_OWN)]
    assert [path for path in others if reader.post(f"/konsol{path}", data=form).status_code != 404] == []
    assert rows(site) == before


def test_only_an_administrator_touches_accounts_and_territories(site: Site) -> None:
    fresh(site)
    staff = site.signed_in("ratna")
    token = token_in(staff.get("/konsol/akun").text)
    guarded = [path for path in forms() if path.startswith(_ADMIN)]
    assert len(guarded) >= 6
    for path in guarded:
        assert staff.post(f"/konsol{path}", data={"csrftoken": token}).status_code == 404, path
    assert staff.get("/konsol/catatan").status_code == 404


def test_an_address_that_tries_many_names_must_wait(site: Site) -> None:
    site.staff()
    client = site.visitor()
    token = token_in(client.get("/konsol/login").text)
    for number in range(site.settings.tries_per_address):
        client.post("/konsol/login", data={"csrftoken": token, "username": f"x{number}", "password": "salah"})
    _, answer = site.sign_in("ratna")
    assert "Terlalu sering" in answer.text or "Coba lagi" in answer.text or "menit" in answer.text
    assert answer.url.path == "/konsol/login"
    assert PASSWORD not in answer.text


def test_a_body_without_a_length_is_not_read(site: Site) -> None:
    client = site.signed_in()
    answer = client.post("/konsol/unggah", content=iter([b"x" * 10]))
    assert answer.status_code == 413


@pytest.mark.anyio
async def test_where_https_is_used_browsers_are_told_to_stay_with_it(site: Site) -> None:
    plain = site.visitor().get("/konsol/login")
    assert "strict-transport-security" not in plain.headers
    settings: ConsoleSettings = replace(site.settings, https_only=True)

    async def page(scope: object, receive: object, send_back: object) -> None:
        await send_back({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send_back({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    dressed = httpx.ASGITransport(SecurityHeaders(page, https_only=settings.https_only))
    async with httpx.AsyncClient(transport=dressed, base_url="https://konsol.contoh") as client:
        answer = await client.get("/konsol/")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers["permissions-policy"] == "camera=(), geolocation=(), microphone=()"


def test_signing_out_and_a_second_sign_in_are_sessions_of_their_own(site: Site) -> None:
    client = site.signed_in()
    send(client, "/konsol/logout")
    assert client.get("/konsol/calon").url.path == "/konsol/login"
