"""In a real browser: a worker registers in the chat, staff see and move the lead, the worker is told."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from test_platforms import free_ports

from bot.app import build
from bot.commands.start import FIRST_LOGIN, first_staff
from bot.config import SendingSettings, Settings, StoreSettings, WebSettings
from bot.run import Runner

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE = {"width": 360, "height": 740}
NIK = "0000011203850001"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"),
]


class Bot:
    """A running bot and the sign-in of its first staff user."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports()
        settings = Settings(
            store=StoreSettings(url=f"sqlite:///{folder / 'data' / 'r.db'}", keys=folder / "keys" / "k"),
            web=WebSettings(port=self.port),
            sending=SendingSettings(tick_every=0.2, awake_from="00:00", awake_until="23:59:59"),
        )
        self.app = build(settings, env={})
        self.app.engines.of(self.app.content.current)
        self.password = first_staff(self.app) or ""
        self.runner = Runner(self.app)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.runner.serve()))
        self.thread.start()

    def stop(self) -> None:
        self.runner.stop()
        self.thread.join(20)
        self.app.close()


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    running = Bot(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def page(bot: Bot):

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        view = browser.new_page(viewport=PHONE, locale="id-ID", timezone_id="Asia/Jakarta")
        view.set_default_timeout(15_000)
        yield view
        browser.close()


def write(page, text: str, until: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("textbox").press("Enter")
    page.get_by_text(re.compile(until)).last.wait_for()


def tap(page, label: str, until: str) -> None:
    page.get_by_role("button", name=label, exact=True).last.click()
    page.get_by_text(re.compile(until)).last.wait_for()


def register(page, shots=None) -> str:
    """A worker's whole registration; returns the receipt number."""
    write(page, "mau daftar", "Boleh saya simpan")
    tap(page, "Setuju", "ingatkan membayar iuran")
    tap(page, "Ya, ingatkan", "mengirim kabar")
    tap(page, "Ya, kabari", "nama lengkap")
    write(page, "Sari Contoh", "NIK di KTP")
    write(page, NIK, "12 Maret 1985")
    tap(page, "Benar", "pekerjaan")
    write(page, "petani", "tempat kerjanya")
    tap(page, "Lewati", "desa atau kelurahan")
    write(page, "Desa Contoh", "penghasilan")
    write(page, "1,2 juta", "Mau yang mana")
    tap(page, "2 program", "berapa bulan")
    tap(page, "1 bulan", "Nomor HP")
    write(page, "0812 3456 7890", "Sudah benar")
    if shots is not None:
        shots(page, "chat-periksa")
    tap(page, "Sudah benar", "Nomor tanda terima")
    shown = page.get_by_text(re.compile("Nomor tanda terima")).last.inner_text()
    return re.search(r"RK-\w+", shown).group()


def test_a_worker_registers_staff_move_the_lead_and_the_worker_is_told(bot: Bot, page, shots) -> None:
    page.goto(f"http://127.0.0.1:{bot.port}/")
    number = register(page, shots)
    shots(page, "chat-tanda-terima")
    staff = page.context.browser.new_page(viewport={"width": 1280, "height": 860}, locale="id-ID")
    staff.goto(f"http://127.0.0.1:{bot.port}/konsol/")
    staff.locator("input[name=username]").fill(FIRST_LOGIN)
    staff.locator("input[name=password]").fill(bot.password)
    staff.locator("button[type=submit]").first.click()
    staff.goto(f"http://127.0.0.1:{bot.port}/konsol/calon")
    staff.get_by_text("Sari Contoh").first.wait_for()
    assert NIK not in staff.content()
    shots(staff, "konsol-calon")
    staff.get_by_text("Sari Contoh").first.click()
    staff.get_by_text(number).first.wait_for()
    shots(staff, "konsol-satu")
    staff.locator("summary", has_text="Sudah dihubungi").click()
    staff.get_by_role("button", name="Simpan").first.click()
    staff.get_by_text("Dihubungi").first.wait_for()
    page.get_by_text(re.compile("Kabar baik")).last.wait_for()
    shots(page, "chat-kabar")


def test_what_looks_like_html_is_shown_as_written(bot: Bot, page) -> None:
    page.goto(f"http://127.0.0.1:{bot.port}/")
    write(page, "<b>{{7*7}}</b> <script>alert(1)</script>", re.escape("<b>{{7*7}}</b>"))
    assert page.locator("[role=log] b").count() == 0


def test_who_asks_to_be_forgotten_sees_the_receipt_of_it(bot: Bot, page) -> None:
    page.goto(f"http://127.0.0.1:{bot.port}/")
    write(page, "hapus data saya", "Lanjut\\?")
    tap(page, "Ya, hapus", "sudah dihapus")
