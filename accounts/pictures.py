"""What somebody uploads as a picture, made into one of ours: a small square without anything that the camera wrote into it."""

from __future__ import annotations

import io
import threading
from typing import Final

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from accounts.errors import Invalid, Unavailable

UPLOAD_MAX: Final = 5_000_000
PIXELS_MAX: Final = 20_000_000
SIDE: Final = 256
CONTENT_TYPE: Final = "image/webp"
# By what is in the file; its name and what the browser calls it say nothing.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
_QUALITY: Final = 82
# A JPEG may be sent in steps, each of which is worked through all over; cameras make a dozen.
_JPEG, _SCAN, _SCANS_MAX = b"\xff\xd8", b"\xff\xda", 100
# One at a time in a process: sixteen million pixels, unpacked, are sixty megabytes.
_unpacking = threading.Lock()
_WAIT_S: Final = 2


def square(raw: bytes) -> bytes:
    """A WebP of 256 × 256 pixels from the middle of a JPEG, PNG, WebP or GIF (its first frame), upright, metadata left out.

    Raises ``Invalid`` (``invalid_picture``), ``Unavailable`` (``busy``) when others' pictures take long.
    """
    if not raw:
        raise _invalid(_("There is no picture in what was sent. Choose a file, then send it."))
    if len(raw) > UPLOAD_MAX:
        raise _invalid(_("The picture has more than 5 MB. Choose a smaller one."))
    if has_too_many_scans(raw):
        raise _unreadable()
    if not _unpacking.acquire(timeout=_WAIT_S):
        raise Unavailable(
            "busy", _("The bank is very busy. Nothing was done; try again."), retry_after=_WAIT_S
        )
    try:
        return _square(raw)
    except Invalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except Exception as error:
        # Pillow raises whatever its dozen decoders stumble over; to the person it is one thing.
        raise _unreadable() from error
    finally:
        _unpacking.release()


def has_too_many_scans(raw: bytes) -> bool:
    """Whether ``raw`` is a JPEG made to keep whoever unpacks it busy for minutes."""
    return raw.startswith(_JPEG) and raw.count(_SCAN) > _SCANS_MAX


def _square(raw: bytes) -> bytes:
    with Image.open(io.BytesIO(raw), formats=_FORMATS) as image:
        width, height = image.size
        if width * height > PIXELS_MAX:
            raise _too_many_pixels()
        # A JPEG is unpacked no larger than needed; nothing else does anything here.
        image.draft("RGB", (2 * SIDE, 2 * SIDE))
        upright = ImageOps.exif_transpose(image)
        has_holes = upright.has_transparency_data
        fitted = ImageOps.fit(upright.convert("RGBA" if has_holes else "RGB"), (SIDE, SIDE))
    # Only the pixels: a copy would take what stands beside them along.
    clean = Image.frombytes(fitted.mode, fitted.size, fitted.tobytes())
    made = io.BytesIO()
    clean.save(made, "WEBP", quality=_QUALITY)
    return made.getvalue()


def _too_many_pixels() -> Invalid:
    return _invalid(
        _("The picture has more than %(millions)d million pixels. Make it smaller, then send it again.")
        % {"millions": PIXELS_MAX // 1_000_000}
    )


def _unreadable() -> Invalid:
    return _invalid(_("This file is no picture that can be read here. Choose a JPEG, PNG, WebP or GIF."))


def _invalid(sentence: str) -> Invalid:
    return Invalid("invalid_picture", sentence, field="picture")
