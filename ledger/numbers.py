"""Account numbers: ``NC-XXXX-XXXX``, seven random characters and one check character.

The alphabet is Crockford's base 32 (no I, L, O, U). The eight characters, read as elements of GF(32) with the primitive
polynomial x^5 + x^2 + 1, satisfy c0 + a*c1 + a^2*c2 + ... + a^7*c7 = 0 for the generator a = 2, so every single wrong character
and every exchange of two characters is caught, by a terminal too and offline (docs/terminals.md has it in C).
"""

from __future__ import annotations

import re
import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PRIMITIVE: Final = 0b100101
_LOOK_ALIKES: Final = str.maketrans("ILO", "110")
HOUSE: Final = "NC-CASA-0000"
"""The casino's own account: what players bet and win."""
PRIZES: Final = "NC-CASA-GIFT"
"""What prizes of the story are paid from."""
_SYSTEM: Final = re.compile(r"NC-[A-Z]{4}-[A-Z0-9]{4}")


def _times_a(value: int) -> int:
    """``value`` times the generator in GF(32)."""
    value <<= 1
    return value ^ _PRIMITIVE if value & 32 else value


def _syndrome(values: list[int]) -> int:
    """c0 + a*c1 + a^2*c2 + ... by Horner's rule; 0 for a right number."""
    total = 0
    for value in reversed(values):
        total = _times_a(total) ^ value
    return total


def generate() -> str:
    """A new random number; whether it is free is for the unique constraint to say."""
    while True:
        rest = [secrets.randbelow(32) for _ in range(7)]
        # The first place has weight a^0 = 1, so its value balances the others, whatever they are.
        body = [_syndrome([0, *rest]), *rest]
        # The check character is written last.
        code = "".join(ALPHABET[value] for value in [*body[1:], body[0]])
        if not code.startswith("CASA"):
            return f"NC-{code[:4]}-{code[4:]}"


def check_character(body: str) -> str:
    """The character behind up to 30 others of the alphabet with which one wrong sign, or two exchanged, are noticed."""
    return ALPHABET[_syndrome([0, *(ALPHABET.index(c) for c in body)])]


def is_valid(number: str) -> bool:
    """Whether ``number`` is written as an account number and its check character fits."""
    if not re.fullmatch(rf"NC-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", number):
        return False
    code = number[3:7] + number[8:]
    return _syndrome([ALPHABET.index(code[7]), *(ALPHABET.index(c) for c in code[:7])]) == 0


def is_meant(typed: str) -> bool:
    """Whether what a person typed is meant as a number, right or wrong: names may not look like this."""
    return (
        re.fullmatch(r"\s*NC[\s-]?[0-9A-Z]{4}[\s-]?[0-9A-Z]{4}\s*", typed, re.ASCII | re.IGNORECASE)
        is not None
    )


def normalize(typed: str) -> str:
    """What a person typed (any case, with or without hyphens, look-alikes) in the form it is stored; not yet checked."""
    code = re.sub(r"[\s-]", "", typed).upper().removeprefix("NC")
    if len(code) != 8:
        return typed.strip().upper()
    if _SYSTEM.fullmatch(f"NC-{code[:4]}-{code[4:]}") and code[:4] in {"MINT", "CASA"}:
        return f"NC-{code[:4]}-{code[4:]}"
    code = code.translate(_LOOK_ALIKES)
    return f"NC-{code[:4]}-{code[4:]}"


def mint(code: str, *, first: bool) -> str:
    """The reserved number of a currency's issuance account: ``NC-MINT-0000``, or ``NC-MINT-INR0`` for further ones."""
    return "NC-MINT-0000" if first else f"NC-MINT-{code:0<4}"
