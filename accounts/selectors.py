"""Who exists, as others may see it: the doors to people, factions and sign-ins."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import crypto, names, search
from accounts.actors import Actor
from accounts.errors import Invalid, NotFound
from accounts.models import Faction, LoginCode, LoginSession, Notification, Picture, User

CHOOSES_PASSWORD_FOR: Final = dt.timedelta(minutes=15)


def login_named(character_name: str) -> User | None:
    """The login that somebody who signs in means, or None: any text may be typed there."""
    try:
        key = names.key(names.clean(character_name))
    except Invalid:
        return None
    return User.objects.select_related("faction").filter(name_key=key).first()


def login_meant(typed: str) -> User | None:
    """The login with this name, or with this confirmed e-mail address; None when there is none."""
    if "@" in typed:
        index = crypto.blind_index("email", typed.strip().casefold())
        found = User.objects.filter(email_index=index, email_confirmed_at__isnull=False).first()
        if found is not None:
            return found
    return login_named(typed)


def person_for(actor: Actor, user_id: uuid.UUID) -> User:
    """The person with this id: the actor, or anybody for whoever may look at people. Raises ``NotFound``."""
    if user_id == actor.user_id or actor.may("accounts.view_people"):
        user = User.objects.select_related("faction").filter(pk=user_id).first()
        if user is not None:
            return user
    raise unknown_person()


def myself(actor: Actor) -> User:
    """The row of whoever is signed in, as it stands now. Raises ``NotFound`` for a device."""
    if actor.user_id is None:
        raise unknown_person()
    return person_for(actor, actor.user_id)


def person_named(actor: Actor, character_name: str) -> User:
    """The person with this name, for whoever may look at people. Raises ``NotFound`` (``unknown_person``)."""
    user = login_named(character_name) if actor.may("accounts.view_people") else None
    if user is None:
        raise unknown_person()
    return user


def people_like(actor: Actor, text: str, *, limit: int = 50) -> list[User]:
    """People in whose names words begin like those of ``text``, by name. Raises ``NotFound`` for whoever may not look."""
    if not actor.may("accounts.view_people"):
        raise unknown_person()
    found = search.find(search.USER, text, limit=limit)
    return list(User.objects.select_related("faction").filter(pk__in=found).order_by("character_name", "id"))


def factions() -> list[Faction]:
    """The sides of the game, by name: what somebody who registers may choose from."""
    return list(Faction.objects.order_by("name"))


def faction_named(name: str, *, field: str = "faction") -> Faction:
    """The faction with this name. Raises ``Invalid`` (``unknown_faction``, with ``field``)."""
    try:
        faction = Faction.objects.filter(name_key=names.key(names.clean(name))).first()
    except Invalid:
        faction = None
    if faction is None:
        raise Invalid(
            "unknown_faction",
            _("There is no faction called %(name)s. Check how it is written.") % {"name": name[:64]},
            field=field,
        )
    return faction


def may_choose_password(actor: Actor) -> bool:
    """Whether the actor may set a password without the one until now: there is none yet, or a code opened this very sign-in
    a quarter of an hour ago at most, because the password was lost.
    """
    if actor.user is None:
        return False
    if not actor.user.has_usable_password():
        return True
    if actor.session is None:
        return False
    opened = LoginCode.objects.filter(user=actor.user_id, session_id=actor.session.pk)
    return bool(opened.filter(used_at__gt=timezone.now() - CHOOSES_PASSWORD_FOR).exists())


def sessions_of(actor: Actor) -> QuerySet[LoginSession]:
    """The actor's own sign-ins that still hold."""
    return LoginSession.objects.filter(user=actor.user_id, revoked_at=None, expires_at__gt=timezone.now())


def picture_for(actor: Actor, picture_id: uuid.UUID) -> Picture:
    """The picture with this id, for whoever is signed in at the same event. Raises ``NotFound`` (``unknown_picture``)."""
    picture = Picture.objects.filter(pk=picture_id).first() if actor.user is not None else None
    if picture is None:
        raise NotFound("unknown_picture", _("There is no such picture. It may have been taken away."))
    return picture


def told_to(actor: Actor, *, after: str | None, limit: int) -> list[Notification]:
    """What the actor was ever told, newest first; at most ``limit`` after the one with the id ``after``.

    Raises ``Invalid`` (``bad_cursor``).
    """
    told = Notification.objects.filter(user=actor.user_id).order_by("-id")
    if after is not None:
        try:
            told = told.filter(pk__lt=uuid.UUID(after))
        except ValueError:
            raise Invalid(
                "bad_cursor", _("This page does not exist any more. Begin at the newest.")
            ) from None
    return list(told[:limit])


def unread_of(actor: Actor, *, limit: int) -> list[Notification]:
    """What the actor was told and has not yet said to have seen, newest first."""
    return list(Notification.objects.filter(user=actor.user_id, read_at=None).order_by("-id")[:limit])


def unknown_person() -> NotFound:
    """The one answer for somebody who is not there and for somebody you may not see."""
    return NotFound("unknown_person", _("There is nobody of that name here. Check the name."))
