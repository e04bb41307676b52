"""CSV as spreadsheets save and open it: reading what people upload or paste, and writing what they take away. Pure.

What stands there is read, not whether it is possible; what is written never starts a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

DELIMITERS: Final = (";", ",", "\t")
# What a spreadsheet would calculate instead of showing it.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Unreadable(ValueError):
    """What was sent is no such sheet; its text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns a sheet may have, each with everything that it may be called, the first of them required.

    ``bare`` is their order in a sheet whose first line names none; empty where it must.
    """

    columns: Mapping[str, Sequence[str]]
    example: str
    rows_max: int
    bytes_max: int
    bare: Sequence[str] = ()

    @property
    def required(self) -> str:
        """The column without which there is nothing to read."""
        return next(iter(self.columns))

    def meaning_of(self, heading: str) -> str:
        """The column that a heading stands for, or ""."""
        text = " ".join(heading.replace("_", " ").split()).casefold()
        return next((column for column, texts in self.columns.items() if text in texts), "")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sheet; ``number`` is where it begins there, the first being 1. Columns that are not there are empty."""

    number: int
    cells: Mapping[str, str]


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would calculate ``cell`` instead of showing it."""
    return cell.startswith(FORMULA)


def read(content: bytes, layout: Layout) -> list[Line]:
    """The lines of a file. Raises ``Unreadable`` with what to do, where not even lines can be told."""
    if len(content) > layout.bytes_max:
        raise Unreadable(_("This file is too large. Save only the list itself, as CSV."))
    text = _text_of(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter_of(text), strict=True)
    lines: list[Line] = []
    columns: Sequence[str] = ()
    begins = 1
    try:
        for cells in reader:
            number, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns, is_heading = _columns_of(cells, layout)
                if is_heading:
                    continue
            lines.append(_line_of(number, cells, columns, layout))
            if len(lines) > layout.rows_max:
                raise Unreadable(
                    _("There are more than %(count)d lines. Divide them into several files.")
                    % {"count": layout.rows_max},
                )
    except csv.Error:
        raise Unreadable(
            _("Line %(line)d cannot be read: a quotation mark is open or stands where none belongs.")
            % {"line": begins},
        ) from None
    if not lines:
        raise Unreadable(
            _("There is no line beside the heading. The first line is a heading, like: %s") % layout.example,
        )
    return lines


def _text_of(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(
            _("This file is not UTF-8 text. In the spreadsheet choose “Save as”, then “CSV UTF-8”."),
        ) from None
    if "\0" in text:
        raise Unreadable(_("This is no text file. In the spreadsheet choose “Save as”, then “CSV UTF-8”."))
    return text


def _delimiter_of(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    # A comma may well stand in an amount or a text, a semicolon and a tab hardly do.
    return next((sign for sign in ("\t", ";") if sign in first), max(DELIMITERS, key=first.count))


def _columns_of(cells: Sequence[str], layout: Layout) -> tuple[Sequence[str], bool]:
    """The columns, and whether this line names them."""
    columns = [layout.meaning_of(cell) for cell in cells]
    if layout.bare and not any(columns):
        return layout.bare, False
    unknown = [
        cell.strip() for cell, column in zip(cells, columns, strict=True) if not column and cell.strip()
    ]
    if layout.required not in columns:
        raise Unreadable(
            _(
                "The first line must name the columns, and one of them is “%(column)s”. For instance: %(example)s"
            )
            % {"column": layout.required, "example": layout.example},
        )
    if unknown:
        raise Unreadable(
            _("There is no column “%(column)s”. Take it out; these are known: %(known)s.")
            % {
                "column": unknown[0][:40],
                "known": ", ".join(column.replace("_", " ") for column in layout.columns),
            },
        )
    used = [column for column in columns if column]
    if len(used) != len(set(used)):
        raise Unreadable(_("A column stands there twice. Take one of them out."))
    return columns, True


def _line_of(number: int, cells: Sequence[str], columns: Sequence[str], layout: Layout) -> Line:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        raise Unreadable(
            _(
                "Line %(line)d has more cells than there are columns. Put texts with a separator into quotation marks."
            )
            % {"line": number},
        )
    # Not stripped of tabs in front: those are how a formula hides.
    found = {column: cell.strip(" \n") for column, cell in zip(columns, cells, strict=False) if column}
    return Line(number, {**dict.fromkeys(layout.columns, ""), **found})


# -- Writing -----------------------------------------------------------------------------------------------------------


def neutral(cell: str) -> str:
    """``cell`` as a text that no spreadsheet takes for a formula."""
    return f"'{cell}" if is_formula(cell) else cell


def written(rows: Iterable[Sequence[str | int | Figure]]) -> str:
    """Rows as CSV: texts made harmless, whole numbers and figures as they are."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[_cell(cell) for cell in row] for row in rows])
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in decimals that we have written ourselves: a minus in front of it is no formula."""

    text: str


def _cell(cell: str | int | Figure) -> str:
    if isinstance(cell, Figure):
        return cell.text
    return neutral(cell) if isinstance(cell, str) else str(cell)
