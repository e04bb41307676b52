"""The picture beside somebody's name: taking one in, and taking it away."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from accounts import audit, limits, notify, pictures
from accounts.actors import Actor
from accounts.errors import DomainError, Unauthenticated
from accounts.models import Picture, User
from accounts.services import people
from accounts.units import unit_of_work


def set_picture(*, actor: Actor, raw: bytes) -> User:
    """Show what was uploaded beside the actor's name, in place of the picture until now.

    Raises ``Invalid`` (``invalid_picture``), ``TooMany``, ``Unauthenticated``, ``Unavailable``.
    """
    if actor.user is None:
        raise Unauthenticated("not_signed_in", _("Sign in first."))
    limits.hit("picture", str(actor.user_id))
    return _keep(actor=actor, content=pictures.square(raw))


@unit_of_work
def _keep(*, actor: Actor, content: bytes) -> User | DomainError:
    user = people.locked(actor.user_id)
    before, user.picture = user.picture_id, Picture.objects.create(content=content)
    user.save(update_fields=["picture"])
    _throw_away(before)
    audit.record(actor=actor, action="picture.set", target=people.target(user), picture=str(user.picture_id))
    return user


@unit_of_work
def remove_picture(*, actor: Actor, person: User, reason: str = "") -> User | DomainError:
    """Take away the actor's own picture, or as a game master somebody's, who is told; none being there is no error.

    Raises ``Denied`` as ``people.set_role`` (in the trail), ``NotFound``.
    """
    user = people.locked(person.pk)
    is_own = user.pk == actor.user_id
    refusal = None if is_own else people.why_not_manage(actor, user, "accounts.manage_people")
    if refusal is not None:
        return people.refused(actor, "picture.remove", people.target(user), refusal)
    if user.picture_id is None:
        return user
    before, user.picture = user.picture_id, None
    user.save(update_fields=["picture"])
    _throw_away(before)
    audit.record(
        actor=actor,
        action="picture.remove",
        target=people.target(user),
        picture=str(before),
        reason=reason[:140],
    )
    if not is_own:
        notify.publish(
            to=user,
            kind="picture.remove",
            text=lambda: _(
                "A game master took your picture away. Choose another one; ask them if you wonder why."
            ),
        )
    return user


def _throw_away(picture_id: uuid.UUID | None) -> None:
    if picture_id is not None:
        Picture.objects.filter(pk=picture_id).delete()
