"""The welcome bonus: who gets it is said by whoever registers people; this only pays."""

from __future__ import annotations

from accounts.actors import Actor
from accounts.errors import DomainError
from ledger import posting, selectors
from ledger.models import Account, Transfer
from ledger.posting import Authority, Order


def pay_welcome_bonus(*, actor: Actor, account: Account) -> DomainError | None:
    """Issue the tenant's welcome bonus to ``account``, once for ever; nothing at 0. Inside a unit; returns a refusal."""
    amount = actor.tenant.welcome_bonus
    if amount == 0:
        return None
    outcome = posting.post(
        actor=actor,
        authority=Authority.GM,
        transfers=[
            Order(
                from_account=selectors.issuance(account.currency).number,
                to_account=account.number,
                amount=amount,
                kind=Transfer.Kind.BONUS,
                reference=f"welcome:{account.holder_id}",
            )
        ],
    )
    return outcome if isinstance(outcome, DomainError) else None
