"""Staff find a village in the console and download its poster and script."""

from __future__ import annotations

import io

import pytest
from console_site import Site, site  # noqa: F401  # a fixture
from PIL import Image

from bot.links import Links

CODE = "00.00.00.0001"


def test_a_village_is_found_by_its_name(site: Site) -> None:  # noqa: F811
    page = site.signed_in().get("/konsol/poster?cari=desa contoh").text
    assert f"/poster/{CODE}/pdf" in page
    assert "/poster/00.00.00.0002/md" in page


@pytest.mark.parametrize(("kind", "begins"), [("pdf", b"%PDF"), ("png", b"\x89PNG"), ("md", b"# ")])
def test_each_part_can_be_downloaded(site: Site, kind: str, begins: bytes) -> None:  # noqa: F811
    given = site.signed_in().get(f"/konsol/poster/{CODE}/{kind}")
    assert given.status_code == 200
    assert f'{CODE}.{kind}"' in given.headers["content-disposition"]
    assert given.content.startswith(begins)
    if kind == "png":
        assert Image.open(io.BytesIO(given.content)).size == (1654, 2339)


def test_without_an_address_staff_are_told_what_to_set(site: Site) -> None:  # noqa: F811
    site.addresses = Links()
    page = site.signed_in().get(f"/konsol/poster/{CODE}/pdf").text
    assert "config.yaml" in page


@pytest.mark.parametrize("path", ["00.00.00.0009/pdf", f"{CODE}/exe", "32/pdf"])
def test_what_there_is_not_is_not_found(site: Site, path: str) -> None:  # noqa: F811
    assert site.signed_in().get(f"/konsol/poster/{path}").status_code == 404
