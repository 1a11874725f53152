"""A village's kit: a poster to print and scan, links that place people in the village, words to read aloud."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from PIL import Image
from typer.testing import CliRunner
from world_fixtures import content_in_force

from bot import kit
from bot.__main__ import app
from bot.channels.whatsapp_message import START_MARK
from bot.links import Links
from content.model import Kind
from flows.contact import Village
from flows.village import WIB, find_village

DAY = date(2026, 11, 21)
CODE = "00.00.00.0001"
EVERYWHERE = Links("RangkulBot", "+62 812-0000-0000", "https://rangkul.example/chat/")
LONG = Village("00.00.00.0009", "Desa " + "Tanjung Karang " * 5, "Tanjung Karang, " * 12, WIB)


def _village() -> Village:
    found = find_village(CODE, content_in_force().current)
    assert found is not None
    return found


def test_each_link_carries_the_village() -> None:
    whatsapp, telegram, web = kit.doors(content_in_force().current, _village(), DAY, EVERYWHERE)
    message = unquote(urlsplit(whatsapp.link).query.removeprefix("text="))
    marked = START_MARK.search(message)
    assert marked is not None
    assert marked[1] == CODE
    assert urlsplit(whatsapp.link).path == "/6281200000000"
    assert telegram.link == "https://t.me/RangkulBot?start=0000000001"
    assert web.link == f"https://rangkul.example/chat/?desa={CODE}"
    assert parse_qs(urlsplit(web.link).query) == {"desa": [CODE]}


@pytest.mark.parametrize("village", [_village(), LONG], ids=["short", "long"])
@pytest.mark.parametrize(
    "addresses",
    [
        Links(telegram="@RangkulBot"),
        Links(whatsapp="6281200000000", web="http://10.0.0.1:8000"),
        EVERYWHERE,
    ],
    ids=["one", "two", "three"],
)
def test_nothing_on_the_poster_is_cut_or_covered(village: Village, addresses: Links) -> None:
    shown = content_in_force().current
    sheet = kit.draw_poster(shown, village, DAY, kit.doors(shown, village, DAY, addresses))
    boxes = [(w.x, w.y, w.right, w.y + w.size * 1.25) for w in sheet.placed]
    assert all(x >= kit.MARGIN and right <= kit.WIDTH - kit.MARGIN + 2 for x, _, right, _ in boxes)
    assert max(bottom for *_, bottom in boxes) <= kit.HEIGHT
    for place, (x, y, right, bottom) in enumerate(boxes):
        for other_x, other_y, other_right, other_bottom in boxes[:place]:
            assert bottom <= other_y or other_bottom <= y or right <= other_x or other_right <= x


def test_files_are_a4_and_named_by_the_village(tmp_path: Path) -> None:
    written = kit.write_kit(content_in_force().current, _village(), DAY, EVERYWHERE, tmp_path / "new")
    assert [path.name for path in written] == [f"poster-{CODE}.png", f"poster-{CODE}.pdf", f"naskah-{CODE}.md"]
    png, pdf, script = (path.read_bytes() for path in written)
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (kit.WIDTH, kit.HEIGHT)
        assert [round(dots) for dots in image.info["dpi"]] == [kit.DPI, kit.DPI]
    assert len(png) < 200_000
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert pdf.startswith(b"%PDF")
    assert box is not None
    millimetres = [float(side) / 72 * 25.4 for side in box.groups()]
    assert millimetres == pytest.approx([210, 297], abs=0.5)
    assert f"?desa={CODE}" in script.decode()


def test_the_script_says_the_amounts_of_the_day() -> None:
    shown = content_in_force().current
    found = kit.doors(shown, _village(), DAY, EVERYWHERE)
    now, later = (kit.script(shown, _village(), day, found) for day in (DAY, date(2027, 6, 1)))
    for fact in ("jkm.total", "iuran_bpu.dua_program", "iuran_bpu.dua_program_diskon"):
        assert shown.facts[fact].kind is Kind.RUPIAH
        assert shown.said(fact, DAY) in now
    assert "Desember 2026" in now
    assert "potongan" not in later
    assert shown.said("iuran_bpu.dua_program", date(2027, 6, 1)) in later
    assert "{" not in now + later


def test_the_script_fits_one_page() -> None:
    shown = content_in_force().current
    text = kit.script(shown, _village(), DAY, kit.doors(shown, _village(), DAY, EVERYWHERE))
    lines = sum(max(1, -(-len(line) // 85)) for line in text.splitlines() if line)
    assert lines <= 45


def test_the_command(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["villages", "kit", CODE, "--out", str(tmp_path), "--web", "https://rangkul.example"])
    assert run.exit_code == 0
    assert len(list(tmp_path.iterdir())) == 3
    assert CliRunner().invoke(app, ["villages", "kit", CODE, "--out", str(tmp_path)]).exit_code == 2
    assert CliRunner().invoke(app, ["villages", "kit", "99", "--web", "https://rangkul.example"]).exit_code == 2
