"""The machines on the floor: what each plays, pays and takes at a moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

from django.db.models import Count, OuterRef, QuerySet, Subquery

from accounts.models import Tenant
from casino import stakes
from casino.configuration import text_of
from casino.mixing import Mix
from casino.models import Game, GameConfiguration, StoryRound
from casino.reels import GameVersion, Rules
from casino.selectors.games import bound_of, certified, is_sealed, name_of, stopped, title_of, unknown_game
from ledger import numbers
from ledger.models import Balance, Currency
from ledger.selectors import available, first_currency


@dataclass(frozen=True, slots=True)
class Machine:
    """A game with its newest configuration. ``available`` is what the house could pay, in minor units of ``currency``.

    ``stopped`` is the code and the facts of the refusal that everybody meets, None while it plays.
    """

    game: Game
    configuration: GameConfiguration
    currency: Currency
    available: int
    story_rounds: int
    stopped: tuple[str, dict[str, Any]] | None

    @property
    def title(self) -> str:
        return title_of(self.game.name)

    @property
    def slug(self) -> str:
        """Its name in addresses."""
        return self.game.name.replace("_", "-")

    @property
    def version(self) -> GameVersion:
        return certified(self.configuration).version

    @property
    def rules(self) -> Rules:
        return self.version.rules

    @property
    def payout_percentage(self) -> str | None:
        """``"96.00"``; None while a rig is sealed."""
        return None if self.configuration.payout is None else text_of(self.configuration.payout)

    @property
    def mix(self) -> Mix | None:
        """Which sets the next round may be played on, and how likely each is; None while a rig is sealed."""
        payout = self.configuration.payout
        return None if payout is None else certified(self.configuration).mix_at(payout)

    @property
    def is_sealed(self) -> bool:
        return is_sealed(self.configuration)

    @property
    def largest_stake(self) -> int:
        """The largest stake that the house could cover now, 0 while it can cover none that is offered."""
        offered = self.game.stakes
        largest = stakes.largest_covered(
            available=self.available,
            bound=bound_of(self.configuration),
            lines=self.version.line_count,
            highest=offered[-1],
        )
        return largest if largest >= offered[0] else 0

    @property
    def largest_win(self) -> Fraction:
        """The largest prize of a round, in bets; of a sealed rig that of its whole range."""
        return Fraction(bound_of(self.configuration), self.version.line_count)


def machines(tenant: Tenant, moment: dt.datetime) -> list[Machine]:
    """All machines of the event as they stand at ``moment``, with the same few questions however many there are."""
    return _machines(Game.objects.order_by("id"), tenant, moment)


def machine_named(name: str, tenant: Tenant, moment: dt.datetime) -> Machine:
    """One of them, by its name with hyphens or underscores. Raises ``NotFound`` (``unknown_game``)."""
    found = _machines(Game.objects.filter(name=name_of(name)), tenant, moment)
    if not found:
        raise unknown_game(name)
    return found[0]


def _machines(games: QuerySet[Game], tenant: Tenant, moment: dt.datetime) -> list[Machine]:
    newest = GameConfiguration.objects.filter(game=OuterRef("pk")).order_by("-seq").values("pk")[:1]
    rows: list[Any] = list(games.annotate(newest=Subquery(newest)))
    if not rows:
        return []
    found = GameConfiguration.objects.select_related("game", "version", "rig").in_bulk(
        [row.newest for row in rows]
    )
    told = StoryRound.objects.order_by().values_list("game").annotate(Count("pk"))
    given, left, currency = dict(told), house_available(), first_currency()
    return [
        Machine(row, found[row.newest], currency, left, given.get(row.pk, 0), stopped(row, tenant, moment))
        for row in rows
        if row.newest is not None
    ]


def house_available() -> int:
    """What the house could pay now, in minor units."""
    balance = Balance.objects.filter(account__number=numbers.HOUSE).first()
    return 0 if balance is None else available(cast(Balance, balance))
