"""The house's float, and what prizes are paid from: moved through the ledger like everything else."""

from __future__ import annotations

from accounts.actors import Actor
from casino import games
from casino.models import GameVersion
from casino.selectors import certified_version
from ledger import numbers
from ledger.posting import Claim
from ledger.services.gm import adjust
from ledger.services.transfers import Paid


def fund(*, actor: Actor, amount: int, reason: str, claim: Claim | None = None) -> Paid:
    """Issue ``amount`` (minor units) to the house, or draw it off when negative; never below zero.

    Raises as ``ledger.services.gm.adjust``.
    """
    return adjust(actor=actor, account=numbers.HOUSE, amount=amount, reason=reason, claim=claim)


def fund_prizes(*, actor: Actor, amount: int, reason: str, claim: Claim | None = None) -> Paid:
    """The same for the account that prizes of the story are paid from."""
    return adjust(actor=actor, account=numbers.PRIZES, amount=amount, reason=reason, claim=claim)


def float_needed(stake: int) -> int:
    """What the house needs to take ``stake`` (minor units) in every game, whatever it is set to pay."""
    most = 0
    for name, version in games.CERTIFIED.items():
        row = GameVersion.objects.get(game=name, digest=version.digest)
        bound = certified_version(row).bound_of(version.sets)
        most = max(most, stake * bound // version.line_count)
    return most
