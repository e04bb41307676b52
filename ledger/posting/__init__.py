"""The only code that writes transfers, entries and balances.

``post`` is one call for 1 to 1000 transfers, all or nothing. It runs inside the caller's unit of work, and *returns* a refusal
(a ``DomainError``) instead of raising it, so that the unit can commit the stored outcome and its audit line first. Services
that must look before they post take ``claim``, and ``lock`` or ``look``, in the same transaction. Lock order, for everybody: the
idempotency row; a player's seeds; rows that are settled once (``PaymentRequest``, ``Refunded``); balances by account and shard;
the key's counter.
"""

from ledger.posting.door import (
    claim,
    from_stored,
    key_reused,
    lock,
    lock_refunds,
    look,
    post,
    refundable,
    release,
    set_state,
    settle,
)
from ledger.posting.orders import MAX_BATCH, Authority, Claim, Claimed, Leg, Order, Posting, Seen, Stored

__all__ = [
    "MAX_BATCH",
    "Authority",
    "Claim",
    "Claimed",
    "Leg",
    "Order",
    "Posting",
    "Seen",
    "Stored",
    "claim",
    "from_stored",
    "key_reused",
    "lock",
    "lock_refunds",
    "look",
    "post",
    "refundable",
    "release",
    "set_state",
    "settle",
]
