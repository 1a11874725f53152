"""The photo that a played person sends when they choose none: a field under the sun, as a phone would hand it in."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageDraw

_SIZE = (1280, 853)


@cache
def sample_photo() -> bytes:
    """A JPEG."""
    image = Image.new("RGB", _SIZE, "#9fd3f0")
    pen = ImageDraw.Draw(image)
    pen.ellipse((940, 90, 1120, 270), fill="#ffd34d")
    pen.polygon(((0, 520), (420, 260), (860, 520)), fill="#5b8c6a")
    pen.rectangle((0, 520, *_SIZE), fill="#7cb342")
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=80)
    return packed.getvalue()
