"""What players set against themselves: tighter at once, looser after 24 hours; a pause is never shortened."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actors import Actor
from accounts.errors import Conflict, Invalid
from accounts.models import User
from accounts.units import RunAgain, unit_of_work
from casino import playing, selectors
from casino.models import PlayLimit
from casino.services.seeds import stand_still
from ledger.money import MAX_AMOUNT

PAUSE_MIN: Final = dt.timedelta(hours=1)
PAUSE_MAX: Final = dt.timedelta(days=365)


@unit_of_work
def set_limits(
    *, actor: Actor, limits: playing.Limits | None, pause: dt.timedelta | None = None
) -> PlayLimit:
    """Set the player's own limits (minor units, None for none) and begin a pause, both or neither; what is None stays.

    Raises ``Denied``, ``Invalid`` (``invalid_limit``), and as ``pause_playing``.
    """
    actor.require("casino.play")
    row = _locked(selectors.player_of(actor))
    if limits is not None:
        _limit(actor, row, limits)
    if pause is not None:
        _pause(actor, row, pause)
    return row


@unit_of_work
def pause_playing(*, actor: Actor, lasts: dt.timedelta) -> PlayLimit:
    """Keep the player from playing for 1 hour to 365 days; nobody can end it early, and it may only be made longer.

    Raises ``Denied``, ``Invalid`` (``invalid_pause``), ``Conflict`` (``pause_longer``).
    """
    actor.require("casino.play")
    row = _locked(selectors.player_of(actor))
    _pause(actor, row, lasts)
    return row


def _limit(actor: Actor, row: PlayLimit, limits: playing.Limits) -> None:
    for name in ("stake_max", "loss_per_day", "loss_per_session"):
        _check(name, getattr(limits, name))
    now = timezone.now()
    changed = playing.change(selectors.asked_limits(row), limits, now)
    for name in ("stake_max", "loss_per_day", "loss_per_session"):
        setattr(row, name, getattr(changed.now, name))
        setattr(row, f"later_{name}", getattr(changed.later, name))
    row.later_at = changed.later_at
    row.save()
    audit.record(
        actor=actor,
        action="casino.limits",
        target=f"accounts.user:{row.user_id}",
        stake_max=limits.stake_max,
        loss_per_day=limits.loss_per_day,
        loss_per_session=limits.loss_per_session,
    )


def _pause(actor: Actor, row: PlayLimit, lasts: dt.timedelta) -> None:
    if not PAUSE_MIN <= lasts <= PAUSE_MAX:
        raise Invalid("invalid_pause", _("A pause lasts from 1 hour to 365 days."), field="hours")
    until = timezone.now() + lasts
    if row.paused_until is not None and until < row.paused_until:
        raise Conflict("pause_longer", _("Your pause is longer already, and a pause is never shortened."))
    row.paused_until = until
    row.save(update_fields=["paused_until"])
    audit.record(
        actor=actor, action="casino.pause", target=f"accounts.user:{row.user_id}", until=until.isoformat()
    )


def _locked(user: User) -> PlayLimit:
    """What ``user`` has set, under the lock of their seeds: a limit that has been told binds whatever is committed later."""
    stand_still(user)
    try:
        PlayLimit.objects.get_or_create(user=user)
    except IntegrityError as error:
        raise RunAgain from error
    row: PlayLimit = PlayLimit.objects.select_for_update(no_key=True).get(user=user)
    return row


def _check(name: str, value: int | None) -> None:
    lowest = 1 if name == "stake_max" else 0
    if value is not None and not (type(value) is int and lowest <= value <= MAX_AMOUNT):
        raise Invalid(
            "invalid_limit", _("A limit is a whole number of minor units, or null for none."), field=name
        )
