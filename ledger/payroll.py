"""Reading a pay list: a CSV of people and amounts, as a spreadsheet saves it or somebody pastes it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from accounts import sheets
from accounts.errors import Invalid
from ledger import money

ROWS_MAX: Final = 10_000
BYTES_MAX: Final = 600_000
CELL_MAX: Final = 300
EXAMPLE: Final = "who;amount;memo"
_LAYOUT: Final = sheets.Layout(
    # What a column may be called, in the two languages of the bank.
    columns={
        "who": (
            *("who", "to", "name", "character", "account", "account number", "number"),
            *("wer", "an", "charakter", "konto", "kontonummer"),
        ),
        "amount": ("amount", "pay", "salary", "betrag", "lohn"),
        "memo": ("memo", "what for", "for", "wofür", "verwendungszweck"),
    },
    example=EXAMPLE,
    rows_max=ROWS_MAX,
    bytes_max=BYTES_MAX,
    bare=("who", "amount", "memo"),
)


@dataclass(frozen=True, slots=True)
class PayRow:
    """One line as it stands in the list; ``line`` is where it begins there, the first being 1."""

    line: int
    who: str
    amount: str = ""
    memo: str = ""

    def formulas(self) -> list[str]:
        """The columns whose cell is a formula. A minus before an amount is a mistake of its own."""
        found = [column for column in ("who", "memo") if sheets.is_formula(getattr(self, column))]
        return [*found, *(["amount"] if self.amount.startswith(("=", "+", "@", "\t", "\r")) else [])]


def read(content: bytes) -> list[PayRow]:
    """The lines of a list. Raises ``Invalid`` (``invalid_pay_list``) with what to do, where not even lines can be told."""
    try:
        lines = sheets.read(content, _LAYOUT)
    except sheets.Unreadable as error:
        raise Invalid("invalid_pay_list", str(error), field="file") from None
    return [PayRow(line.number, **line.cells) for line in lines]


def is_torn(row: PayRow) -> bool:
    """Whether the memo looks like the decimals of the amount: “Bob,12,50” divides a number with a comma in two."""
    return re.fullmatch(r"\s*[0-9]{1,2}\s*", row.memo, re.ASCII) is not None and row.amount.strip().isdigit()


def amount_of(text: str, *, exponent: int) -> int:
    """Minor units of a payment, above zero. Raises ``ValueError`` with a sentence that says what to do."""
    typed = text.strip()
    if not typed:
        raise ValueError(_("Write an amount."))
    if typed.startswith(("-", "\N{MINUS SIGN}")):
        raise ValueError(_("A payment is not negative. To take money, adjust the account."))
    amount = plain_amount(typed, exponent=exponent)
    if amount == 0:
        raise ValueError(_("Write an amount above zero."))
    return amount


def plain_amount(typed: str, *, exponent: int) -> int:
    """Minor units of a number in a cell, perhaps 0. Raises ``ValueError`` with a sentence that says what to do.

    Takes a comma for the decimal point, unless it may divide thousands.
    """
    example = money.plain(125 * 10**exponent // 10, exponent=exponent)
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
