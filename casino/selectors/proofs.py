"""The file of rounds that a player takes away, with everything that a stranger needs to check them: ``neobank-rounds-1``."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Final, cast

from accounts import crypto
from accounts.actors import Actor
from casino.configuration import moment_text
from casino.models import GameConfiguration, Round, SeedPair
from casino.selectors.games import certified, is_sealed
from casino.selectors.players import player_of
from casino.selectors.rounds import rounds_of

FORMAT: Final = "neobank-rounds-1"
ROUNDS_MAX: Final = 10_000

Document = dict[str, Any]


def rounds_file(actor: Actor, *, pair: uuid.UUID | None = None) -> Document:
    """The player's rounds, oldest first (the newest ``ROUNDS_MAX`` of them), or those of one seed pair.

    With them come all settings of their games, so that the chain of hashes can be followed from its beginning, the texts of the
    versions that these name, and what was sealed and is told now. Of a round on a sealed rig neither selector nor set is told,
    nor is the seed that drew it.
    """
    # The texts of the versions come once, with the settings.
    rows = rounds_of(actor).select_related(None).select_related("game", "configuration__rig", "seed_pair")
    if pair is not None:
        rows = rows.filter(seed_pair=pair)
    return document(list(rows[:ROUNDS_MAX])[::-1], hidden=_pairs_to_hide(actor))


def document(rounds: list[Round], *, hidden: set[uuid.UUID]) -> Document:
    """The file with ``rounds``; ``hidden`` are the pairs whose seeds wait for a rig to be told."""
    pairs = {row.seed_pair_id: row.seed_pair for row in rounds}
    seeds = {
        pk: crypto.open_from(pair, "server_seed")
        for pk, pair in pairs.items()
        if pair.state == SeedPair.State.RETIRED and pk not in hidden
    }
    links = list(
        GameConfiguration.objects.filter(game__in={row.game_id for row in rounds})
        .select_related("version", "rig")
        .order_by("id")
    )
    return {
        "format": FORMAT,
        "versions": {link.version.digest: link.version.canonical for link in links},
        "configurations": {link.digest: link.canonical for link in links},
        "reveals": reveals(links),
        "rounds": [entry(row, server_seed=seeds.get(row.seed_pair_id)) for row in rounds],
    }


def reveals(links: Iterable[GameConfiguration]) -> dict[str, dict[str, str]]:
    """What was sealed in ``links`` and is told now, by its commitment."""
    told = {}
    for link in links:
        if link.payout is None and not is_sealed(link):
            salt, _colon, schedule = crypto.open_from(link.rig, "secret").partition(":")
            told[link.rig.commitment] = {"salt": salt, "schedule": schedule}
    return told


def entry(row: Round, *, server_seed: str | None) -> Document:
    """One round as the file tells it; ``server_seed`` None while it is secret. Numbers that may be beyond 64 bits are texts."""
    sealed = is_sealed(row.configuration)
    return {
        "id": str(row.pk),
        "game": row.game.name,
        "played_at": moment_text(row.played_at),
        "configuration": row.configuration.digest,
        "server_seed_hash": row.seed_pair.server_seed_hash,
        "server_seed": server_seed,
        "client_seed": row.client_seed,
        "nonce": row.nonce,
        "stops": row.stops,
        "selector": None if sealed else row.selector,
        "out_of": None if sealed else row.out_of,
        "set": None if sealed else row.set_name,
        "free_stops": row.free_stops,
        "stake": row.stake,
        "line_bet": row.stake // certified(row.configuration).version.line_count,
        "line_bets": row.line_bets,
        "win": row.win,
    }


def _pairs_to_hide(actor: Actor) -> set[uuid.UUID]:
    """The player's pairs that drew rounds of a rig which has not been told."""
    found = Round.objects.filter(
        user=player_of(actor), configuration__payout=None, configuration__rig__revealed_at=None
    ).values_list("seed_pair_id", flat=True)
    return set(cast("Iterable[uuid.UUID]", found.distinct()))
