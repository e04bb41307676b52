"""The poster at the gate: one page of A4 that gets a phone into the event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from identity.paper.drawing import BLUE, BOLD, INK, MAGENTA, PAGE_HEIGHT, PAGE_WIDTH, QUIET, REGULAR, Pen, mm

_EDGE: Final = 16 * mm
_WIDTH: Final = PAGE_WIDTH - 2 * _EDGE
_MIDDLE: Final = PAGE_WIDTH / 2
_QR_MAX: Final = 150 * mm
_CODE: Final = 24 * mm
_TRUST_LINES_MAX: Final = 9
_ADDRESS_MIN: Final = 13.0


@dataclass(frozen=True, slots=True)
class Poster:
    """What stands on it: what to do (``call``), where the QR leads (``link``), the address to type, the word to register
    with ("" for none), and what to do about the certificate ("" for nothing).
    """

    event: str
    call: str
    link: str
    address: str
    event_code: str = ""
    trust: str = ""


def poster_pdf(poster: Poster) -> bytes:
    """The file for the printer: what is read from afar above, what is read up close below, and all the rest is QR."""
    pen = Pen(_("Poster: %(event)s") % {"event": poster.event})
    top = _heading(pen, poster)
    bottom = _trust(pen, poster.trust)
    if poster.event_code:
        bottom = _code(pen, bottom, poster.event_code)
    bottom = _address(pen, bottom, poster.address)
    side = min(_QR_MAX, top - bottom)
    pen.qr(_MIDDLE - side / 2, bottom + (top - bottom - side) / 2, side, poster.link)
    return pen.finish()


def _heading(pen: Pen, poster: Poster) -> float:
    """Returns where it ends below."""
    canvas = pen.canvas
    canvas.setFillColorRGB(*BLUE)
    canvas.rect(0, PAGE_HEIGHT - 9 * mm, PAGE_WIDTH * 0.72, 9 * mm, stroke=0, fill=1)
    canvas.setFillColorRGB(*MAGENTA)
    canvas.rect(PAGE_WIDTH * 0.72, PAGE_HEIGHT - 9 * mm, PAGE_WIDTH * 0.28, 9 * mm, stroke=0, fill=1)
    size, lines = pen.fitting(poster.event, font=BOLD, sizes=(58, 22), width=_WIDTH, lines_max=2)
    cursor = PAGE_HEIGHT - 17 * mm
    for line in lines:
        cursor -= size
        pen.text(_MIDDLE, cursor + size * 0.2, line, font=BOLD, size=size, centred=True)
    size, [call] = pen.fitting(poster.call, font=REGULAR, sizes=(22, 12), width=_WIDTH, lines_max=1)
    cursor -= 4 * mm + size
    pen.text(_MIDDLE, cursor, call, size=size, colour=QUIET, centred=True)
    return cursor


def _address(pen: Pen, bottom: float, address: str) -> float:
    """Returns where it ends above."""
    # On one line while it can be read there: an address is typed as it stands.
    is_short = pen.width(address, BOLD, _ADDRESS_MIN) <= _WIDTH
    sizes, lines_max = ((28.0, _ADDRESS_MIN), 1) if is_short else ((_ADDRESS_MIN, 8.0), 3)
    size, lines = pen.fitting(address, font=BOLD, sizes=sizes, width=_WIDTH, lines_max=lines_max)
    first = bottom + 3 * mm + (len(lines) - 1) * size * 1.15
    top = first + size * 1.15 + 2 * mm
    pen.text(_MIDDLE, top, _("No camera? Type this address:"), size=12, colour=QUIET, centred=True)
    for place, line in enumerate(lines):
        y = first + size * (0.25 - 1.15 * place)
        pen.text(_MIDDLE, y, line, font=BOLD, size=size, centred=True)
    return top + 12


def _code(pen: Pen, bottom: float, code: str) -> float:
    """The word in a frame; returns where it ends above."""
    pen.canvas.setStrokeColorRGB(*MAGENTA)
    pen.canvas.setLineWidth(2)
    pen.canvas.roundRect(_EDGE, bottom, _WIDTH, _CODE, 3 * mm, stroke=1, fill=0)
    top = bottom + _CODE
    pen.text(_MIDDLE, top - 7 * mm, _("Event code"), size=12, colour=QUIET, centred=True)
    size, lines = pen.fitting(code, font=BOLD, sizes=(34, 10), width=_WIDTH - 10 * mm, lines_max=1)
    pen.text(_MIDDLE, top - 10.5 * mm - size * 0.72, lines[0], font=BOLD, size=size, centred=True)
    return top + 4 * mm


def _trust(pen: Pen, trust: str) -> float:
    """Returns where it ends above."""
    bottom = 14 * mm
    if not trust:
        return bottom
    size, lines = pen.fitting(trust, font=REGULAR, sizes=(11, 7.5), width=_WIDTH, lines_max=_TRUST_LINES_MAX)
    top = bottom + len(lines) * size * 1.35
    heading = _("If your phone warns you about the certificate")
    pen.text(_EDGE, top + 2, heading, font=BOLD, size=12, colour=INK)
    for place, line in enumerate(lines):
        pen.text(_EDGE, top - (place + 1) * size * 1.35, line, size=size, colour=INK)
    return top + 14 + 7 * mm
