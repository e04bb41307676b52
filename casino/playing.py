"""A sitting, a day, and the limits that a player has set: what holds at a moment. Pure; money in minor units."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

SITTING_ENDS_AFTER: Final = dt.timedelta(minutes=30)
LOOSER_AFTER: Final = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Limits:
    """A player's own limits; None is none."""

    stake_max: int | None = None
    loss_per_day: int | None = None
    loss_per_session: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What holds now, and what will from ``later_at`` on (the same while nothing looser was asked for)."""

    now: Limits
    later: Limits
    later_at: dt.datetime | None


def is_tighter(new: int | None, old: int | None) -> bool:
    """Whether ``new`` limits at least as much as ``old``."""
    return old is None or (new is not None and new <= old)


def change(asked: Asked, wanted: Limits, moment: dt.datetime) -> Asked:
    """What holds when ``wanted`` is asked for at ``moment``: tighter at once, looser after 24 hours, each for itself.

    Asking again for something looser starts the 24 hours anew only where it is looser than what was coming.
    """
    held = at(asked, moment)
    names = ("stake_max", "loss_per_day", "loss_per_session")
    now, later, waits, earlier = {}, {}, False, held.later_at is not None
    for name in names:
        new, old, coming = getattr(wanted, name), getattr(held.now, name), getattr(held.later, name)
        if is_tighter(new, old):
            now[name] = later[name] = new
            continue
        now[name], later[name] = old, new
        waits = True
        # What was coming anyway may come when it was to; anything looser waits from now.
        earlier = earlier and is_tighter(new, coming) and coming != old
    if not waits:
        return Asked(Limits(**now), Limits(**later), None)
    later_at = held.later_at if earlier else moment + LOOSER_AFTER
    return Asked(Limits(**now), Limits(**later), later_at)


def at(asked: Asked, moment: dt.datetime) -> Asked:
    """``asked`` as it stands at ``moment``: what was to come later has come, or not yet."""
    if asked.later_at is None or moment < asked.later_at:
        return asked
    return Asked(asked.later, asked.later, None)
