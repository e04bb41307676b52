"""Reading a roster: a CSV file of characters, as a spreadsheet saves it. Pure: what stands there, not whether it is possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from accounts import sheets
from accounts.errors import Invalid
from ledger.payroll import plain_amount

ROWS_MAX: Final = 1_000
BYTES_MAX: Final = 600_000
CELL_MAX: Final = 300
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
_LAYOUT: Final = sheets.Layout(
    columns=HEADINGS,
    example=EXAMPLE,
    rows_max=ROWS_MAX,
    bytes_max=BYTES_MAX,
)
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
        found = [column for column in _TEXTS if sheets.is_formula(getattr(self, column))]
        return [*found, *(["balance"] if self.balance.startswith(("=", "+", "@")) else [])]


def read(content: bytes) -> list[Row]:
    """The lines of a file. Raises ``Invalid`` (``invalid_roster``) with what to do, where not even lines can be told."""
    try:
        lines = sheets.read(content, _LAYOUT)
    except sheets.Unreadable as error:
        raise Invalid("invalid_roster", str(error), field="file") from None
    return [Row(line.number, **line.cells) for line in lines]


def amount_of(text: str, *, exponent: int) -> int:
    """Minor units of an opening balance; 0 where the cell is empty. Raises ``ValueError`` with a sentence that says what to do.

    Takes a comma for the decimal point, unless it may divide thousands.
    """
    typed = text.strip()
    if not typed:
        return 0
    if typed.startswith(("-", "\N{MINUS SIGN}")):
        raise ValueError(_("An opening balance is not negative. Leave it empty, or write an amount."))
    return plain_amount(typed, exponent=exponent)
