"""Pictures as people send them, good and bad."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def a_picture(
    kind: str = "PNG", size: tuple[int, int] = (40, 30), colour: str = "teal", **more: Any
) -> bytes:
    """A picture of one colour, in a file of ``kind``."""
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, kind, **more)
    return made.getvalue()
