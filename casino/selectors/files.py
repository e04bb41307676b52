"""The file of rounds with which a stranger verifies them: the form "neobank-rounds-1" (docs/fairness.md)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Final

from accounts import crypto
from accounts.actors import Actor
from casino.configuration import moment_text
from casino.models import GameConfiguration, Round
from casino.selectors.games import certified, is_sealed
from casino.selectors.rounds import may_tell_selector, own_round, rounds_of
from casino.selectors.seeds import revealed_seeds
from ledger.selectors import first_currency

FORMAT: Final = "neobank-rounds-1"
FILE_ROUNDS_MAX: Final = 1000


def rounds_file(rows: Sequence[Round]) -> dict[str, Any]:
    """The file of ``rows`` (from ``with_proof``); what must not be told yet is null. Asks as often, however many rows there are.

    With them come all configurations of their games, so that the chain of hashes can be followed from its beginning.
    """
    told = revealed_seeds({row.seed_pair_id: row.seed_pair for row in rows}.values())
    chain = GameConfiguration.objects.filter(game__in={row.game_id for row in rows})
    configurations = list(chain.select_related("rig").order_by("game_id", "seq"))
    known = [certified(one) for one in configurations]
    return {
        "format": FORMAT,
        "exponent": first_currency().exponent,
        "versions": {one.digest: one.version.canonical() for one in known},
        "configurations": {one.digest: one.canonical for one in configurations},
        "reveals": dict(_reveal(one) for one in configurations if _is_told(one)),
        "rounds": [_line(row, told[row.seed_pair_id]) for row in rows],
    }


def rounds_before(actor: Actor, before: uuid.UUID | None) -> tuple[list[Round], bool]:
    """The player's own rounds for one file, newest first, and whether there are more; only those before a round, if given.

    Raises ``NotFound`` (``unknown_round``) where that is none of theirs.
    """
    rows = rounds_of(actor)
    if before is not None:
        rows = rows.filter(number__lt=own_round(actor, before).number)
    found = list(rows[: FILE_ROUNDS_MAX + 1])
    return found[:FILE_ROUNDS_MAX], len(found) > FILE_ROUNDS_MAX


def _line(row: Round, server_seed: str | None) -> dict[str, Any]:
    tells = may_tell_selector(row)
    return {
        "id": str(row.id),
        "game": row.game.name,
        "played_at": moment_text(row.played_at),
        "configuration": row.configuration.digest,
        "server_seed_hash": row.seed_pair.server_seed_hash,
        "server_seed": server_seed,
        "client_seed": row.client_seed,
        "nonce": row.nonce,
        "stops": row.stops,
        "selector": row.selector if tells else None,
        "out_of": row.out_of if tells else None,
        "set": row.set_name if tells else None,
        "free_stops": row.free_stops,
        "stake": row.stake,
        "line_bet": row.stake // certified(row.configuration).version.line_count,
        "line_bets": row.line_bets,
        "win": row.win,
    }


def _is_told(configuration: GameConfiguration) -> bool:
    return configuration.payout is None and not is_sealed(configuration)


def _reveal(configuration: GameConfiguration) -> tuple[str, dict[str, str]]:
    salt, _colon, schedule = crypto.open_from(configuration.rig, "secret").partition(":")
    return configuration.rig.commitment, {"salt": salt, "schedule": schedule}
