"""What a game pays: links of a chain of hashes, each from the next spin on, and rigs that are sealed until they are told."""

from __future__ import annotations

import datetime as dt
import math
import secrets
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, crypto
from accounts.actors import Actor
from accounts.errors import Conflict, Invalid
from accounts.units import unit_of_work
from casino import selectors
from casino.configuration import SALT_BYTES, STEPS_MAX, Link, Step, commitment, digest, schedule_text, text_of
from casino.mixing import PAYOUT_MAX, PAYOUT_MIN
from casino.models import Game, GameConfiguration, GameVersion, Rig

# A moment far away is a slip of the hand, and a rig that is sealed cannot be put right.
SCHEDULED_WITHIN: Final = dt.timedelta(days=3653)


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
    return append(actor=actor, game=locked, version=newest.version, payout=payout)


@unit_of_work
def seal_rig(
    *,
    actor: Actor,
    game: str,
    steps: Sequence[Step],
    payout_from: int,
    payout_to: int,
    reveal_by: dt.datetime | None = None,
) -> Rig:
    """From the next spin on a secret schedule decides what ``game`` pays; only its commitment and its range are public.

    ``reveal_by`` (aware) is the moment by which the game masters promise to tell it, None for no promise. Raises ``Denied``,
    ``NotFound`` (``unknown_game``), ``Invalid`` (``invalid_schedule``, ``invalid_payout``), ``Conflict`` (``rig_sealed``).
    """
    actor.require("casino.manage")
    for payout in (payout_from, payout_to, *(step.payout for step in steps)):
        check_payout(payout)
    check_schedule(steps, payout_from, payout_to)
    check_promise(steps, reveal_by)
    locked, newest = _locked(game)
    if selectors.is_sealed(newest):
        raise Conflict("rig_sealed", _("A sealed rig runs already. Reveal it first."))
    salt, schedule = secrets.token_bytes(SALT_BYTES), schedule_text(steps)
    rig = Rig(
        commitment=commitment(salt, schedule),
        payout_from=payout_from,
        payout_to=payout_to,
        reveal_by=reveal_by,
    )
    rig.configuration = append(actor=actor, game=locked, version=newest.version, rig=rig)
    crypto.seal_into(rig, "secret", f"{salt.hex()}:{schedule}")
    rig.save(force_insert=True)
    return rig


@unit_of_work
def reveal_rig(*, actor: Actor, game: str, payout: int) -> Rig:
    """Tell the rig of ``game``, with all seeds that drew its rounds; from the next spin on it pays ``payout`` openly.

    A spin that has begun before ends on the rig. Where another configuration has come in the rig's place, that one goes on, and
    ``payout`` is left out of it. Raises ``Denied``, ``NotFound`` (``unknown_game``), ``Invalid`` (``invalid_payout``),
    ``Conflict`` (``no_rig``).
    """
    actor.require("casino.manage")
    check_payout(payout)
    locked, newest = _locked(game)
    rig = selectors.sealed_rig(locked)
    if rig is None:
        raise Conflict("no_rig", _("No sealed rig runs on this game."))
    rig.revealed_at = timezone.now()
    rig.save(update_fields=["revealed_at"])
    if rig.configuration_id == newest.pk:
        append(actor=actor, game=locked, version=newest.version, payout=payout)
    audit.record(
        actor=actor,
        action="casino.reveal",
        target=target(locked),
        commitment=rig.commitment,
        seq=rig.configuration.seq,
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
    """The next link of a game's chain, under the game's lock. Inside a unit. Raises ``Invalid`` (``invalid_payout``)."""
    if rig is not None:
        check_span(version, rig.payout_from, rig.payout_to)
    elif payout is not None:
        check_span(version, payout, payout)
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
    """Raises ``Invalid`` (``invalid_payout``) where no mix of the sets of ``version`` pays that much, or that little."""
    sets = selectors.certified_version(version).version.sets
    lowest, highest = math.ceil(sets[0].rtp * 10_000), math.floor(sets[-1].rtp * 10_000)
    if payout_from < lowest or payout_to > highest:
        raise Invalid(
            "invalid_payout",
            _("The reels of this game pay from %(lowest)s to %(highest)s per cent.")
            % {"lowest": text_of(lowest), "highest": text_of(highest)},
            field="payout_percentage",
        )


def check_schedule(steps: Sequence[Step], payout_from: int, payout_to: int) -> None:
    """Raises ``Invalid`` (``invalid_schedule``) for what cannot be sealed, or would be no secret."""
    wrong = ""
    if not 1 <= len(steps) <= STEPS_MAX:
        wrong = _("A schedule has 1 to %(most)d steps.") % {"most": STEPS_MAX}
    elif any(step.starts_at.tzinfo is None for step in steps):
        wrong = _("Each step begins at a moment of a known time zone.")
    elif any(later.starts_at <= earlier.starts_at for earlier, later in pairwise(steps)):
        wrong = _("The steps of a schedule follow one another in time.")
    elif any(abs(step.starts_at - timezone.now()) > SCHEDULED_WITHIN for step in steps):
        wrong = _("Each step begins within ten years of today. Check the years.")
    elif payout_from >= payout_to:
        wrong = _("The range goes from a lower payout to a higher one. One number alone would be no secret.")
    elif not all(payout_from <= step.payout <= payout_to for step in steps):
        wrong = _("Every step of the schedule lies within the range that players are told.")
    if wrong:
        raise Invalid("invalid_schedule", wrong)


def check_promise(steps: Sequence[Step], reveal_by: dt.datetime | None) -> None:
    if reveal_by is not None and (reveal_by <= timezone.now() or reveal_by <= steps[-1].starts_at):
        raise Invalid(
            "invalid_schedule",
            _("Promise to reveal it at a time that is still to come, after the last step has begun."),
            field="reveal_by",
        )


def target(game: Game) -> str:
    """How the trail names a game."""
    return f"casino.game:{game.name}"


def _locked(name: str) -> tuple[Game, GameConfiguration]:
    game = lock_game(selectors.game_named(name))
    return game, selectors.current_configuration(game)


def lock_game(game: Game) -> Game:
    """Whoever adds to a game's chain holds its row, and looks at the newest link only then. Inside a unit."""
    Game.objects.select_for_update(no_key=True).get(pk=game.pk)
    return game
