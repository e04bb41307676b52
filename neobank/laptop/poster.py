"""The poster: a PDF of one page (A4) that one hangs beside the bar. How to trust the bank, how to join, and its address."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import reportlab
import segno
from django.utils.translation import gettext as _
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

_WIDTH, _HEIGHT = A4
_MARGIN: Final = 16 * mm
_GAP: Final = 10 * mm
_HERO: Final = 62 * mm
_INK: Final = HexColor("#14101f")
_QUIET: Final = HexColor("#4a5267")
_GROUND: Final = HexColor("#0a0e14")
_CYAN: Final = HexColor("#00f0ff")
_MAGENTA: Final = HexColor("#ff2bd6")
_LINE: Final = HexColor("#cfd5e4")
# For names that are not written in Latin letters, where the system (Linux, macOS) brings a font for them.
_OF_THIS_MACHINE: Final = {
    "DejaVu-Bold": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"),
    "Arial-Unicode": Path("/System/Library/Fonts/Supplemental/Arial Unicode.ttf"),
}
_TITLE_PT_MAX: Final = 46
_TITLE_PT_MIN: Final = 18


@dataclass(frozen=True, slots=True)
class Poster:
    """What stands on it. ``trust_url`` and ``fingerprint`` are empty where phones trust the certificate anyway."""

    event: str
    address: str
    join_url: str
    event_code: str
    trust_url: str = ""
    fingerprint: str = ""


def pdf(poster: Poster) -> bytes:
    """The page."""
    content = io.BytesIO()
    canvas = Canvas(content, pagesize=A4, invariant=True)
    canvas.setTitle(_("Join %s") % poster.event)
    canvas.setAuthor("NeoBank")
    _draw_head(canvas, poster)
    top = _HEIGHT - _HERO - 14 * mm
    if poster.trust_url:
        width = (_WIDTH - 2 * _MARGIN - _GAP) / 2
        steps = _trust_steps(poster)
        trust = _Column(_MARGIN, top, width, "1", _("Trust it, once"), poster.trust_url, steps)
        join = _Column(
            _MARGIN + width + _GAP, top, width, "2", _("Join"), poster.join_url, _join_steps(poster)
        )
        trust.draw(canvas)
        join.draw(canvas)
        _draw_fingerprint(canvas, poster)
    else:
        width = (_WIDTH - 2 * _MARGIN) * 0.7
        left = (_WIDTH - width) / 2
        _Column(left, top, width, "", _("Join"), poster.join_url, _join_steps(poster)).draw(canvas)
    canvas.showPage()
    canvas.save()
    return content.getvalue()


@dataclass(frozen=True, slots=True)
class _Column:
    """A number, a heading, a QR code, its address for those who type, and what to do."""

    left: float
    top: float
    width: float
    number: str
    heading: str
    url: str
    steps: Sequence[str]

    def draw(self, canvas: Canvas) -> None:
        """Draw it, downwards from ``top``."""
        regular, bold = _fonts()
        text = f"{self.number}  {self.heading}" if self.number else self.heading
        canvas.setFillColor(_INK)
        canvas.setFont(bold, 24)
        canvas.drawString(self.left, self.top - 18, text)
        side = self.width
        below = self.top - 12 * mm - side
        _draw_qr(canvas, self.url, self.left, below, side)
        below -= 3 * mm
        for number, step in enumerate(self.steps, 1):
            shown = f"{number}.  {step}" if len(self.steps) > 1 else step
            below -= _draw_text(canvas, shown, self.left, below, self.width, regular, 14, _INK) + 2.4 * mm


def _trust_steps(poster: Poster) -> list[str]:
    return [
        _("Scan, or type %s") % _typed(poster.trust_url),
        _("Download the certificate, and compare the fingerprint below."),
        _("Switch it on as the page says, for iPhone, Android or laptop."),
    ]


def _join_steps(poster: Poster) -> list[str]:
    steps = [
        _("Scan, or type %s") % _typed(poster.address),
        _("Choose your character's name and a password."),
    ]
    if poster.event_code:
        steps.insert(1, _("Event code: %s") % f"<b>{_escaped(poster.event_code)}</b>")
    return steps


def _draw_head(canvas: Canvas, poster: Poster) -> None:
    regular, bold = _fonts()
    canvas.setFillColor(_GROUND)
    canvas.rect(0, _HEIGHT - _HERO, _WIDTH, _HERO, stroke=0, fill=1)
    canvas.setFillColor(_CYAN)
    canvas.rect(0, _HEIGHT - _HERO, _WIDTH * 0.62, 1.6 * mm, stroke=0, fill=1)
    canvas.setFillColor(_MAGENTA)
    canvas.rect(_WIDTH * 0.62, _HEIGHT - _HERO, _WIDTH * 0.38, 1.6 * mm, stroke=0, fill=1)
    title = _font_for(poster.event)
    size = _fitting(poster.event, title, _WIDTH - 2 * _MARGIN)
    canvas.setFillColor(white)
    canvas.setFont(title, size)
    canvas.drawString(_MARGIN, _HEIGHT - 30 * mm, _shortened(poster.event, title, size, _WIDTH - 2 * _MARGIN))
    canvas.setFont(regular, 15)
    canvas.setFillColor(_CYAN)
    canvas.drawString(_MARGIN, _HEIGHT - 42 * mm, _("The bank of this world, on your phone"))
    canvas.setFillColor(white)
    canvas.setFont(bold, 15)
    canvas.drawString(_MARGIN, _HEIGHT - 52 * mm, poster.address)


def _draw_fingerprint(canvas: Canvas, poster: Poster) -> None:
    regular, _bold = _fonts()
    pairs = poster.fingerprint.split(":")
    half = len(pairs) // 2
    below = _MARGIN + 17 * mm
    canvas.setStrokeColor(_LINE)
    canvas.line(_MARGIN, below + 7 * mm, _WIDTH - _MARGIN, below + 7 * mm)
    canvas.setFillColor(_QUIET)
    canvas.setFont(regular, 10.5)
    canvas.drawString(
        _MARGIN,
        below,
        _("SHA-256 fingerprint of the certificate. Different on your phone? Stop, ask a game master."),
    )
    canvas.setFillColor(_INK)
    canvas.setFont("Courier-Bold", 13)
    for line, part in enumerate((pairs[:half], pairs[half:]), 1):
        canvas.drawString(_MARGIN, below - line * 7 * mm, " ".join(part))


def _draw_qr(canvas: Canvas, url: str, left: float, below: float, side: float) -> None:
    """With its quiet zone of four modules (ISO/IEC 18004 section 9.1) inside ``side``, as vectors."""
    code = segno.make_qr(url, error="m")
    rows = list(code.matrix_iter(border=4))
    module = side / len(rows)
    canvas.setFillColor(white)
    canvas.rect(left, below, side, side, stroke=0, fill=1)
    canvas.setFillColor(Color(0, 0, 0))
    path = canvas.beginPath()
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                path.rect(left + x * module, below + side - (y + 1) * module, module, module)
    canvas.drawPath(path, stroke=0, fill=1)


def _draw_text(
    canvas: Canvas, text: str, left: float, top: float, width: float, font: str, size: float, ink: Color
) -> float:
    """Draw a paragraph below ``top``; returns its height."""
    style = ParagraphStyle(
        "step", fontName=font, fontSize=size, leading=size * 1.35, textColor=ink, splitLongWords=1
    )
    paragraph = Paragraph(text, style)
    _width, height = paragraph.wrap(width, _HEIGHT)
    paragraph.drawOn(canvas, left, top - height)
    return float(height)


def _fitting(text: str, font: str, width: float) -> float:
    wide = pdfmetrics.stringWidth(text, font, _TITLE_PT_MAX)
    return float(max(_TITLE_PT_MIN, min(_TITLE_PT_MAX, _TITLE_PT_MAX * width / max(wide, 1))))


def _shortened(text: str, font: str, size: float, width: float) -> str:
    if pdfmetrics.stringWidth(text, font, size) <= width:
        return text
    while text and pdfmetrics.stringWidth(f"{text}…", font, size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _typed(url: str) -> str:
    """On a line of its own, and as short as can be: both ports lead to https by themselves."""
    return f"<br/><b>{_escaped(url.partition('://')[2].rstrip('/'))}</b>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _font_for(title: str) -> str:
    """A bold font that has every letter of ``title``: ours, else one of this machine, else ours all the same."""
    _regular, bold = _fonts()
    for name, path in ((bold, None), *_OF_THIS_MACHINE.items()):
        if path is not None:
            if not path.exists():
                continue
            pdfmetrics.registerFont(TTFont(name, path))
        font = pdfmetrics.getFont(name)
        if isinstance(font, TTFont) and all(ord(letter) in font.face.charToGlyph for letter in title):
            return name
    return bold


@cache
def _fonts() -> tuple[str, str]:
    """Regular and bold, as they come with reportlab; embedded, so that every printer has them."""
    folder = Path(reportlab.__file__).parent / "fonts"
    for name, file in (("Vera", "Vera.ttf"), ("Vera-Bold", "VeraBd.ttf")):
        pdfmetrics.registerFont(TTFont(name, folder / file))
    pdfmetrics.registerFontFamily(
        "Vera", normal="Vera", bold="Vera-Bold", italic="Vera", boldItalic="Vera-Bold"
    )
    return "Vera", "Vera-Bold"
