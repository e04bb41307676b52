"""Factions as account holders."""

from __future__ import annotations

from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import Faction
from accounts.services.people import make_faction
from accounts.units import unit_of_work
from ledger.services.accounts import open_faction


@unit_of_work
def found_faction(*, actor: Actor, name: str) -> Faction | DomainError:
    """Make a faction with a bank account of its own.

    Raises ``Denied``, ``Invalid`` (``invalid_name``), ``Conflict`` (``name_taken``).
    """
    actor.require("accounts.manage_people")
    faction = make_faction(actor=actor, name=name)
    open_faction(actor=actor, faction=faction)
    return faction
