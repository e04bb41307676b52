"""Which accounts of a faction are frozen, and which of them for a reason of their own."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import AuditEvent, Faction
from ledger.models import Account, Balance
from ledger.selectors.accounts import accounts_of_faction
from ledger.selectors.activity import TARGET


@dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen account, and ``how``. ``is_alone``: the trail says that it was frozen by itself, with this ``reason``."""

    account: Account
    how: str
    is_alone: bool
    reason: str


def frozen_in(faction: Faction) -> list[Frozen]:
    """The frozen accounts of ``faction`` and of its members, by name."""
    rows = (
        Balance.objects.filter(account__in=accounts_of_faction(faction), status=Balance.Status.FROZEN)
        .select_related("account__holder")
        .order_by("account__holder__name", "account__number")
    )
    found = {row.account_id: row for row in rows}.values()
    alone = _frozen_alone([TARGET + row.account.number for row in found], faction)
    frozen = []
    for row in found:
        line = alone.get(TARGET + row.account.number)
        reason = line.metadata.get("reason", "") if line is not None else ""
        frozen.append(Frozen(row.account, row.freeze, line is not None, reason))
    return frozen


def _frozen_alone(targets: list[str], faction: Faction) -> dict[str, AuditEvent]:
    """The line that froze each target by itself, unless another has let it, or the whole faction, go on since."""
    done = AuditEvent.objects.filter(status="ok")
    newest: dict[str, AuditEvent] = {}
    single = done.filter(target__in=targets, action__in=("account.freeze", "account.unfreeze"))
    for line in single.order_by("id"):
        newest[line.target] = line
    let_go = done.filter(target=f"accounts.faction:{faction.pk}", action="faction.unfreeze").first()
    return {
        target: line
        for target, line in newest.items()
        if line.action == "account.freeze" and (let_go is None or let_go.pk < line.pk)
    }
