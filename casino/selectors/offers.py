"""The machines as they stand on the floor: what each pays, whether it can be played now, and for how much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Count, Exists, OuterRef

from accounts.models import Tenant
from casino import games, stakes
from casino.mixing import Mix
from casino.models import Game, GameConfiguration
from casino.selectors.games import (
    Certified,
    bound_of,
    certified,
    is_open,
    is_sealed,
    name_of,
    title_of,
    unknown_game,
)
from ledger import numbers
from ledger.models import Account
from ledger.selectors import standings


@dataclass(frozen=True, slots=True)
class Offer:
    """A machine as it may be told to everybody. Money in minor units.

    ``largest`` is the largest stake whose largest prize the house can pay now, 0 for none. ``stopped`` is why it cannot be
    played at all: a refusal's code and facts. ``story_rounds`` is how many rounds the plot has given away on it.
    """

    game: Game
    configuration: GameConfiguration
    certified: Certified
    largest: int
    stopped: tuple[str, dict[str, Any]] | None
    story_rounds: int

    @property
    def title(self) -> str:
        """What people call it."""
        return title_of(self.game.name)

    @property
    def slug(self) -> str:
        """Its name in addresses."""
        return self.game.name.replace("_", "-")

    @property
    def is_sealed(self) -> bool:
        """Whether a rig that nobody has told decides what it pays."""
        return is_sealed(self.configuration)

    @property
    def mix(self) -> Mix | None:
        """The strip sets that it plays on, None while they are sealed."""
        payout = self.configuration.payout
        return None if payout is None else self.certified.mix_at(payout)

    @property
    def line_count(self) -> int:
        """How many lines a stake is divided over."""
        return self.certified.version.line_count


def offers(tenant: Tenant, now: dt.datetime) -> list[Offer]:
    """Every machine of the event."""
    newer = GameConfiguration.objects.filter(game=OuterRef("game"), seq__gt=OuterRef("seq"))
    current = (
        GameConfiguration.objects.filter(~Exists(newer), game__name__in=games.CERTIFIED)
        .select_related("version", "rig", "game")
        .annotate(given=Count("game__story_rounds"))
        .order_by("game_id")
    )
    return _offers(list(current), tenant, now)


def offer_of(name: str, tenant: Tenant, now: dt.datetime) -> Offer:
    """One machine, hyphens or underscores. Raises ``NotFound`` (``unknown_game``)."""
    for offer in offers(tenant, now):
        if offer.game.name == name_of(name):
            return offer
    raise unknown_game(name)


def why_stopped(game: Game, tenant: Tenant, now: dt.datetime) -> tuple[str, dict[str, Any]] | None:
    """Why nobody can play ``game`` now, as a refusal's code and facts; None when it runs."""
    title = title_of(game.name)
    if not game.enabled:
        return "game_closed", {"game": title}
    if game.frozen_reason:
        return "game_frozen", {"reason": game.frozen_reason}
    if not is_open(game, tenant, now):
        hours = {"opens_at": f"{game.opens_at:%H:%M}", "closes_at": f"{game.closes_at:%H:%M}"}
        return "game_closed", {"game": title, **hours}
    return None


def largest_stake(configuration: GameConfiguration, available: int) -> int:
    """The largest stake that a house with ``available`` can take, 0 when that is less than the smallest offered."""
    offered = configuration.game.stakes
    largest = stakes.largest_covered(
        available=available,
        bound=bound_of(configuration),
        lines=certified(configuration).version.line_count,
        highest=offered[-1],
    )
    return largest if largest >= offered[0] else 0


def house_available() -> int:
    """What the house has above its floor, in minor units; 0 where there is none."""
    house = Account.objects.filter(number=numbers.HOUSE).first()
    return max(standings([cast(Account, house)])[0].available, 0) if house is not None else 0


def _offers(current: Sequence[Any], tenant: Tenant, now: dt.datetime) -> list[Offer]:
    available = house_available() if current else 0
    return [
        Offer(
            game=row.game,
            configuration=row,
            certified=certified(row),
            largest=largest_stake(row, available),
            stopped=why_stopped(row.game, tenant, now),
            story_rounds=row.given,
        )
        for row in current
    ]
