"""Reading a roster: a CSV file of characters, as a spreadsheet saves it. Pure: what stands there, not whether it is possible."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from accounts.errors import Invalid
from ledger import money

ROWS_MAX: Final = 1_000
BYTES_MAX: Final = 600_000
CELL_MAX: Final = 300
DELIMITERS: Final = (";", ",", "\t")
# What a column may be called, in the two languages of the bank.
HEADINGS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("name", "character", "character name", "charakter", "charaktername"),
    "faction": ("faction", "fraktion"),
    "balance": ("balance", "opening balance", "money", "guthaben", "startguthaben"),
    "role": ("role", "rolle"),
    "email": ("email", "e-mail", "mail"),
    "display_name": ("display name", "player", "anzeigename", "spieler"),
}
EXAMPLE: Final = "name;faction;balance"
_MEANING: Final = {text: column for column, texts in HEADINGS.items() for text in texts}
# What a spreadsheet would calculate instead of showing it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_TEXTS: Final = ("name", "faction", "role", "email", "display_name")


@dataclass(frozen=True, slots=True)
class Row:
    """One line as it stands in the file; ``line`` is where it begins there, the heading being line 1."""

    line: int
    name: str
    faction: str = ""
    balance: str = ""
    role: str = ""
    email: str = ""
    display_name: str = ""

    def formulas(self) -> list[str]:
        """The columns whose cell is a formula. A balance is looked at by ``amount_of``: there a minus is a mistake of its own."""
        found = [column for column in _TEXTS if getattr(self, column).startswith(_FORMULA)]
        return [*found, *(["balance"] if self.balance.startswith(("=", "+", "@")) else [])]


def read(content: bytes) -> list[Row]:
    """The lines of a file. Raises ``Invalid`` (``invalid_roster``) with what to do, where not even lines can be told."""
    if len(content) > BYTES_MAX:
        raise _bad(_("This file is too large for a roster. Save only the list of characters, as CSV."))
    text = _text_of(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter_of(text), strict=True)
    rows: list[Row] = []
    columns: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _columns_of(cells)
                continue
            rows.append(_row_of(begins, cells, columns))
            if len(rows) > ROWS_MAX:
                raise _bad(
                    _("There are more than %(count)d lines. Import them in several files.")
                    % {"count": ROWS_MAX}
                )
    except csv.Error:
        raise _bad(
            _("Line %(line)d cannot be read: a quotation mark is open or stands where none belongs.")
            % {"line": line}
        ) from None
    if not rows:
        raise _bad(_("There is no line with a character. The first line is a heading, like: %s") % EXAMPLE)
    return rows


def amount_of(text: str, *, exponent: int) -> int:
    """Minor units of an opening balance; 0 where the cell is empty. Raises ``ValueError`` with a sentence that says what to do.

    Takes a comma for the decimal point, unless it may divide thousands.
    """
    typed = text.strip()
    if not typed:
        return 0
    example = money.plain(125 * 10**exponent // 10, exponent=exponent)
    if typed.startswith(("-", "\N{MINUS SIGN}")):
        raise ValueError(_("An opening balance is not negative. Leave it empty, or write an amount."))
    number = re.fullmatch(r"([0-9]{1,15})(?:([.,])([0-9]{1,15}))?", typed, re.ASCII)
    if number is None or (number[2] == "," and len(number[3]) == 3):
        raise ValueError(_("Write a plain number like %(example)s.") % {"example": example})
    if len(number[3] or "") > exponent:
        raise ValueError(
            _("This has too many decimals; write a number like %(example)s.") % {"example": example}
        )
    try:
        amount = money.parse(typed.replace(",", "."), exponent=exponent)
    except ValueError:
        amount = money.MAX_AMOUNT + 1
    if amount > money.MAX_AMOUNT:
        raise ValueError(_("No account can hold that much. Write less."))
    return amount


def _text_of(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad(
            _("This file is not UTF-8 text. In the spreadsheet choose “Save as”, then “CSV UTF-8”.")
        ) from None
    if "\0" in text:
        raise _bad(_("This is no text file. In the spreadsheet choose “Save as”, then “CSV UTF-8”."))
    return text


def _delimiter_of(text: str) -> str:
    heading = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=heading.count)


def _columns_of(cells: Sequence[str]) -> list[str]:
    columns = [_MEANING.get(" ".join(cell.replace("_", " ").split()).casefold(), "") for cell in cells]
    unknown = [
        cell.strip() for cell, column in zip(cells, columns, strict=True) if not column and cell.strip()
    ]
    if "name" not in columns:
        raise _bad(
            _("The first line must name the columns, and one of them is “name”. For instance: %s") % EXAMPLE
        )
    if unknown:
        raise _bad(
            _("There is no column “%(column)s”. Take it out; these can be imported: %(known)s.")
            % {
                "column": unknown[0][:40],
                "known": ", ".join(column.replace("_", " ") for column in HEADINGS),
            }
        )
    used = [column for column in columns if column]
    if len(used) != len(set(used)):
        raise _bad(_("A column stands there twice. Take one of them out."))
    return columns


def _row_of(line: int, cells: Sequence[str], columns: Sequence[str]) -> Row:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        raise _bad(
            _(
                "Line %(line)d has more cells than the heading. Put texts with a separator into quotation marks."
            )
            % {"line": line}
        )
    # Not stripped of tabs in front: those are how a formula hides.
    found = {column: cell.strip(" \n") for column, cell in zip(columns, cells, strict=False) if column}
    return Row(line, **{"name": "", **found})


def _bad(sentence: str) -> Invalid:
    return Invalid("invalid_roster", sentence, field="file")
