"""Photos that people send in tests, by the id under which a platform would keep them."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image

WHOLE = "foto-utuh"
#: What a transcript calls them, and where a platform keeps them.
ACTS = {
    "(mengirim foto)": WHOLE,
    "(mengirim foto rusak)": "foto-rusak",
    "(mengirim foto terlalu besar)": "foto-besar",
    "(mengirim foto terlalu kecil)": "foto-kecil",
    "(mengirim foto terlalu panjang)": "foto-panjang",
    "(mengirim foto saat jaringan putus)": "foto-hilang",
}
#: The size a platform tells of a photo, where that is not the size of the bytes below.
TOLD_SIZE = {"foto-besar": 9 * 1024 * 1024}
_MODEL, _ORIENTATION, _GPS = 0x0110, 0x0112, 0x8825
PHONE = b"HP-CONTOH-9000"


@cache
def sample(file: str) -> bytes | None:
    """The bytes of a photo; None where the platform can't hand it out."""
    match file:
        case "foto-hilang":
            return None
        case "foto-rusak":
            return photo()[:200]
        case "foto-kecil":
            return photo(40, 40)
        case "foto-panjang":
            return photo(1200, 100)
        case _:
            return photo()


def photo(width: int = 600, height: int = 400) -> bytes:
    """A photo as a phone makes it: lying on its side, with the phone's name and where it was taken."""
    exif = Image.Exif()
    exif[_MODEL], exif[_ORIENTATION] = PHONE.decode(), 6
    exif.get_ifd(_GPS)[1] = "S"
    packed = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(packed, "JPEG", exif=exif)
    return packed.getvalue()
