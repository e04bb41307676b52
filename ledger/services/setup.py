"""What a tenant's bank stands on: currencies and their issuance accounts."""

from __future__ import annotations

from accounts import audit
from accounts.actors import Actor
from accounts.units import unit_of_work
from ledger import numbers, selectors
from ledger.models import Account, AccountHolder, Balance, Currency
from ledger.services.accounts import ISSUANCE_SHARDS, target

ISSUANCE_HOLDER = "The Mint"
HOUSE_HOLDER = "The House"


@unit_of_work
def create_currency(*, actor: Actor, code: str, name: str, symbol: str, exponent: int = 2) -> Currency:
    """Make a currency and the sharded, floorless account that issues it. An existing one is returned as it is."""
    actor.require("accounts.manage_tenant")
    existing = Currency.objects.filter(code=code).first()
    if existing is not None:
        return existing
    position = Currency.objects.count()
    currency = Currency(code=code, name=name, symbol=symbol, exponent=exponent, position=position)
    currency.full_clean(exclude=["tenant"])
    currency.save()
    holder, _made = AccountHolder.objects.get_or_create(kind=AccountHolder.Kind.SYSTEM, name=ISSUANCE_HOLDER)
    account = Account.objects.create(
        number=numbers.mint(code, first=position == 0),
        holder=holder,
        currency=currency,
        kind=Account.Kind.SYSTEM,
        label="issuance",
        shards=ISSUANCE_SHARDS,
    )
    Balance.objects.bulk_create(Balance(account=account, shard=n, floor=None) for n in range(ISSUANCE_SHARDS))
    audit.record(actor=actor, action="currency.create", target=f"ledger.currency:{code}", exponent=exponent)
    return currency


def open_house(*, actor: Actor) -> list[Account]:
    """The casino's accounts in the first currency: the house and the prizes. Inside a unit; existing ones are returned.

    One shard and a floor of 0 each: a share of several shards would divide the largest possible bet.
    """
    holder, _made = AccountHolder.objects.get_or_create(kind=AccountHolder.Kind.SYSTEM, name=HOUSE_HOLDER)
    return [
        _guarded(actor, holder, number, label)
        for number, label in ((numbers.HOUSE, "casino"), (numbers.PRIZES, "prizes"))
    ]


def _guarded(actor: Actor, holder: AccountHolder, number: str, label: str) -> Account:
    account, made = Account.objects.get_or_create(
        number=number,
        defaults={
            "holder": holder,
            "currency": selectors.first_currency(),
            "kind": Account.Kind.SYSTEM,
            "label": label,
        },
    )
    if made:
        Balance.objects.create(account=account, shard=0)
        audit.record(actor=actor, action="account.open", target=target(account), holder=holder.name)
    return account
