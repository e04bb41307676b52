"""Everything that a spin has to look at, under the lock of the player's seeds, in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import CharField, UUIDField

from accounts.compiled import Compiled, together
from accounts.models import User
from casino.models import GameConfiguration, PlayLimit, Round, SeedPair
from ledger.models import Account

# What a round carries on from the one before it.
_CARRIED: Final = (
    *("number", "seed_pair", "nonce", "played_at", "day", "day_staked", "day_won"),
    *("session", "session_rounds", "session_staked", "session_won"),
)
_PAIR: Final = Compiled[SeedPair](
    lambda user: (
        SeedPair.objects.filter(user=user, state=SeedPair.State.ACTIVE)
        .select_for_update(no_key=True, of=("self",))
        .order_by()
    ),
    user=UUIDField(),
)
_NEXT: Final = Compiled[SeedPair](
    lambda user: (
        SeedPair.objects.filter(user=user, state=SeedPair.State.NEXT).only("server_seed_hash").order_by()
    ),
    user=UUIDField(),
)
_CONFIGURATION: Final = Compiled[GameConfiguration](
    lambda game: (
        GameConfiguration.objects.filter(game__name=game)
        .select_related("game", "rig")
        .defer("prev_digest", "created_by", "created_at")
        .order_by("-seq")[:1]
    ),
    game=CharField(),
)
_LAST_ROUND: Final = Compiled[Round](
    lambda user: Round.objects.filter(user=user).only(*_CARRIED).order_by("-number")[:1], user=UUIDField()
)
_LIMIT: Final = Compiled[PlayLimit](
    lambda user: PlayLimit.objects.filter(user=user).order_by(), user=UUIDField()
)
_ACCOUNT: Final = Compiled[Account](
    lambda user: (
        Account.objects.filter(holder__user=user, is_primary=True).select_related("currency").order_by()
    ),
    user=UUIDField(),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A player at a machine. ``pair`` is locked until the commit; None where it has not been made or was just exchanged.

    ``coming`` is the pair that follows it; it changes only under that lock.
    """

    pair: SeedPair | None
    coming: SeedPair | None
    configuration: GameConfiguration | None
    last: Round | None
    limit: PlayLimit | None
    account: Account | None


def sit_down(user: User, game: str) -> Table:
    """Lock the active pair of ``user``, then read what stands now: whoever spins for the same player waits here."""
    found = together(
        (_PAIR, {"user": user.pk}),
        (_NEXT, {"user": user.pk}),
        (_CONFIGURATION, {"game": game}),
        (_LAST_ROUND, {"user": user.pk}),
        (_LIMIT, {"user": user.pk}),
        (_ACCOUNT, {"user": user.pk}),
    )
    return Table(*(rows[0] if rows else None for rows in found))
