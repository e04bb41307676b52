"""How the stories of the casino ask its API; and client seeds that make a known server seed do what a story needs."""

from __future__ import annotations

import itertools
from typing import Any

from django.utils import timezone

from accounts import crypto, tenancy
from casino import fairness, selectors
from casino.drawing import Drawn, draw_round
from casino.models import SeedPair
from tests.casino.floor import GLITCH
from tests.cast import Person, Phone

_KEYS = itertools.count(1)


def spin(phone: Phone, game: str = GLITCH, *, key: str | None = "", **body: Any) -> Any:
    """The answer to a spin for 1.00, with an idempotency key of its own, with the ``key`` given, or (None) without one."""
    headers = {} if key is None else {"Idempotency-Key": key or f"spin-{next(_KEYS)}"}
    return phone.post(f"casino/games/{game}/spin", {"bet_amount": 100} | body, **headers)


def seed_that_loses(person: Person, game: str = GLITCH) -> str:
    """A client seed with which the person's next spin wins nothing, on the seeds that they have."""
    return _seed(person, game, lambda drawn: drawn.played.line_bets == 0)


def seed_that_wins(person: Person, game: str = GLITCH) -> str:
    """One with which it wins something."""
    return _seed(person, game, lambda drawn: drawn.played.line_bets > 0)


def seed_of_free_spins(person: Person, game: str) -> str:
    """One with which it gives free spins."""
    return _seed(person, game, lambda drawn: bool(drawn.free_stops))


def _seed(person: Person, game: str, wanted: Any) -> str:
    candidates = (f"try {n}" for n in itertools.count())
    return next(one for one in candidates if wanted(draw_next(person, game, one)))


def draw_next(person: Person, game: str, client_seed: str) -> Drawn:
    """What the person's next spin would draw."""
    with tenancy.scope(person.tenant):
        pair = SeedPair.objects.get(user=person.user, state=SeedPair.State.ACTIVE)
        configuration = selectors.current_configuration(selectors.game_named(game))
        mix = selectors.certified(configuration).mix_at(selectors.payout_of(configuration, timezone.now()))
        nonce = selectors.last_nonce(person.user, pair) + 1
        stream = fairness.Stream(crypto.open_from(pair, "server_seed"), client_seed, nonce)
        return draw_round(selectors.certified(configuration).version.rules, mix, stream)
