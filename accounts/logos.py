"""An event's logo: whatever picture somebody uploads, drawn anew, small enough for the first page of a phone with one bar."""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import Final

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from accounts.errors import Invalid
from accounts.pictures import has_too_many_scans

UPLOAD_MAX: Final = 900_000
BYTES_MAX: Final = 8_000
SIDE_MAX: Final = 256
CONTENT_TYPE: Final = "image/webp"
_FORMATS: Final = ("PNG", "JPEG", "WEBP")
# What is drawn anew has to be unpacked first: nobody needs a logo larger than a screen.
_PIXELS_MAX: Final = 20_000_000
_QUALITIES: Final = (85, 70, 55, 40, 25, 10)
_DIGEST_LENGTH: Final = 32


def drawn_anew(upload: bytes) -> bytes:
    """The picture in ``upload`` as WebP of at most ``BYTES_MAX`` bytes and ``SIDE_MAX`` pixels a side.

    Only its pixels are kept: no place where a photograph was taken, nothing that is also a web page. What kind of picture it is
    is read from its content. Raises ``Invalid`` (``invalid_tenant``, field ``logo``).
    """
    if len(upload) > UPLOAD_MAX:
        raise _refused(_("The file is too large: at most 900 kB. Make the picture smaller first."))
    if has_too_many_scans(upload):
        raise _unreadable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(upload), formats=_FORMATS) as picture:
                if picture.width * picture.height > _PIXELS_MAX:
                    raise _refused(_("The picture has too many pixels. Make it smaller first."))
                drawn = ImageOps.exif_transpose(picture).convert("RGBA")
    except Invalid:
        raise
    # A picture that is broken breaks Pillow in more ways than it names.
    except Exception as error:
        raise _unreadable() from error
    drawn.thumbnail((SIDE_MAX, SIDE_MAX))
    return _small_enough(drawn)


def digest(body: bytes) -> str:
    """What the address of the logo ``body`` holds, so that another content has another address."""
    return hashlib.sha256(body).hexdigest()[:_DIGEST_LENGTH]


def _small_enough(drawn: Image.Image) -> bytes:
    while True:
        for quality in _QUALITIES:
            file = io.BytesIO()
            drawn.save(file, "WEBP", quality=quality, method=6)
            if len(file.getvalue()) <= BYTES_MAX:
                return file.getvalue()
        drawn = drawn.resize((max(1, drawn.width // 2), max(1, drawn.height // 2)))


def _unreadable() -> Invalid:
    return _refused(_("This is not a picture that can be read. Choose a PNG, JPEG or WebP file."))


def _refused(sentence: str) -> Invalid:
    return Invalid("invalid_tenant", sentence, field="logo")
