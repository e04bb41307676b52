"""Taking back everything that somebody sent: how much of each line, and why not more. Pure; amounts in minor units.

The newest line goes first, as one unwinds a thread. Money that went through an account and on is there again when the older
line's turn comes, so that a chain comes back whole; and of what several people paid into one till, what is left there is what
came last. Any other order recovers as much or less, and says so less plainly.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class Why(enum.StrEnum):
    """Why less than the whole of a line can be taken back now; the first that applies."""

    REFUND = "refund"
    GIVEN_BACK = "given_back"
    BANK = "bank"
    PAYER_CLOSED = "payer_closed"
    PAYEE_CLOSED = "payee_closed"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Sent:
    """A movement between two accounts (by their ids), and how much of it was given back before."""

    payer: int
    payee: int
    amount: int
    given_back: int = 0
    is_refund: bool = False


@dataclass(frozen=True, slots=True)
class Purse:
    """An account: what may go out of it now (held money and the floor left alone), and whether anything moves there at all."""

    free: int = 0
    is_closed: bool = False
    is_bank: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """How much of a line comes back, and why that is not all that was sent (None: it is)."""

    take: int
    why: Why | None = None


def unwind(sent: Iterable[Sent], purses: Mapping[int, Purse]) -> list[Part]:
    """What can be taken back of each of ``sent`` (newest first), in their order, when each is done before the next."""
    free = {account: purse.free for account, purse in purses.items()}
    parts = []
    for line in sent:
        left = line.amount - line.given_back
        why = _never(line, left, purses)
        take = 0 if why else min(left, max(free[line.payee], 0))
        free[line.payee] -= take
        free[line.payer] += take
        parts.append(Part(take, why or _now(line, left, take)))
    return parts


def _never(line: Sent, left: int, purses: Mapping[int, Purse]) -> Why | None:
    """Why nothing of ``line`` can come back, however much there is."""
    payer, payee = purses[line.payer], purses[line.payee]
    if line.is_refund:
        return Why.REFUND
    if left == 0:
        return Why.GIVEN_BACK
    if payer.is_bank or payee.is_bank:
        return Why.BANK
    if payer.is_closed:
        return Why.PAYER_CLOSED
    return Why.PAYEE_CLOSED if payee.is_closed else None


def _now(line: Sent, left: int, take: int) -> Why | None:
    if take < left:
        return Why.SHORT
    return Why.GIVEN_BACK if line.given_back else None


def fingerprint(about: Sequence[str], lines: Iterable[tuple[str, int, int]]) -> str:
    """A digest of what would be done: ``about`` whom and when, then id, given back before and take of each line."""
    said: list[Any] = [list(about), [list(line) for line in lines]]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
