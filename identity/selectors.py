"""What somebody who has signed in sees of himself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from accounts.activity import Activity, Wanted, own_events
from accounts.actors import Actor
from accounts.errors import NotFound
from accounts.models import User
from ledger import selectors as bank
from ledger.selectors import Standing


@dataclass(frozen=True, slots=True)
class Me:
    """Somebody, and the primary account as it stands now."""

    user: User
    standing: Standing


@dataclass(frozen=True, slots=True)
class Trail:
    """One page of a person's own trail, newest first, and the place after which the next one begins (None at the end)."""

    events: list[Activity]
    next: str | None = None


def activity_of(actor: Actor, *, after: str | None = None, limit: int = 50) -> Trail:
    """What the actor did, and what others did with the actor's login and accounts; at most ``limit`` events after ``after``.

    Game masters see their own here, too. Raises ``Invalid`` (``bad_cursor``).
    """
    events = own_events(actor, Wanted(), after, limit + 1, things=bank.targets_of(actor))
    shown = events[:limit]
    return Trail(shown, shown[-1].place if len(events) > limit else None)


def me(actor: Actor) -> Me:
    """The actor and the actor's primary account. Raises ``NotFound`` (``no_account``), ``Denied`` for a device."""
    account = bank.primary_account(actor)
    [standing] = bank.standings([account])
    return Me(cast(User, actor.user), standing)


def account_number_of(actor: Actor) -> str | None:
    """The number of the actor's primary account; staff may have none."""
    try:
        return bank.primary_account(actor).number
    except NotFound:
        return None
