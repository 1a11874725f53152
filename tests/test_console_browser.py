"""The console in Debian's chromium, at phone and desktop width: sign in, open a lead, move it, ask no other host."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from console_site import HERE, NIK, PASSWORD, THERE, Site, site
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from flows.contact import Channel, LeadState, Purpose, ReminderPlan, Role
from flows.gathering import Attending, GatheringDraft, GatheringKind
from flows.outreach.audience import leaving
from storage.outcomes import Failed, Sent
from storage.words import StaffRole

__all__ = ["site"]
_CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
)  # fmt: skip
_SIZES = {"phone": (360, 740), "desktop": (1280, 800)}
#: English that a forgotten translation would leave on a page.
_ENGLISH = re.compile(r"\b(log ?in|log ?out|password|username|search|submit|save|cancel|next|previous|loading|error|"
                      r"home|the|and|new|list|page not|edit|delete|view)\b", re.IGNORECASE)  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is missing (apt-get install chromium)"),
    # the library's own check for forged forms reads a form with a file once more and leaves it to the garbage collector
    pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_QUIET))
        yield made
        made.close()


class Visit:
    """One browser window, and everything that went wrong in it."""

    def __init__(self, browser: Browser, site: Site, size: str) -> None:
        width, height = _SIZES[size]
        self.site = site
        self.window = browser.new_context(viewport={"width": width, "height": height}, locale="id-ID")
        self.page: Page = self.window.new_page()
        self.wrong: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self._only_home(request.url))

    def open(self, path: str) -> None:
        self.page.goto(f"{self.site.url}/konsol/{path}")

    def sign_in(self, login: str) -> None:
        self.open("")
        self.page.fill("#username", login)
        self.page.fill("#password", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/konsol/")

    def fits(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(message.text)

    def _only_home(self, url: str) -> None:
        if not url.startswith((self.site.url, "data:")):
            self.wrong.append(f"asked {url}")


@pytest.fixture(params=list(_SIZES))
def visit(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Visit]:
    made = Visit(browser, site, request.param)
    yield made
    made.window.close()
    assert made.wrong == []


def test_staff_sign_in_open_a_lead_and_move_it(visit: Visit) -> None:
    site, page = visit.site, visit.page
    site.staff()
    lead = site.lead("Siti Aminah", HERE, nik=NIK)
    site.lead("Budi Hartono", THERE)
    site.says(1, "mau daftar pak", "Boleh, kita mulai.")
    visit.sign_in("ratna")
    page.get_by_role("link", name="Calon peserta baru").click()
    page.select_option("#desa", HERE)
    page.wait_for_url("**desa=00.00.00.0001**")
    assert page.locator(".row-link").all_inner_texts() == ["Siti Aminah"]
    page.get_by_role("link", name="Siti Aminah").click()
    page.wait_for_url(f"**/calon/{lead}")
    assert visit.fits()
    assert NIK not in page.content()
    page.click("[data-test=move-contacted] summary")
    page.fill("#note-contacted", "Ditelepon sore.")
    page.click("[data-test=move-contacted] [data-test=save-move]")
    page.wait_for_selector("[data-test=flash]")
    assert "Dihubungi" in page.inner_text("h1")
    assert "Ditelepon sore." in page.inner_text("[data-test=history]")
    with site.database.transaction() as store:
        assert store.leads.get(lead).state is LeadState.CONTACTED
        assert len(store.notices.pending()) == 1


def test_after_a_wrong_password_only_the_password_is_typed_again(browser: Browser, site: Site) -> None:
    visit = Visit(browser, site, "phone")
    site.staff()
    visit.open("kontak")
    visit.page.fill("#username", "ratna")
    visit.page.fill("#password", "salah")
    visit.page.press("#password", "Enter")
    visit.page.wait_for_selector("[data-test=error]")
    visit.page.fill("#password", PASSWORD)
    visit.page.click("button[data-reveal=password]")
    assert visit.page.get_attribute("#password", "type") == "text"
    visit.page.click("button[type=submit]")
    visit.page.wait_for_url("**/konsol/kontak")
    visit.window.close()


def test_a_hidden_number_is_shown_once_after_a_reason(visit: Visit) -> None:
    site, page = visit.site, visit.page
    site.staff()
    lead = site.lead(nik=NIK)
    visit.sign_in("ratna")
    visit.open(f"calon/{lead}")
    page.click("[data-test=reveal-nik] summary")
    page.fill("#why-nik", "mendaftarkan pekerja")
    page.click("[data-test=reveal-nik] button")
    page.wait_for_selector("[data-test=revealed-nik]")
    assert page.inner_text("[data-test=revealed-nik]") == NIK
    assert visit.fits()
    visit.open(f"calon/{lead}")
    assert NIK not in page.content()


def test_every_page_fits_the_screen_and_speaks_indonesian(visit: Visit, pictures: Path | None) -> None:
    site, page = visit.site, visit.page
    site.staff("kepala", StaffRole.ADMIN)
    lead = site.lead("Siti Aminah dengan Nama yang Sangat Panjang Sekali Tanpa Henti", nik=NIK)
    twin = site.lead(nik=NIK)
    site.says(1, "katapanjangsekali" * 12, "Baik.")
    with site.database.transaction() as store:
        store.handoffs.open(1, "accident", site.clock.now(), grave=True)
        store.broadcasts.freeze(HERE, "Besok ada sosialisasi di balai desa.", 2, site.clock.now())
        store.reminders.plan(1, ReminderPlan(10, 8), site.clock.now() + timedelta(days=2))
    _gathering(site)
    visit.open("login")
    assert not _ENGLISH.findall(page.inner_text("body"))
    visit.sign_in("kepala")
    for path in ("", "calon", f"calon/{lead}", "kontak", "kontak/1", "pengingat", "permintaan", "permintaan/1", "ganda",
                 f"ganda/{twin}", "unggah", "wilayah?cari=Cibungbulang", "belum-dipahami", "pesan-tertahan",
                 "siaran", "siaran/baru", "siaran/1", "acara", "acara/baru", "acara/1", "fakta", "isi", "petugas",
                 "catatan", "akun"):  # fmt: skip
        visit.open(path)
        assert visit.fits(), path
        if path != "fakta":  # names of laws and services may be English there
            assert not _ENGLISH.findall(page.inner_text("body")), path
        if path == "acara/1":
            assert page.inner_text("[data-test=door]") == "4821"
            assert page.evaluate("document.querySelector('img[alt^=HADIR]').naturalWidth") > 0
            _picture(page, pictures, "acara-satu")


def test_a_reminder_is_paused_after_a_question_and_goes_on(visit: Visit, pictures: Path | None) -> None:
    site, page = visit.site, visit.page
    site.staff()
    contact = site.contact("Siti Aminah")
    with site.database.transaction() as store:
        store.reminders.plan(contact, ReminderPlan(10, 8), site.clock.now() + timedelta(days=2))
    visit.sign_in("ratna")
    visit.open("pengingat")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.click("[data-test=reminder-jeda]")
    assert "Jeda sekarang?" in asked[0]
    assert page.locator("[data-test=reminder-jeda]").count() == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("[data-test=reminder-jeda]")
    page.wait_for_selector("[data-test=flash]")
    page.select_option("#keadaan", "paused")
    page.wait_for_selector("[data-test=reminder-lanjut]")
    assert visit.fits()
    _picture(page, pictures, "pengingat-dijeda")
    page.get_by_role("link", name="Siti Aminah").click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("[data-test=reminders] [data-test=reminder-lanjut]")
    page.wait_for_selector("[data-test=reminders] [data-test=reminder-jeda]")
    assert visit.fits()


def _gathering(site: Site) -> None:
    """One with a guest who comes and one who stands in line."""
    starts, now = site.clock.now() + timedelta(days=3), site.clock.now()
    title, place = "Sosialisasi jaminan sosial untuk petani dan nelayan", "Balai desa, lantai 2"
    draft = GatheringDraft(GatheringKind.SOSIALISASI, title, place, starts, HERE, capacity=1)
    guests = [site.contact(f"Orang Contoh {number}") for number in range(3)]
    with site.database.transaction() as store:
        for guest in guests:
            store.consents.give(guest, [Purpose.ANNOUNCEMENTS], "v1", now)
        made = store.gatherings.make(draft, "4821", now)
        store.gatherings.invite(made, now)
        for guest in guests[:2]:
            store.gatherings.answer(made, guest, Attending.COMING, now)


def test_the_menu_opens_on_a_phone(browser: Browser, site: Site) -> None:
    visit = Visit(browser, site, "phone")
    site.staff()
    visit.sign_in("ratna")
    assert not visit.page.is_visible("#menu")
    visit.page.get_by_role("button", name="Buka menu", exact=True).click()
    visit.page.get_by_role("link", name="Kontak", exact=True).click()
    visit.page.wait_for_url("**/kontak")
    visit.page.get_by_role("button", name="Buka menu akun").click()
    visit.page.get_by_role("button", name="Keluar").click()
    visit.page.wait_for_url("**/login**")
    visit.window.close()
    assert visit.wrong == []


def _crowd(site: Site) -> int:
    """A village of eighty, some of whom get nothing; the id of its official."""
    with site.database.transaction() as store:
        official = store.contacts.find_or_make(Channel.TELEGRAM, "1", "kader", site.clock.now())[0]
        store.contacts.set_role(official, Role.OFFICIAL)
        store.contacts.learn(official, village=HERE, name="Kader Contoh")
        for number in range(80):
            channel = Channel.WHATSAPP if number % 3 else Channel.TELEGRAM
            who, address = store.contacts.find_or_make(channel, "1", f"o{number}", site.clock.now())
            store.contacts.learn(who, village=HERE, name=f"Orang Contoh {number}")
            if number % 5:
                store.consents.give(who, [Purpose.ANNOUNCEMENTS], "v1", site.clock.now())
            if number % 4:
                store.contacts.heard_from(who, address, site.clock.now())
            if number % 11 == 1:
                store.consents.withdraw(who, [Purpose.ANNOUNCEMENTS], site.clock.now())
    return official


def test_an_announcement_from_its_forecast_to_its_report(visit: Visit, pictures: Path | None) -> None:
    site, page = visit.site, visit.page
    site.staff()
    site.staff("dewi", name="Dewi Contoh")
    _crowd(site)
    site.lead("Siti Aminah", HERE, nik=NIK)
    visit.sign_in("ratna")
    visit.open("siaran/baru")
    page.select_option("#kata", "sendiri")
    page.fill("#isi_siaran", "Kantor cabang pindah ke Jalan Contoh nomor satu mulai Senin.")
    page.fill("#kode", HERE)
    page.click("button[data-test=forecast]")
    page.wait_for_selector("section[data-test=forecast]")
    said = page.inner_text("section[data-test=forecast]")
    assert "belum memberi izin" in said
    assert "lebih dari sehari tidak menulis" in said
    assert visit.fits()
    _picture(page, pictures, "siaran-perkiraan")
    page.click("button[data-test=send]")
    page.wait_for_selector("[data-test=flash]")
    assert "Menunggu persetujuan" in page.inner_text("h1")
    assert page.locator("button[data-test=approve]").count() == 0
    with site.database.transaction() as store:
        (made,) = store.broadcasts.recent()
        agreed = next(user for user in store.staff.everyone() if user.login == "dewi")
        assert store.broadcasts.approve(made.id, agreed.id, site.clock.now())
        rules = site.settings.rules()
        store.broadcasts.start(made.id, leaving(site.content.current.lexicon, made.reply, site.clock.now(), rules))
    visit.open(f"siaran/{made.id}")
    with site.database.transaction() as store:
        for number, due in enumerate(store.outbox.claim(site.clock.now(), 30, timedelta(seconds=30), "w")):
            sent = Failed("unreachable", site.clock.now()) if number == 3 else Sent(f"x{number}", site.clock.now())
            store.outbox.settle(due.id, sent)
    page.wait_for_selector("[data-count=arrived]:text-is('29')")
    assert visit.fits()
    _picture(page, pictures, "siaran-kemajuan")
    page.click("button[data-test=pause]")
    page.wait_for_selector("button[data-test=resume]")
    page.click("button[data-test=resume]")
    page.wait_for_selector("button[data-test=pause]")
    with site.database.transaction() as store:
        for number, due in enumerate(store.outbox.claim(site.clock.now(), 90, timedelta(seconds=30), "w")):
            store.outbox.settle(due.id, Sent(f"y{number}", site.clock.now()))
        store.broadcasts.finish_ready(site.clock.now())
    page.wait_for_selector("button[data-test=again]")
    assert "Kirim lagi ke 1" in page.inner_text("button[data-test=again]")
    assert visit.fits()
    _picture(page, pictures, "siaran-laporan")
    with page.expect_download() as download:
        page.click("button[data-test=csv]")
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "Kontak,Nama,Keadaan,Alasan,Saluran,Terkirim"
    assert len(lines) == 83
    assert any("saluran tidak terjangkau" in line for line in lines)


def _picture(page: Page, folder: Path | None, name: str) -> None:
    if folder is not None and page.viewport_size == {"width": 360, "height": 740}:
        page.screenshot(
            path=folder / f"{name}.png", full_page=True, clip={"x": 0, "y": 0, "width": 360, "height": 1540}
        )


@pytest.fixture
def pictures() -> Path | None:
    """Where pictures for the documentation go, if somebody wants new ones."""
    folder = os.environ.get("RANGKUL_PICTURES")
    return Path(folder) if folder else None
