"""A small stage for the posting engine itself: three people, a till, and a look at everything that a posting may change."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import ApiKey
from accounts.units import unit_of_work
from ledger import numbers, posting, selectors
from ledger.models import Account, Balance, Entry, Refunded, Spent, Transfer
from ledger.posting import Authority, Claim, Claimed, Order, Posting
from tests.cast import Event, Person, Till, make_event

MINT = "NC-MINT-0000"
NOBODY = "NC-0000-0000"


@unit_of_work
def post(
    *,
    actor: Actor,
    orders: Sequence[Order],
    authority: Authority = Authority.PLAYER,
    claim: Claim | None = None,
) -> Posting | DomainError:
    """``posting.post`` as a unit of its own: a refusal is raised, after what it stored has been committed."""
    return posting.post(actor=actor, transfers=orders, authority=authority, idempotency_key=claim)


@unit_of_work
def claim_then_post(
    *, actor: Actor, orders: Sequence[Order], claim: Claim, authority: Authority = Authority.PLAYER
) -> Posting | DomainError:
    """What a service does that must look before it posts."""
    held = posting.claim(actor=actor, claim=claim)
    if not isinstance(held, Claimed):
        return posting.from_stored(actor=actor, stored=held, transfers=orders)
    return posting.post(actor=actor, transfers=orders, authority=authority, idempotency_key=held)


@unit_of_work
def set_state(*, actor: Actor, account: Account, **changes: Any) -> None:
    """What a service changes about an account, as a unit of its own."""
    posting.set_state(actor=actor, account=account, **changes)


@dataclass(frozen=True)
class Stage:
    """Alice and Bob have ₵100.00, Carol nothing; the till credits Bob and has generous limits."""

    event: Event
    alice: Person
    bob: Person
    carol: Person
    till: Till

    @property
    def staff(self) -> Actor:
        """Staff at the machine."""
        return self.event.server

    @property
    def device(self) -> Actor:
        """The till as a service knows it."""
        return Actor(tenant=self.event.tenant, key=self.till.key)

    def order(self, amount: int = 10_00, **changes: Any) -> Order:
        """Alice pays Bob, unless it is said otherwise."""
        usual: dict[str, Any] = {"from_account": self.alice.number, "to_account": self.bob.number}
        return Order(**(usual | {"amount": amount} | changes))

    def mint(self, *lines: tuple[Person, int]) -> Posting:
        """Issue money to people."""
        orders = [self.order(amount, from_account=MINT, to_account=to.number) for to, amount in lines]
        return post(actor=self.staff, orders=orders, authority=Authority.GM)

    def set(self, person: Person, **changes: Any) -> None:
        """Change what postings check about somebody's account."""
        set_state(actor=self.staff, account=person.account, **changes)

    def set_key(self, **changes: Any) -> None:
        """Change the till's key in the database, behind the back of whoever has read it."""
        with tenancy.scope(self.event.tenant):
            ApiKey.objects.filter(pk=self.till.key.pk).update(**changes)

    def account_of(self, number: str) -> Account:
        """The account with ``number``."""
        with tenancy.scope(self.event.tenant):
            return selectors.account_for(self.staff, number)

    def spent(self, scope: str, subject: object) -> int:
        """How much an account or key has started today."""
        with tenancy.scope(self.event.tenant):
            return sum(
                Spent.objects.filter(scope=scope, subject=str(subject)).values_list("amount", flat=True)
            )

    def refunded(self, transfer: uuid.UUID) -> tuple[int, int] | None:
        """How much of a transfer has been given back, and how much it was."""
        with tenancy.scope(self.event.tenant):
            return Refunded.objects.filter(pk=transfer).values_list("amount", "original").first()

    def books(self) -> dict[str, list[Any]]:
        """Everything that a posting writes, but for the stored outcomes of keys. A counter at zero says nothing."""
        with tenancy.scope(self.event.tenant):
            return {
                "transfers": sorted(Transfer.objects.values_list("pk", flat=True)),
                "entries": sorted(
                    Entry.objects.values_list(
                        "account_id", "shard", "seq", "transfer_id", "amount", "balance_after", "posted_at"
                    )
                ),
                "balances": sorted(
                    Balance.objects.values_list(
                        *("account_id", "shard", "amount", "held", "last_seq", "last_posted_at", "floor"),
                        *("limit_per_payment", "limit_per_day", "status", "freeze"),
                    )
                ),
                "refunded": sorted(Refunded.objects.filter(amount__gt=0).values_list("pk", "amount")),
                "spent": sorted(
                    Spent.objects.filter(amount__gt=0).values_list("scope", "subject", "day", "amount")
                ),
            }


def make_stage(slug: str = "stage") -> Stage:
    """A stage in an event of its own."""
    event = make_event(slug)
    bob = event.person("Bob", money=100_00)
    till = event.till(bob, scopes=("credit", "debit:any"), limit_per_payment=10**12, limit_per_day=10**12)
    return Stage(event, event.person("Alice", money=100_00), bob, event.person("Carol"), till)


def refused(error: DomainError) -> tuple[str, str | None, dict[str, Any]]:
    """What programs read of a refusal."""
    return error.code, error.field, error.facts


def yesterday() -> dt.datetime:
    """A moment that is over."""
    return timezone.now() - dt.timedelta(days=1)


def other_numbers(count: int) -> list[str]:
    """Well-formed numbers of accounts that do not exist."""
    return [numbers.generate() for _ in range(count)]
