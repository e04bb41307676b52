"""Logins: making one, and what people and game masters change about them."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, crypto, emoji, names, notify, roles, search, selectors
from accounts.actors import Actor
from accounts.errors import Conflict, Denied, DomainError, Invalid
from accounts.models import Faction, User
from accounts.services.sessions import end_sessions, void_login_codes
from accounts.units import RunAgain, unit_of_work

EMAIL_MAX: Final = 254
# Platform people are made at the machine; whoever runs one event gives the roles of that event.
ROLES_OF_AN_EVENT: Final = tuple(
    role for role in roles.ROLES if role not in {roles.SUPER_ADMIN, roles.OPERATOR}
)


# -- Making ------------------------------------------------------------------------------------------------------------


def draft(
    *, character_name: str, role: str = roles.PLAYER, email: str = "", vouched_for: bool = False
) -> User:
    """A login that is not saved yet, its name and address looked at. Reads nothing: for before the transaction.

    ``vouched_for``: staff say whose address it is; what somebody has typed for himself waits for a letter's answer.
    Raises ``Invalid`` (``invalid_name``, ``invalid_email``).
    """
    name = names.clean(character_name)
    user = User(character_name=name, name_key=names.key(name), role=role)
    if email:
        address = clean_email(email)
        crypto.seal_into(user, "email", address)
        user.email_index = crypto.blind_index("email", address.casefold())
        user.email_confirmed_at = timezone.now() if vouched_for else None
    return user


def make_user(*, actor: Actor, user: User, password_hash: str) -> User:
    """Save a ``draft`` with the hash of its password; no bank account yet. Inside a unit.

    Raises ``Conflict`` (``name_taken`` with a name that is free, ``email_taken``).
    """
    if User.objects.filter(name_key=user.name_key).exists() or _is_somebody_else(user.name_key, Faction):
        raise name_taken(user.character_name)
    if user.email_index is not None and User.objects.filter(email_index=user.email_index).exists():
        raise Conflict(
            "email_taken", _("That e-mail address is in use. Leave it out, or give another."), field="email"
        )
    user.password = password_hash
    user.password_changed_at = timezone.now()
    try:
        user.save(force_insert=True)
    except IntegrityError as error:
        # Somebody was faster by a moment; looked at again, it is one of the two refusals above.
        raise RunAgain from error
    search.index_user(user)
    return user


def name_taken(name: str) -> Conflict:
    """The refusal of a name, with one like it that is free."""
    candidates = [f"{name[: names.MAX_LENGTH - 3]} {number}" for number in range(2, 100)]
    keys = {names.key(candidate): candidate for candidate in candidates}
    taken = set(User.objects.filter(name_key__in=list(keys)).values_list("name_key", flat=True))
    free = next((candidate for key, candidate in keys.items() if key not in taken), "")
    sentence = _("That name is taken, or one that looks like it. Choose another, such as “%(suggestion)s”.")
    return Conflict(
        "name_taken", sentence % {"suggestion": free}, field="character_name", facts={"suggestion": free}
    )


def make_faction(*, actor: Actor, name: str) -> Faction:
    """Make a faction; no bank account yet. Inside a unit.

    Raises ``Invalid`` (``invalid_name``), ``Conflict`` (``name_taken``).
    """
    shown = names.clean(name, field="name")
    key = names.key(shown)
    if Faction.objects.filter(name_key=key).exists() or _is_somebody_else(key, User):
        raise Conflict(
            "name_taken",
            _("There is somebody of that name, or one that looks like it. Choose another."),
            field="name",
        )
    faction = Faction(name=shown, name_key=key)
    try:
        faction.save(force_insert=True)
    except IntegrityError as error:
        raise RunAgain from error
    about = search.target_of(search.FACTION, faction.pk)
    search.index(kind=search.FACTION, target=about, text=shown)
    audit.record(actor=actor, action="faction.create", target=about, name=shown)
    return faction


def _is_somebody_else(key: str, others: type[User] | type[Faction]) -> bool:
    """Whether the name belongs to the other kind of holder or to the bank: whoever pays a name must know who gets it."""
    return key in names.RESERVED or others.objects.filter(name_key=key).exists()


def clean_email(email: str) -> str:
    """An e-mail address as it is kept. Raises ``Invalid`` (``invalid_email``)."""
    address = email.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid(
            "invalid_email", _("That is not an e-mail address. Leave it out, or correct it."), field="email"
        ) from None
    if len(address) > EMAIL_MAX:
        raise Invalid("invalid_email", _("That e-mail address is too long."), field="email")
    return address


# -- One's own ---------------------------------------------------------------------------------------------------------


@unit_of_work
def edit_profile(
    *, actor: Actor, emoji_text: str | None = None, faction: str | None = None, leave_faction: bool = False
) -> User | DomainError:
    """Change the actor's emoji ("" takes it away) and, where the event lets players choose, the faction.

    None leaves a thing as it is. Raises ``Invalid`` (``invalid_emoji``, ``unknown_faction``), ``Denied`` (``faction_fixed``).
    """
    user = locked(actor.user_id)
    before = {"emoji": user.emoji, "faction": user.faction.name if user.faction else None}
    if emoji_text is not None:
        if emoji_text and not emoji.is_one(emoji_text):
            raise Invalid("invalid_emoji", _("Choose one emoji, or none."), field="emoji")
        user.emoji = emoji_text
    if faction is not None or leave_faction:
        if not actor.tenant.faction_choice:
            raise Denied(
                "faction_fixed",
                _("Factions are given by the game masters here. Ask one of them."),
                field="faction",
            )
        user.faction = selectors.faction_named(faction) if faction is not None else None
    after = {"emoji": user.emoji, "faction": user.faction.name if user.faction else None}
    if after != before:
        user.save(update_fields=["emoji", "faction"])
        audit.record(actor=actor, action="user.profile", target=target(user), before=before, after=after)
    return user


# -- Somebody else's ---------------------------------------------------------------------------------------------------


@unit_of_work
def set_role(*, actor: Actor, person: User, role: str) -> User | DomainError:
    """Give ``person`` another role, from the next request on.

    Raises ``Denied`` (``not_allowed``, ``own_role``, ``platform_role``), ``Invalid`` (``unknown_role``), ``NotFound``. What is
    denied is in the trail.
    """
    if role not in roles.ROLES:
        raise Invalid("unknown_role", _("There is no role %(role)s.") % {"role": role[:16]}, field="role")
    user = locked(person.pk)
    refusal = why_not_manage(actor, user, "accounts.manage_roles") or why_not_give(actor, role)
    if refusal is not None:
        return refused(actor, "user.role", target(user), refusal, asked=role)
    before, user.role = user.role, role
    if before != role:
        user.save(update_fields=["role"])
        # A card that was printed for a player must not open the console.
        void_login_codes(actor=actor, users=[user])
        audit.record(actor=actor, action="user.role", target=target(user), before=before, after=role)
        notify.publish(
            to=user,
            kind="user.role",
            text=lambda: _("Your role is now: %(role)s.") % {"role": roles.LABELS[role]},
        )
    return user


@unit_of_work
def disable_user(*, actor: Actor, person: User, reason: str = "") -> User | DomainError:
    """Switch a login off and end its sign-ins at once. Raises ``Denied`` as ``set_role``, ``NotFound``."""
    user = locked(person.pk)
    refusal = why_not_manage(actor, user, "accounts.manage_people")
    if refusal is not None:
        return refused(actor, "user.disable", target(user), refusal)
    user.is_active = False
    user.save(update_fields=["is_active"])
    ended = end_sessions(actor=actor, user=user)
    void_login_codes(actor=actor, users=[user])
    audit.record(
        actor=actor, action="user.disable", target=target(user), reason=reason[:140], sessions_ended=ended
    )
    return user


@unit_of_work
def enable_user(*, actor: Actor, person: User, reason: str = "") -> User | DomainError:
    """Switch a login on again; its holder signs in anew. Raises ``Denied`` as ``set_role``, ``NotFound``."""
    user = locked(person.pk)
    refusal = why_not_manage(actor, user, "accounts.manage_people")
    if refusal is not None:
        return refused(actor, "user.enable", target(user), refusal)
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record(actor=actor, action="user.enable", target=target(user), reason=reason[:140])
    return user


def why_not_give(actor: Actor, role: str) -> Denied | None:
    """Why the actor may not make somebody a ``role``, or None."""
    if role == roles.PLAYER and actor.may("accounts.manage_people"):
        return None
    if not actor.may("accounts.manage_roles"):
        return Denied("not_allowed", _("You are not allowed to do this. Ask a game master."))
    if role not in ROLES_OF_AN_EVENT and not actor.is_server:
        return Denied("platform_role", _("That role is given by whoever runs the server."))
    return None


def why_not_manage(actor: Actor, user: User, permission: str) -> Denied | None:
    """Why the actor may not change ``user``'s role, password or access, or None."""
    if not actor.may(permission):
        return Denied("not_allowed", _("You are not allowed to do this. Ask a game master."))
    if user.pk == actor.user_id:
        # Or the last game master could lock the whole event out.
        return Denied("own_role", _("You cannot do this to yourself. Ask another game master."))
    if user.role not in ROLES_OF_AN_EVENT and not actor.is_server:
        return Denied("platform_role", _("That person belongs to whoever runs the server."))
    return None


def refused(actor: Actor, action: str, about: str, refusal: Denied, **metadata: Any) -> Denied:
    """Put a refusal into the trail; the unit returns it, so that the line is committed."""
    audit.record(actor=actor, action=action, target=about, status=refusal.code, **metadata)
    return refusal


def locked(user_id: uuid.UUID | None) -> User:
    """The row of a person, locked until the commit. Raises ``NotFound``."""
    user: User | None = User.objects.select_for_update(no_key=True, of=("self",)).filter(pk=user_id).first()
    if user is None:
        raise selectors.unknown_person()
    return user


def target(user: User) -> str:
    """How the trail names a person."""
    return f"accounts.user:{user.pk}"
