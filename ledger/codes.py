"""Codes that stand in the QR of a payment request: random, short enough to be read out at a bar. Pure."""

from __future__ import annotations

import re
import secrets
from typing import Final

from ledger.numbers import ALPHABET

CODE_LENGTH: Final = 12
"""12 characters of 32: 60 random bits, and whoever tries one has signed in."""
_LOOK_ALIKES: Final = str.maketrans("ILO", "110")


def generate() -> str:
    """A new random code, which nobody guesses and no two rows share."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def normalize(typed: str) -> str:
    """What a person typed (any case, with or without hyphens, look-alikes) in the form it is stored; "" when it is no code."""
    code = re.sub(r"[\s-]", "", typed).upper().translate(_LOOK_ALIKES)
    return code if re.fullmatch(rf"[{ALPHABET}]{{{CODE_LENGTH}}}", code) else ""


def spaced(code: str) -> str:
    """``code`` as it is shown: ``K7Q2-M9XF-3RTD``."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))
