"""Amounts. Integers of minor units everywhere; decimals exist only at the edge, where a person reads or types them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

MAX_AMOUNT: Final = 2**53 - 1
"""Largest amount and balance, in minor units: what a JavaScript number holds exactly."""


def is_amount(value: object) -> bool:
    """Whether ``value`` is an integer of 1 .. 2^53-1 (a bool or a float, even 100.0, is not)."""
    return type(value) is int and 1 <= value <= MAX_AMOUNT


def parse(text: str, *, exponent: int) -> int:
    """Minor units of an amount typed in major units: ``parse("100.5", exponent=2)`` is 10050.

    Accepts ASCII digits with at most ``exponent`` decimals. Raises ``ValueError`` on anything else: Decimal alone would also
    take ``1_000``, ``NaN`` and Arabic digits.
    """
    decimals = rf"(\.[0-9]{{1,{exponent}}})?" if exponent else ""
    if not re.fullmatch(rf"[0-9]{{1,13}}{decimals}", text, re.ASCII):
        raise ValueError(f"not an amount with at most {exponent} decimals")
    return int(Decimal(text).scaleb(exponent))


def plain(amount: int, *, exponent: int) -> str:
    """``plain(123456, exponent=2)`` is ``"1234.56"``."""
    sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else f"{sign}{digits}"


def display(amount: int, *, symbol: str, exponent: int) -> str:
    """What a person reads: ``display(-123456, symbol="₵", exponent=2)`` is ``"-₵1,234.56"``."""
    whole, _, cents = plain(abs(amount), exponent=exponent).partition(".")
    grouped = f"{int(whole):,}" + (f".{cents}" if cents else "")
    return f"{'-' if amount < 0 else ''}{symbol}{grouped}"


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Shares of ``amount`` in proportion to ``weights``, re-summing exactly (largest remainder, ties to the first).

    A negative amount is split by its absolute value. Raises ``ValueError`` when no weight is positive or one is negative.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights are zero or more, and not all zero")
    size = abs(amount)
    shares = [size * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % total), i))
    for i in by_remainder[: size - sum(shares)]:
        shares[i] += 1
    return shares if amount >= 0 else [-share for share in shares]
