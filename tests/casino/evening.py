"""A whole evening at an event's casino, for tests that need a row in each of its tables."""

from __future__ import annotations

import datetime as dt

from accounts import tenancy
from casino import playing
from casino.configuration import Step
from casino.models import Game, GameVersion, Round, StoryRound
from casino.services import seeds
from casino.services.configurations import reveal_rig, seal_rig
from casino.services.house import fund
from casino.services.limits import set_limits
from casino.services.setup import open_casino
from tests.casino.floor import FLOAT, GLITCH, SMUGGLER, play
from tests.cast import Event, Person


def spend_an_evening(event: Event, hero: Person, gm: Person, word: str) -> Round:
    """``hero`` plays openly and on a rig that is told afterwards, breaks a seal and sets limits; returns the first round."""
    open_casino(actor=event.server)
    fund(actor=event.server, amount=FLOAT, reason=f"{word} float")
    with tenancy.scope(event.tenant):
        Game.objects.update(pace_ms=0)
    first = _until_something_was_won(hero)
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    seal_rig(actor=gm.actor, game=SMUGGLER, steps=[Step(begins, 9000)], payout_from=8500, payout_to=9500)
    play(hero, SMUGGLER)
    seeds.rotate(actor=hero.actor, client_seed=f"{word} seed")
    reveal_rig(actor=gm.actor, game=SMUGGLER, payout=9600)
    play(hero, SMUGGLER)
    set_limits(actor=hero.actor, limits=playing.Limits(stake_max=5_00))
    with tenancy.scope(event.tenant):
        machine = Game.objects.get(name=GLITCH)
        StoryRound.objects.create(
            user=hero.user,
            game=machine,
            version=GameVersion.objects.filter(game=GLITCH).latest("pk"),
            set_name="84",
            stops=[0, 0, 0],
            reason=f"{word} omen",
            created_by=gm.user,
        )
    return first


def _until_something_was_won(hero: Person) -> Round:
    """The first of as many rounds as it takes: whether there is a prize on the books must not tell two events apart."""
    first = spun = play(hero, GLITCH).round
    while not spun.win:
        spun = play(hero, GLITCH).round
    return first
