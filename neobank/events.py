"""Setting up an event: what spans the floors, so that the commands stay short."""

from __future__ import annotations

import secrets
from typing import Final

from django.utils.translation import gettext as _

from accounts import names, tenancy
from accounts.actors import Actor
from accounts.models import Faction, Tenant
from casino.models.games import STAKES_DEFAULT
from casino.services.house import float_needed, fund
from casino.services.setup import open_casino
from ledger import numbers
from ledger.idempotency import claim_for
from ledger.services.factions import found_faction
from ledger.services.setup import create_currency

CURRENCY: Final = {"code": "NC", "name": "neo-credits", "symbol": "₵"}
EXPONENT: Final = 2
# One name whichever command sets an event up: a key belongs to whoever used it.
FLOAT: Final = "set_up_casino"
_CODE_WORDS: Final = ("chrome", "neon", "static", "raven")


def draw_event_code() -> str:
    """A word for the poster that nobody mistypes; it keeps strangers on the network out, and no secret of anybody's."""
    return f"{secrets.choice(_CODE_WORDS)}-{secrets.randbelow(9000) + 1000}"


def set_up_event(*, tenant: Tenant, command: str, factions: tuple[str, ...] = ()) -> None:
    """Give ``tenant`` its bank, ``factions`` with accounts of their own, and its casino with a float.

    What is there already stays as it is. Raises what ``create_currency``, ``found_faction`` and ``open_casino`` raise.
    """
    _set_up_bank(tenant=tenant, command=command, factions=factions)
    actor = Actor.server(tenant, command)
    open_casino(actor=actor)
    with tenancy.scope(tenant):
        needed = float_needed(max(STAKES_DEFAULT))
    # Once for ever: what the house has won or lost since is its own affair.
    claim = claim_for("casino:float", method="SEED", path=numbers.HOUSE, body="float")
    fund(actor=Actor.server(tenant, FLOAT), amount=needed, reason=_("Float of the house"), claim=claim)


def _set_up_bank(*, tenant: Tenant, command: str, factions: tuple[str, ...] = ()) -> None:
    actor = Actor.server(tenant, command)
    create_currency(actor=actor, **CURRENCY, exponent=EXPONENT)
    with tenancy.scope(tenant):
        present = set(Faction.objects.values_list("name_key", flat=True))
    for name in factions:
        if names.key(names.clean(name)) not in present:
            found_faction(actor=actor, name=name)
