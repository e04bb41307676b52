"""Codes of vouchers: ``K7Q2-M9XF-3RT``, ten characters that only the batch's secret gives, and one check character. Pure.

Eleven, so that none is taken for an account number (eight, or ten with its NC) or for the code of a payment request (twelve).
The check is that of account numbers (``ledger.numbers``): one wrong character, or two exchanged, are noticed before anybody asks.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final

from ledger.numbers import ALPHABET, check_character

CODE_LENGTH: Final = 11
"""50 bits that whoever guesses has to hit, signed in, at ten wrong ones in ten minutes."""
_LOOK_ALIKES: Final = str.maketrans("ILO", "110")
_FORM: Final = re.compile(rf"[{ALPHABET}]{{{CODE_LENGTH}}}")


def new_seed() -> str:
    """A new random secret of a batch: all of its codes follow from it, and nothing else gives them."""
    return secrets.token_hex(32)


def code_of(seed: str, number: int) -> str:
    """The code with this ``number`` (from 1) of the batch with this ``seed``: HMAC-SHA256, five bits a character."""
    bits = int.from_bytes(hmac.digest(seed.encode(), str(number).encode(), "sha256"), "big")
    body = "".join(ALPHABET[bits >> 5 * place & 31] for place in range(CODE_LENGTH - 1))
    return body + check_character(body)


def normalize(typed: str) -> str:
    """What a person typed (any case, with or without hyphens, look-alikes) in one form; "" when no code looks like this."""
    code = re.sub(r"[\s-]", "", typed).upper().translate(_LOOK_ALIKES)
    return code if _FORM.fullmatch(code) else ""


def is_valid(code: str) -> bool:
    """Whether the check character of a normalized ``code`` fits."""
    return bool(_FORM.fullmatch(code)) and check_character(code[:-1]) == code[-1]


def spaced(code: str) -> str:
    """``code`` as it is printed: ``K7Q2-M9XF-3RT``."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))
