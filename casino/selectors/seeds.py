"""A player's seeds, as they may be shown."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from accounts import crypto
from accounts.models import User
from casino.models import Rig, Round, SeedPair
from casino.selectors.rounds import last_round

RETIRED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Seals:
    """What a player is shown before a spin: the hashes, the client seed, and the nonce of the last round (0 before any)."""

    server_seed_hash: str
    next_server_seed_hash: str
    client_seed: str
    nonce: int


def seals_of(user: User) -> Seals | None:
    """The seals of ``user``, None where no seeds have been made yet."""
    open_pairs = SeedPair.objects.filter(user=user).exclude(state=SeedPair.State.RETIRED)
    found = {row.state: row for row in open_pairs}
    active, coming = found.get(SeedPair.State.ACTIVE), found.get(SeedPair.State.NEXT)
    if active is None or coming is None:
        return None
    nonce = last_nonce(user, active)
    return Seals(active.server_seed_hash, coming.server_seed_hash, active.client_seed, nonce)


def last_nonce(user: User, pair: SeedPair) -> int:
    """The nonce of the newest round drawn from ``pair``, the active one of ``user``; 0 before its first."""
    last = last_round(user)
    return last.nonce if last is not None and last.seed_pair_id == pair.pk else 0


def pair_after(pair: SeedPair) -> SeedPair:
    """The pair that was next while ``pair`` was active."""
    pairs = SeedPair.objects.filter(user=pair.user_id)
    later = pairs.filter(created_at__gt=pair.created_at).order_by("created_at").first()
    # A clock that was set back may have put it before; then the one that is next now has to do.
    return cast(SeedPair, later or pairs.get(state=SeedPair.State.NEXT))


def retired_pairs(user: User) -> list[tuple[SeedPair, str | None]]:
    """The last pairs of ``user`` that are over, newest first, each with its server seed (None where it is not told yet)."""
    rows = list(
        SeedPair.objects.filter(user=user, state=SeedPair.State.RETIRED).order_by("-id")[:RETIRED_SHOWN]
    )
    told = revealed_seeds(rows)
    return [(row, told[row.pk]) for row in rows]


def revealed_seeds(pairs: Collection[SeedPair]) -> dict[uuid.UUID, str | None]:
    """``revealed_seed`` of each of ``pairs`` by its id, with the same few questions however many there are."""
    over = {pair.pk: pair for pair in pairs if pair.state == SeedPair.State.RETIRED}
    # Asked apart: joined to their rigs, all rounds of the event would be read.
    rigs = list(Rig.objects.filter(revealed_at=None).values_list("pk", flat=True)) if over else []
    drew = Round.objects.order_by().filter(seed_pair__in=over, configuration__in=rigs)
    sealed = set(drew.values_list("seed_pair", flat=True).distinct()) if rigs else set()
    told = {pk: crypto.open_from(pair, "server_seed") for pk, pair in over.items() if pk not in sealed}
    return {pair.pk: told.get(pair.pk) for pair in pairs}
