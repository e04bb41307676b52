"""A night at the casino in which everything has happened once: what the books, a backup and an export must carry."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.units import unit_of_work
from casino import selectors
from casino.configuration import Step
from casino.models import StoryRound
from casino.services.configurations import reveal_rig, seal_rig, set_payout
from casino.services.house import fund_prizes
from casino.services.seeds import rotate
from ledger import numbers, posting
from ledger.posting import Authority, Order
from ledger.services.gm import adjust
from tests.casino.floor import GLITCH, SMUGGLER, Floor, open_floor, play
from tests.cast import Person, make_world
from tests.ledger.asking import pay

STEPS_TAKEN = 6


@dataclass(frozen=True)
class Evening:
    """The floor afterwards, and the round that the plot gave away."""

    floor: Floor
    story: StoryRound


def tell() -> Evening:
    """Wins and losses in both games, new seeds, a new payout, a rig that was told and one that was not, a prize."""
    floor = open_floor(make_world())
    actor = floor.event.server
    adjust(actor=actor, account=floor.world.bob.number, amount=10_00, reason="chips")
    until_won_and_lost(floor)
    for _ in range(2):
        play(floor.world.bob, GLITCH)
    set_payout(actor=actor, game=GLITCH, payout=9137)
    plays(floor)
    rotate(actor=floor.alice.actor)
    steps = [
        Step(timezone.now() + dt.timedelta(minutes=place), 9000 + 100 * place) for place in range(STEPS_TAKEN)
    ]
    seal_rig(actor=actor, game=GLITCH, steps=steps, payout_from=9000, payout_to=9600)
    plays(floor)
    reveal_rig(actor=actor, game=GLITCH, payout=9600)
    seal_rig(actor=actor, game=SMUGGLER, steps=steps, payout_from=9000, payout_to=9600)
    plays(floor)
    assert pay(floor.alice.phone(), to_account=floor.world.bob.number, amount=1).status_code == 201
    fund_prizes(actor=actor, amount=10_00, reason="prizes")
    told = give(actor=actor, person=floor.alice, amount=7_00)
    return Evening(floor, told)


def until_won_and_lost(floor: Floor) -> None:
    won = {play(floor.alice, game).round.win > 0 for game in (GLITCH, SMUGGLER) * 3}
    while len(won) < 2:
        won.add(play(floor.alice).round.win > 0)


def plays(floor: Floor) -> None:
    for n in range(3):
        play(floor.alice, GLITCH, client_seed=f"seed {n}")
        play(floor.alice, SMUGGLER)


@unit_of_work
def give(*, actor: Actor, person: Person, amount: int) -> StoryRound:
    """A round that the plot gave away."""
    prize = Order(from_account=numbers.PRIZES, to_account=person.number, amount=amount, kind="prize")
    posted = posting.post(actor=actor, transfers=[prize], authority=Authority.GM)
    assert not isinstance(posted, DomainError)
    configuration = selectors.current_configuration(selectors.game_named(GLITCH))
    row: StoryRound = StoryRound.objects.create(
        user=person.user,
        game=configuration.game,
        version_id=configuration.version_id,
        set_name="98",
        stops=[0, 0, 0],
        prize=amount,
        transfer_id=prize.id,
        reason="the plot",
    )
    return row
