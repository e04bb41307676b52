"""Whom somebody may pay: nobody can list the event's characters with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Q, Subquery

from accounts import names
from accounts.actors import Actor
from accounts.errors import Invalid
from ledger import numbers
from ledger.models import Account, Balance, Entry, Transfer
from ledger.selectors.accounts import accounts_of, balances_of, with_names

PAYEES_MAX: Final = 20
PAYMENTS_LOOKED_AT: Final = 100


def payees(actor: Actor, query: str) -> list[Account]:
    """Whom the actor may mean: an exact number or name, or people paid before in whose name a word begins so; at most 20."""
    wanted = query.strip().casefold()
    if not wanted:
        return []
    found = [*_exactly(query), *_paid_before(actor, wanted)]
    unique = {account.pk: account for account in found}
    return list(unique.values())[:PAYEES_MAX]


def payee_named(query: str) -> Account | None:
    """The account with exactly this number, or the primary one of who is called exactly so."""
    return next(iter(_exactly(query)), None) if query.strip() else None


def _exactly(query: str) -> list[Account]:
    """The account with this number, or the primary one of who is called so."""
    meant = Q(number=numbers.normalize(query))
    try:
        key = names.key(names.clean(query))
    except Invalid:
        pass
    else:
        called_so = Account.objects.filter(holder__user__name_key=key, is_primary=True).values("pk")[:1]
        meant |= Q(pk=Subquery(called_so))
    return list(with_names().filter(meant, kind=Account.Kind.CHECKING))


def paid_lately(accounts: Iterable[Account]) -> list[Account]:
    """Whom ``accounts`` have paid lately, last paid first; at most 20, closed accounts left out."""
    found = _paid_from(accounts)
    open_ones = balances_of(found)
    return [one for one in found if open_ones[one.pk].status != Balance.Status.CLOSED][:PAYEES_MAX]


def _paid_before(actor: Actor, wanted: str) -> list[Account]:
    """Those paid lately in whose name a word begins with ``wanted``."""
    return [one for one in _paid_from(accounts_of(actor)) if f" {wanted}" in f" {one.holder.name.casefold()}"]


def _paid_from(accounts: Iterable[Account]) -> list[Account]:
    """Accounts that ``accounts`` have paid lately, last paid first."""
    paid: dict[int, None] = {}
    for account in accounts:
        # First the newest entries, by their key alone (what people pay from has one shard); then what was paid with them.
        newest = Entry.objects.filter(account=account, shard=0, amount__lt=0).order_by("-seq")
        lately = newest.values("transfer")[:PAYMENTS_LOOKED_AT]
        to_people = Transfer.objects.filter(pk__in=lately, kind=Transfer.Kind.TRANSFER).order_by(
            "-posted_at", "-id"
        )
        paid.update(dict.fromkeys(to_people.values_list("to_account", flat=True)))
    by_id = with_names().in_bulk(list(paid))
    return [by_id[pk] for pk in paid]
