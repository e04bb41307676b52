"""The pen that cards and posters share: fonts that are part of the file, QR codes as rectangles, text that fits."""

from __future__ import annotations

import io
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

REGULAR: Final = "NeoSans"
BOLD: Final = "NeoSans-Bold"
_FILES: Final = {REGULAR: "NotoSans-Regular.ttf", BOLD: "NotoSans-Bold.ttf"}
INK: Final = (0.04, 0.05, 0.08)
QUIET: Final = (0.36, 0.38, 0.44)
BLUE: Final = (0.0, 0.42, 0.62)
MAGENTA: Final = (0.78, 0.0, 0.5)
QUIET_ZONE_MODULES: Final = 4
_MASK: Final = 4
PAGE_WIDTH, PAGE_HEIGHT = A4

# For the name of an event in other letters, where the system (Linux, macOS) brings a font for them.
_OF_THIS_MACHINE: Final = {
    "DejaVu-Bold": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"),
    "Arial-Unicode": Path("/System/Library/Fonts/Supplemental/Arial Unicode.ttf"),
}

__all__ = [
    "A4",
    "BLUE",
    "BOLD",
    "INK",
    "MAGENTA",
    "PAGE_HEIGHT",
    "PAGE_WIDTH",
    "QUIET",
    "REGULAR",
    "Pen",
    "bold_for",
    "can_draw",
    "mm",
]


@lru_cache
def _known_to(font: str) -> frozenset[int]:
    """What a font can draw; makes it known to reportlab, once a process. Raises ``KeyError`` for one that is nowhere."""
    path = _OF_THIS_MACHINE.get(font) or Path(__file__).parent / "fonts" / _FILES[font]
    made = TTFont(font, str(path))
    pdfmetrics.registerFont(made)
    return frozenset(made.face.charToGlyph)


def can_draw(text: str) -> bool:
    """Whether every sign of ``text`` comes out on paper everywhere: Latin, Greek and Cyrillic do."""
    return all(_has(font, text) for font in _FILES)


def bold_for(text: str) -> str:
    """A bold font that has every letter of ``text``: ours, else one of this machine, else ours all the same."""
    here = [font for font, path in _OF_THIS_MACHINE.items() if path.exists()]
    return next((font for font in (BOLD, *here) if _has(font, text)), BOLD)


def _has(font: str, text: str) -> bool:
    known = _known_to(font)
    return all(ord(char) in known for char in text)


class Pen:
    """A4 pages to draw on; lengths in points from the lower left corner."""

    def __init__(self, title: str) -> None:
        self._file = io.BytesIO()
        self.canvas = Canvas(self._file, pagesize=A4, invariant=True)
        self.canvas.setTitle(title)
        self.canvas.setCreator("NeoBank")

    def finish(self) -> bytes:
        """The file."""
        self.canvas.save()
        return self._file.getvalue()

    def width(self, text: str, font: str, size: float) -> float:
        """How wide ``text`` comes out."""
        width: float = pdfmetrics.stringWidth(_drawable(text, font), font, size)
        return width

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        font: str = REGULAR,
        size: float,
        colour: tuple[float, float, float] = INK,
        centred: bool = False,
    ) -> None:
        """One line with its base at ``y``; ``x`` is where it begins, or its middle."""
        self.canvas.setFillColorRGB(*colour)
        if centred:
            x -= self.width(text, font, size) / 2
        shown = _drawable(text, font)
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, y, shown)

    def fitting(
        self, text: str, *, font: str, sizes: tuple[float, float], width: float, lines_max: int
    ) -> tuple[float, list[str]]:
        """The largest size of ``sizes`` (from, down to) at which ``text`` fits, and its lines.

        Where even the smallest is too large the last line ends in dots.
        """
        size, smallest = sizes
        while True:
            lines, is_broken = self._laid_out(text, font=font, size=size, width=width)
            if size <= smallest or (len(lines) <= lines_max and not is_broken):
                break
            size -= 0.5
        if len(lines) > lines_max:
            lines = [*lines[: lines_max - 1], lines[lines_max - 1][:-1] + "…"]
        return size, lines

    def wrapped(self, text: str, *, font: str, size: float, width: float) -> list[str]:
        """``text`` in lines of at most ``width``; words that are longer are broken."""
        return self._laid_out(text, font=font, size=size, width=width)[0]

    def _laid_out(self, text: str, *, font: str, size: float, width: float) -> tuple[list[str], bool]:
        """The lines, and whether a word had to be broken where it has no hyphen."""
        lines, line, is_broken = [], "", False
        for piece in re.findall(r"[^\s-]+-*\s*|-+\s*", text):
            if self.width(line + piece.rstrip(), font, size) <= width:
                line += piece
                continue
            if line:
                lines.append(line.rstrip())
            line = piece
            while len(line) > 1 and self.width(line.rstrip(), font, size) > width:
                is_broken = True
                cut = next(
                    count
                    for count in range(len(line) - 1, 0, -1)
                    if count == 1 or self.width(line[:count], font, size) <= width
                )
                lines.append(line[:cut])
                line = line[cut:]
        return [*lines, line.rstrip()], is_broken

    def qr(self, x: float, y: float, side: float, content: str) -> None:
        """A QR code with its quiet zone, ``side`` wide, its lower left corner at ``x``, ``y``."""
        # Trying all eight masks takes most of the time, and for random content none is better than another.
        code = segno.make(content, micro=False, error="m", boost_error=False, mask=_MASK)
        matrix = [bytes(row) for row in code.matrix]
        modules = len(matrix) + 2 * QUIET_ZONE_MODULES
        self.canvas.saveState()
        self.canvas.translate(x, y)
        self.canvas.scale(side / modules, side / modules)
        self.canvas.setFillColorRGB(1, 1, 1)
        self.canvas.rect(0, 0, modules, modules, stroke=0, fill=1)
        path = self.canvas.beginPath()
        for number, row in enumerate(matrix):
            for run in re.finditer(rb"\x01+", row):
                left, length = QUIET_ZONE_MODULES + run.start(), len(run[0])
                path.rect(left, modules - QUIET_ZONE_MODULES - number - 1, length, 1)
        self.canvas.setFillColorRGB(0, 0, 0)
        self.canvas.drawPath(path, stroke=0, fill=1)
        self.canvas.restoreState()


def _drawable(text: str, font: str) -> str:
    """``text`` with a question mark for what the font does not know: an empty place would not be seen."""
    known = _known_to(font)
    return "".join(char if ord(char) in known else "?" for char in text)
