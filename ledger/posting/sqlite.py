"""The engine on SQLite: the same contract inside ``BEGIN IMMEDIATE``, which is the lock for everything."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import F
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import ApiKey, Tenant
from ledger.models import Account, Balance, Entry, IdempotencyKey, PaymentRequest, Refunded, Spent, Transfer
from ledger.money import MAX_AMOUNT, is_amount
from ledger.posting.orders import (
    NOT_STORED,
    Authority,
    Claim,
    Claimed,
    Leg,
    Offence,
    Order,
    Posting,
    Seen,
    Stored,
)

T = TypeVar("T")
_MICROSECOND = dt.timedelta(microseconds=1)
# SQLite allows at most 32766 variables in a statement; a transfer has 17.
_ROWS_PER_INSERT = 500


def post(
    *,
    actor: Actor,
    items: Sequence[Order],
    authority: Authority,
    claim: Claim | Claimed | None,
    day: dt.date,
    settles: uuid.UUID | None,
    follows: Order | None,
    seen: bool,
) -> Posting | Offence | Stored:
    """See ``ledger.posting.post``."""
    refs = [str(order.id) for order in (items if follows is None else (*items, follows))]
    if isinstance(claim, Claim):
        stored = _take(actor, claim, "posted", refs)
        if stored is not None:
            return stored
    request = PaymentRequest.objects.get(pk=settles) if settles is not None else None
    books = _Books.read(actor=actor, items=items, authority=authority, day=day, seen=seen)
    offence = _settled(request) if request is not None else None
    offence = offence or books.check()
    if offence is not None:
        if claim is not None:
            held = claim.claim if isinstance(claim, Claimed) else claim
            settle_refusal(actor=actor, claim=held, offence=offence)
        return offence
    posting = books.write(actor)
    if follows is not None:
        posting = _followed(actor, posting, follows, day)
    if request is not None:
        PaymentRequest.objects.filter(pk=request.pk).update(
            state=PaymentRequest.State.PAID, transfer=items[0].id
        )
    if isinstance(claim, Claimed):
        settle(actor=actor, claim=claim.claim, outcome="posted", refs=refs)
    return posting


def _followed(actor: Actor, posting: Posting, follows: Order, day: dt.date) -> Posting:
    """Post what follows from ``posting``: whoever asks has looked that it can be posted."""
    books = _Books.read(actor=actor, items=[follows], authority=Authority.SETTLED, day=day)
    offence = books.check()
    if offence is not None:
        raise RuntimeError(f"what follows from a transfer was refused: {offence.code}")
    second = books.write(actor)
    return Posting(
        ids=posting.ids + second.ids,
        posted_at=second.posted_at,
        debits=posting.debits + second.debits,
        credits=posting.credits + second.credits,
    )


def look(
    *, actor: Actor, order: Order, authority: Authority, claim: Claimed | None, day: dt.date
) -> Seen | Offence:
    """See ``ledger.posting.look``."""
    books = _Books.read(actor=actor, items=[order], authority=authority, day=day)
    offence = books.check()
    if offence is not None:
        if claim is not None:
            settle_refusal(actor=actor, claim=claim.claim, offence=offence)
        return offence
    payer, payee = (books.balances[key] for key in _touched(order, books.accounts))
    # The check walks on as if the transfer had been posted.
    paying, paid = payer.amount + order.amount, payee.amount - order.amount
    return Seen(paying, _available(payer, paying), paid, _available(payee, paid), day)


def _available(row: Balance, amount: int) -> int | None:
    return None if row.floor is None else amount - row.held - row.floor


def _settled(request: PaymentRequest) -> Offence | None:
    """As ``ledger_lock_request``: why the request cannot be paid; one that ran out is written down as such on the way."""
    state = request.state_at(timezone.now())
    if state == PaymentRequest.State.OPEN:
        return None
    if state != request.state:
        PaymentRequest.objects.filter(pk=request.pk).update(state=state)
    return Offence(f"request_{state}", 0)


def claim(*, actor: Actor, claim: Claim, outcome: str, refs: Any) -> Stored | None:
    """Claim the key, or return what is stored under it."""
    return _take(actor, claim, outcome, refs)


def settle(*, actor: Actor, claim: Claim, outcome: str, refs: Any) -> None:
    """Write the outcome of a key that ``claim`` took."""
    IdempotencyKey.objects.filter(principal=actor.principal, key=claim.key).update(outcome=outcome, refs=refs)


def settle_refusal(*, actor: Actor, claim: Claim, offence: Offence) -> None:
    """Write a refusal as the outcome of a key, or give the key back where it is none."""
    if offence.code in NOT_STORED:
        release(actor=actor, claim=claim)
    else:
        settle(actor=actor, claim=claim, outcome=offence.code, refs=offence.as_json())


def release(*, actor: Actor, claim: Claim) -> None:
    """Give a claimed key back, as if it had never come."""
    IdempotencyKey.objects.filter(principal=actor.principal, key=claim.key).delete()


def lock_refunds(*, actor: Actor, transfers: Sequence[uuid.UUID]) -> None:
    """Nothing to do: the transaction holds the only lock there is."""


def _take(actor: Actor, claim: Claim, outcome: str, refs: Any) -> Stored | None:
    row = IdempotencyKey.objects.filter(principal=actor.principal, key=claim.key).first()
    if row is not None:
        return Stored(row.outcome, row.refs, bytes(row.request_hash) == claim.request_hash)
    IdempotencyKey.objects.create(
        principal=actor.principal,
        key=claim.key,
        request_hash=claim.request_hash,
        outcome=outcome,
        refs=refs,
        created_at=timezone.now(),
    )
    return None


@dataclass(slots=True)
class _Books:
    """Everything the orders touch, read once; ``check`` walks through it as if each order before had been posted."""

    items: Sequence[Order]
    bound: bool
    counted: bool
    day: dt.date
    accounts: dict[str, Account]
    balances: dict[tuple[int, int], Balance]
    refunded: dict[Any, Refunded]
    references: set[str]
    key: ApiKey | None
    paused: bool
    spent: dict[tuple[str, str], int]
    legs: list[tuple[Order, Account, int, int, Leg]] = field(default_factory=list)

    @classmethod
    def read(
        cls, *, actor: Actor, items: Sequence[Order], authority: Authority, day: dt.date, seen: bool = False
    ) -> _Books:
        # What a person or terminal does obeys freezes and the pause; only what they start counts against limits.
        bound = authority in (Authority.PLAYER, Authority.REFUND)
        numbers = {number for order in items for number in (order.from_account, order.to_account)}
        accounts = {
            account.number: account
            for chunk in _chunks(sorted(numbers))
            for account in Account.objects.filter(number__in=chunk).select_related("currency")
        }
        shards = sorted({key for order in items for key in _touched(order, accounts)})
        balances = {
            (row.account_id, row.shard): row
            for chunk in _chunks(sorted({account for account, _ in shards}))
            for row in Balance.objects.filter(account__in=chunk)
        }
        refunding = [order.refunds for order in items if order.refunds]
        references = [order.reference for order in items if order.reference is not None]
        # Read again: the one that signed in may have been revoked since.
        key = ApiKey.objects.get(pk=actor.key_id) if actor.key else None
        subjects = [str(account) for account, _ in shards] + ([str(key.pk)] if key else [])
        return cls(
            items=items,
            bound=bound,
            counted=authority is Authority.PLAYER,
            day=day,
            accounts=accounts,
            balances=balances,
            refunded=_refunded(refunding),
            references={
                used
                for chunk in _chunks(references)
                for used in Transfer.objects.filter(reference__in=chunk).values_list("reference", flat=True)
            },
            key=key,
            paused=bound and not seen and Tenant.objects.get(pk=actor.tenant.pk).paused_at is not None,
            spent={
                (row.scope, row.subject): row.amount
                for chunk in _chunks(subjects)
                for row in Spent.objects.filter(subject__in=chunk, day=day)
            },
        )

    def check(self) -> Offence | None:
        """The first offence; without one, ``legs`` and all rows stand as they will be."""
        if self.paused:
            return Offence("world_paused", 0)
        if self.key is not None and not self.key.is_live:
            return Offence("key_revoked" if self.key.revoked_at else "key_expired", 0)
        for index, order in enumerate(self.items):
            offence = self._check_one(index, order)
            if offence is not None:
                return offence
        return None

    def _check_one(self, index: int, order: Order) -> Offence | None:
        payer = self.accounts.get(order.from_account) if order.may_debit else None
        payee = self.accounts.get(order.to_account)
        if payer is None or payee is None:
            return Offence("unknown_account", index, "from" if payer is None else "to")
        if payer.currency_id != payee.currency_id:
            return Offence("wrong_currency", index, "to")
        if order.currency is not None and order.currency != payer.currency.code:
            return Offence("wrong_currency", index, "from")
        if payer.pk == payee.pk:
            return Offence("same_account", index, "to")
        if not is_amount(order.amount):
            return Offence("invalid_amount", index, "amount")
        debit, credit = (self.balances[key] for key in _touched(order, self.accounts))
        offence = (
            self._closed_or_frozen(index, debit, credit)
            or self._limits(index, order, debit)
            or self._refund(index, order)
            or self._funds(index, order, debit, credit)
        )
        if offence is not None:
            return offence
        if order.reference is not None:
            if order.reference in self.references:
                return Offence("reference_used", index, "reference")
            self.references.add(order.reference)
        self._carry(order, payer, debit, -order.amount)
        self._carry(order, payee, credit, order.amount)
        return None

    def _closed_or_frozen(self, index: int, debit: Balance, credit: Balance) -> Offence | None:
        for side, row in (("from", debit), ("to", credit)):
            if row.status == Balance.Status.CLOSED:
                return Offence("account_closed", index, side)
        if self.bound and debit.freeze in (Balance.Freeze.DEBITS, Balance.Freeze.BOTH):
            return Offence("account_frozen", index, "from")
        if self.bound and credit.freeze in (Balance.Freeze.CREDITS, Balance.Freeze.BOTH):
            return Offence("account_frozen", index, "to")
        return None

    def _limits(self, index: int, order: Order, debit: Balance) -> Offence | None:
        if not self.counted:
            return None
        if self.key is not None and order.amount > self.key.limit_per_payment:
            return Offence("limit_exceeded", index, "key_payment", limit=self.key.limit_per_payment)
        if debit.limit_per_payment is not None and order.amount > debit.limit_per_payment:
            return Offence("limit_exceeded", index, "account_payment", limit=debit.limit_per_payment)
        by_account = (Spent.Scope.ACCOUNT.value, str(debit.account_id))
        if self.key is not None:
            by_key = (Spent.Scope.KEY.value, str(self.key.pk))
            left = self.key.limit_per_day - self.spent.get(by_key, 0)
            if order.amount > left:
                return Offence("limit_exceeded", index, "key_day", limit=left)
            self.spent[by_key] = self.spent.get(by_key, 0) + order.amount
        if debit.limit_per_day is not None:
            left = debit.limit_per_day - self.spent.get(by_account, 0)
            if order.amount > left:
                return Offence("limit_exceeded", index, "account_day", limit=left)
        self.spent[by_account] = self.spent.get(by_account, 0) + order.amount
        return None

    def _refund(self, index: int, order: Order) -> Offence | None:
        if order.refunds is None:
            return None
        row = self.refunded.get(order.refunds)
        if row is None:
            return Offence("unknown_transfer", index, "refunds")
        if order.amount > row.original - row.amount:
            return Offence("refund_exceeds", index, "refunds", refundable=row.original - row.amount)
        row.amount += order.amount
        return None

    def _funds(self, index: int, order: Order, debit: Balance, credit: Balance) -> Offence | None:
        if debit.floor is not None and debit.amount - debit.held - debit.floor < order.amount:
            return Offence(
                "insufficient_funds", index, "from", available=debit.amount - debit.held - debit.floor
            )
        if debit.amount - order.amount < -MAX_AMOUNT:
            return Offence("balance_limit", index, "from")
        if credit.amount + order.amount > MAX_AMOUNT:
            return Offence("balance_limit", index, "to")
        return None

    def _carry(self, order: Order, account: Account, row: Balance, amount: int) -> None:
        row.amount += amount
        row.last_seq += 1
        self.legs.append((order, account, row.shard, amount, Leg(row.last_seq, row.amount)))

    def write(self, actor: Actor) -> Posting:
        """Write what ``check`` has found good."""
        touched = {(account.pk, shard) for _, account, shard, _, _ in self.legs}
        stamps = [stamp for key in touched if (stamp := self.balances[key].last_posted_at) is not None]
        posted_at = max([timezone.now(), *(stamp + _MICROSECOND for stamp in stamps)])
        Transfer.objects.bulk_create(
            [self._transfer(actor, order, posted_at) for order in self.items], batch_size=_ROWS_PER_INSERT
        )
        Entry.objects.bulk_create(
            [
                Entry(
                    account=account,
                    shard=shard,
                    seq=leg.seq,
                    transfer_id=order.id,
                    amount=amount,
                    balance_after=leg.balance_after,
                    posted_at=posted_at,
                )
                for order, account, shard, amount, leg in self.legs
            ],
            batch_size=_ROWS_PER_INSERT,
        )
        for key in touched:
            row = self.balances[key]
            Balance.objects.filter(account=row.account_id, shard=row.shard).update(
                amount=row.amount, last_seq=row.last_seq, last_posted_at=posted_at, floor=_floor_after(row)
            )
        for transfer in {order.refunds for order in self.items if order.refunds}:
            Refunded.objects.filter(transfer=transfer).update(amount=self.refunded[transfer].amount)
        self._count_spending()
        legs = [leg for *_, leg in self.legs]
        return Posting(
            ids=tuple(order.id for order in self.items),
            posted_at=posted_at,
            debits=tuple(legs[::2]),
            credits=tuple(legs[1::2]),
        )

    def _transfer(self, actor: Actor, order: Order, posted_at: dt.datetime) -> Transfer:
        payer = self.accounts[order.from_account]
        return Transfer(
            id=order.id,
            from_account=payer,
            to_account=self.accounts[order.to_account],
            currency_id=payer.currency_id,
            amount=order.amount,
            kind=order.kind,
            memo=order.memo,
            reference=order.reference,
            refunds_id=order.refunds,
            actor_id=actor.user_id,
            key_id=actor.key_id,
            ip=actor.origin.ip,
            device_id=actor.origin.device_id,
            request_id=actor.origin.request_id,
            metadata=order.metadata,
            posted_at=posted_at,
        )

    def _count_spending(self) -> None:
        if not self.counted:
            return
        started: dict[tuple[str, str], int] = defaultdict(int)
        for order in self.items:
            started[Spent.Scope.ACCOUNT.value, str(self.accounts[order.from_account].pk)] += order.amount
            if self.key is not None:
                started[Spent.Scope.KEY.value, str(self.key.pk)] += order.amount
        for (scope, subject), amount in started.items():
            counter = Spent.objects.filter(scope=scope, subject=subject, day=self.day)
            if not counter.update(amount=F("amount") + amount):
                Spent.objects.create(scope=scope, subject=subject, day=self.day, amount=amount)


def _refunded(ids: list[Any]) -> dict[Any, Refunded]:
    """The counters of the transfers being refunded, made where they do not exist yet."""
    for transfer in Transfer.objects.filter(pk__in=ids):
        Refunded.objects.get_or_create(transfer=transfer, defaults={"amount": 0, "original": transfer.amount})
    return {row.pk: row for row in Refunded.objects.filter(pk__in=ids)}


def _floor_after(row: Balance) -> int | None:
    """As ``ledger_floor``: what a forced adjustment has lowered comes back with whatever comes in."""
    if row.floor is None or row.floor >= 0:
        return row.floor
    return min(0, max(row.floor, row.amount - row.held))


def _touched(order: Order, accounts: dict[str, Account]) -> Iterator[tuple[int, int]]:
    """Account and shard of each side, as ``ledger_post`` chooses them."""
    payer, payee = accounts.get(order.from_account), accounts.get(order.to_account)
    if payer is not None and payee is not None:
        yield payer.pk, payee.pk % payer.shards
        yield payee.pk, payer.pk % payee.shards


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _ROWS_PER_INSERT):
        yield values[start : start + _ROWS_PER_INSERT]
