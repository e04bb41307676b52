"""Rounds that end as a test needs them: whoever knew the server's seed could choose a client seed for that."""

from __future__ import annotations

import itertools
from typing import Any

from django.utils import timezone

from accounts import crypto, tenancy
from casino import fairness, selectors
from casino.drawing import draw_round
from casino.models import Round
from casino.services.seeds import open_pairs
from casino.services.spins import Spun
from tests.casino.floor import GLITCH, play
from tests.cast import Person


def fated(person: Person, game: str = GLITCH, *, wins: bool, **more: Any) -> Spun:
    """One spin of ``person`` that wins something, or nothing."""
    pair = open_pairs(actor=person.actor).active
    with tenancy.scope(person.tenant):
        last = Round.objects.filter(seed_pair=pair).order_by("-nonce").first()
        configuration = selectors.current_configuration(selectors.game_named(game))
        certified = selectors.certified(configuration)
        mix = certified.mix_at(selectors.payout_of(configuration, timezone.now()))
        seed, nonce = crypto.open_from(pair, "server_seed"), last.nonce + 1 if last else 1
    for number in itertools.count():
        stream = fairness.Stream(seed, f"fate {number}", nonce)
        if (draw_round(certified.version.rules, mix, stream).played.line_bets > 0) is wins:
            return play(person, game, client_seed=f"fate {number}", **more)
    raise AssertionError("unreachable")
