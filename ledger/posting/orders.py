"""What is asked of a posting, and what comes of it. Pure data."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from accounts.ids import uuid7

MAX_BATCH: Final = 1000
NOT_STORED: Final = frozenset({"invalid_amount", "key_revoked", "key_expired"})
"""Refusals that are no outcome of an idempotency key: the request or the credential was wrong, not the books against it."""


class Authority(enum.StrEnum):
    """By what right money moves; closed accounts and floors bind all three.

    PLAYER: a person or terminal; freezes, limits and the world pause bind. REFUND: the same giving back what it took, or
    redeeming a voucher, which spends nothing of theirs and counts against no limit. SETTLED: what follows from something
    already allowed (the win of a spin); neither freeze nor pause stops it. GM: the game masters' own movements, likewise.
    """

    PLAYER = "player"
    REFUND = "refund"
    SETTLED = "settled"
    GM = "gm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One transfer as it is asked for; accounts by number, ``amount`` in minor units of their common currency."""

    from_account: str
    to_account: str
    amount: int
    kind: str = "transfer"
    memo: str = ""
    currency: str | None = None
    reference: str | None = None
    refunds: uuid.UUID | None = None
    metadata: dict[str, Any] | None = None
    # False: the actor may not debit it, so it is as unknown to them as a number that does not exist.
    may_debit: bool = True
    id: uuid.UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True)
class Claim:
    """An idempotency key (1-200 visible ASCII characters) and the SHA-256 of the request it came with."""

    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim that this transaction already holds (from ``claim``)."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a posted transfer: place in the account's history, and the balance after it (minor units)."""

    seq: int
    balance_after: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Both sides of a transfer that could be posted now, under the locks that it would take; minor units.

    ``available`` is what may go out (amount less held and floor), None for an account without a floor. ``day`` is the tenant's
    day whose limits were looked at.
    """

    payer_amount: int
    payer_available: int | None
    payee_amount: int
    payee_available: int | None
    day: dt.date


@dataclass(frozen=True, slots=True)
class Posting:
    """What was posted; ``debits`` and ``credits`` are in the order of the transfers.

    ``replayed``: it was posted under the same idempotency key before, and only the ids are known here.
    """

    ids: tuple[uuid.UUID, ...]
    posted_at: dt.datetime | None = None
    debits: tuple[Leg, ...] = ()
    credits: tuple[Leg, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """The outcome of an earlier request with this key: ``posted`` or the code of a refusal, and its references."""

    outcome: str
    refs: Any
    same: bool


@dataclass(frozen=True, slots=True)
class Offence:
    """Why a posting is refused: the first item that fails, and the first rule that it breaks.

    ``what`` names the side or limit: from, to, amount, reference, refunds, key_payment, key_day, account_payment, account_day.
    Amounts are minor units.
    """

    code: str
    index: int
    what: str = ""
    available: int | None = None
    limit: int | None = None
    refundable: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The form that is stored with an idempotency key."""
        return {
            "code": self.code,
            "i": self.index,
            "what": self.what,
            "available": self.available,
            "limit": self.limit,
            "refundable": self.refundable,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Offence:
        """The inverse of ``as_json``; the function in PostgreSQL writes the same form."""
        return cls(
            code=stored["code"],
            index=stored["i"],
            what=stored.get("what") or "",
            available=stored.get("available"),
            limit=stored.get("limit"),
            refundable=stored.get("refundable"),
        )
