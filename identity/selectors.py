"""What somebody who has signed in sees of himself."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import F

from accounts.activity import Activity, Wanted, own_events
from accounts.actors import Actor
from accounts.errors import NotFound
from accounts.models import Faction, User
from accounts.services.login_codes import PERMISSION
from accounts.services.people import ROLES_OF_AN_EVENT
from ledger import selectors as bank
from ledger.models import Account
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


def people_for_cards(actor: Actor, *, faction: Faction | None = None, everybody: bool = False) -> list[User]:
    """Who gets a login card, by faction and name: those who never chose a password, or (``everybody``) all who may have one.

    The actor is left out, and so is who is switched off or belongs to whoever runs the server. Raises ``Denied``.
    """
    actor.require(PERMISSION)
    found = User.objects.select_related("faction").filter(is_active=True, role__in=ROLES_OF_AN_EVENT)
    if faction is not None:
        found = found.filter(faction=faction)
    if not everybody:
        found = found.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return list(
        found.exclude(pk=actor.user_id).order_by(F("faction__name").asc(nulls_last=True), "character_name")
    )


def account_numbers_of(users: Sequence[User]) -> dict[uuid.UUID, str]:
    """The number of each one's primary account; staff may have none."""
    accounts = Account.objects.filter(holder__user__in=list(users), is_primary=True)
    return dict(accounts.values_list("holder__user", "number"))


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
