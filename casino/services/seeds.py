"""A player's seeds: committed to before play, told when they are exchanged for the next ones."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, crypto
from accounts.actors import Actor
from accounts.errors import Invalid
from accounts.models import User
from accounts.units import RunAgain, unit_of_work
from casino import fairness, selectors
from casino.models import SeedPair


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pair that a player's rounds are drawn from, and the one that follows it."""

    active: SeedPair
    next: SeedPair


@unit_of_work
def open_pairs(*, actor: Actor) -> Pairs:
    """The player's pairs, made when they play for the first time. Raises ``Denied``."""
    actor.require("casino.play")
    return pairs_of(selectors.player_of(actor))


def pairs_of(user: User) -> Pairs:
    """Both pairs of ``user``, made where there are none. Inside a unit."""
    found = {
        row.state: row for row in SeedPair.objects.filter(user=user).exclude(state=SeedPair.State.RETIRED)
    }
    for state in (SeedPair.State.ACTIVE, SeedPair.State.NEXT):
        if state not in found:
            found[state] = _new(user, state)
    return Pairs(found[SeedPair.State.ACTIVE], found[SeedPair.State.NEXT])


@unit_of_work
def rotate(*, actor: Actor, client_seed: str | None = None) -> tuple[SeedPair, Pairs]:
    """Retire the active pair, so that its seed is told, and go on with the next one; a new next one is committed to.

    With ``client_seed`` the pair that becomes active has it. Returns the retired pair and the new two. Raises ``Denied``,
    ``Invalid`` (``invalid_client_seed``).
    """
    actor.require("casino.play")
    if client_seed is not None:
        check_client_seed(client_seed)
    user = selectors.player_of(actor)
    pairs = pairs_of(user)
    retired = _lock(pairs.active)
    coming = pairs.next
    retired.state, retired.retired_at = SeedPair.State.RETIRED, timezone.now()
    retired.save(update_fields=["state", "retired_at"])
    coming.state = SeedPair.State.ACTIVE
    coming.client_seed = client_seed or coming.client_seed
    coming.save(update_fields=["state", "client_seed"])
    audit.record(actor=actor, action="casino.rotate", target=f"casino.seed:{retired.server_seed_hash[:16]}")
    return retired, Pairs(coming, _new(user, SeedPair.State.NEXT))


@unit_of_work
def choose_client_seed(*, actor: Actor, client_seed: str) -> Pairs:
    """From now on spins that bring no client seed use this one. Raises ``Denied``, ``Invalid`` (``invalid_client_seed``)."""
    actor.require("casino.play")
    check_client_seed(client_seed)
    pairs = pairs_of(selectors.player_of(actor))
    active = _lock(pairs.active)
    active.client_seed = client_seed
    active.save(update_fields=["client_seed"])
    return Pairs(active, pairs.next)


def stand_still(user: User) -> None:
    """Wait for the spin of ``user`` that is under way; those that come later see what this unit writes. Inside a unit."""
    active = SeedPair.objects.filter(user=user, state=SeedPair.State.ACTIVE).first()
    if active is not None:
        _lock(active)


def check_client_seed(client_seed: str) -> None:
    """Raises ``Invalid`` (``invalid_client_seed``)."""
    if not fairness.is_client_seed(client_seed):
        raise Invalid(
            "invalid_client_seed",
            _("A client seed has 1 to 64 printable characters, and no colon."),
            field="client_seed",
        )


def _lock(pair: SeedPair) -> SeedPair:
    """The active pair under the lock that spins take. Raises ``RunAgain`` when it was exchanged in the meantime."""
    locked: SeedPair | None = (
        SeedPair.objects.select_for_update(no_key=True)
        .filter(pk=pair.pk, state=SeedPair.State.ACTIVE)
        .first()
    )
    if locked is None:
        raise RunAgain
    return locked


def _new(user: User, state: str) -> SeedPair:
    server_seed = fairness.new_server_seed()
    pair = SeedPair(
        user=user,
        state=state,
        server_seed_hash=fairness.commitment(server_seed),
        client_seed=fairness.new_client_seed(),
    )
    crypto.seal_into(pair, "server_seed", server_seed)
    try:
        pair.save(force_insert=True)
    except IntegrityError as error:
        # The same player's other phone came first; the next run finds its pair.
        raise RunAgain from error
    return pair
