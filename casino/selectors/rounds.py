"""Rounds that were played, and what can be told of them."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import crypto, tenancy
from accounts.actors import Actor
from accounts.errors import NotFound
from accounts.models import User
from casino import playing, reels
from casino.models import Round, SeedPair
from casino.selectors.games import certified, is_sealed
from casino.selectors.players import player_of


@dataclass(frozen=True, slots=True)
class GameSession:
    """A sitting: rounds that follow one another by less than half an hour. Money in minor units."""

    id: uuid.UUID
    started_at: dt.datetime
    last_at: dt.datetime
    rounds: int
    staked: int
    won: int

    @property
    def net(self) -> int:
        """What the sitting has brought the player; negative for a loss."""
        return self.won - self.staked


@dataclass(frozen=True, slots=True)
class Losses:
    """What a player has lost today and in this sitting, in minor units; negative where they have won."""

    day: int
    session: int


def with_proof() -> QuerySet[Round]:
    """Rounds with everything that is shown beside them."""
    return cast(
        "QuerySet[Round]",
        Round.objects.select_related("game", "configuration__version", "configuration__rig", "seed_pair"),
    )


def rounds_of(actor: Actor) -> QuerySet[Round]:
    """The player's own rounds, newest first."""
    return with_proof().filter(user=player_of(actor)).order_by("-number")


def round_for(actor: Actor, round_id: uuid.UUID) -> Round:
    """A round of the player's own; anybody's for those who may look into the casino. Raises ``NotFound``."""
    return _only(with_proof() if actor.may("casino.view") else rounds_of(actor), round_id)


def own_round(actor: Actor, round_id: uuid.UUID) -> Round:
    """A round of the player's own, whoever they are. Raises ``NotFound`` (``unknown_round``)."""
    return _only(rounds_of(actor), round_id)


def _only(rows: QuerySet[Round], round_id: uuid.UUID) -> Round:
    row = rows.filter(pk=round_id).first()
    if row is None:
        raise NotFound("unknown_round", _("There is no such round."))
    return row


def round_of_bet(bet: uuid.UUID) -> Round:
    """The round whose bet is the transfer with this id."""
    return with_proof().get(bet_transfer=bet)


def played(row: Round) -> reels.Played:
    """What the stops of a round show and pay, evaluated again."""
    version = certified(row.configuration).version
    strips = version.set_named(row.set_name).strips
    return reels.play(version.rules, strips, row.stops, row.free_stops)


def revealed_seed(pair: SeedPair) -> str | None:
    """The server seed of a pair that is over, None while it must not be told.

    A seed that drew rounds of a sealed rig is told with the rig.
    """
    if pair.state != SeedPair.State.RETIRED or has_sealed_rounds(pair):
        return None
    return crypto.open_from(pair, "server_seed")


def has_sealed_rounds(pair: SeedPair) -> bool:
    """Whether ``pair`` drew rounds of a rig that has not been told."""
    return Round.objects.filter(
        seed_pair=pair, configuration__payout=None, configuration__rig__revealed_at=None
    ).exists()


def may_tell_selector(row: Round) -> bool:
    """Whether the selector, its range and the chosen set of a round may be told."""
    return not is_sealed(row.configuration)


def losses(last: Round | None, now: dt.datetime) -> Losses:
    """What the player's last round says about today and this sitting."""
    if last is None:
        return Losses(0, 0)
    today = last.day == tenancy.current().day_of(now)
    sits = now - last.played_at < playing.SITTING_ENDS_AFTER
    return Losses(
        last.day_staked - last.day_won if today else 0,
        last.session_staked - last.session_won if sits else 0,
    )


def last_round(user: User) -> Round | None:
    """The newest round of ``user``."""
    return cast("Round | None", Round.objects.filter(user=user).order_by("-number").first())


def session_of(actor: Actor, now: dt.datetime) -> GameSession | None:
    """The sitting that the player is in, None when the last one is over."""
    last = last_round(player_of(actor))
    if last is None or now - last.played_at >= playing.SITTING_ENDS_AFTER:
        return None
    first: Any = Round.objects.only("played_at").get(pk=last.session)
    return GameSession(
        last.session,
        first.played_at,
        last.played_at,
        last.session_rounds,
        last.session_staked,
        last.session_won,
    )
