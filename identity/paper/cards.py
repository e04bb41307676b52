"""Login cards: ten of the size of a bank card on a page of A4, with marks to cut along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from identity.paper.drawing import BLUE, BOLD, INK, PAGE_HEIGHT, PAGE_WIDTH, QUIET, Pen, can_draw, mm

WIDTH: Final = 85 * mm
HEIGHT: Final = 54 * mm
COLUMNS, ROWS = 2, 5
LEFT: Final = (PAGE_WIDTH - COLUMNS * WIDTH) / 2
BOTTOM: Final = (PAGE_HEIGHT - ROWS * HEIGHT) / 2
_MARK: Final = 4 * mm
_INSET: Final = 4 * mm
_QR: Final = 37 * mm


@dataclass(frozen=True, slots=True)
class PrintedCard:
    """What stands on one card; ``address`` signs its holder in. Its repr shows no secret."""

    name: str
    faction: str
    number: str
    address: str = field(repr=False)


def cards_pdf(cards: Sequence[PrintedCard], *, event: str, until: str, trust_url: str = "") -> bytes:
    """The file for the printer, in the order of ``cards``; ``until`` is the last day they work, in words.

    ``trust_url`` is the page that says how to trust the bank's certificate, "" where phones trust it anyway.
    """
    pen = Pen(_("Login cards: %(event)s") % {"event": event})
    for place, card in enumerate(cards):
        on_page = place % (COLUMNS * ROWS)
        if place and on_page == 0:
            pen.canvas.showPage()
        if on_page == 0:
            _cut_marks(pen)
        column, row = on_page % COLUMNS, on_page // COLUMNS
        _card(
            pen,
            LEFT + column * WIDTH,
            BOTTOM + (ROWS - 1 - row) * HEIGHT,
            card,
            event,
            _notes(until, trust_url),
        )
    return pen.finish()


def _notes(until: str, trust_url: str) -> list[str]:
    notes = [
        _("Scan it with your phone's camera."),
        _("It signs in once, until %(day)s.") % {"day": until},
        _("Whoever has it is you: keep it."),
    ]
    if trust_url:
        # Before anything else: a phone that warns does not open the address at all.
        typed = trust_url.partition("://")[2].rstrip("/")
        notes.insert(0, _("Your phone warns? First open %(address)s.") % {"address": typed})
    return notes


def _cut_marks(pen: Pen) -> None:
    """Short lines outside the cards at each cut, and crosses where four cards meet."""
    canvas = pen.canvas
    canvas.setStrokeColorRGB(*QUIET)
    canvas.setLineWidth(0.4)
    right, top = LEFT + COLUMNS * WIDTH, BOTTOM + ROWS * HEIGHT
    for column in range(COLUMNS + 1):
        x = LEFT + column * WIDTH
        canvas.line(x, BOTTOM - _MARK, x, BOTTOM - 1 * mm)
        canvas.line(x, top + 1 * mm, x, top + _MARK)
        for row in range(1, ROWS):
            y = BOTTOM + row * HEIGHT
            canvas.line(x, y - 1 * mm, x, y + 1 * mm)
            canvas.line(x - 1 * mm, y, x + 1 * mm, y)
    for row in range(ROWS + 1):
        y = BOTTOM + row * HEIGHT
        canvas.line(LEFT - _MARK, y, LEFT - 1 * mm, y)
        canvas.line(right + 1 * mm, y, right + _MARK, y)


def _card(pen: Pen, x: float, y: float, card: PrintedCard, event: str, notes: Sequence[str]) -> None:
    qr_x = x + WIDTH - _QR - 1.5 * mm
    pen.qr(qr_x, y + 3.5 * mm, _QR, card.address)
    left, top = x + _INSET, y + HEIGHT - _INSET
    full, beside = WIDTH - 2 * _INSET, qr_x - x - _INSET - 1 * mm
    size, [line] = pen.fitting(event, font=BOLD, sizes=(8.5, 6), width=full, lines_max=1)
    pen.text(left, top - 7.5, line, font=BOLD, size=size, colour=BLUE)
    pen.canvas.setFillColorRGB(*BLUE)
    pen.canvas.rect(left, top - 11.5, full, 0.8, stroke=0, fill=1)
    # Where the fonts do not know the alphabet of a name, its account says whose the card is.
    heading = card.name if can_draw(card.name) or not card.number else card.number
    size, lines = pen.fitting(
        heading, font=BOLD, sizes=(16, 8), width=beside, lines_max=3 if heading == card.name else 1
    )
    cursor = top - 14 - size
    for line in lines:
        pen.text(left, cursor, line, font=BOLD, size=size)
        cursor -= size * 1.15
    cursor -= 2
    if card.faction:
        size, lines = pen.fitting(card.faction, font=BOLD, sizes=(9, 7), width=beside, lines_max=2)
        for line in lines:
            pen.text(left, cursor, line, size=size, colour=INK)
            cursor -= size * 1.2
    if card.number and card.number != heading:
        pen.text(left, cursor - 1, card.number, size=8, colour=QUIET)
    wrapped = [line for note in notes for line in pen.wrapped(note, font=BOLD, size=6.6, width=beside)]
    for left_over, line in zip(range(len(wrapped) - 1, -1, -1), wrapped, strict=True):
        pen.text(left, y + _INSET + left_over * 8.2, line, size=6.6, colour=QUIET)
