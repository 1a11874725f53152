"""A picture that goes with an announcement: made small and plain before it is kept, and forgotten with its words.

It is always written anew, so nothing survives of the file somebody handed in but what can be seen: no place and time of
the photo, no name of the phone, nothing hidden behind the image.
"""

from __future__ import annotations

import base64
import io
import warnings
from datetime import datetime

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import ColumnElement, select, update

from flows.outreach.picture import PictureFault
from storage.repository import Repository
from storage.tables import PICTURE

#: A file larger than this is not read at all.
LARGEST_FILE = 8 * 1024 * 1024
#: The longer side of what is kept, in pixels, and how many bytes it may have: seconds on a slow phone, not minutes.
LONGEST_SIDE = 1280
LARGEST_KEPT = 400 * 1024
_FORMATS = ("JPEG", "PNG", "WEBP")
_MOST_PIXELS = 50_000_000
_SHORTEST_SIDE = 64
#: Telegram refuses pictures more than twenty times as long as wide; nobody can read one of five.
_LONGEST_SHAPE = 5
_QUALITIES = (85, 75, 65, 50, 35)


class NotAPicture(ValueError):
    """The file can't go with an announcement."""

    def __init__(self, fault: PictureFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def prepared(raw: bytes) -> bytes:
    """The picture as it is kept and sent: an upright JPEG without metadata, at most 1280 pixels and 400 KiB.

    Raises:
        NotAPicture: too large, not a JPEG, PNG or WebP that can be read, or of a shape no phone shows.
    """
    if len(raw) > LARGEST_FILE:
        raise NotAPicture(PictureFault.TOO_LARGE)
    image = _opened(raw)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    for quality in _QUALITIES:
        packed = _jpeg(image, quality)
        if len(packed) <= LARGEST_KEPT:
            return packed
    raise NotAPicture(PictureFault.TOO_LARGE)


def _opened(raw: bytes) -> Image.Image:
    """The picture, upright, on white where it was transparent."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(raw), formats=_FORMATS)
            _check_shape(*image.size)
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except NotAPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPicture(PictureFault.TOO_LARGE) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise NotAPicture(PictureFault.NO_PICTURE) from None
    plain = Image.new("RGB", upright.size, "#ffffff")
    plain.paste(upright, mask=upright.getchannel("A"))
    return plain


def _check_shape(width: int, height: int) -> None:
    """Told by the head of the file, before any of it is unpacked."""
    if width * height > _MOST_PIXELS:
        raise NotAPicture(PictureFault.TOO_LARGE)
    if min(width, height) < _SHORTEST_SIDE:
        raise NotAPicture(PictureFault.TOO_SMALL)
    if max(width, height) > _LONGEST_SHAPE * min(width, height):
        raise NotAPicture(PictureFault.TOO_LONG)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=quality, optimize=True)
    return packed.getvalue()


class Pictures(Repository):
    """Keep, show, forget."""

    __slots__ = ()

    def keep(self, jpeg: bytes, now: datetime, *, unsent_by: int | None = None) -> int:
        """Keep what `prepared` made; returns its number.

        `unsent_by`: a contact sent it in the chat and may still think better of it. Until `take` it belongs to nothing.
        """
        row = {"image": base64.b64encode(jpeg).decode(), "made_at": now, "unsent_by": unsent_by}
        made: int = self._db.execute(PICTURE.insert().values(row).returning(PICTURE.c.id)).scalar_one()
        return made

    def take(self, picture_id: int) -> bool:
        """It goes with an announcement now. False when it is none that waits for that."""
        mine = update(PICTURE).where(PICTURE.c.id == picture_id, PICTURE.c.unsent_by.is_not(None))
        return self._db.execute(mine.values(unsent_by=None)).rowcount == 1

    def drop(self, picture_id: int) -> None:
        """Forget one that was not announced. Its number stays used: a sender may remember what it showed."""
        self._blank(PICTURE.c.id == picture_id)

    def drop_of(self, contact_id: int) -> None:
        """Forget all that a contact sent and did not announce."""
        self._blank(PICTURE.c.unsent_by == contact_id)

    def drop_unsent(self, before: datetime) -> int:
        """Forget those that have waited since then. Returns how many."""
        old = select(PICTURE.c.id).where(PICTURE.c.unsent_by.is_not(None), PICTURE.c.made_at < before).limit(1)
        if self._db.execute(old).first() is None:
            return 0
        return self._blank(PICTURE.c.made_at < before)

    def get(self, picture_id: int | None) -> bytes | None:
        """The JPEG, or None when there is none any more."""
        if picture_id is None:
            return None
        kept = self._db.scalar(select(PICTURE.c.image).where(PICTURE.c.id == picture_id))
        return base64.b64decode(kept) if kept else None

    def _blank(self, which: ColumnElement[bool]) -> int:
        gone = update(PICTURE).where(PICTURE.c.unsent_by.is_not(None), which).values(image="", unsent_by=None)
        return self._db.execute(gone).rowcount
