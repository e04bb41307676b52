"""Opening balances: what a character on the roster starts with, issued once for ever."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts import languages
from accounts.actors import Actor
from accounts.errors import DomainError
from ledger import posting, selectors
from ledger.models import Account, Transfer
from ledger.posting import MAX_BATCH, Authority, Order
from ledger.selectors.openings import holders_with_one, reference_of


def pay_opening_balances(*, actor: Actor, due: Sequence[tuple[Account, int]]) -> None:
    """Issue each account its amount (minor units); whoever was given one before gets nothing. Inside a unit.

    Raises ``Denied`` (``not_allowed``), and the refusals of ``ledger.posting``, so that nothing of it stays.
    """
    actor.require("ledger.adjust")
    settled = holders_with_one([account.holder_id for account, _amount in due])
    mints = {account.currency_id: account.currency for account, _amount in due}
    payers = {pk: selectors.issuance(currency).number for pk, currency in mints.items()}
    with languages.of_the_event():
        memo = _("Opening balance")
    orders = [
        Order(
            from_account=payers[account.currency_id],
            to_account=account.number,
            amount=amount,
            kind=Transfer.Kind.ADMIN,
            memo=memo,
            reference=reference_of(account.holder_id),
        )
        for account, amount in due
        if account.holder_id not in settled
    ]
    for start in range(0, len(orders), MAX_BATCH):
        outcome = posting.post(
            actor=actor, transfers=orders[start : start + MAX_BATCH], authority=Authority.GM
        )
        if isinstance(outcome, DomainError):
            raise outcome
