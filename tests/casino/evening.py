"""What has happened in a casino after an evening, with a row in each of its tables: for who looks for what might leak."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts import tenancy
from casino import playing
from casino.configuration import Step
from casino.models import Game
from casino.services.configurations import seal_rig
from casino.services.house import fund, fund_prizes
from casino.services.limits import set_limits
from casino.services.looks import note_looks
from casino.services.seeds import rotate
from casino.services.setup import open_casino
from casino.services.stories import give
from tests.casino.fate import fated
from tests.casino.floor import FLOAT, GLITCH, SMUGGLER, key
from tests.cast import Event, Person

PRIZE = 7_77


@dataclass(frozen=True)
class Evening:
    """The id of a round that was played, and the hash of what Glitch Grid pays."""

    round: str
    configuration: str


def an_evening(event: Event, player: Person, gm: Person, word: str) -> Evening:
    """``player`` has spun both machines, a rig is sealed on one of them, and ``word`` stands wherever there is text."""
    open_casino(actor=event.server)
    fund(actor=event.server, amount=FLOAT, reason=f"{word} float")
    event_change(event, pace_ms=0)
    # Whether there was a prize must not tell two events apart.
    played = fated(player, GLITCH, wins=True)
    now = timezone.now()
    seal_rig(
        actor=gm.actor,
        game=SMUGGLER,
        steps=[Step(now - dt.timedelta(hours=1), 9137)],
        payout_from=9000,
        payout_to=9500,
    )
    fated(player, SMUGGLER, wins=False)
    rotate(actor=player.actor, client_seed=f"{word} seed")
    set_limits(actor=player.actor, limits=playing.Limits(stake_max=10_00))
    fund_prizes(actor=event.server, amount=PRIZE, reason=f"{word} prizes")
    give(
        actor=gm.actor,
        player=player.user,
        game=GLITCH,
        set_name=played.round.set_name,
        stops=played.round.stops,
        prize=PRIZE,
        reason=f"{word} plot",
        told=False,
        claim=key(),
    )
    note_looks(actor=gm.actor, seen={played.round.game_id: 1})
    return Evening(str(played.round.id), played.round.configuration.digest)


def event_change(event: Event, **values: Any) -> None:
    """Change what stands in the rows of an event's games."""
    with tenancy.scope(event.tenant):
        Game.objects.update(**values)
