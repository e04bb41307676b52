"""What a game pays: links of a chain of hashes, each from the next spin on, and rigs that are sealed until they are told."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, crypto
from accounts.actors import Actor
from accounts.errors import Conflict, Invalid
from accounts.units import unit_of_work
from casino import selectors
from casino.configuration import SALT_BYTES, Link, Step, commitment, digest, schedule_text, text_of
from casino.mixing import PAYOUT_MAX, PAYOUT_MIN, sets_within
from casino.models import Game, GameConfiguration, GameVersion, Rig


@unit_of_work
def set_payout(*, actor: Actor, game: str, payout: int) -> GameConfiguration:
    """From the next spin on ``game`` pays exactly ``payout`` (hundredths of a per cent). The payout that holds stays one link.

    Raises ``Denied``, ``NotFound`` (``unknown_game``), ``Invalid`` (``invalid_payout``), ``Conflict`` (``rig_sealed``).
    """
    actor.require("casino.manage")
    check_payout(payout)
    locked, newest = _locked(game)
    if selectors.is_sealed(newest):
        raise Conflict(
            "rig_sealed",
            _("A sealed rig decides what this game pays. Reveal it first; players can check it then."),
        )
    if newest.payout == payout:
        return newest
    check_span(newest.version, payout, payout)
    return append(actor=actor, game=locked, version=newest.version, payout=payout)


@unit_of_work
def seal_rig(*, actor: Actor, game: str, steps: Sequence[Step], payout_from: int, payout_to: int) -> Rig:
    """From the next spin on a secret schedule decides what ``game`` pays; only its commitment and its range are public.

    Raises ``Denied``, ``NotFound`` (``unknown_game``), ``Invalid`` (``invalid_schedule``, ``invalid_payout``), ``Conflict``
    (``rig_sealed``).
    """
    actor.require("casino.manage")
    for payout in (payout_from, payout_to, *(step.payout for step in steps)):
        check_payout(payout)
    try:
        schedule = schedule_text(steps)
    except ValueError as wrong:
        raise Invalid("invalid_schedule", str(wrong)) from None
    if not all(payout_from <= step.payout <= payout_to for step in steps):
        raise Invalid(
            "invalid_schedule", _("Every step of the schedule lies within the range that players are told.")
        )
    locked, newest = _locked(game)
    if selectors.is_sealed(newest):
        raise Conflict("rig_sealed", _("A sealed rig runs already. Reveal it first."))
    check_span(newest.version, payout_from, payout_to)
    salt = secrets.token_bytes(SALT_BYTES)
    rig = Rig(commitment=commitment(salt, schedule), payout_from=payout_from, payout_to=payout_to)
    rig.configuration = append(actor=actor, game=locked, version=newest.version, rig=rig)
    crypto.seal_into(rig, "secret", f"{salt.hex()}:{schedule}")
    rig.save(force_insert=True)
    return rig


@unit_of_work
def reveal_rig(*, actor: Actor, game: str, payout: int) -> Rig:
    """Tell the rig of ``game``, with all seeds that drew its rounds; from the next spin on it pays ``payout`` openly.

    Raises ``Denied``, ``NotFound`` (``unknown_game``), ``Invalid`` (``invalid_payout``), ``Conflict`` (``no_rig``).
    """
    actor.require("casino.manage")
    check_payout(payout)
    locked, newest = _locked(game)
    if not selectors.is_sealed(newest):
        raise Conflict("no_rig", _("No sealed rig runs on this game."))
    rig = newest.rig
    rig.revealed_at = timezone.now()
    rig.save(update_fields=["revealed_at"])
    append(actor=actor, game=locked, version=newest.version, payout=payout)
    audit.record(
        actor=actor, action="casino.reveal", target=target(locked), commitment=rig.commitment, seq=newest.seq
    )
    return rig


def append(
    *,
    actor: Actor,
    game: Game,
    version: GameVersion,
    payout: int | None = None,
    rig: Rig | None = None,
) -> GameConfiguration:
    """The next link of a game's chain, under the game's lock. Inside a unit."""
    Game.objects.select_for_update(no_key=True).get(pk=game.pk)
    last = GameConfiguration.objects.filter(game=game).order_by("-seq").first()
    link = Link(
        tenant=str(actor.tenant.pk),
        game=game.name,
        seq=last.seq + 1 if last else 1,
        prev=last.digest if last else "",
        version=version.digest,
        payout=payout,
        commitment=rig.commitment if rig else "",
        payout_from=rig.payout_from if rig else 0,
        payout_to=rig.payout_to if rig else 0,
    )
    row = GameConfiguration.objects.create(
        game=game,
        seq=link.seq,
        version=version,
        payout=payout,
        canonical=link.canonical(),
        digest=digest(link.canonical()),
        prev_digest=link.prev,
        created_by=actor.user,
        created_at=timezone.now(),
    )
    audit.record(
        actor=actor,
        action="casino.payout" if rig is None else "casino.seal",
        target=target(game),
        seq=row.seq,
        **({"payout": _change(last, payout)} if payout is not None else {"commitment": link.commitment}),
    )
    return row


def _change(last: GameConfiguration | None, payout: int) -> dict[str, str] | str:
    """What the trail says of a payout: from what to what, where there was one that could be told."""
    after = text_of(payout)
    if last is None or last.payout is None:
        return after
    return {"before": text_of(last.payout), "after": after}


def check_payout(payout: int) -> None:
    """Raises ``Invalid`` (``invalid_payout``)."""
    if type(payout) is not int or not PAYOUT_MIN <= payout <= PAYOUT_MAX:
        raise Invalid(
            "invalid_payout", _("A payout is from 50.00 to 150.00 per cent."), field="payout_percentage"
        )


def check_span(version: GameVersion, payout_from: int, payout_to: int) -> None:
    """Raises ``Invalid`` (``invalid_payout``) where the sets of ``version`` do not reach that far."""
    try:
        sets_within(selectors.certified_version(version).version, payout_from, payout_to)
    except ValueError as wrong:
        raise Invalid("invalid_payout", str(wrong), field="payout_percentage") from None


def target(game: Game) -> str:
    """How the trail names a game."""
    return f"casino.game:{game.name}"


def _locked(name: str) -> tuple[Game, GameConfiguration]:
    """The game under its lock, and its newest configuration."""
    game = selectors.game_named(name)
    Game.objects.select_for_update(no_key=True).get(pk=game.pk)
    return game, selectors.current_configuration(game)
