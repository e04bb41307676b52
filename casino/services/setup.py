"""What a tenant's casino stands on: the house and the prizes, the games, their versions and first configurations."""

from __future__ import annotations

from accounts import audit
from accounts.actors import Actor
from accounts.units import unit_of_work
from casino import games
from casino.certificate import figures_of
from casino.mixing import PAYOUT_DEFAULT
from casino.models import Game, GameVersion
from casino.services.configurations import append, lock_game
from ledger.services.setup import open_house


@unit_of_work
def open_casino(*, actor: Actor) -> list[Game]:
    """Make what is missing of the event's casino; what exists stays as it is, but a game gets its newest certified version.

    A new game pays 96.00 %. The house is empty until somebody funds it, and takes no bets before. Raises ``Denied``,
    ``NotFound`` (``no_currency``).
    """
    actor.require("casino.manage")
    open_house(actor=actor)
    return [_game(actor, name) for name in games.CERTIFIED]


def _game(actor: Actor, name: str) -> Game:
    game, made = Game.objects.get_or_create(name=name)
    if made:
        audit.record(actor=actor, action="casino.open", target=f"casino.game:{name}")
    # What is going to be added to must not be added to meanwhile: by a new payout, or a rig that is sealed just now.
    Game.objects.select_for_update(no_key=True).get(pk=game.pk)
    version = version_row(name)
    # Under the lock: a rig that is sealed at this moment must not be passed over.
    lock_game(game)
    newest = game.configurations.order_by("-seq").first()
    if newest is None:
        append(actor=actor, game=game, version=version, payout=PAYOUT_DEFAULT)
    elif newest.version_id != version.pk and newest.payout is not None:
        append(actor=actor, game=game, version=version, payout=newest.payout)
    return game


def version_row(name: str) -> GameVersion:
    """The row of the newest certified version of a game, made where it is missing. Inside a unit."""
    certified = games.CERTIFIED[name]
    row, _made = GameVersion.objects.get_or_create(
        game=name,
        digest=certified.digest,
        defaults={"canonical": certified.canonical(), "figures": figures_of(certified)},
    )
    return row
