"""An event in which everything has happened once: what the books, a backup and an export must carry."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from django.db import connections

from accounts import tenancy
from accounts.actors import Actor
from accounts.models import ApiKey
from ledger.idempotency import claim_for
from ledger.models import Account, Transfer, Voucher
from ledger.services import requests, vouchers
from ledger.services.accounts import freeze
from ledger.services.gm import PayLine, adjust, pay_run
from ledger.services.transfers import Payment, refund, terminal_payment, transfer, transfer_batch
from tests.cast import Event, Person, make_event


@dataclass(frozen=True)
class Story:
    """The event `neo`, with `dune` beside it; `names` are its rows as SQL writes them."""

    event: Event
    alice: Person
    bob: Person
    bar: Person
    key: ApiKey
    names: dict[str, str]


def tell() -> Story:
    """Payments, a batch, a terminal, refunds, salaries, a burn, a freeze, and requests that were sent twice."""
    event = make_event("neo")
    alice, bob = event.person("Alice", money=100_000), event.person("Bob", money=5_000)
    bar = event.person("Bar")
    claim = claim_for("once", method="POST", path="/", body={})
    for _ in range(2):
        payment = Payment(to_account=bob.number, amount=250, memo="rent ₵", reference="r-1")
        paid = transfer(actor=alice.actor, payment=payment, claim=claim)
    transfer_batch(actor=alice.actor, payments=[Payment(to_account=bar.number, amount=n) for n in (1, 2, 3)])
    given_back = refund(actor=bob.actor, transfer_id=paid.transfer.pk, amount=100)
    till = event.till(bar, scopes=("credit", "debit:any"))
    device = Actor(tenant=event.tenant, key=till.key)
    taken = terminal_payment(actor=device, from_account=bob.number, to_account=bar.number, amount=40)
    refund(actor=device, transfer_id=taken.transfer.pk)
    pay_run(actor=event.server, lines=[PayLine(bob.number, 500)], run="monday", reason="salary")
    adjust(actor=event.server, account=alice.number, amount=-1, reason="fine")
    freeze(actor=event.server, account=bar.number, reason="brawl")
    other = make_event("dune")
    paul = other.person("Paul", money=7)
    with tenancy.scope(event.tenant):
        salary = Transfer.objects.get(kind="payroll")
        mint = Account.objects.get(number="NC-MINT-0000")
    numbers = {
        "alice": alice.account,
        "bob": bob.account,
        "bar": bar.account,
        "mint": mint,
        "paul": paul.account,
    }
    uuids = {
        "paid": paid.transfer.pk,
        "refund": given_back.transfer.pk,
        "salary": salary.pk,
        "key": till.key.pk,
        "dune": other.tenant.pk,
        "paul_user": paul.user.pk,
        "bob_user": bob.user.pk,
        "nobody": uuid.UUID(int=7),
    }
    names = {name: str(account.pk) for name, account in numbers.items()}
    names |= {name: f"'{stored(pk)}'" for name, pk in uuids.items()}
    names |= {"dune_currency": str(paul.account.currency_id), "freeze": '"freeze"'}
    return Story(event, alice, bob, bar, till.key, names)


def settle_once(told: Story) -> Story:
    """What goes on: Alice pays a request, Bob redeems a voucher, each beside one that waits. Older versions knew neither."""
    alice, bob, server = told.alice, told.bob, told.event.server
    with tenancy.scope(told.event.tenant):
        Account.objects.filter(pk=bob.account.pk).update(is_merchant=True)
    asked, _open = (requests.ask(actor=bob.actor, amount=60, memo="stew").request for _ in range(2))
    requests.pay(actor=alice.actor, request=asked.code)
    made = vouchers.make_batch(actor=server, label="loot", worth=70, count=2, lives=dt.timedelta(days=1))
    code = vouchers.print_batch(actor=server, batch=made.batch.pk)[0].code
    paid = vouchers.redeem(actor=bob.actor, code=code).transfer
    with tenancy.scope(told.event.tenant):
        redeemed = Voucher.objects.get(transfer=paid)
    return replace(
        told,
        names=told.names
        | {
            "asked": f"'{stored(asked.pk)}'",
            "redeemed": f"'{stored(redeemed.pk)}'",
            "batch": str(made.batch.pk),
        },
    )


def stored(pk: uuid.UUID) -> str:
    """A UUID as this run's engine stores it."""
    return str(pk) if connections["default"].vendor == "postgresql" else pk.hex
