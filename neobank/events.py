"""Setting up an event: what spans the floors, so that the commands stay short."""

from __future__ import annotations

import secrets
from typing import Final

from accounts import names, tenancy
from accounts.actors import Actor
from accounts.models import Faction, Tenant
from ledger.services.factions import found_faction
from ledger.services.setup import create_currency

CURRENCY: Final = {"code": "NC", "name": "neo-credits", "symbol": "₵"}
EXPONENT: Final = 2
_CODE_WORDS: Final = ("chrome", "neon", "static", "raven")


def draw_event_code() -> str:
    """A word for the poster that nobody mistypes; it keeps strangers on the network out, and no secret of anybody's."""
    return f"{secrets.choice(_CODE_WORDS)}-{secrets.randbelow(9000) + 1000}"


def set_up_bank(*, tenant: Tenant, command: str, factions: tuple[str, ...] = ()) -> None:
    """Give ``tenant`` its first currency with the account that issues it, and ``factions`` with accounts of their own.

    What is there already stays as it is. Raises what ``create_currency`` and ``found_faction`` raise.
    """
    actor = Actor.server(tenant, command)
    create_currency(actor=actor, **CURRENCY, exponent=EXPONENT)
    with tenancy.scope(tenant):
        present = set(Faction.objects.values_list("name_key", flat=True))
    for name in factions:
        if names.key(names.clean(name)) not in present:
            found_faction(actor=actor, name=name)
