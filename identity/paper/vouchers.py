"""Vouchers: fourteen on a page of A4, with lines to cut along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from identity.paper.drawing import BLUE, BOLD, INK, PAGE_HEIGHT, PAGE_WIDTH, QUIET, Pen, mm

WIDTH: Final = 95 * mm
HEIGHT: Final = 39 * mm
COLUMNS, ROWS = 2, 7
ON_A_PAGE: Final = COLUMNS * ROWS
LEFT: Final = (PAGE_WIDTH - COLUMNS * WIDTH) / 2
BOTTOM: Final = (PAGE_HEIGHT - ROWS * HEIGHT) / 2
_INSET: Final = 3.5 * mm
_QR: Final = 34 * mm


@dataclass(frozen=True, slots=True)
class PrintedVoucher:
    """What differs from one to the next; ``address`` redeems it, and so does ``code``. Its repr shows no secret."""

    number: int
    code: str = field(repr=False)
    address: str = field(repr=False)


def vouchers_pdf(
    vouchers: Sequence[PrintedVoucher], *, event: str, label: str, worth: str, until: str, page: str
) -> bytes:
    """The file for the printer. ``worth`` and ``until`` are in words, ``page`` is where a code is typed."""
    pen = Pen(_("Vouchers: %(event)s") % {"event": event})
    for place, voucher in enumerate(vouchers):
        on_page = place % ON_A_PAGE
        if place and on_page == 0:
            pen.canvas.showPage()
        if on_page == 0:
            _cut_lines(pen)
        column, row = on_page % COLUMNS, on_page // COLUMNS
        x, y = LEFT + column * WIDTH, BOTTOM + (ROWS - 1 - row) * HEIGHT
        pen.qr(x + WIDTH - _QR - 1.5 * mm, y + (HEIGHT - _QR) / 2, _QR, voucher.address)
        _words(pen, x + _INSET, y, voucher, event=event, label=label, worth=worth, until=until, page=page)
    return pen.finish()


def _cut_lines(pen: Pen) -> None:
    """Dashes all along: paper money is cut in a hurry."""
    canvas = pen.canvas
    canvas.setStrokeColorRGB(*QUIET)
    canvas.setLineWidth(0.3)
    canvas.setDash(2, 3)
    right, top = LEFT + COLUMNS * WIDTH, BOTTOM + ROWS * HEIGHT
    for column in range(COLUMNS + 1):
        canvas.line(LEFT + column * WIDTH, BOTTOM, LEFT + column * WIDTH, top)
    for row in range(ROWS + 1):
        canvas.line(LEFT, BOTTOM + row * HEIGHT, right, BOTTOM + row * HEIGHT)
    canvas.setDash()


def _words(
    pen: Pen,
    left: float,
    y: float,
    voucher: PrintedVoucher,
    *,
    event: str,
    label: str,
    worth: str,
    until: str,
    page: str,
) -> None:
    width = WIDTH - _QR - _INSET - 2.5 * mm
    top = y + HEIGHT - _INSET
    size, [line] = pen.fitting(event, font=BOLD, sizes=(8, 6), width=width, lines_max=1)
    pen.text(left, top - 7, line, font=BOLD, size=size, colour=BLUE)
    pen.canvas.setFillColorRGB(*BLUE)
    pen.canvas.rect(left, top - 10.5, width, 0.8, stroke=0, fill=1)
    size, [line] = pen.fitting(worth, font=BOLD, sizes=(22, 9), width=width, lines_max=1)
    cursor = top - 14 - size * 0.8
    pen.text(left, cursor, line, font=BOLD, size=size)
    size, lines = pen.fitting(label, font=BOLD, sizes=(7.5, 6), width=width, lines_max=1)
    pen.text(left, cursor - 11, lines[0], size=size, colour=INK)
    size, [line] = pen.fitting(voucher.code, font=BOLD, sizes=(13.5, 8), width=width, lines_max=1)
    pen.text(left, cursor - 31, line, font=BOLD, size=size)
    notes = [
        _("Scan it, or type the code at %(page)s") % {"page": page},
        _("Pays once, until %(until)s · no. %(number)d") % {"until": until, "number": voucher.number},
    ]
    wrapped = [line for note in notes for line in pen.wrapped(note, font=BOLD, size=6, width=width)][:4]
    for place, line in enumerate(reversed(wrapped)):
        pen.text(left, y + 2.5 * mm + place * 7.4, line, size=6, colour=QUIET)
