"""The casino floor of the tests: two events with open machines, and how somebody spins there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from accounts import tenancy
from casino.models import Game, Round
from casino.services.house import fund
from casino.services.setup import open_casino
from casino.services.spins import Spun, spin
from ledger import numbers, selectors
from ledger.idempotency import claim_for
from ledger.models import Account
from ledger.posting import Claim
from tests.cast import Event, Person, World

GLITCH = "glitch_grid"
SMUGGLER = "starlight_smuggler"
FLOAT = 300_000_00


@dataclass(frozen=True)
class Floor:
    """The world with its casinos."""

    world: World

    @property
    def alice(self) -> Person:
        return self.world.alice

    @property
    def event(self) -> Event:
        return self.world.arcadia

    def house(self) -> int:
        """What the house has, in minor units."""
        with tenancy.scope(self.event.tenant):
            account = Account.objects.get(number=numbers.HOUSE)
            return selectors.standings([account])[0].balance.amount

    def rounds(self, person: Person | None = None) -> list[Round]:
        """The rounds of ``person`` (Alice), oldest first."""
        who = person or self.alice
        with tenancy.scope(who.tenant):
            return list(Round.objects.filter(user=who.user).order_by("number"))

    def change(self, name: str, **values: Any) -> None:
        """Change what stands in a game's row."""
        with tenancy.scope(self.event.tenant):
            Game.objects.filter(name=name).update(**values)


def open_floor(world: World, *, money: int = FLOAT) -> Floor:
    """Open both casinos, with ``money`` in each house and no pace."""
    for event in (world.arcadia, world.borea):
        open_casino(actor=event.server)
        fund(actor=event.server, amount=money, reason="float of the house")
        with tenancy.scope(event.tenant):
            Game.objects.update(pace_ms=0)
    return Floor(world)


def key(text: str | None = None) -> Claim:
    """A claim of a fresh key, or of ``text``."""
    return claim_for(text or uuid.uuid4().hex, method="POST", path="/spin", body={})


def play(person: Person, game: str = GLITCH, stake: int = 1_00, **more: Any) -> Spun:
    """One spin of ``person``."""
    more.setdefault("claim", key())
    return spin(actor=person.actor, game=game, stake=stake, **more)
