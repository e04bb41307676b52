"""The file of rounds that a player takes away, with everything that a stranger needs to check them: ``neobank-rounds-1``."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from accounts import crypto
from accounts.actors import Actor
from casino.configuration import moment_text
from casino.models import GameConfiguration, Round
from casino.selectors.games import certified, is_sealed
from casino.selectors.rounds import revealed_seeds, rounds_of

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
    found = list(rows[:ROUNDS_MAX])[::-1]
    pairs = {row.seed_pair_id: row.seed_pair for row in found}
    return document(found, seeds=revealed_seeds(actor, list(pairs.values())))


def document(rounds: list[Round], *, seeds: Mapping[uuid.UUID, str]) -> Document:
    """The file with ``rounds``; ``seeds`` are the server seeds that may be told, by their pair."""
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
