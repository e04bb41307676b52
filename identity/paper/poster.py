"""The poster at the gate: one page of A4 that gets a phone into the event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from identity.paper.drawing import (
    BLUE,
    BOLD,
    INK,
    MAGENTA,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    QUIET,
    REGULAR,
    Pen,
    bold_for,
    mm,
)

_EDGE: Final = 16 * mm
_WIDTH: Final = PAGE_WIDTH - 2 * _EDGE
_MIDDLE: Final = PAGE_WIDTH / 2
_GAP: Final = 10 * mm
_COLUMN: Final = (_WIDTH - _GAP) / 2
_QR_MAX: Final = 150 * mm
_CODE: Final = 24 * mm
_ADVICE_LINES_MAX: Final = 9
_ADDRESS_MIN: Final = 13.0
_BADGE: Final = 6 * mm
_NOTE: Final = 12.5
_MONOSPACED: Final = "Courier-Bold"


@dataclass(frozen=True, slots=True)
class Poster:
    """What stands on it: what to do in a sentence (``call``) and in a word (``heading``), where the QR leads (``link``), the
    address to type, and, "" for none of each, the word to register with, the page about the certificate with its fingerprint,
    and what else people should know (``advice``).
    """

    event: str
    call: str
    heading: str
    link: str
    address: str
    event_code: str = ""
    trust_url: str = ""
    fingerprint: str = ""
    advice: str = ""


def poster_pdf(poster: Poster) -> bytes:
    """The file for the printer: what is read from afar above, what is read up close below, and all the rest is QR."""
    pen = Pen(_("Poster: %(event)s") % {"event": poster.event})
    top = _title(pen, poster)
    bottom = _advice(pen, poster.advice)
    if poster.trust_url and poster.fingerprint:
        bottom = _fingerprint(pen, bottom, poster.fingerprint)
    if poster.event_code:
        bottom = _code(pen, bottom, poster.event_code)
    if poster.trust_url:
        _two_steps(pen, top - 8 * mm, bottom, poster)
    else:
        bottom = _address(pen, bottom, poster.address)
        side = min(_QR_MAX, top - bottom)
        pen.qr(_MIDDLE - side / 2, bottom + (top - bottom - side) / 2, side, poster.link)
    return pen.finish()


def _title(pen: Pen, poster: Poster) -> float:
    """Returns where it ends below."""
    canvas = pen.canvas
    canvas.setFillColorRGB(*BLUE)
    canvas.rect(0, PAGE_HEIGHT - 9 * mm, PAGE_WIDTH * 0.72, 9 * mm, stroke=0, fill=1)
    canvas.setFillColorRGB(*MAGENTA)
    canvas.rect(PAGE_WIDTH * 0.72, PAGE_HEIGHT - 9 * mm, PAGE_WIDTH * 0.28, 9 * mm, stroke=0, fill=1)
    font = bold_for(poster.event)
    size, lines = pen.fitting(poster.event, font=font, sizes=(58, 22), width=_WIDTH, lines_max=2)
    cursor = PAGE_HEIGHT - 17 * mm
    for line in lines:
        cursor -= size
        pen.text(_MIDDLE, cursor + size * 0.2, line, font=font, size=size, centred=True)
    size, [call] = pen.fitting(poster.call, font=REGULAR, sizes=(22, 12), width=_WIDTH, lines_max=1)
    cursor -= 4 * mm + size
    pen.text(_MIDDLE, cursor, call, size=size, colour=QUIET, centred=True)
    return cursor


# -- where phones have to trust it first -------------------------------------------------------------------------------


def _two_steps(pen: Pen, top: float, bottom: float, poster: Poster) -> None:
    """Two columns: first the certificate, then the bank."""
    trust = [
        _("Download the certificate, and compare the fingerprint below.")
        if poster.fingerprint
        else _("Download the certificate."),
        _("Switch it on as the page says, for iPhone, Android or laptop."),
    ]
    join = [_("Choose your character's name and a password.")] if poster.event_code else []
    steps = [
        _Step("1", BLUE, _("Trust it, once"), poster.trust_url, poster.trust_url, trust),
        _Step("2", MAGENTA, poster.heading, poster.link, poster.address, join),
    ]
    side = min(_COLUMN, top - bottom - max(step.height(pen) for step in steps))
    # What is left over stands above and below; both columns begin at the same height.
    spare = top - bottom - side - max(step.height(pen) for step in steps)
    for place, step in enumerate(steps):
        step.draw(pen, _EDGE + place * (_COLUMN + _GAP), top - spare * 0.4, side)


@dataclass(frozen=True, slots=True)
class _Step:
    """A number, what it is about, its QR code, the address for those who type, and what to do there."""

    number: str
    colour: tuple[float, float, float]
    heading: str
    link: str
    address: str
    notes: Sequence[str]

    def height(self, pen: Pen) -> float:
        """Of everything but the QR code."""
        size, lines = self._address(pen)
        return 2 * _BADGE + 3 * mm + 24 + len(lines) * size * 1.2 + len(self._notes(pen)) * _NOTE * 1.35

    def draw(self, pen: Pen, left: float, top: float, side: float) -> None:
        """Downwards from ``top``, with a QR code of that ``side``."""
        canvas, middle = pen.canvas, top - _BADGE
        canvas.setFillColorRGB(*self.colour)
        canvas.circle(left + _BADGE, middle, _BADGE, stroke=0, fill=1)
        white = (1.0, 1.0, 1.0)
        pen.text(left + _BADGE, middle - 7, self.number, font=BOLD, size=20, colour=white, centred=True)
        beside = left + 2 * _BADGE + 3 * mm
        width = left + _COLUMN - beside
        size, [line] = pen.fitting(self.heading, font=BOLD, sizes=(24, 10), width=width, lines_max=1)
        pen.text(beside, middle - size * 0.35, line, font=BOLD, size=size)
        cursor = middle - _BADGE - 3 * mm - side
        pen.qr(left + (_COLUMN - side) / 2, cursor, side, self.link)
        cursor -= 12
        pen.text(left, cursor, _("No camera? Type this address:"), size=10, colour=QUIET)
        size, lines = self._address(pen)
        for line in lines:
            cursor -= size * 1.2
            pen.text(left, cursor, line, font=BOLD, size=size)
        cursor -= 6
        for line in self._notes(pen):
            cursor -= _NOTE * 1.35
            pen.text(left, cursor, line, size=_NOTE)

    def _address(self, pen: Pen) -> tuple[float, list[str]]:
        """As short as it can be typed: both sides of the bank lead to https by themselves."""
        typed = self.address.partition("://")[2].rstrip("/")
        return pen.fitting(typed, font=BOLD, sizes=(19, 7), width=_COLUMN, lines_max=3)

    def _notes(self, pen: Pen) -> list[str]:
        return [
            line for note in self.notes for line in pen.wrapped(note, font=REGULAR, size=_NOTE, width=_COLUMN)
        ]


def _fingerprint(pen: Pen, bottom: float, fingerprint: str) -> float:
    """Returns where it ends above."""
    pairs = fingerprint.split(":")
    half = -(-len(pairs) // 2)
    text = _("SHA-256 fingerprint of the certificate. Different on your phone? Stop, ask a game master.")
    size, [line] = pen.fitting(text, font=REGULAR, sizes=(10.5, 7), width=_WIDTH, lines_max=1)
    pen.text(_EDGE, bottom + 36, line, size=size, colour=QUIET)
    pen.canvas.setFillColorRGB(*INK)
    pen.canvas.setFont(_MONOSPACED, 13)
    for above, part in ((17, pairs[:half]), (0, pairs[half:])):
        pen.canvas.drawString(_EDGE, bottom + above, " ".join(part))
    return bottom + 36 + 12 + 5 * mm


# -- what stands on each -----------------------------------------------------------------------------------------------


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


def _advice(pen: Pen, advice: str) -> float:
    """Returns where it ends above."""
    bottom = 14 * mm
    if not advice:
        return bottom
    size, lines = pen.fitting(
        advice, font=REGULAR, sizes=(11, 7.5), width=_WIDTH, lines_max=_ADVICE_LINES_MAX
    )
    top = bottom + len(lines) * size * 1.35
    heading = _("If your phone warns you about the certificate")
    pen.text(_EDGE, top + 2, heading, font=BOLD, size=12, colour=INK)
    for place, line in enumerate(lines):
        pen.text(_EDGE, top - (place + 1) * size * 1.35, line, size=size, colour=INK)
    return top + 14 + 7 * mm
