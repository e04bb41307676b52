"""The doors of the posting engine, the same for both databases."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Reused
from ledger.models import Account, Balance, Refunded, Transfer
from ledger.posting import postgresql, sqlite
from ledger.posting.orders import MAX_BATCH, Authority, Claim, Claimed, Offence, Order, Posting, Seen, Stored
from ledger.posting.refusals import refusal_for

_OF_ONE_ROW = ("floor", "limit_per_payment", "limit_per_day")
_ENGINES = {"postgresql": postgresql, "sqlite": sqlite}


def post(
    *,
    actor: Actor,
    transfers: Sequence[Order],
    authority: Authority,
    idempotency_key: Claim | Claimed | None = None,
    settles: uuid.UUID | None = None,
    follows: Order | None = None,
    seen: Seen | None = None,
) -> Posting | DomainError:
    """Post 1 to 1000 transfers in the caller's transaction, all or nothing.

    ``settles`` is the id of the payment request that one transfer pays: it is refused unless the request is open, and makes it
    paid in the same transaction. ``follows`` is a second transfer that the first has made due (the win of a spin), posted after
    it with the authority SETTLED; whoever asks for it has seen with ``look`` that it can be posted. ``seen`` is what ``look``
    answered for the one transfer in this transaction: it is not refused any more, neither for a pause that came since (which
    no lock holds back) nor because the day has turned.
    Returns the posting, or a refusal that has changed nothing but the stored outcome. With a key that was used before, the
    stored outcome comes back (``replayed``), or ``Reused`` when the request was another one. Raises ``RunAgain`` when a
    reference was taken in the meantime, and database errors that ``unit_of_work`` knows.
    """
    _inside_unit(actor)
    if not 1 <= len(transfers) <= MAX_BATCH:
        raise ValueError(f"a posting has 1 to {MAX_BATCH} transfers")
    if settles is not None and len(transfers) != 1:
        raise ValueError("one transfer settles a payment request")
    if follows is not None and len(transfers) != 1:
        raise ValueError("a transfer follows from one transfer")
    if seen is not None and len(transfers) != 1:
        raise ValueError("one transfer has been looked at")
    outcome = _ENGINES[connection.vendor].post(
        actor=actor,
        items=transfers,
        authority=authority,
        claim=idempotency_key,
        day=seen.day if seen is not None else actor.tenant.day_of(timezone.now()),
        settles=settles,
        follows=follows,
        seen=seen is not None,
    )
    if isinstance(outcome, Stored):
        return from_stored(actor=actor, stored=outcome, transfers=transfers)
    if isinstance(outcome, Offence):
        return refusal_for(actor=actor, offence=outcome, transfers=transfers)
    return outcome


def look(
    *, actor: Actor, order: Order, authority: Authority, claimed: Claimed | None = None
) -> Seen | DomainError:
    """Lock both sides of ``order`` in the lock order, and see what posting it would do, in one round trip.

    Returns every refusal that posting it would return (stored as the outcome of ``claimed``), else both balances, which stay
    as they are until the commit. Nothing is moved.
    """
    _inside_unit(actor)
    seen = _ENGINES[connection.vendor].look(
        actor=actor,
        order=order,
        authority=authority,
        claim=claimed,
        day=actor.tenant.day_of(timezone.now()),
    )
    return refusal_for(actor=actor, offence=seen, transfers=[order]) if isinstance(seen, Offence) else seen


def claim(*, actor: Actor, claim: Claim) -> Claimed | Stored:
    """Claim an idempotency key for this transaction, or get what was stored under it; waits for a concurrent duplicate."""
    _inside_unit(actor)
    stored = _ENGINES[connection.vendor].claim(actor=actor, claim=claim, outcome="claimed", refs=[])
    return stored or Claimed(claim)


def settle(*, actor: Actor, claimed: Claimed, outcome: str, refs: list[str] | dict[str, Any]) -> None:
    """Write what a claimed key has led to, when that is no posting: ids, or the facts of a refusal."""
    _inside_unit(actor)
    _ENGINES[connection.vendor].settle(actor=actor, claim=claimed.claim, outcome=outcome, refs=refs)


def release(*, actor: Actor, claimed: Claimed) -> None:
    """Give a claimed key back: nothing was decided that the same key should be answered with again."""
    _inside_unit(actor)
    _ENGINES[connection.vendor].release(actor=actor, claim=claimed.claim)


def refundable(*, actor: Actor, transfer: Transfer) -> int:
    """What is left of ``transfer`` to give back, in minor units, under the lock that every refund of it takes."""
    _inside_unit(actor)
    Refunded.objects.get_or_create(transfer=transfer, defaults={"amount": 0, "original": transfer.amount})
    row = Refunded.objects.select_for_update(no_key=True).get(pk=transfer.pk)
    return row.original - row.amount


def lock_refunds(*, actor: Actor, transfers: Sequence[uuid.UUID]) -> None:
    """Take the lock that every refund of one of ``transfers`` takes, in the lock order: what is left of them stands still."""
    _inside_unit(actor)
    _ENGINES[connection.vendor].lock_refunds(actor=actor, transfers=transfers)


def lock(*, actor: Actor, accounts: Iterable[Account]) -> list[Balance]:
    """Lock every balance row of ``accounts`` in the lock order, then read them: the rows are current until the commit."""
    _inside_unit(actor)
    rows = Balance.objects.filter(account__in=list(accounts)).order_by("account_id", "shard")
    if connection.vendor == "postgresql":
        # A statement of its own: one that locks and reads at once returns what it saw before it waited.
        list(rows.select_for_update(no_key=True, of=("self",)).values_list("account_id", "shard"))
    return list(rows)


def set_state(*, actor: Actor, account: Account, **changes: Any) -> None:
    """Change what postings check (status, freeze, floor, limits) on every shard of ``account``, under its lock.

    Raises ``Conflict`` (``sharded_account``) for a floor or limit on an account of several shards.
    """
    allowed = {"status", "freeze", "floor", "limit_per_payment", "limit_per_day"}
    if not changes.keys() <= allowed:
        raise ValueError(f"only {sorted(allowed)} can be set")
    if account.shards > 1 and any(changes.get(name) is not None for name in _OF_ONE_ROW):
        # Each shard is checked under its own lock; a floor or limit of the whole would have to lock them all.
        raise Conflict(
            "sharded_account",
            _("Account %(number)s is the bank's own and can have neither a floor nor limits.")
            % {"number": account.number},
        )
    lock(actor=actor, accounts=[account])
    Balance.objects.filter(account=account).update(**changes)


def from_stored(*, actor: Actor, stored: Stored, transfers: Sequence[Order]) -> Posting | DomainError:
    """The answer that belongs to a stored outcome."""
    if not stored.same:
        return key_reused()
    if stored.outcome == "posted":
        return Posting(ids=tuple(uuid.UUID(ref) for ref in stored.refs), replayed=True)
    refused = refusal_for(actor=actor, offence=Offence.from_json(stored.refs), transfers=transfers)
    refused.facts["replayed"] = True
    return refused


def key_reused() -> DomainError:
    """The refusal of a key that came back with another request."""
    return Reused("key_reused", _("This Idempotency-Key was used for another request. Take a new one."))


def _inside_unit(actor: Actor) -> None:
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("postings run inside a unit of work")
    if tenancy.current().pk != actor.tenant.pk:
        raise RuntimeError("the actor belongs to another tenant than this scope")
