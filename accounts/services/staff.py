"""Logins that somebody in charge makes for somebody else, and not a stranger for himself."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError

from accounts import audit, search
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import User
from accounts.services import people
from accounts.units import RunAgain, unit_of_work


def enrol(*, actor: Actor, user: User, password_hash: str) -> User:
    """Save ``user`` (from ``people.draft``) for the actor, with the trail saying who did; no bank account yet. Inside a unit.

    Raises ``Denied`` (``not_allowed``, ``platform_role``), ``Conflict`` (``name_taken``, ``email_taken``).
    """
    actor.require("accounts.manage_people")
    refusal = people.why_not_give(actor, user.role)
    if refusal is not None:
        raise refusal
    people.make_user(actor=actor, user=user, password_hash=password_hash)
    audit.record(
        actor=actor,
        action="user.create",
        target=people.target(user),
        name=user.character_name,
        role=user.role,
    )
    return user


def enrol_all(*, actor: Actor, users: Sequence[User]) -> None:
    """Save many drafts at once, without passwords: each comes in with a login card. Inside a unit.

    Names and roles were looked at by the caller.

    Raises ``Denied`` (``not_allowed``), ``RunAgain`` where a name or address was taken a moment ago.
    """
    actor.require("accounts.manage_people")
    for user in users:
        user.password = make_password(None)
    try:
        User.objects.bulk_create(users)
    except IntegrityError as error:
        raise RunAgain from error
    search.index_new_users(users)
    audit.record_all(
        actor=actor,
        action="user.create",
        lines=[
            (people.target(user), {"name": user.character_name, "role": user.role, "by": "roster"})
            for user in users
        ],
    )


@unit_of_work
def create_staff(*, actor: Actor, user: User, password_hash: str) -> User | DomainError:
    """Make a login without a bank account: a game master, a cashier, somebody at the gate. Raises what ``enrol`` raises."""
    return enrol(actor=actor, user=user, password_hash=password_hash)
