"""QR codes as SVG (ISO/IEC 18004). Pure."""

from __future__ import annotations

import io
from typing import Final

import segno

_QUIET_MODULES: Final = 4
"""The white edge that a camera needs (ISO/IEC 18004, 9.1)."""


def svg(text: str) -> bytes:
    """``text`` as an SVG that takes the size of its place; black on white in every theme, since cameras expect that.

    Error correction M: a phone's display has no scratches, and fewer modules are read from further away.
    """
    image = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        image,
        kind="svg",
        border=_QUIET_MODULES,
        dark="#000",
        light="#fff",
        omitsize=True,
        svgclass=None,
        lineclass=None,
    )
    return image.getvalue()
