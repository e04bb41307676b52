"""Characters that game masters make, with their bank accounts."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts import passwords, roles, selectors, tenancy
from accounts.actors import Actor
from accounts.errors import DomainError, Invalid
from accounts.models import User
from accounts.services import people
from accounts.services.staff import enrol
from accounts.units import unit_of_work
from ledger.services.accounts import open_person


def create_user(
    *,
    actor: Actor,
    character_name: str,
    password: str,
    role: str = roles.PLAYER,
    faction: str = "",
    email: str = "",
) -> User:
    """Make a login with a checking account. No welcome bonus: a game master pays what he wants to.

    Raises ``Denied`` (``not_allowed``, ``platform_role``; in the trail), ``Invalid`` (``unknown_role`` and what registration
    raises), ``Conflict`` (``name_taken``, ``email_taken``).
    """
    if role not in roles.ROLES:
        raise Invalid("unknown_role", _("There is no role %(role)s.") % {"role": role[:16]}, field="role")
    with tenancy.scope(actor.tenant):
        user = people.draft(character_name=character_name, role=role, email=email, vouched_for=True)
        password_hash = passwords.hash_of(password, owner=user)
    return _create_user(actor=actor, user=user, password_hash=password_hash, faction=faction)


@unit_of_work
def _create_user(*, actor: Actor, user: User, password_hash: str, faction: str) -> User | DomainError:
    refusal = people.why_not_give(actor, user.role)
    if refusal is not None:
        return people.refused(actor, "user.create", "", refusal, asked=user.role)
    user.faction = selectors.faction_named(faction) if faction else None
    enrol(actor=actor, user=user, password_hash=password_hash)
    open_person(actor=actor, user=user)
    return user
