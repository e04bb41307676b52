"""Seeds with which a player's next rounds come out as a test wants them: found with the rules alone, then put in place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from django.utils import timezone

from accounts import crypto, tenancy
from casino import fairness, selectors
from casino.drawing import Drawn, draw_round
from casino.models import SeedPair
from tests.cast import Person

TRIES_MAX = 200_000
Wanted = Callable[[Drawn], bool]


def put_seed(person: Person, game: str, wanted: Sequence[Wanted], client_seeds: Sequence[str]) -> SeedPair:
    """Give ``person`` an active server seed whose first rounds of ``game`` are as ``wanted``, with these client seeds."""
    with tenancy.scope(person.tenant):
        configuration = selectors.current_configuration(selectors.game_named(game))
        certified = selectors.certified(configuration)
        mix = certified.mix_at(selectors.payout_of(configuration, timezone.now()))

        def comes(server_seed: str, nonce: int) -> Drawn:
            stream = fairness.Stream(server_seed, client_seeds[nonce - 1], nonce)
            return draw_round(certified.version.rules, mix, stream)

        for number in range(TRIES_MAX):
            server_seed = hashlib.sha256(f"{game} {number}".encode()).hexdigest()
            if all(is_it(comes(server_seed, nonce)) for nonce, is_it in enumerate(wanted, start=1)):
                return _put(person, server_seed, client_seeds[0])
    raise LookupError(f"no seed of {TRIES_MAX} does that")


def _put(person: Person, server_seed: str, client_seed: str) -> SeedPair:
    pair = SeedPair(
        user=person.user,
        state=SeedPair.State.ACTIVE,
        server_seed_hash=fairness.commitment(server_seed),
        client_seed=client_seed,
    )
    crypto.seal_into(pair, "server_seed", server_seed)
    SeedPair.objects.filter(user=person.user, state=SeedPair.State.ACTIVE).update(
        state=SeedPair.State.RETIRED, retired_at=timezone.now()
    )
    pair.save(force_insert=True)
    return pair
